// Cameras that send a clip of their own over and over, one for each kind of stream that browsers find hard or easy.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { run, scratch } from "./gateway.js";

const encoders = /** @type {const} */ ({
  b264: ["libx264", "-bf", "3"],
  h265: ["libx265", "-tag:v", "hvc1", "-x265-params", "log-level=none:keyint=50:pools=1"],
  h264: ["libx264", "-bf", "0"],
});

/** Makes a clip of eight seconds. @param {keyof typeof encoders} kind */
export function clip(kind) {
  const file = join(scratch(), "clip.mp4"), [codec, ...more] = encoders[kind];
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=8", "-c:v", codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-video_track_timescale", "90000", ...more, file]);
  return file;
}

/** A camera that sends a clip. @param {string} file @param {string[]} [more] */
export async function street(file, more = []) {
  const p = await run(process.env.STREET_BIN || "street", ["-clip", file, ...more], /rtsp:\/\/[^"]+/);
  return { ...p, url: p.match[0] };
}

/** A camera of each kind that is named. @template {keyof typeof encoders} K @param {...K} kinds @returns {Promise<Record<K, Awaited<ReturnType<typeof street>>>>} */
export async function streets(...kinds) {
  return /** @type {any} */ (Object.fromEntries(await Promise.all(kinds.map(async k => [k, await street(clip(k))]))));
}
