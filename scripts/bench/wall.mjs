// Counts what the live page shows of many cameras at once, in Chromium.
//
//   HOLDFAST_TOKEN=... node scripts/bench/wall.mjs URL TILES FPS SECONDS ROUNDS
//
// Frames shown are those that the video elements have decoded and not dropped. Main-thread time is what Chromium says its tasks of the
// page took (Performance.getMetrics), beside it the part that scripts took.
import { createRequire } from "node:module";

const require = createRequire(new URL("../e2e/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const [base, ...numbers] = process.argv.slice(2);
const [tiles, fps, seconds, rounds] = numbers.map(Number);

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1920, height: 1080 }, extraHTTPHeaders: { Authorization: `Bearer ${process.env.HOLDFAST_TOKEN}` } });
  const page = await context.newPage(), cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  const started = Date.now();
  await page.goto(`${base}/live`);
  for (const end = Date.now() + 60000; (await page.locator(".tile.playing video").count()) < tiles;) {
    if (Date.now() > end) throw new Error(`${await page.locator(".tile.playing video").count()} of ${tiles} pictures after a minute`);
    await page.waitForTimeout(50);
  }
  console.log(`all ${tiles} pictures ${((Date.now() - started) / 1000).toFixed(1)} s after the page was asked for`);
  const look = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    const of = (/** @type {string} */ name) => metrics.find(m => m.name === name)?.value ?? 0;
    const frames = await page.evaluate(() => [...document.querySelectorAll("video")].map(v => v.getVideoPlaybackQuality()).reduce((n, q) => n + q.totalVideoFrames - q.droppedVideoFrames, 0));
    return { at: performance.now(), frames, tasks: of("TaskDuration"), scripts: of("ScriptDuration") };
  };
  await page.waitForTimeout(3000); // what was stored is caught up with
  for (let round = 0; round < rounds; round++) {
    const a = await look();
    await page.waitForTimeout(seconds * 1000);
    const b = await look(), s = (b.at - a.at) / 1000, sent = s * tiles * fps;
    console.log(`${Math.round(b.frames - a.frames)} frames shown of ${Math.round(sent)} sent (${(100 * (b.frames - a.frames) / sent).toFixed(1)} %) in ${s.toFixed(1)} s; main thread busy ${(100 * (b.tasks - a.tasks) / s).toFixed(1)} % (scripts ${(100 * (b.scripts - a.scripts) / s).toFixed(1)} %)`);
  }
} finally {
  await browser.close();
}
