// A range of the timeline: picking it, keeping it from deletion, and what is kept already.
import { api } from "./api.js";
import { store } from "./store.js";
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { field } from "./sign.js";
import { dialog, facts } from "./parts.js";
import { words, clock, duration, when } from "./words.js";

/** How old the list of locks may be while the axis stands still, ms, and how long a lock lasts unless somebody says otherwise. */
const fresh = 10e3, month = 30 * 24 * 3600e3;
/** How much of the lane's upper edge says that it is locked, px. */
export const lockBand = 7;

/** From when to when, to the second; the day where it is not today, or another one. @param {number} from @param {number} to */
function spell(from, to) {
  const day = (/** @type {number} */ t) => new Date(t).toLocaleDateString([], { day: "numeric", month: "short" }), today = day(Date.now());
  return `${day(from) === today ? "" : day(from) + " "}${clock(from)} – ${day(to) === day(from) ? "" : day(to) + " "}${clock(to)}`;
}

export class Range {
  /** @param {string} camera @param {() => void} changed */
  constructor(camera, changed) {
    this.camera = camera;
    this.changed = changed;
    this.from = NaN;
    this.to = NaN;
    /** @type {import("./api.js").Lock[]} */
    this.locks = [];
    this.known = { from: 0, to: 0, at: 0, busy: false };
    this.says = h("span.range-says", { role: "status" });
    this.lockButton = h("button.button", { type: "button", hidden: !store.may("lock"), onclick: () => this.lock() }, icon("lock"), words.lock);
    this.element = h("div.range", { role: "group", "aria-label": words.range, hidden: true }, this.says, h("span.grow"), this.lockButton, iconButton(icon("close"), words.close, () => this.clear()));
    this.hereButton = h("button.button.locked-here", { type: "button", hidden: true, onclick: () => this.show(this.at(this.head)) });
    this.head = 0;
  }

  /** Whether there is a range of some length. */
  get some() { return Math.abs(this.to - this.from) > 0; }
  get first() { return Math.min(this.from, this.to); }
  get last() { return Math.max(this.from, this.to); }

  /** @param {number} t */
  begin(t) { this.from = this.to = t; this.paint(); }
  /** @param {number} t */
  drag(t) { this.to = Math.min(t, Date.now()); this.paint(); }
  /** @param {number} t */
  markIn(t) { this.from = t; if (!(this.to > t)) this.to = t; this.paint(); }
  /** @param {number} t */
  markOut(t) { this.to = t; if (!(this.from < t)) this.from = t; this.paint(); }
  clear() { this.from = this.to = NaN; this.paint(); }

  paint() {
    this.element.hidden = !this.some;
    if (this.some) this.says.textContent = words.rangeSays(duration((this.last - this.first) / 1000), store.cameras.get(this.camera)?.name || this.camera, spell(this.first, this.last));
    this.changed();
  }

  /** Asks for the locks of what the axis shows. @param {number} from @param {number} to */
  want(from, to) {
    const k = this.known;
    if (!store.may("lock") || k.busy || from >= to || from >= k.from && to <= k.to && Date.now() - k.at < fresh) return;
    const pad = to - from;
    this.known = { from: from - pad, to: to + pad, at: Date.now(), busy: true };
    api.locks(this.camera, new Date(from - pad), new Date(to + pad)).then(l => { this.locks = l; this.known.busy = false; this.changed(); }, () => { this.known.busy = false; });
  }

  /** The lock that holds a moment. @param {number} t */
  at(t) { return this.locks.find(l => Date.parse(l.from) <= t && Date.parse(l.to) > t); }

  /** Tells where the playhead is: a lock there has a button that the keyboard reaches. @param {number} head */
  follow(head) {
    this.head = head;
    const l = this.at(head);
    this.hereButton.hidden = !l;
    if (l) { const text = words.lockedUntil(when(l.until)); if (this.hereButton.title !== text) { this.hereButton.title = text; this.hereButton.replaceChildren(icon("lock"), text); } }
  }

  /**
   * Draws the range and the locked stretches over the camera's lane.
   * @param {CanvasRenderingContext2D} g @param {(t: number) => number} x @param {{y:number,h:number}} lane @param {number} w @param {(name: string) => string} colour
   */
  draw(g, x, lane, w, colour) {
    for (const l of this.locks) {
      const a = Math.max(0, x(Date.parse(l.from))), b = Math.min(w, x(Date.parse(l.to)));
      if (b <= 0 || a >= w) continue;
      g.fillStyle = colour("--locked");
      g.fillRect(a, lane.y, Math.max(3, b - a), lockBand);
      g.font = "600 12px system-ui, sans-serif";
      if (b - a > 90) g.fillText(`${words.locked}: ${l.reason}`, a + 6, lane.y + lockBand + 9, b - a - 12);
      g.font = "12px system-ui, sans-serif";
    }
    if (!this.some) return;
    const a = x(this.first), b = x(this.last);
    g.fillStyle = colour("--accent");
    g.globalAlpha = 0.25;
    g.fillRect(a, lane.y - 4, b - a, lane.h + 8);
    g.globalAlpha = 1;
    g.fillRect(a - 1, lane.y - 4, 2, lane.h + 8);
    g.fillRect(b - 1, lane.y - 4, 2, lane.h + 8);
  }

  lock() {
    const from = new Date(this.first), to = new Date(this.last);
    const reason = field(words.reason, { name: "reason", maxlength: "500" }, words.reasonNote);
    const until = field(words.lockedTill, { name: "until", type: "date", value: new Date(Date.now() + month).toISOString().slice(0, 10), min: new Date().toISOString().slice(0, 10) }, words.lockedTillNote);
    const name = store.cameras.get(this.camera)?.name || this.camera;
    dialog({ title: words.lockTitle(duration((+to - +from) / 1000), name), text: [words.lockText(store.session?.user || "")], fields: [reason, until], button: words.lock,
      ready: () => reason.input.value.trim() !== "" && until.input.value !== "",
      act: async () => { await api.lock({ camera: this.camera, from: from.toISOString(), to: to.toISOString(), until: new Date(until.input.value + "T23:59:59").toISOString(), reason: reason.input.value }); this.known.at = 0; this.clear(); } });
  }

  /** Shows a lock, and lets go of it. @param {import("./api.js").Lock|undefined} l */
  show(l) {
    if (!l) return;
    const rows = facts([[words.range, spell(Date.parse(l.from), Date.parse(l.to))], [words.reason, l.reason], [words.lockedBy, l.owner || words.unknown], [words.lockedTill, when(l.until)]]);
    dialog({ title: words.locked, text: [rows, words.unlockText], button: words.unlock, danger: true, act: async () => { await api.unlock(l.id); this.known.at = 0; this.changed(); } });
  }
}
