// Key frames of one camera, drawn as fast as they come: while somebody scrubs, at high speeds, and backwards. Decoded by the browser where
// it can (WebCodecs), else pictures that the gateway decodes.
import { footage } from "./api-footage.js";
import { Problem } from "./api.js";
import { decodeKey } from "./keydecoder.js";
import { pieces, codecOf } from "./mp4.js";

/** How many key frames are kept, as they were recorded, and how many are asked for at once. */
const kept = 400, some = 60;
/** How long a picture that the gateway decoded stands for its moment, ms, when it does not say. */
const stands = 1000;
/** After how many failures of the browser's decoder the gateway is asked for every picture. */
const failuresMost = 3;

/** @typedef {import("./mp4.js").Sample & {codec: string, description: Uint8Array<ArrayBuffer>|null}} Key */

export class Stills {
  /** @param {string} camera @param {string} stream @param {HTMLCanvasElement} canvas @param {() => void} drawn */
  constructor(camera, stream, canvas, drawn) {
    this.camera = camera;
    this.stream = stream;
    this.canvas = canvas;
    // Kept in memory, not on the graphics card: pictures of single key frames come from the processor, and sixteen canvases whose pictures
    // are uploaded one by one cost a third to a half of the pictures of scrubbing where the card is none. Drawing them smaller, at the size on the
    // screen, costs as much.
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true, alpha: false }));
    this.drawn = drawn;
    /** @type {Key[]} */
    this.keys = [];
    this.wanted = NaN;
    this.at = NaN; // of the picture that is shown
    this.until = NaN;
    this.gap = NaN; // a moment without footage
    this.busy = false;
    this.filling = false;
    this.shown = 0; // pictures
    this.failures = 0; // of the browser's decoder, one after the other
    this.byGateway = !("VideoDecoder" in globalThis);
    this.stop = new AbortController();
  }

  end() { this.stop.abort(); }

  /** As Reel.chosen. @type {(t: number) => import("./twice.js").Chosen} */
  chosen = () => ({ from: -Infinity, to: Infinity, runs: {} });
  /** The run that is shown at a moment, where one was chosen. @param {number} t */
  run(t) { return this.chosen(t).runs[this.stream]; }

  /** Forgets what was erased. */
  forget() { this.keys = []; this.at = this.until = NaN; }

  /** @param {number} t */
  has(t) { return this.keys.findLast(k => k.at <= t && k.until > t); }

  /** Shows the key frame of a moment as soon as it is there; a later wish takes the place of an earlier. @param {number} t */
  want(t) {
    this.wanted = t;
    if (!this.busy && !(this.at <= t && this.until > t)) this.work();
  }

  async work() {
    this.busy = true;
    try {
      for (let t = NaN; t !== this.wanted && !this.stop.signal.aborted;) {
        t = this.wanted;
        if (this.at <= t && this.until > t) continue;
        try { await this.show(t); this.gap = NaN; } catch (e) {
          if (e instanceof Problem && e.slug === "no-footage") this.gap = t; else if (!this.stop.signal.aborted) await new Promise(ok => setTimeout(ok, 300));
        }
      }
    } finally { this.busy = false; }
  }

  /** @param {number} t */
  async show(t) {
    let key = this.has(t);
    if (!this.byGateway && !key) {
      const r = await footage.picture(this.camera, this.stream, t, "mp4", this.stop.signal, this.run(t));
      const last = await this.keep(r);
      key = this.has(t) || last; // never one that is only kept: it may be of any moment
    }
    if (key && !this.byGateway) {
      const frame = await decodeKey(key).catch(() => null);
      if (frame) { this.paint(frame, frame.displayWidth, frame.displayHeight); frame.close(); this.failures = 0; this.at = key.at; this.until = key.until; return; }
      this.byGateway = ++this.failures >= failuresMost;
    }
    const r = await footage.picture(this.camera, this.stream, t, "jpg", this.stop.signal, this.run(t));
    if (!r.headers.get("Content-Type")?.startsWith("image/")) { this.at = t; this.until = t + stands; return; }
    const picture = await createImageBitmap(await r.blob());
    this.paint(picture, picture.width, picture.height);
    picture.close();
    this.at = Math.min(t, Date.parse(r.headers.get("X-Picture-Time") || "") || t);
    this.until = t + stands;
  }

  /** @param {CanvasImageSource} picture @param {number} width @param {number} height */
  paint(picture, width, height) {
    const c = this.canvas;
    if (c.width !== width || c.height !== height) { c.width = width; c.height = height; }
    this.pen.drawImage(picture, 0, 0, width, height);
    this.shown++;
    this.drawn();
  }

  /** Keeps the key frames of an answer, and gives its last. @param {Response} r @returns {Promise<Key|undefined>} */
  async keep(r) {
    const codec = codecOf(r);
    /** @type {Uint8Array<ArrayBuffer>|null} */
    let description = null;
    /** @type {Key|undefined} */
    let last;
    for await (const p of pieces(r)) {
      description = p.description || description;
      for (const s of p.samples) if (s.key) {
        last = { ...s, codec, description };
        if (!this.keys.some(k => Math.abs(k.at - s.at) < 1)) this.keys.push(last);
      }
    }
    if (this.keys.length > kept) this.keys = this.keys.slice(-kept);
    return last;
  }

  /** Has key frames of the next while there before the clock needs them. @param {number} t @param {number} speed footage a second of life; below 0: backwards */
  async fill(t, speed) {
    if (this.filling || this.byGateway) return;
    const span = Math.max(20e3, Math.abs(speed) * 5e3), near = t + Math.sign(speed) * span / 2;
    if (this.has(t) && this.has(near)) return;
    const within = this.chosen(t), [from, to] = speed > 0 ? [t, Math.min(t + span, within.to)] : [Math.max(t - span, within.from), t];
    this.filling = true;
    try { await this.keep(await footage.reel(this.camera, this.stream, from, Math.min(to, Date.now()), some, this.stop.signal, within.runs[this.stream])); } catch { await new Promise(ok => setTimeout(ok, 500)); } finally { this.filling = false; }
  }
}
