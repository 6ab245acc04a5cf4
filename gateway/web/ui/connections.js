// Connections: every one that the program can make, what for, and what it refused.
import { api } from "./api.js";
import { h, morph } from "./dom.js";
import { number } from "./language.js";
import { listing } from "./listing.js";
import { facts, failed, state, waiting } from "./parts.js";
import { cameraName } from "./unlock.js";
import { connectionWords as w } from "./words-connections.js";
import { bytes, when } from "./words.js";

/** @typedef {import("./api.js").Connection} Connection @typedef {import("./api.js").Refusal} Refusal @typedef {import("./api.js").Connections} Connections */

/** How often they are asked for, ms. */
const period = 5000;

/** @param {import("./dom.js").Undo} undo */
export function connectionsPart(undo) {
  /** @type {Connections|undefined} */
  let known;
  /** @type {unknown} */
  let error = null;
  let gone = false;
  const refusals = h("section.refusals");
  const view = listing({ label: w.title, cls: "connections", columns: w.columns, key: (/** @type {Connection} */ c) => c.class + " " + (c.camera || ""), title: named, cells, details, below: [h("p.quiet.lead", null, w.noOthers), refusals] });
  const status = h("div"), shown = h("div", { hidden: true }, view.element);

  async function ask() {
    try { known = await api.connections(); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }

  function draw() {
    shown.hidden = !!error || !known;
    morph(status, error ? failed(error, ask) : !known && waiting());
    if (!known) return;
    view.show(known.connections);
    morph(refusals, h("h2", null, w.refused(known.refused)), known.refusals.length === 0 ? h("p.quiet", null, w.noRefusals) : h("ul.plain-list", null, ...known.refusals.slice(0, 20).map(refusal)));
  }

  /** @param {Connection} c */
  function named(c) { return c.camera ? cameraName(c.camera) : c.name; }
  /** @param {Connection} c @param {"sent_bytes"|"received_bytes"} what */
  const sum = (c, what) => c.targets.reduce((n, t) => n + t[what], 0);

  /** @param {Connection} c */
  function cells(c) {
    const first = c.targets[0], more = c.targets.length - 1, sent = sum(c, "sent_bytes"), received = sum(c, "received_bytes");
    return [
      [h("b", null, named(c)), h("div.quiet", null, c.camera ? c.name : c.why)],
      first ? [h("span.num.path", null, first.address), more > 0 && h("div.quiet", null, w.more(more))] : h("span.quiet", null, w.nowhere),
      c.open > 0 ? state("good", w.open(c.open)) : state("none", w.closed),
      sent + received > 0 ? h("span.num", null, w.traffic(bytes(sent), bytes(received))) : h("span.quiet", null, "–"),
      c.refused > 0 ? state("warn", String(c.refused)) : h("span.quiet", null, "–"),
    ];
  }

  /** @param {Connection} c */
  function details(c) {
    return [h("p.lead", null, c.why), h("p.quiet.lead", null, c.how), ...c.targets.map(t => facts([
      [w.facts.address, h("span.num.path", null, t.address)], [w.facts.open, t.open > 0 ? String(t.open) : ""], [w.facts.opened, t.opened > 0 ? number(t.opened) : w.never],
      [w.facts.sent, t.sent_bytes > 0 ? bytes(t.sent_bytes) : ""], [w.facts.received, t.received_bytes > 0 ? bytes(t.received_bytes) : ""], [w.facts.last, t.last ? when(t.last) : ""]]))];
  }

  /** @param {Refusal} r */
  const refusal = r => h("li", { "data-key": [r.kind, r.camera, r.address].join(" ") }, h("b.path", null, /** @type {any} */ (w.kinds)[r.kind] || r.kind, ": ", h("span.num", null, r.address)),
    h("span.quiet", null, [r.camera && cameraName(r.camera), r.why].filter(Boolean).join(" · ")), h("span.quiet.num", null, w.times(r.count)), h("time.quiet.num", { datetime: r.last }, when(r.last)));

  undo.add(() => { gone = true; });
  undo.every(ask, period);
  ask();
  return { element: h("div", null, status, shown), action: null };
}
