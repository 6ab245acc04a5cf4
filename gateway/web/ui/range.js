// A range of the timeline: picking it by hand or by its times, keeping it from deletion, erasing it; and what is locked already.
import { api } from "./api.js";
import { store } from "./store.js";
import { font, bold, within, write } from "./axis.js";
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { unlock } from "./unlock.js";
import { words, duration, when } from "./words.js";
import { keepingWords as w } from "./words-keeping.js";

/** How old the list of locks may be while the axis stands still, ms. */
const fresh = 10e3;
/** How much of the lane's upper edge says that it is locked, px. */
export const lockBand = 7;
/** How far beside a handle a mouse, and a finger, still holds it, px. */
const mouseReach = 8, fingerReach = 24;

/** A moment as a field of local time has it. @param {number} t */
const local = t => new Date(t - new Date(t).getTimezoneOffset() * 60e3).toISOString().slice(0, 19);

export class Range {
  /** @param {string} camera @param {{go:(path:string) => void, changed:() => void, run:(camera:string, from:number, to:number) => string, erased:(from:number, to:number) => void}} told */
  constructor(camera, told) {
    this.camera = camera;
    this.told = told;
    this.from = NaN;
    this.to = NaN;
    /** @type {import("./api.js").Lock[]} */
    this.locks = [];
    this.known = { from: 0, to: 0, at: 0, busy: false };
    this.says = h("span.range-says", { role: "status" });
    this.start = this.edge(w.from, t => { this.from = t; this.to = Math.max(this.to, t); });
    this.end = this.edge(w.to, t => { this.to = Math.min(t, Date.now()); this.from = Math.min(this.from, this.to); });
    /** What may be done to a range, in the order Export, Lock, Share, Erase; each names the permission that it needs. @type {[string, HTMLButtonElement][]} */
    this.deeds = [
      ["export", h("button.button", { type: "button", onclick: () => this.export() }, icon("save"), w.export)],
      ["lock", h("button.button", { type: "button", onclick: () => this.lock() }, icon("lock"), w.lock)],
      ["erase", h("button.button.danger", { type: "button", onclick: () => this.erase() }, icon("erase"), w.erase)],
    ];
    this.element = h("div.range", { role: "group", "aria-label": w.range, hidden: true }, this.says, this.start.element, this.end.element, h("span.grow"), ...this.deeds.map(d => d[1]), iconButton(icon("close"), words.close, () => this.clear()));
    this.hereButton = h("button.button.locked-here", { type: "button", hidden: true, onclick: () => this.show(this.at(this.head)) });
    this.head = 0;
    this.allow();
  }

  /** Shows what this person may do to the camera's footage. */
  allow() { for (const [permission, button] of this.deeds) button.hidden = !this.may(permission); }

  /** Is about another camera from now on; the range stays. @param {string} camera */
  of(camera) {
    this.camera = camera;
    this.locks = [];
    this.known = { from: 0, to: 0, at: 0, busy: false };
    this.allow();
    this.paint();
  }

  /** A field for one end. @param {string} label @param {(t: number) => void} set */
  edge(label, set) {
    const input = h("input", { type: "datetime-local", step: "1", onchange: () => { const t = new Date(input.value).getTime(); if (!Number.isNaN(t)) { this.sort(); set(t); this.paint(); } } });
    return { input, element: h("label.edge", null, h("span", null, label), input) };
  }

  /** Whether something may be done to this camera's footage. @param {string} permission */
  may(permission) { return store.ready ? store.can(this.camera, permission) : store.may(permission); }

  /** Whether there is a range of some length. */
  get some() { return Math.abs(this.to - this.from) > 0; }
  get first() { return Math.min(this.from, this.to); }
  get last() { return Math.max(this.from, this.to); }
  sort() { [this.from, this.to] = [this.first, this.last]; }

  /** @param {number} t */
  begin(t) { this.from = this.to = t; this.paint(); }
  /** @param {number} t */
  drag(t) { this.to = Math.min(t, Date.now()); this.paint(); }
  /** @param {number} t */
  markIn(t) { this.from = t; if (!(this.to > t)) this.to = t; this.paint(); }
  /** @param {number} t */
  markOut(t) { this.to = t; if (!(this.from < t)) this.from = t; this.paint(); }
  clear() { this.from = this.to = NaN; this.paint(); }
  /** Picks a stretch before a moment; for the keyboard its first field is next. @param {number} t @param {number} length @param {boolean} keyboard */
  offer(t, length, keyboard) { this.from = t - length; this.to = t; this.paint(); if (keyboard) this.start.input.focus(); }

  /**
   * Takes hold of the handle at a place, and tells whether there is one: drag moves it from there.
   * @param {number} px @param {(t: number) => number} x @param {boolean} finger
   */
  hold(px, x, finger) {
    const reach = finger ? fingerReach : mouseReach, a = Math.abs(px - x(this.first)), b = Math.abs(px - x(this.last));
    if (!this.some || Math.min(a, b) > reach) return false;
    this.sort();
    if (a < b) [this.from, this.to] = [this.to, this.from];
    return true;
  }
  /** Whether there is a handle at a place. @param {number} px @param {(t: number) => number} x */
  near(px, x) { return this.some && Math.min(Math.abs(px - x(this.first)), Math.abs(px - x(this.last))) <= mouseReach; }

  paint() {
    this.element.hidden = !this.some;
    if (this.some) {
      this.says.textContent = w.rangeSays(duration((this.last - this.first) / 1000), store.nameOf(this.camera));
      for (const [e, t] of /** @type {const} */ ([[this.start, this.first], [this.end, this.last]])) if (e.input !== document.activeElement) e.input.value = local(t);
    }
    this.told.changed();
  }

  /** Asks for the locks of what the axis shows. @param {number} from @param {number} to */
  want(from, to) {
    const k = this.known;
    if (!this.may("lock") || k.busy || from >= to || from >= k.from && to <= k.to && Date.now() - k.at < fresh) return;
    const pad = to - from;
    this.known = { from: from - pad, to: to + pad, at: Date.now(), busy: true };
    api.locks(this.camera, new Date(from - pad), new Date(to + pad)).then(l => { this.locks = l; this.known.busy = false; this.told.changed(); }, () => { this.known.busy = false; });
  }

  /** The lock that holds a moment. @param {number} t */
  at(t) { return this.locks.find(l => Date.parse(l.from) <= t && Date.parse(l.to) > t); }

  /** Tells where the playhead is: a lock there has a button that the keyboard reaches. @param {number} head */
  follow(head) {
    this.head = head;
    const l = this.at(head);
    this.hereButton.hidden = !l;
    if (l) { const text = w.lockedUntil(when(l.until)); if (this.hereButton.title !== text) { this.hereButton.title = text; this.hereButton.setAttribute("aria-label", text); this.hereButton.replaceChildren(icon("lock"), h("span", null, `${words.until} ${when(l.until, false)}`)); } }
  }

  /**
   * Draws the range and the locked stretches over the camera's lane.
   * @param {CanvasRenderingContext2D} g @param {(t: number) => number} x @param {{y:number,h:number}} lane @param {number} width @param {(name: string) => string} colour
   */
  draw(g, x, lane, width, colour) {
    for (const l of this.locks) {
      const a = Math.max(0, x(Date.parse(l.from))), b = Math.min(width, x(Date.parse(l.to)));
      if (b <= 0 || a >= width) continue;
      g.fillStyle = colour("--locked");
      g.fillRect(a, lane.y, Math.max(3, b - a), lockBand);
      g.font = bold;
      g.fillStyle = colour("--text");
      if (b - a > 90) write(g, within(g, `${w.locked}: ${l.reason}`, b - a - 12), a + 6, lane.y + lockBand + 8, colour("--bg"));
      g.font = font;
    }
    if (!this.some) return;
    const a = x(this.first), b = x(this.last);
    g.fillStyle = colour("--accent");
    g.globalAlpha = 0.25;
    g.fillRect(a, lane.y - 4, b - a, lane.h + 8);
    g.globalAlpha = 1;
    for (const at of [a, b]) this.handle(g, at, lane, colour);
  }

  /** An edge with what a hand can hold. @param {CanvasRenderingContext2D} g @param {number} at @param {{y:number,h:number}} lane @param {(name: string) => string} colour */
  handle(g, at, lane, colour) {
    const middle = lane.y + lane.h / 2;
    g.fillStyle = colour("--accent");
    g.fillRect(at - 1, lane.y - 4, 2, lane.h + 8);
    g.beginPath();
    g.roundRect(at - 5, middle - 11, 10, 22, 3);
    g.fill();
    g.fillStyle = colour("--on-accent");
    for (const dx of [-2, 1]) g.fillRect(at + dx, middle - 5, 1, 10);
  }

  async export() {
    const from = this.first, to = this.last, { exportRange } = await import("./exportorder.js");
    exportRange(this.camera, from, to, this.told.go, this.told.run(this.camera, from, to));
  }

  async lock() {
    const r = { camera: this.camera, from: this.first, to: this.last }, { lockDialog } = await import("./lock.js");
    lockDialog(w.lockTitle(duration((r.to - r.from) / 1000), store.nameOf(r.camera)), [r], () => { this.known.at = 0; }, () => this.clear());
  }

  async erase() {
    const from = this.first, to = this.last, { erase } = await import("./erase.js");
    erase(this.camera, new Date(from), new Date(to), this.told.go, () => { this.clear(); this.told.erased(from, to); });
  }

  /** Shows a lock, and lets go of it. @param {import("./api.js").Lock|undefined} l */
  show(l) { if (l) unlock(l, () => { this.known.at = 0; this.told.changed(); }, w.locked); }
}
