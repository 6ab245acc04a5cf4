// Reads the fragmented MP4 that the gateway gives footage as: one video track, times in 1/90000 s since 1970 (ISO/IEC 14496-12).

/** Ticks a second. */
const scale = 90000;

/** A picture as it was recorded; times in ms since 1970. @typedef {{at: number, until: number, key: boolean, data: Uint8Array<ArrayBuffer>}} Sample */
/** A part of a file that can be decoded by itself: an init segment, or a fragment with its pictures. @typedef {{bytes: Uint8Array<ArrayBuffer>, description: Uint8Array<ArrayBuffer>|null, samples: Sample[]}} Piece */

/** @param {DataView} v @param {number} at */
const name = (v, at) => String.fromCharCode(v.getUint8(at), v.getUint8(at + 1), v.getUint8(at + 2), v.getUint8(at + 3));

/** Goes over the boxes of a stretch. @param {DataView} v @param {number} at @param {number} end @returns {Generator<{type: string, at: number, end: number}>} */
function* boxes(v, at, end) {
  while (at + 8 <= end) {
    const size = v.getUint32(at);
    if (size < 8 || at + size > end) return;
    yield { type: name(v, at + 4), at: at + 8, end: at + size };
    at += size;
  }
}

/** The first box of a path. @param {DataView} v @param {number} at @param {number} end @param {string[]} path @returns {{at: number, end: number}|null} */
function find(v, at, end, path) {
  for (const b of boxes(v, at, end)) if (b.type === path[0]) return path.length === 1 ? b : find(v, b.at, b.end, path.slice(1));
  return null;
}

/** What a decoder has to be told: the payload of avcC or hvcC. @param {Uint8Array<ArrayBuffer>} init */
function description(init) {
  const v = new DataView(init.buffer, init.byteOffset, init.byteLength), stsd = find(v, 0, init.byteLength, ["moov", "trak", "mdia", "minf", "stbl", "stsd"]);
  if (!stsd) return null;
  for (const entry of boxes(v, stsd.at + 8, stsd.end)) for (const b of boxes(v, entry.at + 78, entry.end)) if (b.type === "avcC" || b.type === "hvcC") return init.slice(b.at, b.end);
  return null;
}

/** The pictures of a fragment. @param {Uint8Array<ArrayBuffer>} f @returns {Sample[]} */
function samples(f) {
  const v = new DataView(f.buffer, f.byteOffset, f.byteLength), traf = find(v, 0, f.byteLength, ["moof", "traf"]), mdat = find(v, 0, f.byteLength, ["mdat"]);
  const tfdt = traf && find(v, traf.at, traf.end, ["tfdt"]), trun = traf && find(v, traf.at, traf.end, ["trun"]), tfhd = traf && find(v, traf.at, traf.end, ["tfhd"]);
  if (!mdat || !tfdt || !trun || !tfhd) return [];
  let p = tfhd.at + 8;
  const has = v.getUint32(tfhd.at) & 0xffffff, next = (/** @type {number} */ bit, /** @type {number} */ n) => { const at = p; if (has & bit) p += n; return has & bit ? v.getUint32(at) : 0; };
  next(1, 8); next(2, 4);
  const usual = { dur: next(8, 4), size: next(16, 4), flags: next(32, 4) };
  const flags = v.getUint32(trun.at) & 0xffffff, n = v.getUint32(trun.at + 4);
  p = trun.at + 8;
  if (flags & 1) p += 4;
  const first = flags & 4 ? v.getUint32((p += 4) - 4) : null;
  let dts = v.getUint8(tfdt.at) ? Number(v.getBigUint64(tfdt.at + 4)) : v.getUint32(tfdt.at + 4), data = mdat.at;
  /** @type {Sample[]} */
  const list = [];
  for (let i = 0; i < n; i++) {
    const read = (/** @type {number} */ bit, /** @type {number} */ otherwise) => flags & bit ? v.getUint32((p += 4) - 4) : otherwise;
    const dur = read(0x100, usual.dur), size = read(0x200, usual.size), flag = read(0x400, i === 0 && first !== null ? first : usual.flags), cto = read(0x800, 0) | 0;
    list.push({ at: (dts + cto) / scale * 1000, until: (dts + cto + dur) / scale * 1000, key: !(flag & 0x10000), data: f.subarray(data, data + size) });
    dts += dur;
    data += size;
  }
  return list;
}

/** Reads an answer of the gateway as it comes, piece by piece. @param {Response} r @returns {AsyncGenerator<Piece>} */
export async function* pieces(r) {
  if (!r.body) return;
  const reader = r.body.getReader();
  let rest = new Uint8Array(0), init = 0; // how much of rest is an init segment so far
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const all = new Uint8Array(rest.length + value.length);
      all.set(rest);
      all.set(value, rest.length);
      rest = all;
      for (let at = init; ;) {
        const v = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
        if (at + 8 > rest.length || at + v.getUint32(at) > rest.length) { init = at; break; }
        const type = name(v, at + 4);
        at += v.getUint32(at);
        if (type !== "moov" && type !== "mdat") continue;
        const bytes = rest.slice(0, at);
        yield type === "moov" ? { bytes, description: description(bytes), samples: [] } : { bytes, description: null, samples: samples(bytes) };
        rest = rest.slice(at);
        at = init = 0;
      }
    }
  } finally { reader.cancel().catch(() => {}); }
}

/** The codec that a content type names (RFC 6381). @param {Response} r */
export const codecOf = r => /codecs="([^"]+)"/.exec(r.headers.get("Content-Type") || "")?.[1] || "";
