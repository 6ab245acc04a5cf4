// How a live picture can come to this browser, and which of the ways is taken: the one place that decides. The gateway says of each
// stream in which ways it can send it (ways, in the order of its preference); this browser says what it can play.
//
//   1. the wanted stream as the camera sends it, over WebRTC, or by Media Source Extensions where WebRTC cannot show it right
//   2. another stream of the camera, likewise
//   3. what the gateway makes of the wanted stream with ffmpeg, where the operator allows it
import { playerWords as w } from "./words-player.js";

/**
 * A way in which the picture can come.
 * @typedef {{key:string,stream:string,kind:"webrtc"|"mp4",made:boolean,codec:string,codecs:string,audio:string,possible:boolean,why:string,name:string}} Choice
 * key: names it, to be chosen by; made: the gateway transcodes; audio: the sound that can come with it; why: why it is not possible, a
 * sentence, "" when it is; name: in words
 */

/** @param {string} codecs as RFC 6381 writes them @returns {{profile:string,level:number}|null} of H.265 */
function h265(codecs) {
  const m = /^h(?:vc|ev)1\.[ABC]?(\d+)\.[0-9A-F]+\.[LH](\d+)/i.exec(codecs);
  return m && { profile: m[1], level: Number(m[2]) };
}

/** @param {string} fmtp @param {string} key */
const parameter = (fmtp, key) => new RegExp(`(?:^|;)\\s*${key}=([^;]+)`).exec(fmtp)?.[1];

/**
 * Whether this browser says that it can play a codec over WebRTC. H.264 is decoded by the parameter sets in the stream whatever was
 * negotiated; of H.265 the very profile, and the level, must be among those that it names.
 * @param {string} codec @param {string} codecs
 */
export function overWebRTC(codec, codecs) {
  const all = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs.filter(c => c.mimeType.toLowerCase() === `video/${codec.toLowerCase()}`) || [];
  const want = codec === "H265" ? h265(codecs) : null;
  return all.some(c => {
    if (!want) return true;
    const line = c.sdpFmtpLine || "";
    return (parameter(line, "profile-id") || "1") === want.profile && Number(parameter(line, "level-id") || 93) >= want.level;
  });
}

/** @returns {any} the media source that this browser has */
export const mediaSource = () => /** @type {any} */ (globalThis).ManagedMediaSource || globalThis.MediaSource;

/** Whether this browser says that it can play codecs by Media Source Extensions. @param {string} codecs */
export const overMSE = codecs => !!codecs && !!mediaSource()?.isTypeSupported?.(`video/mp4; codecs="${codecs}"`);

/** Why this browser cannot play it so; "" when it can. @param {{kind:string,codec:string,codecs:string}} way */
function unable(way) {
  if (way.kind === "webrtc") return !globalThis.RTCPeerConnection ? w.noWebRTC : overWebRTC(way.codec, way.codecs) ? "" : w.cannotWebRTC(way.codec);
  return !mediaSource() ? w.noMSE : overMSE(way.codecs) ? "" : w.cannotMSE(way.codec);
}

/** @param {string} stream @param {{kind:string,transcoded:boolean}} way */
const keyOf = (stream, way) => `${stream}:${way.kind}${way.transcoded ? "+" : ""}`;

/**
 * Every way to see a camera, best first for who wants that stream. The first that is possible is taken, unless a person chose another.
 * @param {import("./api.js").Camera} camera @param {string} wanted the stream @param {boolean} sound is wanted
 * @param {Map<string, string>} [failed] why ways did not work, by key
 * @returns {Choice[]}
 */
export function choices(camera, wanted, sound, failed = new Map()) {
  const streams = [...camera.streams].sort((a, b) => Number(b.id === wanted) - Number(a.id === wanted));
  /** @type {Choice[]} */
  const all = [];
  for (const s of streams) {
    // One that is opened when somebody watches is not known before: what nearly all cameras send is tried.
    const ways = s.ways.length || s.state !== "on-demand" ? s.ways : [{ kind: /** @type {"webrtc"} */ ("webrtc"), transcoded: false, codec: "H264", codecs: "", audio: "", why: "" }];
    for (const x of ways) {
      const key = keyOf(s.id, x);
      const why = s.state !== "online" && s.state !== "on-demand" ? w.streamDown : x.why || unable(x) || failed.get(key) || "";
      all.push({ key, stream: s.id, kind: x.kind, made: x.transcoded, codec: x.codec, codecs: x.codecs, audio: x.audio, possible: !why, why, name: w.name(s.id, w.kinds[x.kind], x.codec, x.transcoded) });
    }
  }
  const first = streams[0]?.id;
  const deaf = (/** @type {Choice} */ c) => sound && !c.audio && all.some(o => o.stream === c.stream && o.made === c.made && o.possible && o.audio) ? 1 : 0;
  const rank = (/** @type {Choice} */ c) => c.made ? c.stream === first ? 2 : 3 : c.stream === first ? 0 : 1;
  return all.map((c, i) => ({ c, i })).sort((a, b) => rank(a.c) - rank(b.c) || deaf(a.c) - deaf(b.c) || a.i - b.i).map(x => x.c);
}

/**
 * The way that is taken, and why, as sentences. note is what is to be said on the picture itself, "" when all is as it was wanted.
 * @param {Choice[]} all of choices @param {string} [chosen] the key that a person chose @param {boolean} [sound] is wanted
 * @returns {{way:Choice|null,why:string,note:string}}
 */
export function decide(all, chosen = "", sound = false) {
  const yours = all.find(c => c.key === chosen && c.possible);
  const way = yours || all.find(c => c.possible) || null;
  const best = all[0];
  if (!way) return { way, why: best ? best.why : "", note: best ? w.none(best.codec) : "" };
  if (yours) return { way, why: w.yours, note: "" };
  const wanted = all.filter(c => c.stream === best.stream && !c.made);
  const causes = [...new Set(wanted.filter(c => !c.possible).map(c => c.why))], cause = causes.join(" ");
  if (way.made) return { way, why: w.madeSince(cause), note: w.made(wanted[0]?.codec || way.codec) };
  if (way.stream !== best.stream) return { way, why: w.otherStream(best.stream, cause), note: cause === w.streamDown ? "" : w.fallback(wanted[0]?.codec || "") };
  if (way.kind === "webrtc") return { way, why: w.quickest, note: "" };
  const other = wanted.find(c => c.kind === "webrtc");
  return { way, why: other && !other.possible ? w.instead(other.why) : sound && other ? w.forSound(way.audio) : w.quickest, note: "" };
}
