// Uses the timeline in Chromium and counts.
//
//   HOLDFAST_TOKEN=... node scripts/bench/timeline.mjs URL SMALL LARGE DAYS PERIOD_MS STARTED
import { createRequire } from "node:module";

const require = createRequire(new URL("../e2e/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const [base, smalls, larges, days, period, started] = process.argv.slice(2);
const small = Array.from({ length: Number(smalls) }, (_, i) => `cam-${i + 1}`), large = Array.from({ length: Number(larges) }, (_, i) => `cam-${i + 1 + Number(smalls)}`);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1920, height: 1080 }, extraHTTPHeaders: { Authorization: `Bearer ${process.env.HOLDFAST_TOKEN}` } });
const page = await context.newPage();
const stats = list => { const s = [...list].sort((a, b) => a - b), at = p => s[Math.min(s.length - 1, Math.floor(p * s.length))]; return `median ${at(0.5)?.toFixed(1)}, p95 ${at(0.95)?.toFixed(1)}, max ${at(1)?.toFixed(1)} (${s.length})`; };
const wait = ms => new Promise(ok => setTimeout(ok, ms));
const until = async (expression, limit = 60000) => { for (const end = Date.now() + limit; ;) { if (await page.evaluate(expression).catch(() => false)) return; if (Date.now() > end) throw new Error(`did not come to hold: ${expression}`); await wait(50); } };

/** Goes through the archive by the keyboard, a tenth of the axis at a time: from the key to a picture of another moment that is shown. */
async function seeks(rounds) {
  const end = Math.floor((Date.parse(started) - 3600e3) / Number(period)) * Number(period), times = [], stride = Math.max(1, Math.floor((Number(days) * 86400e3 / Number(period) - 12) / rounds));
  await page.evaluate(span => localStorage.setItem("holdfast.timeline", JSON.stringify({ cameras: ["cam-1"], span })), stride * Number(period) * 10);
  await page.goto(`${base}/timeline/cam-1?at=${new Date(end - 3 * Number(period) + 2000).toISOString()}`);
  await until("document.querySelector('.played > video:not([hidden])')?.readyState >= 2");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  for (let i = 0; i < rounds; i++) {
    await wait(300 + Math.random() * 200);
    times.push(await page.evaluate(() => new Promise((ok, bad) => {
      const late = setTimeout(() => bad(new Error("no picture")), 20000), v = document.querySelectorAll(".played > video")[1], was = v.currentTime, begun = performance.now();
      const see = (_, m) => { if (Math.abs(m.mediaTime - was) > 10) { clearTimeout(late); ok(performance.now() - begun); } else v.requestVideoFrameCallback(see); };
      v.requestVideoFrameCallback(see);
      document.querySelector("canvas.axis").dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp", bubbles: true, cancelable: true }));
    })));
  }
  return times;
}

/** Plays cameras in step, and tells of the pictures that are shown. */
async function together(ids, seconds) {
  const at = new Date(Date.now() - 34e3).toISOString();
  const begun = Date.now();
  await page.goto(`${base}/timeline?cameras=${ids.join(",")}&at=${at}`);
  await until(`[...document.querySelectorAll(".played")].filter(p => { const v = p.querySelectorAll(":scope > video")[1]; return !v.hidden && v.readyState >= 2 && !v.paused; }).length === ${ids.length}`);
  const ready = Date.now() - begun;
  await wait(1500);
  const got = await page.evaluate(seconds => new Promise(ok => {
    const all = [...document.querySelectorAll(".played")].map(p => p.querySelectorAll(":scope > video")[1]), off = all.map(() => NaN), spread = [];
    const before = all.map(v => v.getVideoPlaybackQuality().totalVideoFrames), dropped = all.map(v => v.getVideoPlaybackQuality().droppedVideoFrames);
    let busy = 0, frames = 0, stopped = false;
    const tasks = new PerformanceObserver(l => { for (const e of l.getEntries()) busy += e.duration; });
    try { tasks.observe({ entryTypes: ["longtask"] }); } catch { /* not counted */ }
    all.forEach((v, i) => { const see = (_, m) => { off[i] = m.mediaTime * 1000 - m.expectedDisplayTime; frames++; if (!stopped) v.requestVideoFrameCallback(see); }; v.requestVideoFrameCallback(see); });
    const timer = setInterval(() => { const known = off.filter(o => !Number.isNaN(o)); if (known.length === all.length) spread.push(Math.max(...known) - Math.min(...known)); }, 100);
    setTimeout(() => { stopped = true; clearInterval(timer); tasks.disconnect(); ok({ spread, frames, decoded: all.map((v, i) => v.getVideoPlaybackQuality().totalVideoFrames - before[i]), dropped: all.map((v, i) => v.getVideoPlaybackQuality().droppedVideoFrames - dropped[i]), busy }); }, seconds * 1000);
  }), seconds);
  const sum = l => l.reduce((a, b) => a + b, 0);
  console.log(`${ids.length} cameras in step: first pictures of all after ${ready} ms (page included); in ${seconds} s ${sum(got.decoded)} pictures decoded, ${sum(got.dropped)} dropped, ${got.frames} shown; between the first and the last camera, ms: ${stats(got.spread)}; long tasks ${got.busy.toFixed(0)} ms`);
}

/** How many such key frames a second a bare decoder of this browser decodes, one after the other, with nothing drawn and no page beside it: three decoders, as the viewer has. */
async function ceiling(id) {
  await page.goto(`${base}/app.webmanifest`);
  return page.evaluate(async ([id, at]) => {
    const { footage } = await import("/api-footage.js"), { pieces, codecOf } = await import("/mp4.js");
    const r = await footage.picture(id, "main", at, "mp4"), keys = [];
    let description = null;
    for await (const p of pieces(r)) { description = p.description || description; keys.push(...p.samples.filter(s => s.key)); }
    const config = { codec: codecOf(r), ...(description ? { description } : {}), optimizeForLatency: true, hardwareAcceleration: "prefer-software" }, end = performance.now() + 3000;
    let n = 0;
    await Promise.all(Array.from({ length: 3 }, async () => {
      const d = new VideoDecoder({ output: f => { n++; f.close(); }, error: e => { throw e; } });
      d.configure(config);
      while (performance.now() < end) { d.decode(new EncodedVideoChunk({ type: "key", timestamp: 0, data: keys[0].data })); await d.flush(); }
      d.close();
    }));
    return n / 3;
  }, [id, Date.now() - 20e3]);
}

/** Scrubs over half a minute by hand, so quickly that nearly every move of the hand is over another key frame: what is counted is what the viewer can. */
async function scrub(ids) {
  const most = await ceiling(ids[0]);
  await page.goto(`${base}/timeline?cameras=${ids.join(",")}&at=${new Date(Date.now() - 30e3).toISOString()}`);
  await until(`document.querySelectorAll(".played").length === ${ids.length}`);
  await until("[...document.querySelectorAll('.played > video:not([hidden])')].some(v => v.readyState >= 2)");
  const box = await page.locator("canvas.axis").boundingBox();
  for (let i = 0; i < 5; i++) await page.getByRole("button", { name: "Zoom in" }).click();
  await page.evaluate(() => { let n = 0; const was = CanvasRenderingContext2D.prototype.drawImage; CanvasRenderingContext2D.prototype.drawImage = function (...a) { n++; return was.apply(this, a); }; window.drawn = () => n; performance.setResourceTimingBufferSize(5000); performance.clearResourceTimings(); window.decodes = []; const flush = VideoDecoder.prototype.flush; VideoDecoder.prototype.flush = function () { const t = performance.now(); return flush.call(this).finally(() => window.decodes.push(performance.now() - t)); }; });
  await page.mouse.move(box.x + box.width / 2, box.y + 45);
  await page.mouse.down();
  const begun = Date.now(), from = await page.evaluate("drawn()");
  let moves = 0;
  for (; Date.now() - begun < 5000; moves++) await page.mouse.move(box.x + box.width * (0.5 + 0.4 * Math.abs(Math.sin(moves / 6))), box.y + 45);
  const n = await page.evaluate("drawn()") - from, took = (Date.now() - begun) / 1000;
  if (!n) console.log("nothing was drawn:", JSON.stringify(await page.evaluate(() => ({ head: document.querySelector("output.time").title, hidden: [...document.querySelectorAll(".played > canvas")].map(c => c.hidden), top: document.elementFromPoint(innerWidth / 2, innerHeight - 40)?.className }))), JSON.stringify(box), new Date().toISOString());
  const spent = await page.evaluate("({ asked: performance.getEntriesByType('resource').filter(e => e.name.includes('/picture.')).map(e => e.duration), decoded: decodes })");
  await page.mouse.up();
  console.log(`scrubbing ${ids.length} cameras: ${(n / took).toFixed(0)} pictures a second, ${(n / took / ids.length).toFixed(1)} of each camera, at ${(moves / took).toFixed(0)} moves of the hand a second; a bare decoder of this browser decodes ${most.toFixed(0)} such key frames a second, scrubbed / decoded ${(n / took / most).toFixed(2)}; asking for a key frame, ms: ${stats(spent.asked)}; decoding one, ms: ${stats(spent.decoded)}`);
}

/** Draws a year of every camera, of which each slot is another than the one before: the worst that the gateway can answer. */
async function paint() {
  await page.route("**/api/v1/overview?*", async r => {
    const q = new URL(r.request().url()).searchParams, slots = Number(q.get("slots")), kinds = ["recorded", "lost", "recorded", "partly", "deleted", "recorded", "unwanted"];
    const cameras = Array.from({ length: 32 }, (_, c) => ({ id: `cam-${c + 1}`, stream: "main", runs: Array.from({ length: slots }, (_, i) => ({ n: 1, class: kinds[(i + c) % kinds.length], cause: "camera offline" })), events: Array.from({ length: slots / 3 | 0 }, (_, i) => ({ slot: i * 3, count: 5, kind: "motion" })), more: false, locks: [], activity: [] }));
    await r.fulfill({ json: { from: q.get("from"), to: q.get("to"), slots, cameras } });
  });
  await page.evaluate("localStorage.setItem('holdfast.timeline', JSON.stringify({ cameras: ['cam-1'], span: 365 * 86400e3 }))");
  await page.goto(`${base}/timeline/cam-1?at=${new Date(Date.now() - 100 * 86400e3).toISOString()}`);
  await until("document.querySelector('canvas.axis')?.clientHeight > 300");
  await wait(2500);
  const times = await page.evaluate(() => { const c = document.querySelector("canvas.axis"), list = []; for (let i = 0; i < 60; i++) { const t = performance.now(); c.dispatchEvent(new WheelEvent("wheel", { deltaX: i % 2 ? 3 : -3, deltaY: 0, cancelable: true })); list.push(performance.now() - t); } return list; });
  console.log(`drawing a year of 32 cameras, ms: ${stats(times)}`);
  await page.unroute("**/api/v1/overview?*");
}

/** How long the gateway takes for it. */
async function overview() {
  const times = [];
  for (let i = 0; i < 5; i++) {
    const begun = performance.now(), r = await context.request.get(`${base}/api/v1/overview?from=${new Date(Date.now() - 365 * 86400e3).toISOString()}&to=${new Date().toISOString()}&slots=1900`);
    await r.body();
    times.push(performance.now() - begun);
  }
  console.log(`the gateway's overview of a year of these cameras, one of which has the archive, ms: ${stats(times)}`);
}

try {
  await together(small, 12);
  await together(large, 8);
  await scrub(small);
  console.log(`a seek in an archive of ${days} days to the first picture, ms: ${stats(await seeks(30))}`);
  await overview();
  await paint();
} finally {
  await browser.close();
}
