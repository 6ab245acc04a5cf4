// What cameras see beside their pictures: one stream for all that are shown, and what was recorded.
import { base, cam } from "./api.js";

/** @typedef {[number, number, number, number]} Box left, bottom, right and top, from -1 to 1 */
/** @typedef {{id:string,class?:string,likelihood?:number,box:Box,idle?:boolean}} SceneObject */
/** @typedef {{item:string,at:string,spot?:number,max?:number,min?:number,average?:number,box?:Box}} SceneReading */
/** @typedef {{camera?:string,at:string,objects:SceneObject[],temperatures?:SceneReading[],ptz?:{pan?:number,tilt?:number,zoom?:number,moving?:boolean}}} Scene */

/** Who is told, by camera. @type {Map<string, Set<(s: Scene) => void>>} */
const told = new Map();
/** @type {EventSource|null} */
let source = null;
let timer = 0, asked = "";
/** Until the stream is opened after the cameras have changed, and after it has ended, ms. */
const soon = 150, again = 5000;

/**
 * Has a camera's scenes told as they come, until the function that it gives is called.
 * @param {string} camera @param {(s: Scene) => void} tell @returns {() => void}
 */
export function watchScenes(camera, tell) {
  const all = told.get(camera) || new Set();
  told.set(camera, all.add(tell));
  later(soon);
  return () => {
    all.delete(tell);
    if (all.size === 0 && told.get(camera) === all) told.delete(camera);
    later(soon);
  };
}

/** @param {number} ms */
function later(ms) { clearTimeout(timer); timer = setTimeout(open, ms); }

/** Opens the stream for the cameras that are shown now; a page that nobody looks at has none. */
function open() {
  const cameras = document.hidden ? "" : [...told.keys()].sort().slice(0, 64).map(encodeURIComponent).join(",");
  if (cameras === asked && source) return;
  source?.close();
  source = null;
  asked = cameras;
  if (!cameras) return;
  const s = source = new EventSource(`${base}/scenes/stream?cameras=${cameras}`);
  s.addEventListener("scene", e => { const scene = /** @type {Scene} */ (JSON.parse(e.data)); for (const f of told.get(scene.camera || "") || []) f(scene); });
  s.onerror = () => { if (s !== source) return; s.close(); source = null; later(again); };
}
document.addEventListener("visibilitychange", () => later(soon));

/** How much is asked for at once, and how many such pieces are kept. */
const piece = 60000, kept = 8;

/** What was recorded of a camera's scenes, fetched in pieces as they are needed. */
export class RecordedScenes {
  /** @param {string} camera @param {string} stream */
  constructor(camera, stream) {
    this.camera = camera;
    this.stream = stream;
    /** @type {Map<number, Scene[]|null>} */
    this.pieces = new Map();
  }

  /** The newest scene at a moment, if it is known by now and not older than two seconds; told is called when it comes to be known. @param {number} at @param {() => void} told @returns {Scene|null} */
  at(at, told) {
    const n = Math.floor(at / piece), list = this.pieces.get(n);
    if (list === undefined) this.fetch(n, told);
    if (at % piece > piece * 0.7 && !this.pieces.has(n + 1)) this.fetch(n + 1, () => {});
    let found = null;
    for (const s of list || []) { if (Date.parse(s.at) > at) break; found = s; }
    return found && at - Date.parse(found.at) < 2000 ? found : null;
  }

  /** @param {number} n @param {() => void} told */
  async fetch(n, told) {
    this.pieces.set(n, null);
    for (const old of this.pieces.keys()) if (this.pieces.size > kept && old !== n) this.pieces.delete(old);
    try {
      const from = new Date(n * piece).toISOString(), to = new Date((n + 1) * piece).toISOString();
      const res = await fetch(`${cam(this.camera)}/scenes?from=${from}&to=${to}&every=0.1&stream=${encodeURIComponent(this.stream)}`);
      if (!res.ok) return;
      this.pieces.set(n, (await res.text()).split("\n").filter(Boolean).map(l => JSON.parse(l).scene).filter(Boolean));
      if ((n + 1) * piece > Date.now()) setTimeout(() => this.pieces.delete(n), again); // there will be more
      told();
    } catch { this.pieces.delete(n); }
  }
}
