// Uses the viewer as a person would, for a given time: live, one camera, timelines, cameras with a search, storage. It is
// run by scripts/tap, which counts packets meanwhile. Prints one JSON object; what the browser asked of other origins,
// violations of the policy and errors of scripts are its faults. A page that is not there in time, on a busy machine, is a
// stumble: it is counted, and the use goes on.
import { open, moving } from "./browser.js";

const [link, seconds] = process.argv.slice(2);
const end = Date.now() + Number(seconds) * 1000;
const base = new URL(link).origin;
// Hosts that Chromium itself would ask, whatever page it shows. They are told not to exist by name, and no others: what a page
// of ours asked for would be seen.
const silenced = ["*.google.com", "*.googleapis.com", "*.gstatic.com", "*.gvt1.com"].map(host => `MAP ${host} ~NOTFOUND`).join(", ");
const b = await open({ base, flags: [`--host-resolver-rules=${silenced}`] });
let rounds = 0, pages = 0, requests = 0, frames = 0, stumbles = 0;
b.context.on("request", () => { requests++; });

/** @param {() => Promise<unknown>} f */
async function attempt(f) {
  if (Date.now() > end) return;
  try { await f(); } catch (e) { if (!b.browser.isConnected()) throw e; stumbles++; }
}

/** @param {string} path @param {string} there what is on the page once it is there @param {() => Promise<unknown>} [then] */
const visit = (path, there, then) => attempt(async () => {
  await b.page.goto(base + path);
  await b.page.waitForSelector(there, { timeout: 30000 });
  pages++;
  await then?.();
});

/** @param {number} ms */
const dwell = ms => new Promise(ok => setTimeout(ok, Math.max(0, Math.min(ms, end - Date.now()))));
const watch = async () => { frames += /** @type {any} */ (await moving(b.page, ".tile.playing video")).frames; await dwell(4000); };
const seek = async () => {
  const axis = /** @type {any} */ (await b.page.locator("canvas.axis").boundingBox());
  await b.page.mouse.click(axis.x + axis.width / 2 - 20, axis.y + axis.height / 2);
  await dwell(5000);
};

await b.page.goto(link);
await b.page.waitForSelector(".tile", { timeout: 60000 });
const ids = await b.page.evaluate(async () => (await (await fetch("/api/v1/cameras")).json()).filter((/** @type {any} */ c) => c.state === "online").map((/** @type {any} */ c) => c.id));
do {
  await visit("/live", ".tile.playing video", watch);
  for (const id of ids) {
    await visit("/live/" + id, ".tile.playing video", watch);
    await visit("/timeline/" + id, "canvas.axis", seek);
  }
  await visit("/cameras", "main h1", () => b.page.evaluate(async () => { await (await fetch("/api/v1/discover")).text(); }));
  for (const part of ["", "/kept", "/locked", "/erased", "/encryption", "/check"]) await visit("/storage" + part, "main h1", () => dwell(1000));
  rounds++;
} while (Date.now() < end);
await b.browser.close();
console.log(JSON.stringify({ rounds, pages, requests, frames, stumbles, faults: [...new Set(b.faults)].slice(0, 20) }));
