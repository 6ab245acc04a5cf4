// What is known of every camera's history around what the axis shows, at its resolution.
import { footage } from "./api-footage.js";

/** How many slots a pixel of the axis gets at most, and slots in all. */
const most = 2000;
/** Of a range longer than this no activity is asked for, ms. */
const activityMost = 25 * 3600e3;
/** How often what goes on now is asked for, ms, and how often after a failure. */
const fresh = 2000, again = 3000;

/** What a place of the axis holds. @typedef {{class: string, cause: string, from: number, to: number}} Place */

export class History {
  constructor() {
    this.from = 0;
    this.to = 0;
    this.slots = 1;
    this.asked = -again;
    this.busy = false;
    /** @type {Map<string, import("./api-footage.js").CameraOverview>} */
    this.cameras = new Map();
  }

  /** @param {number} slot */
  time(slot) { return this.from + slot / this.slots * (this.to - this.from); }

  /** Asks for what the axis shows, and as much on both sides, unless it is there. @param {number} from @param {number} to @param {number} width px @param {boolean} removed with cameras that are there no longer @param {() => void} then */
  want(from, to, width, removed, then) {
    const now = Date.now(), since = performance.now() - this.asked, pad = (to - from) / 2;
    if (this.busy || width < 1 || from >= now || since < 100) return;
    const covers = from >= this.from && Math.min(to, now) <= this.to + 1, sharp = (this.to - this.from) / this.slots <= (to - from) / width * 2.2;
    const edge = to > now - 5000 && since > Math.max(fresh, (to - from) / width);
    if (covers && sharp && !edge || since < again && !covers && this.failed) return;
    const lo = from - pad, hi = Math.max(Math.min(to + pad, now + 1000), lo + 1000), slots = Math.max(1, Math.min(most, Math.round(width * (hi - lo) / (to - from))));
    this.busy = true;
    this.asked = performance.now();
    footage.overview(lo, hi, slots, { activity: hi - lo <= activityMost, removed }).then(o => {
      Object.assign(this, { from: lo, to: hi, slots: o.slots, busy: false, failed: false, cameras: new Map(o.cameras.map(c => [c.id, c])), places: new Map() });
      then();
    }, () => { this.busy = false; this.failed = true; });
  }

  failed = false;
  /** Has all of it asked for anew. */
  forget() { this.to = this.from = 0; this.asked = -again; }

  /** The runs of a camera with their times, in order. @param {string} id @returns {Place[]} */
  runs(id) {
    let list = this.places.get(id);
    if (list) return list;
    list = [];
    let slot = 0;
    for (const r of this.cameras.get(id)?.runs || []) { list.push({ class: r.class, cause: r.cause || "", from: this.time(slot), to: this.time(slot + r.n) }); slot += r.n; }
    this.places.set(id, list);
    return list;
  }
  /** @type {Map<string, Place[]>} */
  places = new Map();

  /** What a camera has at a moment. @param {string} id @param {number} t @returns {Place|null} */
  at(id, t) {
    const list = this.runs(id), i = after(list, t);
    return i < list.length && list[i].from <= t ? list[i] : null;
  }
}

/** The first place of a list that ends behind a moment. @param {Place[]} list @param {number} t */
export function after(list, t) {
  let lo = 0, hi = list.length;
  while (lo < hi) { const mid = (lo + hi) >> 1; if (list[mid].to > t) hi = mid; else lo = mid + 1; }
  return lo;
}

/** Whether there is footage in such a place. @param {string} c */
export const footageIn = c => c === "recorded" || c === "partly" || c === "filled";
