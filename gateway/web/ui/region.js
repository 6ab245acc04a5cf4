// A part of a picture, drawn over it by hand.
import { h } from "./dom.js";
import { timelineWords as w } from "./words-timeline.js";

/** Left, bottom, right and top, from -1 to 1. @typedef {[number, number, number, number]} Box */
/** @type {Box} */
export const whole = [-1, -1, 1, 1];
/** Less than this is a slip of the hand, px. */
const least = 8;

export class Region {
  /** @param {HTMLElement} place what the picture lies in @param {() => {width: number, height: number}} size of the picture, its own pixels @param {() => void} changed */
  constructor(place, size, changed) {
    this.place = place;
    this.size = size;
    this.changed = changed;
    /** @type {Box} */
    this.box = whole;
    this.mark = h("div.region-box", { hidden: true });
    this.element = h("div.region", { "aria-hidden": "true", title: w.drawHow }, this.mark);
    let from = /** @type {[number, number]|null} */ (null);
    this.element.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => { this.element.setPointerCapture(e.pointerId); from = [e.offsetX, e.offsetY]; e.stopPropagation(); e.preventDefault(); });
    this.element.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => { if (from && Math.hypot(e.offsetX - from[0], e.offsetY - from[1]) > least) { this.set(this.of(from, [e.offsetX, e.offsetY])); } });
    this.element.addEventListener("pointerup", () => { if (from) changed(); from = null; });
    this.element.addEventListener("click", (/** @type {Event} */ e) => e.stopPropagation());
    place.append(this.element);
  }
  end() { this.element.remove(); }

  /** Where the picture lies in its place, px. */
  frame() {
    const { width, height } = this.size(), { clientWidth: a, clientHeight: b } = this.place, scale = Math.min(a / (width || 16), b / (height || 9)), wide = (width || 16) * scale, high = (height || 9) * scale;
    return { x: (a - wide) / 2, y: (b - high) / 2, wide, high };
  }
  /** @param {[number, number]} p @param {[number, number]} q @returns {Box} */
  of(p, q) {
    const f = this.frame(), x = (/** @type {number} */ v) => Math.max(-1, Math.min(1, (v - f.x) / f.wide * 2 - 1)), y = (/** @type {number} */ v) => Math.max(-1, Math.min(1, 1 - (v - f.y) / f.high * 2));
    const b = /** @type {Box} */ ([Math.min(x(p[0]), x(q[0])), Math.min(y(p[1]), y(q[1])), Math.max(x(p[0]), x(q[0])), Math.max(y(p[1]), y(q[1]))]);
    return b[0] < b[2] && b[1] < b[3] ? b : this.box;
  }
  /** @param {Box} box */
  set(box) {
    this.box = box;
    const f = this.frame(), px = { left: f.x + (box[0] + 1) / 2 * f.wide, top: f.y + (1 - box[3]) / 2 * f.high, width: (box[2] - box[0]) / 2 * f.wide, height: (box[3] - box[1]) / 2 * f.high };
    this.mark.hidden = box === whole;
    for (const [k, v] of Object.entries(px)) this.mark.style.setProperty(k, `${Math.round(v)}px`);
  }
}
