// Footage of one camera that follows a clock: pictures with wall times over Media Source Extensions. Media time is wall time, so a gap
// is a gap there too, and several cameras are in step when each is in step with the clock.
import { footage } from "./api-footage.js";
import { Problem } from "./api.js";
import { pieces, codecOf } from "./mp4.js";
import { wishes } from "./wishes.js";

/** How much is asked for at once, and how much is kept ahead and behind, ms of footage; the first two at the speed of life. */
const length = 15e3, ahead = 8e3, behind = 15e3, most = 90e3;
/** From how far off a picture jumps instead of hurrying, and how near is near enough, s. */
const far = 0.6, near = 0.008;
/** How much faster or slower than the clock a picture may run to come into step, and in how long it would, s. */
const hurry = 0.3, within = 0.5;
/** A hole of less than this between two pictures is no gap, s. */
const hole = 0.25;
/** The longest media time, s. */
const days = 40 * 86400;
/** How long until what could not be had is asked for again, ms. */
const again = 2000;

/** What was asked for, ms since 1970. @typedef {{from: number, to: number, done: boolean}} Stretch */

export class Reel {
  /** @param {string} camera @param {string} stream */
  constructor(camera, stream) {
    this.camera = camera;
    this.stream = stream;
    this.mime = "video/mp4";
    /** How near to the clock is near enough, s, and how much faster or slower than it this may run to come into step. */
    this.near = near;
    this.hurry = hurry;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.disableRemotePlayback = true;
    /** @type {"waiting"|"ready"|"gap"|"failed"|"approval"} */
    this.state = "waiting";
    this.codec = "";
    /** Of each picture that the browser has, ms since 1970, in order. @type {number[]} */
    this.times = [];
    this.off = NaN; // how far the last picture shown is from the clock, ms
    this.shown = 0; // pictures
    /** @type {Stretch[]} */
    this.asked = [];
    /** @type {AbortController|null} */
    this.busy = null;
    this.base = 0; // ms since 1970 of media time 0
    /** @type {MediaSource|null} */
    this.source = null;
    /** @type {SourceBuffer|null} */
    this.buffer = null;
    this.url = "";
    this.turn = 0; // what belongs to an earlier one is dropped
    this.wait = 0; // nothing is asked for before, performance.now()
    /** What the clock says now, and how it runs. @type {import("./pace.js").Pace|null} */
    this.pace = null;
    this.resting = true;
    this.watch();
    for (const type of ["seeked", "canplay"]) this.video.addEventListener(type, () => { if (this.catchUp()) this.told(); });
  }
  /** Goes on by itself once what it waits for is there. Not while it rests: the clock may run backwards then, which no video element does. */
  catchUp() {
    if (this.resting || !this.pace || this.state !== "waiting") return false;
    this.follow(this.pace);
    return true;
  }

  /** Stands still until it is told to follow again. */
  rest() {
    this.resting = true;
    if (!this.video.paused) this.video.pause();
  }

  /** Told when a picture is there that was waited for. */
  told = () => {};

  /** Counts the pictures shown, and how far each is from the clock. */
  watch() {
    const v = /** @type {any} */ (this.video);
    const see = (/** @type {number} */ _, /** @type {any} */ m) => {
      this.shown++;
      if (this.pace?.running) this.off = this.base + m.mediaTime * 1000 - (this.pace.at + (m.expectedDisplayTime - performance.now()) * this.pace.speed);
      v.requestVideoFrameCallback(see);
    };
    v.requestVideoFrameCallback?.(see);
  }

  /** Begins anew with an empty buffer. @param {number} at */
  open(at) {
    this.hang();
    const turn = this.turn, source = new MediaSource();
    this.base = Math.floor(at / 3600e3) * 3600e3 - 86400e3;
    this.source = source;
    this.url = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => { if (turn === this.turn) source.duration = days; }, { once: true });
    this.video.src = this.url;
  }

  hang() {
    this.turn++;
    this.busy?.abort();
    this.busy = null;
    this.asked = [];
    this.times = [];
    this.source = this.buffer = null;
    this.codec = "";
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = "";
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** Has the picture be where the clock is. To be called several times a second. @param {import("./pace.js").Pace} pace */
  follow(pace) {
    this.pace = pace;
    this.resting = false;
    const at = pace.at, media = (at - this.base) / 1000;
    if (!this.source || media < 0 || media > days) { this.open(at); return; }
    this.fetch(at, Math.max(1, pace.speed));
    if (this.source.readyState !== "open") return;
    const v = this.video, there = this.holds(media);
    if (!there) {
      v.pause();
      if (this.state !== "failed" && this.state !== "approval") this.state = this.asked.some(s => s.done && s.from <= at && s.to > at) ? "gap" : "waiting";
      return;
    }
    const off = media - v.currentTime, still = !pace.running;
    if (still ? Math.abs(off) > 0.0005 : Math.abs(off) > far * Math.max(1, pace.speed)) { if (!v.seeking || Math.abs(off) > 2) v.currentTime = media; }
    else if (!still) v.playbackRate = pace.speed * (Math.abs(off) < this.near ? 1 : 1 + Math.max(-this.hurry, Math.min(this.hurry, off / within / pace.speed)));
    this.state = v.readyState >= 2 && !v.seeking ? "ready" : "waiting";
    if (still) v.pause(); else if (v.paused) v.play().catch(() => {});
  }

  /** How far the picture that stands is from a moment, ms. @param {number} at */
  lag(at) { return Math.abs(this.base + this.video.currentTime * 1000 - at); }

  /** Whether the browser has the picture of a media time. @param {number} media */
  holds(media) {
    const b = this.buffer?.buffered;
    for (let i = 0; b && i < b.length; i++) if (b.start(i) - 0.001 <= media && b.end(i) > media) return true;
    return false;
  }

  /** Asks for what is not there yet. @param {number} at @param {number} speed */
  fetch(at, speed) {
    const has = (/** @type {number} */ t) => this.asked.find(s => s.from <= t && s.to > t);
    let end = at;
    for (let s = has(end); s; s = has(end)) end = s.to;
    if (this.busy) { if (!this.asked.some(s => !s.done && s.from <= end + 1 && s.to >= at)) { this.busy.abort(); this.busy = null; this.asked = this.asked.filter(s => s.done); } else return; }
    if (end - at > ahead * speed || performance.now() < this.wait || end > Date.now() - 500) return;
    this.trim(at);
    const given = wishes.given("playback", this.camera, end), to = Math.min(end + Math.min(length * speed, most), given ? Date.parse(given.to) : Infinity, this.chosen(end).to);
    this.load({ from: end, to, done: false });
  }

  /** Lets go of what is far from the clock. @param {number} at */
  trim(at) {
    const b = this.buffer, lo = at - behind, hi = at + most * 2;
    if (!b || b.updating || !b.buffered.length) return;
    const first = this.base + b.buffered.start(0) * 1000, last = this.base + b.buffered.end(b.buffered.length - 1) * 1000;
    if (first > lo - behind && last < hi) return;
    this.asked = this.asked.filter(s => s.to > lo && s.from < hi).map(s => ({ ...s, from: Math.max(s.from, lo) }));
    this.times = this.times.filter(t => t > lo && t < hi);
    try { if (first < lo) b.remove(0, Math.max(0.001, (lo - this.base) / 1000)); else b.remove((hi - this.base) / 1000, days); } catch { /* it is being changed: next time */ }
  }

  /** Which run is shown at a moment, by streams, where one of several was chosen, and until when. @type {(t: number) => import("./twice.js").Chosen} */
  chosen = () => ({ from: -Infinity, to: Infinity, runs: {} });

  /** Asks the gateway for a stretch. @param {number} from @param {number} to @param {AbortSignal} signal */
  ask(from, to, signal) { return footage.reel(this.camera, this.stream, from, to, 0, signal, this.chosen(from).runs[this.stream]); }

  /** @param {Stretch} s */
  async load(s) {
    const turn = this.turn, stop = new AbortController();
    this.busy = stop;
    this.asked.push(s);
    const mine = () => turn === this.turn && this.busy === stop;
    let last = 0;
    try {
      const r = await this.ask(s.from, s.to, stop.signal);
      if (!mine()) return;
      await this.take(codecOf(r));
      for await (const p of pieces(r)) {
        if (!mine()) return;
        await this.append(p.bytes);
        for (const x of p.samples) { this.times.push(x.at); last = Math.max(last, x.until); }
        if (p.samples.length) this.catchUp(); // the first picture is shown as soon as it is there
      }
      if (this.state === "failed" || this.state === "approval") this.state = "waiting";
    } catch (e) {
      if (!mine()) return;
      if (!(e instanceof Problem && e.slug === "no-footage")) {
        this.state = e instanceof Problem && e.slug === "approval-needed" ? "approval" : "failed";
        this.wait = performance.now() + again;
        this.asked = this.asked.filter(x => x !== s);
      }
    }
    this.times.sort((a, b) => a - b);
    if (s.to > Date.now() - 5000) { // what is being recorded goes on behind it
      s.to = last || s.from;
      if (!last) this.wait = performance.now() + again / 2;
    }
    s.done = true;
    this.busy = null;
  }

  /** Makes the buffer of a codec. @param {string} codec */
  async take(codec) {
    const type = `${this.mime}; codecs="${codec}"`, source = this.source;
    if (!source) throw new Error("closed");
    if (source.readyState !== "open") await new Promise(ok => source.addEventListener("sourceopen", ok, { once: true }));
    if (!this.buffer) { this.buffer = source.addSourceBuffer(type); this.buffer.timestampOffset = -this.base / 1000; } else if (this.codec !== codec) this.buffer.changeType(type);
    this.codec = codec;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  async append(bytes) {
    const b = this.buffer;
    if (!b) return;
    const settled = () => new Promise((ok, bad) => { b.addEventListener("updateend", ok, { once: true }); b.addEventListener("error", bad, { once: true }); });
    if (b.updating) await settled();
    try { b.appendBuffer(bytes); } catch (e) {
      if (!(e instanceof DOMException && e.name === "QuotaExceededError")) throw e;
      b.remove(0, Math.max(0.001, this.video.currentTime - 2));
      await settled();
      b.appendBuffer(bytes);
    }
    await settled();
  }

  /** The picture before or after a moment, of those that are there; NaN when there is none. @param {number} at @param {number} d */
  beside(at, d) {
    const list = this.times;
    let i = list.findIndex(t => t > at + 0.5);
    if (i < 0) i = list.length;
    return (d > 0 ? list[i] : list[i - 2]) ?? NaN;
  }

  /** Tries at once what could not be had. */
  retry() { if (this.state === "failed" || this.state === "approval") { this.state = "waiting"; this.wait = 0; } }

  /** Forgets a range that was erased. */
  forget() { const p = this.pace; if (p && this.source) this.open(p.at); }
}
