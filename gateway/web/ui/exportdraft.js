// A case that is being put together: ranges are added from timelines until it is ordered, or this page is left for good.

/** @typedef {import("./api-exports.js").ClipOrder & {key:number}} DraftClip */

class Draft extends EventTarget {
  /** @type {DraftClip[]} */
  clips = [];
  /** @type {(import("./api-exports.js").StillOrder & {key:number})[]} */
  stills = [];
  /** What was typed. @type {Record<string, string>} */
  said = {};
  #next = 0;

  /** @param {string} camera @param {string} from @param {string} to */
  add(camera, from, to) {
    if (this.clips.some(c => c.camera === camera && c.from === from && c.to === to)) return;
    this.clips.push({ key: ++this.#next, camera, from, to, masks: [] });
    this.#tell();
  }
  /** @param {number} key */
  drop(key) { this.clips = this.clips.filter(c => c.key !== key); this.stills = this.stills.filter(s => s.key !== key); this.#tell(); }
  /** @param {string} camera @param {string} at */
  still(camera, at) { this.stills.push({ key: ++this.#next, camera, at }); this.#tell(); }
  clear() { this.clips = []; this.stills = []; this.said = {}; this.#tell(); }
  #tell() { this.dispatchEvent(new Event("change")); }
}

export const draft = new Draft();
