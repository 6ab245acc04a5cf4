// Takes every page at the sizes of a phone, a desk and a wall, dark and light, into scripts/e2e/out/screens, to be looked at one by one.
// Not part of the tests. Needs HOLDFAST_BIN and STREET_BIN, as scripts/e2e/run makes them, and ffmpeg.
//
//	node screens.js [PART OF A PAGE'S ADDRESS]
//
// The gateway has ten cameras, of which one is thermal, one 4:3, one portrait and one cannot be reached, another was lost for a while; footage
// that is locked and footage that was erased, marks, people, a group, a wall, a floor plan, and an export.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, until } from "./browser.js";
import { demo, run, scratch } from "./gateway.js";
import { pages, visit } from "./quality.js";

const out = new URL("./out/screens/", import.meta.url).pathname, only = process.argv[2] || "";
mkdirSync(out, { recursive: true });
const sizes = /** @type {[number, number][]} */ ([[390, 844], [1440, 900], [3840, 2160]]), themes = /** @type {const} */ (["dark", "light"]);

/** A street with one camera of a size. @param {string} size @param {string} source of ffmpeg @param {string} [listen] */
async function street(size, source, listen) {
  const file = join(scratch(), "clip.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `${source}=size=${size}:rate=15`, "-t", "8", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30", "-bf", "0", "-video_track_timescale", "90000", file]);
  const p = await run(process.env.STREET_BIN || "street", ["-clip", file, ...(listen ? ["-listen", listen] : [])], /rtsp:\/\/[^"]+/);
  return { ...p, file, url: p.match[0] };
}

const site = await demo(["--cameras", "6"]), b = await open({ base: site.base });
await b.page.goto(site.link);
await b.page.waitForSelector("nav.rail");

/** Asks the API as the page does. @param {string} method @param {string} path @param {any} [json] */
const ask = (method, path, json) => b.page.evaluate(async ([method, path, json]) => {
  const { csrf } = await (await fetch("/api/v1/session")).json();
  const r = await fetch(`/api/v1/${path}`, { method, headers: { "X-CSRF-Token": csrf, ...(json ? { "Content-Type": "application/json" } : {}) }, body: json ? JSON.stringify(json) : undefined });
  const text = await r.text();
  if (!r.ok) console.log(`${method} ${path}: ${text}`);
  try { return JSON.parse(text); } catch { return text; }
}, /** @type {[string, string, any]} */ ([method, path, json]));
b.page.on("console", m => { if (m.type() === "log") console.log(m.text()); });

const square = await street("640x480", "testsrc2"), portrait = await street("480x640", "mandelbrot"), lost = await street("640x360", "testsrc");
for (const [name, address] of [["Till 4", square.url], ["Lift", portrait.url], ["Loading bay", lost.url], ["Roof", "rtsp://127.0.0.1:9/none"]]) await ask("POST", "cameras", { address, name });
const cameras = /** @type {any[]} */ (await ask("GET", "cameras")), id = (/** @type {string} */ name) => cameras.find(c => c.name === name)?.id || "";
await until(b.page, `fetch("/api/v1/cameras").then(r => r.json()).then(l => l.filter(c => c.state === "online").length >= 9)`, 60000);
const wait = (/** @type {number} */ ms) => new Promise(ok => setTimeout(ok, ms)); // footage takes its time
await wait(30000);
const port = new URL(lost.url.replace("rtsp:", "http:")).host;
lost.child.kill("SIGKILL");
await wait(20000);
const again = await run(process.env.STREET_BIN || "street", ["-clip", lost.file, "-listen", port], /rtsp:\/\/[^"]+/);
await wait(20000);

const now = Date.now(), ago = (/** @type {number} */ s) => new Date(now - s * 1000).toISOString(), shop = cameras[0].id;
await ask("POST", "locks", { camera: shop, from: ago(50), to: ago(30), until: new Date(now + 30 * 864e5).toISOString(), reason: "Police, case 12" });
await ask("POST", "erasures", { camera: id("Lift"), from: ago(40), to: ago(30), ground: "test footage" });
for (const c of [shop, id("Till 4"), id("Loading bay")]) await ask("POST", `cameras/${c}/events`, { kind: "mark", source: "viewer" });
await ask("PUT", "camera-groups/ground", { name: "Ground floor", cameras: cameras.slice(0, 4).map(c => c.id) });
for (const [username, display, role] of [["anna", "Anna Berg", "operator"], ["jo", "Jo Haddad", "viewer"], ["priv", "Marta Ruiz", "privacy-officer"]]) await ask("POST", "people", { username, display, grants: [{ role, cameras: ["*"] }] });
await ask("POST", "tokens", { kind: "device", name: "Control room", cameras: ["*"], permissions: ["live"], until: new Date(now + 30 * 864e5).toISOString() });
await ask("POST", "exports", { title: "Till theft", reason: "Police, case 12", recipient: "Police, Mitte", form: "original", clips: [{ camera: shop, from: ago(50), to: ago(30) }] });

const list = [...await pages(b.page), `/live/${shop}`, `/live/${id("Roof")}`, `/timeline/${id("Loading bay")}`, ...["", "/video", "/picture", "/masks", "/recording", "/events", "/outputs", "/network", "/upkeep"].map(p => `/camera/${shop}${p}`), "/cameras?find"].filter(p => p.includes(only));
for (const [width, height] of sizes) {
  for (const theme of themes) {
    const context = await b.browser.newContext({ viewport: { width, height }, colorScheme: theme, timezoneId: "Europe/Berlin" });
    await context.addCookies(await b.context.cookies());
    const page = await context.newPage();
    await page.goto(site.base + "/me");
    await page.waitForSelector("nav.rail");
    for (const path of list) {
      await visit(page, path).catch(e => console.log(e.message));
      await wait(/^\/(live|timeline)/.test(path) ? 2500 : 400);
      await page.screenshot({ path: join(out, `${path.slice(1).replace(/[/?]/g, "-")}-${width}-${theme}.png`) });
    }
    await context.close();
    console.log(`${width} × ${height} ${theme}: ${list.length} pages`);
  }
}
await b.browser.close();
await site.end();
for (const p of [square, portrait, again]) p.child.kill("SIGKILL");
process.exit(0);
