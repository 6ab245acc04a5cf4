// What one live picture is like in figures.
import { api } from "./api.js";

/**
 * The figures of a live picture, of the last second unless said otherwise.
 * @typedef {object} LiveStats
 * @property {string} stream id of the stream that is shown
 * @property {"webrtc"|"mp4"} kind how it comes
 * @property {boolean} made the gateway transcodes it
 * @property {string} transport "udp", "tcp" or "http"; "" when not known yet
 * @property {string} why why it comes so, a sentence
 * @property {string} codec as "H264"
 * @property {string} audio codec of the sound that comes with it, "" without sound
 * @property {number} width of the picture that is shown, pixels
 * @property {number} height
 * @property {number} fps frames shown a second
 * @property {number} cameraFPS frames the camera sends a second; 0 when not known
 * @property {number} bitrate received, bit/s
 * @property {number} cameraBitrate what the stream takes, bit/s; 0 when not known
 * @property {number} loss share of the packets that was lost on the way to here, 0 to 1; always 0 over TCP and HTTP
 * @property {number} lost packets lost since it connected
 * @property {number} dropped frames that came and were not shown, since it connected
 * @property {number} latency from when the gateway had the picture to when it was on this screen, s; NaN when this browser does not tell. What the camera took to make and send it is not in it.
 * @property {number} roundTrip to the gateway, s; NaN when not known
 * @property {boolean} keyFramesOnly the connection does not carry the stream, and the gateway sends its key frames only
 * @property {number} carries what the connection was seen to carry, bit/s; 0 as long as that was never less than the stream
 * @property {string} decoder what decodes, as this browser calls it; "" when it does not say
 */

/** How often the gateway is asked about a view that is measured, ms. */
const asks = 2000;

/** Measures one connection. */
export class Meter {
  /** @param {string} camera @param {import("./player-webrtc.js").Connection} connection */
  constructor(camera, connection) {
    this.camera = camera;
    this.connection = connection;
    /** @type {import("./api.js").LiveView|null} */
    this.view = null;
    this.asked = -Infinity;
    this.asking = false;
    /** How much later the gateway's clock is than this page's, ms, and how sure that is. */
    this.offset = NaN;
    this.doubt = Infinity;
    this.before = { at: performance.now(), bytes: 0, packets: 0, lost: 0, frames: 0 };
    this.latency = NaN;
  }

  /** Asks the gateway how it is with the view, unless it was asked just now. */
  async ask() {
    const from = performance.now();
    if (this.asking || from - this.asked < asks || !this.connection.view) return;
    this.asking = true;
    try {
      const v = await api.liveView(this.camera, this.connection.view), to = performance.now();
      this.view = v;
      // The answer was made somewhere between: the quickest of the last minute is the surest.
      this.doubt = this.doubt * 1.05 + 0.1;
      if (to - from < this.doubt) { this.doubt = to - from; this.offset = Date.parse(v.now) - (from + to) / 2; }
    } catch { this.view = null; } finally { this.asked = from; this.asking = false; }
  }

  /** A frame was shown. @param {number} at ms, as performance.now() @param {any} meta of requestVideoFrameCallback */
  shown(at, meta) {
    const v = this.view, media = this.connection.media(meta);
    if (!v?.wall || !Number.isFinite(media) || Number.isNaN(this.offset)) return;
    const ahead = this.connection.kind === "webrtc" ? (media - v.media) | 0 : media; // timestamps wrap
    this.latency = (at + this.offset - Date.parse(v.wall)) / 1000 - ahead / this.connection.rate;
  }

  /**
   * @param {number} frames shown so far @param {HTMLVideoElement} video
   * @returns {Promise<Omit<LiveStats, "stream"|"made"|"why"|"cameraFPS"|"cameraBitrate">>}
   */
  async measure(frames, video) {
    const got = await this.connection.received(), at = performance.now(), was = this.before;
    const s = Math.max(0.001, (at - was.at) / 1000), packets = got.packets - was.packets, lost = Math.max(0, got.lost - was.lost);
    this.before = { at, bytes: got.bytes, packets: got.packets, lost: got.lost, frames };
    return {
      kind: this.connection.kind, transport: got.transport || this.view?.transport || "", codec: got.codec, audio: got.audio, width: video.videoWidth, height: video.videoHeight,
      fps: (frames - was.frames) / s, bitrate: (got.bytes - was.bytes) * 8 / s, loss: lost > 0 ? lost / (packets + lost) : 0, lost: got.lost, dropped: got.dropped,
      latency: this.latency, roundTrip: got.roundTrip, keyFramesOnly: !!this.view?.key_frames_only, carries: this.view?.carries || 0, decoder: got.decoder,
    };
  }
}
