// What a camera reports: how that goes, and what it said, literally, as it comes.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { part } from "./device-parts.js";
import { facts, nothing, state } from "./parts.js";
import { store } from "./store.js";
import { clock, words } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** How often it is asked for more, ms, and how many are shown. */
const again = 2000, most = 200;

/** @param {import("./device-parts.js").Here} here */
export function eventsPart(here) {
  const list = h("tbody"), empty = h("div"), table = h("table.list.tight.notes", { hidden: true }, h("thead", null, h("tr", null, ...w.noteColumns.map(t => h("th", { scope: "col" }, t)))), list);
  let after = 0, busy = false;
  async function more() {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const news = await device.get(here.id, `notifications?after=${after}`);
      for (const n of news) {
        after = n.seq;
        list.prepend(h("tr", null, h("td.num", { title: n.at }, clock(n.at)), h("td", null, words.eventKind(n.kind)), h("td", null, n.source || "–"), h("td.items", null, h("code", null, n.items.map((/** @type {any} */ i) => `${i.name}=${i.value}`).join("  "))), h("td.quiet", null, n.topic)));
      }
      while (list.rows.length > most) list.lastChild?.remove();
      table.hidden = list.rows.length === 0;
      empty.replaceChildren(...(table.hidden ? [nothing(w.notesNone, w.notesNoneText)] : []));
    } catch { /* asked again */ }
    busy = false;
  }
  here.undo.every(more, again);
  more();
  const how = h("div");
  const paint = () => {
    const e = /** @type {any} */ (store.cameras.get(here.id))?.events;
    if (!e) return;
    const quiet = e.state === "none" && e.streamed; // it reports in its stream alone
    how.replaceChildren(...[state(e.state === "subscribed" || quiet ? "good" : e.state === "off" || e.state === "none" ? "none" : e.state === "subscribing" ? "busy" : "warn", quiet ? w.reportsInStream : /** @type {any} */ (w.reportStates)[e.state] || e.state),
      !quiet && e.detail && h("p", null, e.detail), e.hint && h("p.quiet", null, e.hint),
      facts([[w.delivery, /** @type {any} */ (w.deliveries)[e.delivery] || null], [w.sinceThen, clock(e.since)], [w.notifications, String(e.notifications)], [w.streamed, e.streamed ? String(e.streamed) : null], [w.merged, e.merged ? String(e.merged) : null]])].filter(Boolean));
  };
  here.undo.on(store, "change", paint);
  paint();
  return h("div.parts", null, part(w.reports, async () => how, e => [e]), h("section.part", { "aria-label": w.said }, h("h2", null, w.said), h("p.field-note.part-note", null, w.saidNote), table, empty));
}
