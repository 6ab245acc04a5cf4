// What people read about one live picture: how it comes, why so, and what is amiss with it.
import { number, spoken } from "./language.js";
import { bitrate, clock } from "./words.js";

/** @param {string} codec */
const codecName = codec => codec.replace("H26", "H.26");
/** @param {number} n bit/s */
const mbit = n => number(n / 1e6, n < 1e6 ? 2 : 1);

export const playerWords = spoken("player", {
  // how a picture can come
  stream: (/** @type {string} */ id) => ({ main: "Main stream", sub: "Sub stream", third: "Third stream" })[id] || `Stream ${id}`,
  kinds: { webrtc: "WebRTC", mp4: "Media Source" },
  name: (/** @type {string} */ stream, /** @type {string} */ kind, /** @type {string} */ codec, /** @type {boolean} */ made) => `${playerWords.stream(stream)}, ${codecName(codec)} over ${kind}${made ? ", made by the gateway" : ""}`,
  automatic: "Automatic",
  // why one is taken
  quickest: "It is the quickest way, and sends the picture as the camera does.",
  forSound: (/** @type {string} */ codec) => `Browsers play ${codec} sound this way only.`,
  instead: (/** @type {string} */ why) => `WebRTC is not possible: ${why}`,
  otherStream: (/** @type {string} */ stream, /** @type {string} */ why) => `${playerWords.stream(stream)} is not possible: ${why}`,
  madeSince: (/** @type {string} */ why) => `The gateway makes H.264 of it for this browser: ${why}`,
  yours: "You have chosen it.",
  // why one is not
  cannotWebRTC: (/** @type {string} */ codec) => `This browser cannot play ${codecName(codec)} over WebRTC.`,
  cannotMSE: (/** @type {string} */ codec) => `This browser cannot play ${codecName(codec)} by Media Source Extensions.`,
  noWebRTC: "This browser has no WebRTC.", noMSE: "This browser has no Media Source Extensions.",
  notConnected: "It did not connect: the gateway's UDP and TCP ports for pictures may be closed to this device.", nothingShown: "It connected, and this browser showed no picture of it.", refused: (/** @type {string} */ why) => why,
  streamDown: "The stream is not there now.",
  // what is said on the picture
  fallback: (/** @type {string} */ codec) => `This browser cannot play ${codecName(codec)}, so you see the camera's smaller H.264 stream.`,
  made: (/** @type {string} */ codec) => `This browser cannot play ${codecName(codec)}, so the gateway makes a smaller H.264 picture of it.`,
  none: (/** @type {string} */ codec) => `This browser cannot play ${codecName(codec)}, and the camera has no H.264 stream. Its footage is recorded all the same.`,
  thin: (/** @type {number} */ carries, /** @type {number} */ rate) => carries > 0 && rate > 0 ? `Key frames only: your connection carries ${mbit(Math.min(carries, rate))} of ${mbit(rate)} Mbit/s.` : "Key frames only: your connection does not carry all of it.",
  // figures
  codec: "Codec", picture: "Picture", frames: "Frames", fps: (/** @type {number} */ shown, /** @type {number} */ sent) => sent > 0 ? `${number(shown, 0)} of ${number(sent, 0)} a second` : `${number(shown, 0)} a second`,
  rate: "Bit rate", rateOf: (/** @type {number} */ got, /** @type {number} */ sent) => sent > 0 ? `${bitrate(got)} · camera sends ${bitrate(sent)}` : bitrate(got),
  loss: "Lost", lossOf: (/** @type {number} */ share, /** @type {number} */ all) => `${number(share * 100, 1)} % now, ${number(all)} in all`, latency: "Late by", ms: (/** @type {number} */ s) => `${Math.round(s * 1000)} ms`, way: "Comes by", why: "Reason", others: "Other streams", soundOf: "Sound", at: (/** @type {Date} */ t) => clock(t),
});
