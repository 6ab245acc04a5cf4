// A live picture by Media Source Extensions: endless fragmented MP4 over HTTP.
import { api, request } from "./api.js";
import { mediaSource } from "./player-ways.js";

/** How far behind the newest picture it may fall before it jumps there, s; where it jumps to, before the edge, s. */
const behind = 1.5, edge = 0.2;
/** How much of the past is kept, s, and from when on the rest is dropped. */
const kept = 10, tooMuch = 30;

/**
 * @param {HTMLVideoElement} video @param {string} camera @param {import("./player-ways.js").Choice} way @param {boolean} sound
 * @param {AbortSignal} signal @param {(why: string) => void} gone
 * @returns {Promise<import("./player-webrtc.js").Connection & {chase: () => void}>}
 */
export async function overMP4(video, camera, way, sound, signal, gone) {
  const stop = new AbortController(), end = () => stop.abort();
  signal.addEventListener("abort", end, { once: true });
  const res = await request("GET", api.liveMP4(camera, way.stream, sound, way.made), { signal: stop.signal });
  const M = mediaSource(), source = new M(), url = URL.createObjectURL(source);
  const close = () => { stop.abort(); URL.revokeObjectURL(url); };
  let bytes = 0;
  video.srcObject = null;
  if (M !== globalThis.MediaSource) /** @type {any} */ (video).disableRemotePlayback = true;
  video.src = url;
  const mime = res.headers.get("Content-Type") || `video/mp4; codecs="${way.codecs}"`;
  await new Promise((ok, bad) => { source.addEventListener("sourceopen", ok, { once: true }); stop.signal.addEventListener("abort", bad, { once: true }); });
  const buffer = source.addSourceBuffer(mime);
  video.play().catch(() => {});
  feed(/** @type {ReadableStream<Uint8Array>} */ (res.body).getReader(), video, buffer, n => { bytes += n; }).then(() => { if (!stop.signal.aborted) gone("ended"); });
  const names = (/codecs="?([^"]*)/.exec(mime)?.[1] || "").split(/,\s*/);
  return {
    kind: "mp4", view: res.headers.get("X-Live-View") || "", close, rate: 1,
    received: async () => ({ bytes, packets: 0, lost: 0, dropped: video.getVideoPlaybackQuality?.().droppedVideoFrames || 0, codec: way.codec, audio: names[1] || "", transport: "http", roundTrip: NaN, decoder: "" }),
    media: meta => meta?.mediaTime ?? NaN,
    chase: () => chase(video),
  };
}

/** Appends what comes until it ends. @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {HTMLVideoElement} video @param {SourceBuffer} buffer @param {(n: number) => void} count */
async function feed(reader, video, buffer, count) {
  const idle = () => new Promise((ok, bad) => { buffer.addEventListener("updateend", ok, { once: true }); buffer.addEventListener("error", bad, { once: true }); });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      count(value.length);
      buffer.appendBuffer(/** @type {any} */ (value));
      await idle();
      chase(video); // what comes after a hole is shown at once
      const t = video.currentTime;
      if (buffer.buffered.length && t - buffer.buffered.start(0) > tooMuch) { buffer.remove(0, t - kept); await idle(); }
    }
  } catch { /* the connection ended, or the data did not fit: it is opened again */ }
}

/** Keeps the picture at the live edge, and takes it over holes: what a slow connection missed. @param {HTMLVideoElement} v */
function chase(v) {
  if (!v.buffered.length) return;
  const last = v.buffered.length - 1, from = v.buffered.start(last), to = v.buffered.end(last);
  if (v.currentTime < from || to - v.currentTime > behind) v.currentTime = Math.max(to - edge, from);
}
