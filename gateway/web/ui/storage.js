// Storage and health: alarms first, then the volumes.
import { store } from "./store.js";
import { h, Undo } from "./dom.js";
import { words, bytes, clock } from "./words.js";

/** @returns {import("./dom.js").Page} */
export function storagePage() {
  const undo = new Undo();
  const alarms = h("div.alarms");
  const body = h("tbody");
  const summary = h("p.quiet");
  const element = h("section.page", null, h("header", null, h("h1", null, words.storage)), summary, h("h2", null, words.alarms), alarms, h("h2", null, words.volumes),
    h("table", null, h("thead", null, h("tr", null, ...[words.volume, words.state, words.free, words.sync].map(t => h("th", { scope: "col" }, t)))), body));
  function draw() {
    const hl = store.health;
    if (!hl) return;
    summary.textContent = hl.summary;
    alarms.replaceChildren(...(hl.alarms.length ? hl.alarms.map(a => h("article." + a.severity, null, h("h3", null, a.what), h("p", null, a.means), h("p.quiet", null, a.do), h("p.quiet.num", null, `${words.since} ${clock(a.since)}`))) : [h("p.quiet", null, words.noAlarms)]));
    body.replaceChildren(...hl.volumes.map(v => h("tr", null, h("td", null, h("b", null, v.path), h("div.quiet.num", null, v.id)), h("td", null, h("span.state." + v.state, null, v.state), v.cause && h("div.quiet", null, v.cause)),
      h("td.num", null, `${bytes(v.free)} ${words.of} ${bytes(v.total)}`, h("meter", { min: "0", max: String(v.total), value: v.total - v.free })), h("td.num", null, `${v.sync_ms.toFixed(1)} ms`))));
  }
  undo.on(store, "change", draw);
  draw();
  return { element, leave: () => undo.run() };
}
