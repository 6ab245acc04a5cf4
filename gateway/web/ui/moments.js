// What the axis shows, as a list: events, marks and gaps of the chosen cameras. It is the axis for whoever cannot see it, and quicker for whoever can.
import { h } from "./dom.js";
import { eventText, gapWords } from "./axis.js";
import { footageIn } from "./history.js";
import { store } from "./store.js";
import { clock, when } from "./words.js";
import { timelineWords as w } from "./words-timeline.js";

/** How many are listed at most. */
const most = 200;

/**
 * @param {{from: number, to: number, cameras: string[], history: import("./history.js").History, events: Map<string, import("./api.js").CameraEvent[]>, go: (t: number, camera: string) => void}} o
 * @returns {HTMLElement}
 */
export function momentsList({ from, to, cameras, history, events, go }) {
  /** @type {{t: number, camera: string, what: string, kind: string}[]} */
  const list = [];
  for (const id of cameras) {
    for (const e of events.get(id) || []) { const t = Date.parse(e.start); if (t >= from && t <= to) list.push({ t, camera: id, what: eventText(e), kind: e.kind === "mark" ? "mark" : "event" }); }
    for (const r of history.runs(id)) if (r.class && !footageIn(r.class) && r.to > from && r.from < to) list.push({ t: r.from, camera: id, what: gapWords(r), kind: "gap" });
  }
  list.sort((a, b) => a.t - b.t);
  const near = to - from < 20 * 3600e3;
  return h("aside.moments", { "aria-label": w.moments }, h("h2", null, w.moments),
    list.length ? h("ul", null, ...list.slice(0, most).map(m => h("li", null, h("button.moment." + m.kind, { type: "button", onclick: () => go(m.t, m.camera) }, h("time.num", { datetime: new Date(m.t).toISOString() }, near ? clock(m.t) : when(m.t)), h("span.grow", null, h("b", null, store.nameOf(m.camera)), " ", m.what))))) : h("p.quiet", null, w.momentsNone),
    list.length > most ? h("p.quiet", null, w.momentsMore(most)) : null);
}
