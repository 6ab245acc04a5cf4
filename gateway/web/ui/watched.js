// Who watched a camera at a moment: live then, or later as footage of it.
import { audit } from "./api-audit.js";
import { h, morph } from "./dom.js";
import { failed, nothing, waiting } from "./parts.js";
import { store } from "./store.js";
import { cameraOf, did, moment, who } from "./entries.js";
import { local } from "./log.js";
import { browser } from "./person.js";
import { words } from "./words.js";
import { auditWords as w } from "./words-audit.js";
import { spell } from "./words-keeping.js";

/** @typedef {import("./api-audit.js").Viewing} Viewing */

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function watchedPart(undo, go) {
  const asked = new URLSearchParams(location.search);
  let gone = false, turn = 0, ready = false;
  const camera = h("select", { "aria-label": w.camera, onchange: ask }), at = h("input", { type: "datetime-local", step: "1", "aria-label": w.at, value: `${local(Date.parse(asked.get("at") || "") || Date.now())}:${String(new Date(Date.parse(asked.get("at") || "") || Date.now()).getSeconds()).padStart(2, "0")}`, onchange: ask });
  const show = h("button.button", { type: "button", hidden: true, onclick: () => go(`/timeline/${encodeURIComponent(camera.value)}?at=${new Date(at.value).toISOString()}`) }, w.toTimeline);
  const form = h("form.search", { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); ask(); } }, camera, at, show);
  const body = h("div");
  const element = h("div", null, h("h2.first", null, w.watchedTitle), h("p.lead.quiet", null, w.watchedText), form, body);

  /** The cameras come with the event stream, one by one. */
  function fill() {
    const wanted = camera.value || asked.get("camera") || "", list = [...store.list(), ...store.gone().map(c => ({ id: c.id, name: words.removedCamera(c.name) }))].sort((a, b) => a.name.localeCompare(b.name));
    if (wanted && !list.some(c => c.id === wanted)) list.push(/** @type {any} */ ({ id: wanted, name: cameraOf(wanted) }));
    if (camera.options.length !== list.length) camera.replaceChildren(...list.map(c => h("option", { value: c.id, selected: c.id === wanted }, c.name)));
    if (!ready && camera.value) { ready = true; ask(); }
  }

  async function ask() {
    const mine = ++turn;
    if (!camera.value || !at.value) { morph(body, h("p.quiet", null, w.pick)); return; }
    const when = new Date(at.value).toISOString();
    history.replaceState(null, "", `/audit/watched?camera=${encodeURIComponent(camera.value)}&at=${when}`);
    show.hidden = !store.can(camera.value, "playback");
    morph(body, waiting());
    try {
      const v = await audit.watched(camera.value, when);
      if (mine !== turn || gone) return;
      morph(body, ...(v.live.length + v.recorded.length ? [...half(w.live, v.live, true), ...half(w.later, v.recorded, false), v.more && h("p.quiet", null, w.notAll)] : [nothing(w.nobody, w.nobodyText)]), v.since && h("p.quiet", null, w.notBefore(moment(v.since))));
    } catch (e) { if (mine === turn && !gone) morph(body, failed(e, ask)); }
  }

  /** @param {string} title @param {Viewing[]} list @param {boolean} live */
  const half = (title, list, live) => list.length ? [h("h2", null, title), h("table.list.tight.views", { "aria-label": title }, h("thead", null, h("tr", null, ...w.watchedColumns.map(c => h("th", { scope: "col" }, c)))), h("tbody", null, ...list.map(({ entry: e, until, cut }) => h("tr", null,
    ...[h("b", null, who(e)), [did(e), e.from && e.to && h("span.quiet.beside.num", null, spell(e.from, e.to))], h("span.num", null, live ? `${moment(e.time)} – ${until ? moment(until) : cut ? w.endUnknown : w.still}` : moment(e.time)), [h("span.num", null, e.address || "–"), e.agent && h("span.quiet.beside", null, browser(e.agent))]].map((c, i) => h("td", { "data-label": w.watchedColumns[i] }, ...(Array.isArray(c) ? c : [c])))))))] : [];

  undo.on(store, "change", fill);
  undo.add(() => { gone = true; });
  fill();
  return { element, action: null };
}
