// Chromium, watched: console errors, policy violations and requests to other origins are failures.
import { chromium } from "playwright-core";

export const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--autoplay-policy=no-user-gesture-required"];

/** What a page is given to do what was asked of it, ms: two browsers and a fuzz target on two cores are slow, and a limit tells a page that hangs, nothing else. */
const patience = 60e3;

/** Has every context of a browser wait that long. @param {import("playwright-core").Browser} browser */
function patient(browser) {
  const make = browser.newContext.bind(browser);
  browser.newContext = async o => { const context = await make(o); context.setDefaultTimeout(patience); return context; };
  return browser;
}

/** @param {{ignoreSPKI?: string, home?: string, size?: [number, number], scheme?: "dark"|"light", base: string, flags?: string[], browser?: import("playwright-core").Browser}} o browser: one that runs already */
export async function open(o) {
  const args = [...flags, ...(o.flags || [])];
  if (o.ignoreSPKI) args.push(`--ignore-certificate-errors-spki-list=${o.ignoreSPKI}`);
  const browser = o.browser ?? patient(await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args, ...(o.home ? { env: { ...process.env, HOME: o.home } } : {}) }));
  const context = await browser.newContext({ viewport: { width: o.size?.[0] ?? 1440, height: o.size?.[1] ?? 900 }, colorScheme: o.scheme ?? "dark", timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  shown.add(page);
  page.on("close", () => shown.delete(page));
  /** @type {string[]} */
  const faults = [];
  const origin = new URL(o.base).origin;
  page.on("console", m => { if (m.type() === "error" && !/status of [45]\d\d|ERR_(CONNECTION|INCOMPLETE|EMPTY|NETWORK|ABORTED|HTTP2)/.test(m.text())) faults.push(`console: ${m.text()}`); });
  page.on("pageerror", e => faults.push(`script: ${e.message}`));
  context.on("request", r => { const u = new URL(r.url()); if (!["blob:", "data:"].includes(u.protocol) && u.origin !== origin) faults.push(`foreign: ${r.url()}`); });
  return { browser, context, page, faults };
}

/** Pages that are open. @type {Set<import("playwright-core").Page>} */
const shown = new Set();

/** What the open pages show, for whoever has to find out why a test failed where nobody can look. */
export async function seen() {
  const tell = () => [location.pathname, ...[...document.querySelectorAll("video")].map(v => `video ${v.className} ${v.videoWidth}×${v.videoHeight} at ${v.currentTime.toFixed(1)}${v.srcObject || v.src ? "" : " of nothing"}`),
    ...[...document.querySelectorAll(".tile")].map(t => `${t.className} ${JSON.stringify(/** @type {HTMLElement} */ (t).dataset)}`), document.body.innerText.replace(/\s+/g, " ").slice(0, 500)].join("\n       ");
  const late = () => new Promise(ok => { setTimeout(ok, 5000, "it does not answer"); });
  return Promise.all([...shown].map(p => Promise.race([p.evaluate(tell).catch(e => String(e)), late()])));
}

/**
 * Waits until an expression holds in the page. It is asked from outside: the policy of the page forbids eval.
 * @param {import("playwright-core").Page} page @param {string} expression @param {number} [limit] ms
 */
export async function until(page, expression, limit = 40000) {
  for (const end = Date.now() + limit; ;) {
    if (await page.evaluate(expression).catch(() => false)) return;
    if (Date.now() > end) throw new Error(`did not come to hold: ${expression}`);
    await new Promise(ok => setTimeout(ok, 100));
  }
}

/**
 * Proves that a video element shows advancing, decoded frames: n of them by requestVideoFrameCallback, and pictures that
 * differ.
 * @param {import("playwright-core").Page} page @param {string} selector @param {number} index @param {number} [n]
 */
export async function moving(page, selector, index = 0, n = 10) {
  return page.evaluate(({ selector, index, n }) => new Promise((ok, bad) => {
    const v = /** @type {HTMLVideoElement} */ (document.querySelectorAll(selector)[index]);
    const late = setTimeout(() => bad(new Error(`no ${n} frames of ${selector} ${index}`)), 40000);
    /** @type {Set<number>} */
    const times = new Set();
    const sums = new Set();
    const c = document.createElement("canvas");
    c.width = 160; c.height = 90;
    const g = /** @type {CanvasRenderingContext2D} */ (c.getContext("2d", { willReadFrequently: true }));
    const see = (/** @type {number} */ _, /** @type {any} */ meta) => {
      times.add(meta.mediaTime);
      g.drawImage(v, 0, 0, 160, 90);
      let s = 0;
      for (const b of g.getImageData(0, 0, 160, 90).data) s = (s * 31 + b) | 0;
      sums.add(s);
      if (times.size >= n && sums.size >= 3) { clearTimeout(late); ok({ frames: times.size, pictures: sums.size, width: v.videoWidth }); } else v.requestVideoFrameCallback(see);
    };
    v.requestVideoFrameCallback(see);
  }), { selector, index, n });
}

/**
 * Waits until one camera is large in its main stream, and alone: the picture of the sub stream is there until the main one has been painted.
 * @param {import("playwright-core").Page} page
 */
export const enlarged = page => until(page, "document.querySelectorAll('.tile.large[data-stream=main] video').length === 1");

/**
 * Waits until the newest stretch of each camera's footage lasts so many seconds without a gap, and gives when all of them have begun, ms.
 * @param {import("playwright-core").Page} page signed in @param {string[]} cameras @param {number} seconds
 */
export async function recorded(page, cameras, seconds) {
  for (const end = Date.now() + 60e3 + seconds * 1000; ;) {
    const begin = await page.evaluate(async ({ cameras, seconds }) => {
      const now = Date.now(), q = `from=${new Date(now - 3600e3).toISOString()}&to=${new Date(now).toISOString()}`;
      const all = await Promise.all(cameras.map(async id => (await (await fetch(`/api/v1/cameras/${id}/spans?${q}`)).json()).filter((/** @type {any} */ v) => v.kind === "recorded").pop()));
      const from = Math.max(...all.map(v => v ? Date.parse(v.start) : Infinity)), to = Math.min(...all.map(v => v ? Date.parse(v.end) : 0));
      return to - from > seconds * 1000 ? Math.max(from, to - 60e3) : 0;
    }, { cameras, seconds });
    if (begin) return begin;
    if (Date.now() > end) throw new Error(`no ${seconds} s of footage of ${cameras}`);
    await new Promise(ok => setTimeout(ok, 300));
  }
}

/**
 * Goes to a camera's timeline and picks seconds that end some seconds ago.
 * @param {import("playwright-core").Page} page @param {string} base @param {string} camera @param {number} length @param {number} ago
 */
export async function pickRange(page, base, camera, length, ago) {
  await page.evaluate("localStorage.removeItem('holdfast.timeline')"); // the axis is as wide as on the first visit
  await page.goto(`${base}/timeline/${camera}`);
  await page.locator("canvas.axis").waitFor();
  await until(page, "document.querySelector('canvas.axis').clientHeight > 80"); // the cameras are known
  await page.getByRole("button", { name: "Pick a range" }).click();
  const local = (/** @type {number} */ t) => new Date(t).toLocaleString("sv", { timeZone: "Europe/Berlin" }).replace(" ", "T").replace(/:00$/, ""); // as the browser writes it
  const end = Math.floor(Date.now() / 1000) * 1000 - ago * 1000, range = page.getByRole("group", { name: "Range" });
  for (const [name, t] of /** @type {[string, number][]} */ ([["From", end - length * 1000], ["To", end]])) {
    await range.getByLabel(name).fill(local(t));
    await range.getByLabel(name).dispatchEvent("change");
  }
  return { from: end - length * 1000, to: end };
}

/**
 * Fingers on the screen of a page. @param {import("playwright-core").Page} page
 */
export async function touches(page) {
  const wire = await page.context().newCDPSession(page);
  const send = (/** @type {"touchStart"|"touchMove"|"touchEnd"} */ type, /** @type {(readonly [number, number])[]} */ at) => wire.send("Input.dispatchTouchEvent", { type, touchPoints: at.map(([x, y], id) => ({ x: Math.round(x), y: Math.round(y), id })) });
  return {
    /** @param {...(readonly [number, number])} at */ down: (...at) => send("touchStart", at),
    /** @param {...(readonly [number, number])} at */ move: (...at) => send("touchMove", at),
    up: () => send("touchEnd", []),
    /** Two fingers beside a point go apart, or together, px from it. @param {number} x @param {number} y @param {number} from @param {number} to */
    pinch: async (x, y, from, to) => {
      await send("touchStart", [[x - from, y]]);
      await send("touchStart", [[x - from, y], [x + from, y]]);
      for (let i = 1; i <= 8; i++) { const d = from + (to - from) * i / 8; await send("touchMove", [[x - d, y], [x + d, y]]); }
      await send("touchEnd", []);
    },
  };
}

let guests = 0;
/**
 * Makes somebody with one role for every camera, and signs them in with their invitation in a context of their own.
 * @param {import("playwright-core").BrowserContext} admin who may do that @param {import("playwright-core").BrowserContext} context @param {string} base @param {string} role
 */
export async function invited(admin, context, base, role) {
  const { csrf } = await (await admin.request.get(base + "/api/v1/session")).json(), name = `guest${Date.now() % 1e6}${guests++}`;
  const made = await admin.request.post(base + "/api/v1/people", { headers: { "X-CSRF-Token": csrf, Origin: base }, data: { username: name, grants: [{ role, cameras: ["*"] }] } });
  const link = (await made.json()).invitation?.link || "";
  if (!made.ok() || !link) throw new Error(`no invitation: ${made.status()} ${await made.text()}`);
  const page = await context.newPage(), faults = /** @type {string[]} */ ([]);
  page.on("pageerror", e => faults.push(`script: ${e.message}`));
  await page.goto(link);
  await page.getByLabel("Password").fill("seven red kites over hills");
  await page.locator("form button[type=submit]").click();
  await page.waitForSelector("nav.rail");
  return { context, page, name, faults };
}
