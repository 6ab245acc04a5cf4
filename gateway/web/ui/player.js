// One live picture. WHEP first; streams that WebRTC cannot show right (B-frames, codecs the browser did not offer) over
// Media Source Extensions; H.265 that this browser cannot decode at all as the camera's H.264 sub stream, with a line
// that says so.
import { api, request, Problem } from "./api.js";
import { words } from "./words.js";

/** How long a connected picture may stand still before it counts as gone, ms. */
const frozen = 3000;
/** Between tries of a stream that ended, ms. */
const again = 1000;
/** How far behind the newest picture a Media Source player may fall before it jumps, s. */
const behind = 1.5;

/** @param {string} codec */
function overWebRTC(codec) {
  const caps = globalThis.RTCRtpReceiver?.getCapabilities?.("video");
  return !!caps?.codecs.some(c => c.mimeType.toLowerCase() === `video/${codec.toLowerCase()}`);
}

/** @param {string} codecs */
function overMSE(codecs) {
  const M = /** @type {any} */ (globalThis).ManagedMediaSource || globalThis.MediaSource;
  return !!codecs && !!M?.isTypeSupported?.(`video/mp4; codecs="${codecs}"`);
}

/** @typedef {"waiting"|"playing"|"stopped"} PlayerState */

/** Emits "state" whenever state, note or way change. */
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
    this.note = "";
    this.way = "";
    this.frames = 0;
    this.latency = NaN;
    this.fps = 0;
    /** @type {import("./api.js").Camera|null} */
    this.camera = null;
    this.wanted = "";
    this.stream = "";
    this.audio = false;
    this.turn = 0; // every connection has a number; what belongs to an older one is dropped
    /** @type {() => void} */
    this.close = () => {};
    this.lastFrame = 0;
    this.watch();
    this.timer = setInterval(() => this.look(), 500);
  }

  /** Counts frames that were really shown. */
  watch() {
    const v = /** @type {any} */ (this.video);
    let since = performance.now(), count = 0;
    const shown = (/** @type {number} */ now) => {
      this.frames++;
      count++;
      this.lastFrame = now;
      if (now - since > 1000) { this.fps = count * 1000 / (now - since); since = now; count = 0; }
      if (this.state !== "playing" && this.turn > 0) this.tell("playing");
      v.requestVideoFrameCallback?.(shown);
    };
    v.requestVideoFrameCallback?.(shown);
  }

  /** Notices a picture that stands still. */
  look() {
    if (this.state === "playing" && performance.now() - this.lastFrame > frozen) this.tell("stopped");
    this.chase();
  }

  /** @param {PlayerState} state */
  tell(state) { this.state = state; this.dispatchEvent(new Event("state")); }

  /** Shows a stream of a camera. @param {import("./api.js").Camera} camera @param {string} wanted @param {boolean} [audio] */
  show(camera, wanted, audio = false) {
    this.camera = camera;
    const s = this.pick(camera, wanted);
    const live = camera.state === "online" && !!s && s.state === "online";
    if (live && this.wanted === wanted && this.stream === s.id && this.audio === audio && this.turn > 0) return;
    this.hang();
    this.wanted = wanted;
    this.audio = audio;
    if (!live) { this.stream = ""; this.tell("waiting"); return; }
    this.stream = s.id;
    this.connect(camera, s);
  }

  /** The wanted stream, or the one that this browser can play. @param {import("./api.js").Camera} camera @param {string} wanted */
  pick(camera, wanted) {
    this.note = "";
    const s = camera.streams.find(x => x.id === wanted && x.state === "online") || camera.streams.find(x => x.state === "online") || camera.streams[0];
    if (!s || !s.codec || this.plays(s)) return s;
    const other = camera.streams.find(x => x !== s && x.state === "online" && this.plays(x));
    this.note = other ? words.fallback(s.codec.replace("H26", "H.26")) : words.noFallback(s.codec.replace("H26", "H.26"));
    return other || s;
  }

  /** @param {import("./api.js").Stream} s */
  plays(s) { return !s.reordered && overWebRTC(s.codec) || overMSE(s.codecs); }

  /** @param {import("./api.js").Camera} camera @param {import("./api.js").Stream} s */
  async connect(camera, s) {
    const turn = ++this.turn;
    this.tell("waiting");
    try {
      if (s.reordered || !overWebRTC(s.codec)) await this.mse(camera, s, turn);
      else await this.whep(camera, s, turn);
    } catch (e) {
      if (turn !== this.turn) return;
      if (e instanceof Problem && e.status > 0 && e.slug !== "camera-offline" && e.slug !== "too-many-viewers" && overMSE(s.codecs)) {
        try { await this.mse(camera, s, turn); return; } catch { /* tried again below */ }
      }
      this.retry(turn);
    }
  }

  /** @param {number} turn */
  retry(turn) {
    setTimeout(() => {
      if (turn !== this.turn || !this.camera) return;
      const { camera, wanted, audio } = this;
      this.hang();
      this.wanted = "";
      this.show(camera, wanted, audio);
    }, again);
  }

  /** @param {import("./api.js").Camera} camera @param {import("./api.js").Stream} s @param {number} turn */
  async whep(camera, s, turn) {
    const pc = new RTCPeerConnection({ iceServers: [] });
    let place = "";
    this.close = () => { pc.close(); if (place) request("DELETE", place, { quiet: true }).catch(() => {}); };
    pc.addTransceiver("video", { direction: "recvonly" });
    if (this.audio) pc.addTransceiver("audio", { direction: "recvonly" });
    const media = new MediaStream();
    pc.ontrack = e => {
      media.addTrack(e.track);
      const receiver = /** @type {any} */ (e.receiver);
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      this.video.srcObject = media;
      this.video.play().catch(() => {});
    };
    pc.onconnectionstatechange = () => {
      if (turn === this.turn && ["failed", "closed", "disconnected"].includes(pc.connectionState)) this.retry(turn);
    };
    await pc.setLocalDescription(await pc.createOffer());
    const res = await request("POST", api.whep(camera.id, s.id, this.audio), { body: pc.localDescription?.sdp, type: "application/sdp" });
    place = res.headers.get("Location") || "";
    const sdp = await res.text();
    if (turn !== this.turn) { pc.close(); if (place) request("DELETE", place, { quiet: true }).catch(() => {}); return; }
    await pc.setRemoteDescription({ type: "answer", sdp });
    this.way = "WebRTC";
  }

  /** @param {import("./api.js").Camera} camera @param {import("./api.js").Stream} s @param {number} turn */
  async mse(camera, s, turn) {
    const stop = new AbortController();
    const res = await request("GET", api.liveMP4(camera.id, s.id), { signal: stop.signal });
    if (turn !== this.turn) { stop.abort(); return; }
    const M = /** @type {any} */ (globalThis).ManagedMediaSource || MediaSource;
    const source = new M();
    const url = URL.createObjectURL(source);
    this.close = () => { stop.abort(); URL.revokeObjectURL(url); };
    this.video.srcObject = null;
    if (M !== MediaSource) /** @type {any} */ (this.video).disableRemotePlayback = true;
    this.video.src = url;
    await new Promise(r => source.addEventListener("sourceopen", r, { once: true }));
    const buffer = source.addSourceBuffer(res.headers.get("Content-Type") || `video/mp4; codecs="${s.codecs}"`);
    this.way = "MSE";
    this.video.play().catch(() => {});
    this.feed(/** @type {ReadableStream<Uint8Array>} */ (res.body).getReader(), buffer, turn);
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {SourceBuffer} buffer @param {number} turn */
  async feed(reader, buffer, turn) {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || turn !== this.turn) break;
        buffer.appendBuffer(/** @type {any} */ (value));
        await new Promise((ok, bad) => { buffer.addEventListener("updateend", ok, { once: true }); buffer.addEventListener("error", bad, { once: true }); });
        const t = this.video.currentTime;
        if (!buffer.updating && buffer.buffered.length && t - buffer.buffered.start(0) > 30) {
          buffer.remove(0, t - 10);
          await new Promise(ok => buffer.addEventListener("updateend", ok, { once: true }));
        }
      }
    } catch { /* the connection ended, or the data did not fit: it is opened again */ }
    if (turn === this.turn) this.retry(turn);
  }

  /** Keeps a Media Source player at the live edge. */
  chase() {
    const v = this.video;
    if (this.way !== "MSE" || !v.buffered.length) return;
    const edge = v.buffered.end(v.buffered.length - 1);
    this.latency = edge - v.currentTime;
    if (v.currentTime < v.buffered.start(v.buffered.length - 1) || this.latency > behind) v.currentTime = Math.max(edge - 0.2, v.buffered.start(v.buffered.length - 1));
  }

  hang() {
    this.turn++;
    this.close();
    this.close = () => {};
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    this.way = "";
    this.latency = NaN;
    this.fps = 0;
    this.turn++;
  }

  end() { this.hang(); clearInterval(this.timer); }
}
