// Says where the clock of the recorder was set back, so that two recordings are of the same times.
import { h } from "./dom.js";
import { clock } from "./words.js";
import { timelineWords as w } from "./words-timeline.js";

/**
 * The stretch around a moment of which there are two recordings; null where there is one at most.
 * @param {import("./api.js").Span[]} spans in the order of their starts @param {number} at
 */
export function twice(spans, at) {
  const over = spans.filter(s => s.kind === "recorded" && Date.parse(s.start) <= at && Date.parse(s.end) > at);
  if (over.length < 2) return null;
  return { from: Math.max(...over.map(s => Date.parse(s.start))), to: Math.min(...over.map(s => Date.parse(s.end))) };
}

/** A line that says so, while it is so. */
export class Twice {
  constructor() { this.element = h("p.recorded-twice", { role: "status", hidden: true }); }
  /** @param {import("./api.js").Span[]} spans @param {number} at */
  show(spans, at) {
    const t = twice(spans, at), text = t ? w.twice(clock(t.from), clock(t.to)) : "";
    if (this.element.textContent !== text) this.element.textContent = text;
    this.element.hidden = !t;
  }
}
