// One live picture: in the best way that there is (player-ways.js decides), again and again until it is ended, and what it is like.
import { Problem } from "./api.js";
import { choices, decide } from "./player-ways.js";
import { Meter } from "./player-stats.js";
import { overMP4 } from "./player-mse.js";
import { overWHEP } from "./player-webrtc.js";
import { playerWords as w } from "./words-player.js";

/** How long a connected picture may stand still before it counts as gone, ms; and one of key frames only. */
const frozen = 3000, frozenThin = 20000;
/** Between tries of a stream that ended, ms. */
const again = 1000;
/** How long a way that did not work is not tried again while there is another, ms. */
const shunned = 60000;
/** How long a way may show nothing before another is tried, ms. */
const blank = 8000;
/** How long a page that nobody sees keeps its pictures, ms: a glance at another tab costs no new start. */
const unseen = 10000;
/** How long figures are taken after somebody asked for them last, ms. */
const cares = 5000;
/** A picture without a new frame for so long, or with less than this share of the camera's frames, is asked about; ms. */
const slow = 1500, few = 0.6;
/** Answers after which another way is tried: what was asked for cannot be given in this one. */
const hopeless = ["reordered", "codec", "no-webrtc", "offer", "not-transcoded"];

/** @typedef {"waiting"|"playing"|"stopped"} PlayerState */

/**
 * A live picture. What others may use:
 *
 *   video                        the element that shows it
 *   show(camera, wanted, sound)  shows a stream of a camera; may be called as often as the camera changes
 *   end()                        ends it for good
 *   state note                   how it is; note is a sentence for the picture itself, "" when all is as it should be
 *   way stream why               how it comes ("WebRTC", "MSE"), which stream it is, and a sentence why so
 *   choices() choose(key)        every way that there is, with why not; choose takes the key of one, "" leaves it to the player. It is
 *                                remembered on this device, of each camera and wanted stream. chosen is the key that counts now.
 *   stats()                      the last figures (LiveStats of player-stats.js), null until there are some; asking begins the measuring
 *   frames fps latency           frames shown so far, frames a second, seconds behind the camera (NaN when not known)
 *   sent                         the codec of sound that can be heard with it, "" when none
 *
 * A page that is not seen lets its pictures go after ten seconds, and has them again when it is.
 *
 * Events: "state" whenever state, note, way or why change; "stats" with each new figures, about once a second while somebody asks.
 */
export class Player extends EventTarget {
  constructor() {
    super();
    /** @type {HTMLVideoElement} */
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.autoplay = true;
    this.video.playsInline = true;
    this.video.disablePictureInPicture = false;
    /** @type {PlayerState} */
    this.state = "waiting";
    this.note = this.way = this.why = this.wanted = this.stream = "";
    this.frames = this.fps = 0;
    this.latency = NaN;
    this.audio = false;
    /** @type {import("./api.js").Camera|null} */
    this.camera = null;
    /** @type {import("./player-ways.js").Choice|null} */
    this.choice = null;
    /** @type {import("./player-webrtc.js").Connection|null} */
    this.connection = null;
    /** @type {Meter|null} */
    this.meter = null;
    /** @type {import("./player-stats.js").LiveStats|null} */
    this.figures = null;
    /** @type {Map<string, {why: string, until: number}>} */
    this.failed = new Map();
    this.said = ""; // of the choice; note may say more
    this.unable = false; // this browser can show nothing that the camera sends: note says why
    this.thin = false;
    this.turn = 0; // every connection has a number; what belongs to an older one is dropped
    this.abort = new AbortController();
    this.lastFrame = this.began = this.shownBefore = this.measured = 0;
    this.cared = -Infinity;
    this.rests = false; // nobody sees the page: nothing is fetched until somebody does
    this.rest = 0;
    this.sight = () => this.seen();
    document.addEventListener("visibilitychange", this.sight);
    this.video.addEventListener("leavepictureinpicture", this.sight);
    this.watch();
    this.timer = setInterval(() => this.look(), 500);
  }

  /** Counts frames that were really shown. */
  watch() {
    const v = /** @type {any} */ (this.video);
    let since = performance.now(), count = 0;
    const shown = (/** @type {number} */ now, /** @type {any} */ meta) => {
      this.frames++;
      count++;
      this.lastFrame = now;
      this.meter?.shown(meta.expectedDisplayTime ?? now, meta);
      if (now - since > 1000) { this.fps = count * 1000 / (now - since); since = now; count = 0; }
      if (this.state !== "playing" && this.connection) this.tell("playing");
      v.requestVideoFrameCallback?.(shown);
    };
    v.requestVideoFrameCallback?.(shown);
  }

  /** The page is seen, or is not any more: then its pictures are let go of after a while, but for one in a window of its own and one that is heard. */
  seen() {
    clearTimeout(this.rest);
    if (document.hidden) { this.rest = setTimeout(() => this.release(), unseen); return; }
    const now = performance.now();
    this.began = now;
    if (this.rests) {
      this.rests = false;
      if (this.camera && this.wanted) this.show(this.camera, this.wanted, this.audio);
    } else if (this.state === "playing" && now - this.lastFrame > frozen) this.tell("stopped"); // no picture of before is shown as one of now
  }

  /** Nobody sees it: what it costs is saved. */
  release() {
    if (!document.hidden || this.audio || document.pictureInPictureElement === this.video) return;
    this.rests = true;
    this.hang();
    this.tell("waiting");
  }

  /** Looks after the picture twice a second: does it move, does it keep up, is a figure due. */
  look() {
    const now = performance.now(), still = now - this.lastFrame;
    if (document.hidden && document.pictureInPictureElement !== this.video) return; // it is not painted, whatever comes
    if (this.connection?.kind === "mp4") /** @type {any} */ (this.connection).chase();
    if (this.connection && this.frames === this.shownBefore && now - this.began > blank && this.choice && this.other()) return this.giveUp(w.nothingShown);
    if (this.state === "playing" && still > (this.thin ? frozenThin : frozen)) this.tell("stopped");
    if (still > slow) this.fps = 0;
    this.heed(now, still);
    if (now - this.cared < cares && now - this.measured > 900) this.measure(now);
  }

  /** Asks the gateway how it is with a picture that lags, or that somebody wants the figures of. @param {number} now @param {number} still */
  heed(now, still) {
    const sent = this.camera?.streams.find(s => s.id === this.stream)?.fps || 0;
    const lags = this.state !== "waiting" && (still > slow || now - this.began > 4000 && this.fps < few * sent);
    if (this.meter && (lags || this.thin || now - this.cared < cares)) this.meter.ask();
    const view = this.meter?.view, thin = !!view?.key_frames_only;
    const note = [this.said, thin && w.thin(view?.carries || 0, view?.rate || 0)].filter(Boolean).join(" ");
    if (thin === this.thin && note === this.note) return;
    this.thin = thin;
    this.note = note;
    this.dispatchEvent(new Event("state"));
  }

  /** @param {number} now */
  async measure(now) {
    const { meter, choice } = this, s = this.camera?.streams.find(x => x.id === this.stream);
    this.measured = now;
    if (!meter || !choice) { this.figures = null; return; }
    const got = await meter.measure(this.frames, this.video);
    if (meter !== this.meter) return;
    this.latency = got.latency;
    this.figures = { ...got, codec: got.codec || choice.codec, stream: choice.stream, made: choice.made, why: this.why, cameraFPS: s?.fps || 0, cameraBitrate: s?.bitrate || 0 };
    this.dispatchEvent(new Event("stats"));
  }

  /** The last figures; asking begins the measuring. */
  stats() { this.cared = performance.now(); return this.figures; }

  /** @param {PlayerState} state */
  tell(state) { this.state = state; this.dispatchEvent(new Event("state")); }

  /** Shows a stream of a camera. @param {import("./api.js").Camera} camera @param {string} wanted @param {boolean} [audio] */
  show(camera, wanted, audio = false) {
    const other = this.camera?.id !== camera.id || this.wanted !== wanted || this.audio !== audio;
    if (this.camera?.id !== camera.id) this.failed.clear();
    this.camera = camera;
    this.wanted = wanted;
    this.audio = audio;
    const d = decide(this.choices(), this.chosen, audio), way = camera.state === "online" ? d.way : null;
    const said = camera.state === "online" ? d.note : "";
    const changed = said !== this.said || d.why !== this.why;
    this.unable = camera.state === "online" && !d.way && !!said;
    this.said = said;
    this.why = d.why;
    if (this.rests) return;
    if (!way) { if (this.choice || other) { this.hang(); this.tell("waiting"); } else if (changed) this.heed(performance.now(), 0); return; }
    if (!other && this.choice?.key === way.key && this.turn > 0) { if (changed) this.heed(performance.now(), 0); return; }
    this.hang();
    this.connect(camera, way);
  }

  /** Every way to see the camera, best first. */
  choices() {
    const now = performance.now();
    for (const [key, f] of this.failed) if (f.until < now) this.failed.delete(key);
    return this.camera ? choices(this.camera, this.wanted, this.audio, new Map([...this.failed].map(([k, f]) => [k, f.why]))) : [];
  }

  /** The key of the way that a person chose on this device, "" when none. */
  get chosen() { return ways()[`${this.camera?.id} ${this.wanted}`] || ""; }

  /** Takes a way instead of the best one; "": the best one. @param {string} key */
  choose(key) {
    const all = ways(), at = `${this.camera?.id} ${this.wanted}`;
    if (key) all[at] = key; else delete all[at];
    localStorage.setItem("ways", JSON.stringify(all));
    this.failed.clear();
    if (this.camera) this.show(this.camera, this.wanted, this.audio);
  }

  /** Whether there is a way beside the present one. */
  other() { return this.choices().some(c => c.possible && c.key !== this.choice?.key); }

  /** @param {import("./api.js").Camera} camera @param {import("./player-ways.js").Choice} way */
  async connect(camera, way) {
    const turn = ++this.turn;
    this.choice = way;
    this.stream = way.stream;
    this.abort = new AbortController();
    this.began = performance.now();
    this.shownBefore = this.frames;
    this.heed(this.began, 0);
    this.tell("waiting");
    try {
      const make = way.kind === "webrtc" ? overWHEP : overMP4;
      const c = await make(this.video, camera.id, way, this.audio, this.abort.signal, why => this.lost(turn, why));
      if (turn !== this.turn) { c.close(); return; }
      this.connection = c;
      this.meter = new Meter(camera.id, c);
      this.way = way.kind === "webrtc" ? "WebRTC" : "MSE";
      this.lastFrame = performance.now();
      this.dispatchEvent(new Event("state"));
    } catch (e) {
      if (turn !== this.turn) return;
      if (e instanceof Problem ? hopeless.includes(e.slug) : e instanceof DOMException && e.name !== "AbortError") this.shun(w.refused(/** @type {Error} */ (e).message));
      this.retry(turn);
    }
  }

  /** The connection is lost. @param {number} turn @param {string} why */
  lost(turn, why) {
    if (turn !== this.turn) return;
    if (why === "failed" && this.frames === this.shownBefore) this.shun(w.notConnected);
    this.retry(turn);
  }

  /** Does without the present way for a while. @param {string} why */
  shun(why) { if (this.choice) this.failed.set(this.choice.key, { why, until: performance.now() + shunned }); }

  /** @param {string} why */
  giveUp(why) { this.shun(why); this.retry(this.turn, 0); }

  /** @param {number} turn @param {number} [after] ms */
  retry(turn, after = again) {
    setTimeout(() => {
      if (turn !== this.turn || !this.camera) return;
      this.hang();
      this.show(this.camera, this.wanted, this.audio);
    }, after);
  }

  hang() {
    this.turn++;
    this.abort.abort();
    this.connection?.close();
    this.connection = this.meter = this.figures = this.choice = null;
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    this.way = this.stream = "";
    this.thin = false;
    this.latency = NaN;
    this.fps = 0;
  }

  end() { document.removeEventListener("visibilitychange", this.sight); clearTimeout(this.rest); this.hang(); clearInterval(this.timer); }
}

/** The ways chosen on this device. @returns {Record<string, string>} */
function ways() { try { return JSON.parse(localStorage.getItem("ways") || "{}"); } catch { return {}; } }
