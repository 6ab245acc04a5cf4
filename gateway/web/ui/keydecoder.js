// Decodes single key frames of many cameras by a few decoders: a decoder for each of sixteen is more than browsers give.

/** How many decoders there are (on two cores two and five give a tenth fewer pictures), and how long one may take, ms. */
const most = 3, patience = 3000;

/** @typedef {{decoder: VideoDecoder, config: string, take: (f: VideoFrame) => void}} Worker */
/** @type {Worker[]} */
const idle = [];
let made = 0;
/** @type {((w: Worker | null) => void)[]} */
const waiting = [];

/** @returns {Worker} */
function make() {
  /** @type {Worker} */
  const w = { decoder: new VideoDecoder({ output: f => w.take(f), error: () => {} }), config: "", take: f => f.close() };
  return w;
}

/** @param {Worker|null} w null: it is of no use any more */
function release(w) {
  const next = waiting.shift();
  if (next) next(w);
  else if (w) idle.push(w);
  else made--;
}

/** The picture of a key frame; whoever gets it closes it. @param {import("./stills.js").Key} key @returns {Promise<VideoFrame>} */
export async function decodeKey(key) {
  let w = idle.pop() || null;
  if (!w && made >= most) w = await new Promise(ok => waiting.push(ok)); else if (!w) made++;
  w ||= make();
  /** @type {VideoFrame|null} */
  let out = null;
  try {
    const config = key.codec + (key.description ? key.description.join() : "");
    if (w.config !== config) {
      w.decoder.configure({ codec: key.codec, ...(key.description ? { description: key.description } : {}), optimizeForLatency: true, hardwareAcceleration: "prefer-software" }); // a card's decoder takes longer to begin than a key frame to decode
      w.config = config;
    }
    w.take = f => { out?.close(); out = f; };
    w.decoder.decode(new EncodedVideoChunk({ type: "key", timestamp: Math.round(key.at * 1000), data: key.data }));
    let timer = 0;
    await Promise.race([w.decoder.flush(), new Promise((_, bad) => { timer = setTimeout(() => bad(new Error("late")), patience); })]).finally(() => clearTimeout(timer));
    w.take = f => f.close();
    release(w);
  } catch (e) {
    if (w.decoder.state !== "closed") w.decoder.close();
    release(null);
    throw e;
  }
  if (!out) throw new Error("no picture");
  return out;
}
