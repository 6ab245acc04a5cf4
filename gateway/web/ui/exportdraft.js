// A case that is being put together: ranges are added from timelines until it is ordered or discarded. It outlives a reload, in this tab alone:
// its notes may name people, so nothing of it is left for other tabs, for later, or for whoever signs in next.
import { caseKey, caseOf, store } from "./store.js";

/** @typedef {import("./api-exports.js").ClipOrder & {key:number}} DraftClip */

/** What the tab keeps at most, characters: a case with more is kept until it is reloaded. */
const most = 1 << 20;

class Draft extends EventTarget {
  /** @type {DraftClip[]} */
  clips = [];
  /** @type {(import("./api-exports.js").StillOrder & {key:number})[]} */
  stills = [];
  /** What was typed. @type {Record<string, string>} */
  said = {};
  #next = 0;

  constructor() {
    super();
    try {
      const was = JSON.parse(sessionStorage.getItem(caseKey) || "null");
      if (was?.person === caseOf()) ({ clips: this.clips, stills: this.stills, said: this.said, next: this.#next } = was);
    } catch { /* a browser that keeps nothing */ }
    addEventListener("pagehide", () => this.keep());
    store.addEventListener("forget", () => this.clear());
  }

  /** Has the tab keep it as it is now. */
  keep() {
    const text = this.clips.length || this.stills.length ? JSON.stringify({ person: caseOf(), clips: this.clips, stills: this.stills, said: this.said, next: this.#next }) : "";
    try { if (text && text.length <= most) sessionStorage.setItem(caseKey, text); else sessionStorage.removeItem(caseKey); } catch { /* a browser that keeps nothing */ }
  }

  /** @param {string} camera @param {string} from @param {string} to @param {string} [run] alone */
  add(camera, from, to, run) {
    if (this.clips.some(c => c.camera === camera && c.from === from && c.to === to && c.run === run)) return;
    this.clips.push({ key: ++this.#next, camera, from, to, run, masks: [] });
    this.#tell();
  }
  /** @param {number} key */
  drop(key) { this.clips = this.clips.filter(c => c.key !== key); this.stills = this.stills.filter(s => s.key !== key); this.#tell(); }
  /** @param {string} camera @param {string} at @param {string} [run] of this one */
  still(camera, at, run) { this.stills.push({ key: ++this.#next, camera, at, run }); this.#tell(); }
  clear() { this.clips = []; this.stills = []; this.said = {}; this.#tell(); }
  #tell() { this.keep(); this.dispatchEvent(new Event("change")); }
}

export const draft = new Draft();
