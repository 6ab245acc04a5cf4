// States of the viewer on the day when something is wrong, waits for a person, or has only begun, for screens.js: each as a person comes to it.
import { renameSync } from "node:fs";
import { join } from "node:path";
import { invited, open, until } from "./browser.js";
import { scratch, serve } from "./gateway.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").BrowserContext} Context */
/**
 * @typedef {{name: string, path: string, act?: (p: Page) => Promise<unknown>, who?: () => Promise<{base?: string, cookies?: any[]}>, init?: () => void, before?: (p: Page) => Promise<unknown>, after?: () => unknown, wait?: number}} Trouble
 * who: somebody else than the administrator, or another gateway; init: what the browser is like; before: what happened; after: undoes it
 */

const minute = 60e3;
const password = "seven red kites over hills";
const press = (/** @type {string|RegExp} */ name) => (/** @type {Page} */ p) => p.getByRole("button", { name, exact: typeof name === "string" }).first().click({ timeout: 10000 });
const ago = (/** @type {number} */ ms) => new Date(Date.now() - ms).toISOString();

/** A browser that can play nothing that cameras send. */
function decodesNothing() {
  const w = /** @type {any} */ (window);
  if (w.RTCRtpReceiver) w.RTCRtpReceiver.getCapabilities = () => ({ codecs: [{ mimeType: "video/VP8" }], headerExtensions: [] });
  if (w.MediaSource) w.MediaSource.isTypeSupported = () => false;
  if (w.VideoDecoder) w.VideoDecoder.isConfigSupported = async (/** @type {any} */ config) => ({ supported: false, config });
}

/** The gateway says of every live picture that the connection does not carry it. @param {Page} p */
const thin = p => p.route(/\/api\/v1\/live\/views\/|\/whep\/[^?]+$|\/views?\//, async r => {
  if (r.request().method() !== "GET") return r.fallback();
  const got = await r.fetch();
  const v = await got.json().catch(() => null);
  await (v ? r.fulfill({ response: got, json: { ...v, key_frames_only: true, carries: 180e3 } }) : r.fulfill({ response: got }));
});

/** @param {{base: string, data: string, file: string, page: Page, context: Context, browser: import("playwright-core").Browser, child: import("node:child_process").ChildProcess, restart: () => Promise<void>, ask: (method: string, path: string, json?: any) => Promise<any>}} s a site that was lived in @returns {Promise<Trouble[]>} */
export async function troubles(s) {
  /** Somebody with rights over some cameras, made once. @param {string} username @param {string} display @param {string} role @param {string[]} cameras */
  function somebody(username, display, role, cameras) {
    /** @type {Promise<{cookies: any[]}>|undefined} */
    let made;
    return () => made ||= (async () => {
      const p = await s.ask("POST", "people", { username: username + Date.now() % 1e6, display, grants: [{ role, cameras }] });
      const c = await s.browser.newContext(), page = await c.newPage();
      await page.goto(p.invitation.link);
      await page.getByLabel("Password").fill(password);
      await page.locator("form button[type=submit]").click();
      await page.waitForSelector("nav.rail");
      const cookies = await c.cookies();
      await c.close();
      return { cookies };
    })();
  }
  const least = somebody("kim", "Kim Falk", "viewer", ["entrance"]), asks = somebody("lea", "Lea Brandt", "operator", ["*"]);
  const volume = join(s.data, "..", "volume");
  /** Waits until the gateway has noticed how the volume is. @param {string} wanted */
  const state = wanted => until(s.page, `fetch("/api/v1/volumes").then(r => r.json()).then(l => l.some(v => v.state === "${wanted}"))`, 60000);
  const two = () => rule([{ cameras: ["till"], permissions: ["playback"] }]);
  const rule = (/** @type {any[]} */ two) => s.ask("PUT", "policy", { two_people: two, second_factor: [], process_token: true });
  /** @type {Trouble[]} */
  const list = [
    { name: "least-live", path: "/live", who: least, wait: 3000 }, { name: "least-large", path: "/live/entrance", who: least, wait: 3000 }, { name: "least-me", path: "/me", who: least }, { name: "least-strange", path: "/live/till", who: least, wait: 1000 },
    { name: "password-change", path: "/me/access", act: press(/^Change/) }, { name: "second-factor", path: "/me/access", act: press("Set up") },
    { name: "second-factor-key", path: "/me/access", who: least, act: async p => { await press("Set up")(p); const d = p.getByRole("dialog"); await d.getByLabel("Your password").fill(password); await p.keyboard.press("Enter"); await d.getByLabel("Or type this key").waitFor(); } },
    { name: "talk-refused", path: "/live/gate", act: press(/^Talk/), wait: 3000 },
    { name: "map-camera", path: "/map", wait: 1500, act: p => p.locator("[data-camera=entrance][tabindex]").click() }, { name: "map-edit", path: "/map", wait: 1500, act: async p => { await press("Edit")(p); await p.locator("[data-camera=shop][tabindex]").click(); } }, { name: "map-earth", path: "/map", wait: 1500, act: p => p.getByRole("link", { name: "Yard", exact: true }).click() },
    { name: "alarm-dialog", path: "/live", act: press("Bring alarms to the front"), wait: 3000 },
    ...[["front", "gate"], ["offline", "loading"]].map(([name, camera]) => /** @type {Trouble} */ ({ name: `alarm-${name}`, path: "/live", wait: 3000, act: async p => {
      await press("Bring alarms to the front")(p);
      await p.getByRole("dialog").getByLabel("Mark").check();
      await p.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      await s.ask("POST", `cameras/${camera}/events`, { kind: "mark", source: "viewer", text: "Somebody climbs the fence" });
      await p.locator(".alarm-says:not([hidden])").waitFor({ timeout: 15000 });
    } })),
    { name: "tour", path: "/live", wait: 3000, act: async p => { await press("Start the tour")(p); const d = p.getByRole("dialog"); await d.getByLabel("Ground floor").check(); await d.getByRole("button", { name: "Start" }).click(); } },
    { name: "gap-tip", path: `/timeline/loading?at=${ago(5 * minute)}`, wait: 2500, act: async p => { const b = await p.locator("canvas.axis").boundingBox(); if (b) for (let x = b.x + b.width * 0.3; x < b.x + b.width * 0.9; x += b.width * 0.02) { await p.mouse.move(x, b.y + 50); if (/No footage/.test(await p.locator(".tip:not([hidden])").textContent({ timeout: 100 }).catch(() => "") || "")) break; } } },
    { name: "reverse", path: `/timeline?cameras=entrance,till,gate,shop&at=${ago(300 * minute)}`, wait: 3000, act: press("Play backwards") },
    { name: "frame-step", path: `/timeline/entrance?at=${ago(300 * minute)}`, wait: 3500, act: async p => { await p.keyboard.press("."); await p.keyboard.press("."); } },
    { name: "search-stopped", path: `/timeline/entrance?at=${ago(60 * minute)}`, wait: 3000, act: async p => { await press("Look for motion")(p); const b = p.locator("aside.motion-search button.primary"); await b.click(); await p.waitForTimeout(300); await b.click({ timeout: 1500 }); } },
    { name: "search-none", path: `/timeline/loading?at=${ago(10 * minute)}`, wait: 3000, act: async p => { await press("Look for motion")(p); await p.locator("aside.motion-search button.primary").click(); await p.waitForTimeout(1500); } },
    { name: "events-none", path: "/events?kind=test-nothing" }, { name: "audit-none", path: "/audit?action=totp.remove&outcome=failed" },
    { name: "key-frames", path: "/live/entrance", before: thin, wait: 6000, act: press("Info") },
    { name: "codec", path: "/live", init: decodesNothing, wait: 4000 }, { name: "codec-large", path: "/live/entrance", init: decodesNothing, wait: 4000 }, { name: "codec-timeline", path: `/timeline/entrance?at=${ago(300 * minute)}`, init: decodesNothing, wait: 4000 },
    { name: "session-over", path: "/live/entrance", wait: 2500, who: async () => { const c = await s.browser.newContext(), g = await invited(s.context, c, s.base, "operator"), cookies = await c.cookies(); await g.page.close(); await c.close(); return { cookies }; },
      act: p => p.evaluate(async () => { const { csrf } = await (await fetch("/api/v1/session")).json(); await fetch("/api/v1/session", { method: "DELETE", headers: { "X-CSRF-Token": csrf } }); }) },
    { name: "approval-needed", path: `/timeline/till?at=${ago(30 * minute)}`, who: asks, wait: 2500, before: two },
    { name: "approval-ask", path: `/timeline/till?at=${ago(30 * minute)}`, who: asks, wait: 2500, before: two, act: press("Ask for it") },
    { name: "approval-asked", path: `/timeline/till?at=${ago(30 * minute)}`, who: asks, wait: 2500, before: two, act: async p => { if (await p.getByRole("button", { name: "Take it back" }).isVisible()) return; await press("Ask for it")(p); const d = p.getByRole("dialog"); await d.getByLabel("Why").fill("A wallet is missing, case 31/2026"); await d.getByRole("button", { name: "Ask", exact: true }).click(); } },
    { name: "approvals-own", path: "/approvals", who: asks }, { name: "approvals-waiting", path: "/approvals" }, { name: "approval-banner", path: "/live", wait: 3000, after: () => rule([]) },
    ...["/live", "/storage", "/storage/health", `/timeline/entrance?at=${ago(300 * minute)}`].map(path => /** @type {Trouble} */ ({ name: `missing${path.replace(/\?.*/, "").replaceAll("/", "-")}`, path, wait: 4000, before: async () => { renameSync(volume, volume + ".away"); await state("missing"); }, after: async () => { renameSync(volume + ".away", volume); await state("ok"); } })),
    ...["/live", "/timeline/entrance", "/storage", "/exports"].map(path => /** @type {Trouble} */ ({ name: `gone${path.replaceAll("/", "-")}`, path, wait: 3000, act: async p => { s.child.kill("SIGKILL"); await p.waitForTimeout(6000); }, after: s.restart })),
  ];
  return list;
}

/** A gateway that has nothing yet: first set-up, and every page that is empty. @returns {Promise<{list: Trouble[], stop: () => Promise<unknown>}>} */
export async function beginnings() {
  const bare = "listen: 127.0.0.1:0\ntime_zone: Europe/Berlin\nwebrtc: {udp: \"127.0.0.1:0\", tcp: \"127.0.0.1:0\"}\ncameras: []\n";
  const fresh = await serve(bare, scratch()), used = await serve(bare, scratch()), running = [fresh, used];
  const b = await open({ base: used.base });
  await b.page.goto(used.link);
  await b.page.fill("#f-username", "owner");
  await b.page.fill("#f-password", "green horses eat late");
  await b.page.click("button[type=submit]");
  await b.page.getByRole("button", { name: "Later" }).waitFor();
  const cookies = await b.context.cookies(), nobody = async () => ({ base: fresh.base, cookies: [] }), owner = async () => ({ base: used.base, cookies });
  const setup = fresh.link.slice(fresh.base.length);
  const list = /** @type {Trouble[]} */ ([
    { name: "setup", path: setup, who: nobody }, { name: "setup-short", path: setup, who: nobody, act: async p => { await p.fill("#f-username", "owner"); await p.fill("#f-password", "short"); await p.click("button[type=submit]"); } },
    { name: "setup-no-link", path: "/", who: nobody }, { name: "setup-wrong", path: "/setup#token=none", who: nobody, act: async p => { await p.fill("#f-username", "owner"); await p.fill("#f-password", "green horses eat late"); await p.click("button[type=submit]"); } },
    ...["", "0000-1111-2222"].map(typed => /** @type {Trouble} */ ({ name: `recovery-${typed ? "wrong" : "key"}`, path: setup, who: nobody, act: async p => {
      const own = await serve(bare, scratch());
      running.push(own);
      await p.goto(own.link);
      await p.fill("#f-username", "owner");
      await p.fill("#f-password", "green horses eat late");
      await p.click("button[type=submit]");
      await p.getByRole("button", { name: "Later" }).waitFor();
      if (typed) { await p.getByLabel("Recovery key").fill(typed); await press("Confirm")(p); }
    } })),
    ...["/live", "/timeline", "/events", "/exports", "/cameras", "/cameras?find", "/map", "/storage", "/storage/health", "/storage/plan", "/people", "/audit", "/approvals"].map(path => ({ name: `empty${path.replace(/[/?]/g, "-")}`, path, who: owner })),
  ]);
  return { list, stop: async () => { await b.browser.close(); for (const g of running) await g.end(); } };
}

/** Takes one state in a page of its own. @param {{base: string, browser: import("playwright-core").Browser, context: Context}} s @param {Trouble} x @param {import("playwright-core").BrowserContextOptions} how @param {string} file */
export async function takeTrouble(s, x, how, file) {
  const who = await x.who?.(), context = await s.browser.newContext({ timezoneId: "Europe/Berlin", ...how });
  await context.addCookies(who?.cookies ?? await s.context.cookies());
  if (x.init) await context.addInitScript(x.init);
  const page = await context.newPage();
  try {
    await x.before?.(page);
    await page.goto((who?.base ?? s.base) + x.path);
    await page.waitForTimeout(x.wait ?? 1200);
    await until(page, "!!document.querySelector('main') && !document.querySelector('main .wait')").catch(() => {}); // the first answer is on its way
    await x.act?.(page);
    await page.waitForTimeout(x.act ? 1200 : 0);
  } finally {
    await page.screenshot({ path: file }).catch(() => {});
    await context.close();
    await x.after?.();
  }
}
