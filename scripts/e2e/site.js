// A shop after a week: ten cameras, of which eight have footage of seven days, written before the gateway starts.
// For screens.js; needs HOLDFAST_BIN, STREET_BIN and WEEK_BIN, ffmpeg, and the real footage in $HOLDFAST_SHARED/footage.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, until } from "./browser.js";
import { run, scratch, serve } from "./gateway.js";
import { plans } from "./plan.js";

const real = join(process.env.HOLDFAST_SHARED || "", "footage", "one-by-one-person-detection.mp4");
const drawn = (/** @type {string} */ kind) => new URL(`../../gateway/simcam/clips/${kind}-sub.mp4`, import.meta.url).pathname;

/** How the one scene that there is becomes several, and what is odd about each camera. @type {[id: string, name: string, picture: string, habit: string][]} */
const made = [
  ["entrance", "Entrance", "scale=640:360", "shaky"],
  ["till", "Till 1", "hflip,crop=576:432:40:0,scale=640:480,eq=saturation=1.25:gamma=1.08,colorbalance=rs=.06:bs=-.06", "full"],
  ["lift", "Lift", "crop=324:432:250:0,scale=480:640,eq=contrast=1.1", "motion"],
  ["stockroom", "Stockroom", "hflip,crop=512:288:40:130,scale=640:360,hue=s=0,eq=brightness=-.16:contrast=1.25,vignette", "steady"],
  ["loading", "Loading bay", "crop=512:288:128:100,scale=640:360,colorbalance=bs=.12:rs=-.05,eq=brightness=-.04", "lost"],
  ["corridor", "Corridor", "hflip,crop=384:216:190:20,scale=640:360,eq=gamma=1.2:saturation=.7", "late"],
];
/** Devices of the street in their order, with the clip of each. @type {[id: string, name: string, clip: string, habit: string][]} */
const devices = [["shop", "Shop floor", "fixed", "steady"], ["gate", "Gate", "ptz", "steady"], ["yard", "Yard thermal", "thermal", "motion"]];

/** Where clips stay for the next time. */
const kept = new URL("./out/clips/", import.meta.url).pathname;

/** @param {string[]} args */
const ffmpeg = args => execFileSync("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
const plain = (/** @type {number} */ gop) => ["-an", "-c:v", "libx264", "-preset", "superfast", "-g", `${gop}`, "-keyint_min", `${gop}`, "-sc_threshold", "0", "-bf", "0", "-pix_fmt", "yuv420p", "-video_track_timescale", "90000"];

/** Makes the clip that a camera sends, and the slow one of which its past is made, unless they were made before. @param {string} id @param {string} source @param {string} picture */
function clips(id, source, picture) {
  const live = join(kept, `${id}.mp4`), past = join(kept, `${id}-past.mp4`);
  if (picture && !existsSync(live)) ffmpeg(["-ss", `${picture.length % 40}`, "-t", "20", "-i", source, "-vf", `fps=5,${picture}`, ...plain(10), "-crf", "30", live]);
  if (!existsSync(past)) ffmpeg(["-t", "72", "-i", source, "-vf", `fps=1${picture ? `,${picture}` : ""}`, ...plain(24), "-crf", "39", past]);
  return { live, past };
}

/** @param {{days?: number, extra?: number}} [o] days of footage, how many cameras beside the ten */
export async function site(o = {}) {
  if (!existsSync(real)) throw new Error(`there is no footage in ${real}: set HOLDFAST_SHARED`);
  mkdirSync(kept, { recursive: true });
  const dir = scratch(existsSync("/dev/shm") ? "/dev/shm" : undefined), past = [];
  const yaml = [`listen: 127.0.0.1:0`, `time_zone: Europe/Berlin`, `webrtc: {udp: "127.0.0.1:0", tcp: "127.0.0.1:0"}`, `retention: {max_age: 30d}`, "cameras:"];
  const children = [], street = process.env.STREET_BIN || "street";
  for (const [id, name, picture, habit] of made) {
    const c = clips(id, real, picture);
    let url = "rtsp://127.0.0.1:9/live";
    if (habit !== "lost") {
      const p = await run(street, ["-clip", c.live], /rtsp:\/\/[^"]+/);
      children.push(p.child);
      url = p.match[0];
      if (id === "entrance") for (let i = 0; i < (o.extra || 0); i++) yaml.push(`  - {id: aisle-${i + 1}, name: Aisle ${i + 1}, rtsp: "${url}", transport: tcp}`);
    }
    yaml.push(`  - {id: ${id}, name: ${name}, rtsp: "${url}", transport: tcp, record: {mode: ${habit === "motion" ? "event" : "continuous"}}}`);
    past.push(`${id}=${c.past}:${habit}`);
  }
  const p = await run(street, ["-devices", "3", "-lively", "-kinds", "fixed,ptz,thermal"], /^\[.*\]$/);
  children.push(p.child);
  for (const [i, d] of JSON.parse(p.match[0]).entries()) {
    const [id, name, clip, habit] = devices[i];
    yaml.push(`  - {id: ${id}, name: ${name}, onvif: ${JSON.stringify(new URL(d.Address || d.address).host)}, username: ${JSON.stringify(d.username)}, password: ${JSON.stringify(d.password)}, record: {mode: ${habit === "motion" ? "event" : "continuous"}}}`);
    past.push(`${id}=${clips(id, drawn(clip), "").past}:${habit}`);
  }
  yaml.push(`  - {id: roof, name: Roof, rtsp: "rtsp://127.0.0.1:9/none"}`);
  execFileSync(process.env.WEEK_BIN || "week", ["-data", join(dir, "data"), "-volume", join(dir, "volume"), "-days", `${o.days ?? 7}`, ...past], { stdio: "inherit" });
  const g = await serve(yaml.join("\n") + "\n", dir), b = await open({ base: g.base });
  await enter(b.page, g.link, g.data);
  /** Starts the gateway again, which was killed, at another address; the administrator signs in again. */
  const restart = async () => { Object.assign(all, await all.again(yaml.join("\n") + "\n")); await b.page.goto(all.base); await b.page.fill("#f-username", "owner"); await b.page.fill("#f-password", "green horses eat late"); await b.page.click("button[type=submit]"); await b.page.waitForSelector("nav.rail"); };
  const all = { ...g, ...b, ask: asker(b.page), restart, stop: async () => { await b.browser.close(); await all.end(); for (const c of children) c.kill("SIGKILL"); } };
  return all;
}

/** Makes the administrator, who confirms the recovery key. @param {import("playwright-core").Page} page @param {string} link @param {string} data the gateway's directory */
async function enter(page, link, data) {
  await page.goto(link);
  await page.fill("#f-username", "owner");
  await page.fill("#f-password", "green horses eat late");
  await page.click("button[type=submit]");
  const told = execFileSync(process.env.HOLDFAST_BIN || "holdfast", ["keys", "recovery", "--data", data], { stdio: ["ignore", "pipe", "pipe"] }).toString();
  await page.getByLabel("Recovery key").fill((/\b(?:[0-9A-Z]{4}-){13}[0-9A-Z]{4}\b/.exec(told) || [told])[0]);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForSelector("nav.rail");
}

/** Asks the API as the page does, and tells what it refuses. @param {import("playwright-core").Page} page */
function asker(page) {
  return async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ json) => {
    const [status, text] = await page.evaluate(async ([method, path, json]) => {
      const { csrf } = await (await fetch("/api/v1/session")).json();
      const r = await fetch(`/api/v1/${path}`, { method, headers: { "X-CSRF-Token": csrf, ...(json ? { "Content-Type": "application/json" } : {}) }, body: json ? JSON.stringify(json) : undefined });
      return /** @type {const} */ ([r.status, await r.text()]);
    }, /** @type {[string, string, any]} */ ([method, path, json]));
    if (status >= 300) console.log(`${method} ${path}: ${status} ${text}`);
    try { return JSON.parse(text); } catch { return text; }
  };
}

/** What people do in a week: marks with words, locks, an erasure, a group, colleagues, plans, a wall, exports. @param {Awaited<ReturnType<typeof site>>} s */
export async function lived(s) {
  const { ask, page } = s;
  const now = Date.now(), hour = 3600e3, at = (/** @type {number} */ hours) => new Date(now - hours * hour).toISOString(), later = at(-30 * 24);
  await until(page, `fetch("/api/v1/cameras").then(r => r.json()).then(l => l.filter(c => c.state === "online").length >= 8)`, 60000);
  await ask("POST", "locks", { camera: "till", from: at(30.4), to: at(29.6), until: later, reason: "Police, case 12/2026" });
  await ask("POST", "locks", { camera: "entrance", from: at(5.1), to: at(4.6), until: later, reason: "Fall at the door, insurance" });
  await ask("POST", "erasures", { camera: "corridor", from: at(20), to: at(19.5), ground: "subject request" });
  for (const [camera, hours, text] of /** @type {[string, number, string][]} */ ([["entrance", 4.9, "Visitor slips on the wet floor"], ["entrance", 0.6, "Delivery without a note"], ["till", 2.2, "Till drawer left open"], ["gate", 1.1, "White van, second time today"], ["shop", 6, "Suspect in red jacket"]])) {
    await ask("POST", `cameras/${camera}/events`, { kind: "mark", source: "viewer", at: at(hours), text });
  }
  await ask("PUT", "camera-groups/ground", { name: "Ground floor", cameras: ["entrance", "till", "lift", "shop"] });
  for (const [username, display, role] of [["anna", "Anna Berg", "operator"], ["jo", "Jo Haddad", "viewer"], ["priv", "Marta Ruiz", "privacy-officer"]]) await ask("POST", "people", { username, display, grants: [{ role, cameras: ["*"] }] });
  for (const e of [
    { title: "Till theft", reason: "Police, case 12/2026", recipient: "Police, Mitte", form: "original", clips: [{ camera: "till", from: at(30.2), to: at(30) }, { camera: "entrance", from: at(30.1), to: at(30) }] },
    { title: "Fall at the door", reason: "Insurance claim", recipient: "Allianz, claims", form: "original", clips: [{ camera: "entrance", from: at(5), to: at(4.8) }] },
  ]) await ask("POST", "exports", e);
  await plans(s);
  return /** @type {any} */ (await ask("POST", "tokens", { kind: "device", name: "Control room", cameras: ["*"], permissions: ["see", "live"], until: later }));
}
