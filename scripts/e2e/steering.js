// Steering a camera as hands do: a gamepad, a box drawn in the picture, two people who want the same camera, a page that is gone or not seen.
// What the simulated camera tells of its position is what counts.
import { join } from "node:path";
import { invited, touches, until } from "./browser.js";

/** @typedef {import("playwright-core").Page} Page */

/** What the camera sees to each side of its middle while it is not zoomed, in its own unit: fullView of onvif/onviftest. */
const halfView = 0.15;

/** @param {import("./scene.js").Scene} s */
export async function steering({ page, context, browser, base, out, test, must }) {
  /** @param {string} method @param {string} path @param {unknown} [data] */
  const api = async (method, path, data) => {
    const { csrf } = await (await context.request.get(`${base}/api/v1/session`)).json();
    const r = await context.request.fetch(`${base}/api/v1/${path}`, { method, headers: { "X-CSRF-Token": csrf, Origin: base }, data });
    return r.status() === 204 ? null : r.json();
  };
  /** @returns {Promise<{pan: number, tilt: number, zoom: number}>} */
  const position = async () => (await api("GET", "cameras/gate/ptz")).position;
  const wait = (/** @type {number} */ ms) => new Promise(ok => setTimeout(ok, ms));
  /** Asks for the position a few times a second, which the gateway's bound allows, until something holds of it. @param {(now: Awaited<ReturnType<typeof position>>) => boolean} holds @param {string} what */
  const comes = async (holds, what) => {
    for (const end = Date.now() + 40000; ;) {
      const now = await position();
      if (holds(now)) return now;
      must(Date.now() < end, `${what}: ${JSON.stringify(now)}`);
      await wait(250);
    }
  };
  /** Waits until the camera stands. @param {string} what */
  const stands = async what => {
    let last = await position();
    await wait(250);
    return comes(now => { const same = JSON.stringify(now) === JSON.stringify(last); last = now; return same; }, what);
  };
  /** Looks at one end of its range, so that there is way to go; nobody has it for themselves. */
  const begin = async (pan = 0) => {
    await api("POST", "cameras/gate/ptz/move", { kind: "absolute", pan, tilt: 0, zoom: 0 });
    await api("DELETE", "cameras/gate/ptz/driver");
  };
  /** Opens the camera large with its panel. @param {Page} p */
  const panel = async p => {
    await p.goto(base + "/live/gate");
    await p.getByRole("button", { name: "Turn and zoom" }).click({ timeout: 60000 });
    await p.getByRole("button", { name: /^1 / }).waitFor({ timeout: 60000 });
  };
  await page.goto(base + "/me"); // no other pictures meanwhile
  const hand = await context.newPage();
  await hand.addInitScript(() => { // Chromium without a screen has no gamepads: the page sees what is in this list
    const w = /** @type {any} */ (globalThis);
    w.pads = [null];
    navigator.getGamepads = () => w.pads;
    w.stick = (/** @type {number[]} */ ...axes) => { w.pads = [{ axes, buttons: [], connected: true }]; };
  });
  await panel(hand);

  await test("a gamepad turns the camera, which stands when the stick rests, when another window has the keyboard, and when the pad is gone", async () => {
    await begin(-1);
    await hand.evaluate("stick(1, 0, 0, 0)");
    const one = await comes(now => now.pan > -0.9, "it does not turn");
    await hand.evaluate("stick(0.05, -0.05, 0, 0)"); // a stick never rests quite in the middle
    const two = await stands("it turns on, though the stick rests");
    await hand.evaluate("stick(0, 0, 0, -1)");
    await comes(now => now.zoom > 0.05, "it does not zoom");
    await hand.evaluate(() => { document.hasFocus = () => false; globalThis.dispatchEvent(new Event("blur")); });
    const three = await stands("it zooms on, though another window has the keyboard");
    await hand.evaluate("delete document.hasFocus");
    await comes(now => now.zoom > three.zoom, "it does not go on once the page has the keyboard again");
    await hand.evaluate("pads = [null]");
    await stands("it goes on, though the pad is gone");
    // As slowly as it goes: what is nearly nothing must be told apart from nothing.
    await hand.getByLabel("Speed").fill("0.1");
    await hand.evaluate("stick(0, -0.4, 0, 0)");
    await comes(now => now.tilt > 0.01, "it does not turn up slowly");
    await hand.evaluate("stick(0, -0.18, 0, 0)");
    await until(hand, "performance.now() > (window.since ??= performance.now()) + 500"); // it has gone so slowly for a while
    await hand.evaluate("stick(0, 0, 0, 0)");
    await stands("it creeps on, though the stick rests");
    await hand.getByLabel("Speed").fill("0.6");
    return { one: one.pan, two: two.pan };
  });

  await test("a click in the picture brings that point to its centre, and a drawn box is brought there and enlarged", async () => {
    await begin();
    await hand.waitForSelector(".tile.large[data-stream=main]", { timeout: 60000 }); // a click means a place of the picture
    const aim = hand.getByRole("button", { name: "Aim in the picture" });
    await aim.click();
    const r = /** @type {{x:number,y:number,width:number,height:number}} */ (await hand.locator(".tile.large").boundingBox());
    const wide = Math.min(r.width, r.height * 16 / 9), high = wide * 9 / 16, at = (/** @type {number} */ x, /** @type {number} */ y) => /** @type {const} */ ([r.x + r.width / 2 + x * wide / 2, r.y + r.height / 2 - y * high / 2]);
    await hand.mouse.click(...at(-0.6, 0.4));
    const clicked = await comes(now => now.pan !== 0, "the click did not turn it");
    must(Math.abs(clicked.pan + 0.6 * halfView) < 0.004 && Math.abs(clicked.tilt - 0.4 * halfView) < 0.004 && clicked.zoom === 0, `the point is not in the centre: ${JSON.stringify(clicked)}`);
    await begin();
    await hand.mouse.move(...at(-0.8, 0.6));
    await hand.mouse.down();
    await hand.mouse.move(...at(-0.3, 0.2), { steps: 4 });
    await hand.locator(".ptz-box:not([hidden])").waitFor();
    await hand.screenshot({ path: join(out, "live-box-1440-dark.png") });
    await hand.mouse.move(...at(0, 0.1), { steps: 4 });
    await hand.mouse.up();
    const boxed = await comes(now => now.zoom > 0, "the box did not zoom it");
    must(Math.abs(boxed.pan + 0.4 * halfView) < 0.004 && Math.abs(boxed.tilt - 0.35 * halfView) < 0.004, `the box is not in the centre: ${JSON.stringify(boxed)}`);
    must(boxed.zoom > 0.05 && 1 - 0.9 * boxed.zoom >= 0.4, `what was in the box is not all seen: ${JSON.stringify(boxed)}`);
    must(await hand.locator(".ptz-box").isHidden(), "the box is still there");
    await aim.click();
    await hand.mouse.click(...at(0.5, 0));
    must(JSON.stringify(await position()) === JSON.stringify(boxed), "it turns by a click that is no aim");
    return { clicked, boxed };
  });

  await test("a camera is kept by one, taken over by who may, and free again after its time; both are told", async () => {
    await begin(-1);
    const guard = await invited(context, await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true }), base, "operator"), p = guard.page;
    await panel(p);
    await p.getByRole("button", { name: "Keep it for me" }).click();
    await p.getByText(/^You steer it until/).waitFor();
    await hand.getByText(new RegExp(`^${guard.name} steers it until \\d`)).waitFor();
    await hand.locator(".tile.large").focus();
    await hand.keyboard.down("ArrowRight");
    await until(hand, `document.querySelector('.single .says').textContent.match(/^${guard.name} steers it until \\d+:/i)`);
    await hand.keyboard.up("ArrowRight");
    must((await position()).pan === -1, "it turns for who has it not");
    await hand.screenshot({ path: join(out, "live-driven-1440-dark.png") });
    // The other one turns it meanwhile, by finger, and loses it in the midst of that.
    const pad = /** @type {{x:number,y:number,width:number,height:number}} */ (await p.getByRole("button", { name: "Right", exact: true }).boundingBox()), finger = await touches(p);
    await finger.down([pad.x + pad.width / 2, pad.y + pad.height / 2]);
    await comes(now => now.pan > -0.9, "the finger does not turn it");
    await hand.getByRole("button", { name: "Take over" }).click();
    await hand.getByText(/^You steer it until/).waitFor();
    await stands("it turns on for who has lost it");
    await p.getByText(/^demo steers it until|^Demo steers it until/i).first().waitFor();
    await until(p, "/demo/i.test(document.querySelector('.single .says').textContent)");
    await p.screenshot({ path: join(out, "live-driven-390.png") });
    await finger.up();
    must(await p.getByRole("button", { name: "Take over" }).isHidden(), "who may not take over has the button");
    await hand.getByRole("button", { name: "Let others steer" }).click();
    await p.getByText("Nobody steers it now.").waitFor();
    // Who moves it once has it for a while, and then no longer.
    await finger.down([pad.x + pad.width / 2, pad.y + pad.height / 2]);
    await p.getByText(/^You steer it until/).waitFor();
    await finger.up();
    await hand.getByText(new RegExp(`^${guard.name} steers it until`)).waitFor();
    await hand.getByText("Nobody steers it now.").waitFor({ timeout: 40000 });
    must(guard.faults.length === 0, guard.faults.join("\n"));
    await guard.context.close();
  });

  await test("a tour of the camera is started, is seen to go round, and is stopped", async () => {
    await begin(-0.5);
    const preset = await api("POST", "cameras/gate/ptz/presets", { name: "Tour stop" });
    await begin(0.5);
    const made = await api("POST", "cameras/gate/ptz/tours", { name: "Evening round", spots: [{ preset: preset.token, stay: 60 }] });
    await api("DELETE", "cameras/gate/ptz/driver");
    const state = async () => (await api("GET", "cameras/gate/ptz")).tours.find((/** @type {any} */ t) => t.token === made.token)?.state;
    await panel(hand);
    await hand.getByRole("heading", { name: "Tours" }).waitFor();
    const tour = (/** @type {boolean} */ pressed) => hand.getByRole("button", { name: "Evening round", pressed });
    await tour(false).click();
    await tour(true).waitFor();
    await comes(now => Math.abs(now.pan + 0.5) < 0.001, "it does not go where the tour begins");
    must(await state() === "Touring", `the tour is ${await state()}`);
    await tour(true).click();
    await tour(false).waitFor();
    must(await state() === "Idle", `the tour is ${await state()}`);
    await api("DELETE", `cameras/gate/ptz/tours/${made.token}`);
    await api("DELETE", `cameras/gate/ptz/presets/${preset.token}`);
    await panel(hand);
    await hand.getByRole("heading", { name: "Tours" }).waitFor({ state: "detached" });
  });

  await test("a camera stands when the page that turns it crashes, and when its tab is hidden", async () => {
    const told = [];
    for (const how of ["hidden", "crashed"]) {
      await begin(-1);
      const p = how === "hidden" ? hand : await context.newPage();
      await p.bringToFront();
      if (p !== hand) await panel(p);
      await p.locator(".tile.large").focus();
      await p.keyboard.down("ArrowRight");
      const was = await comes(now => now.pan > -0.95, "it does not turn");
      if (how === "hidden") await hide(p, true); else await crash(p);
      const then = await stands(`it turns on, though the page is ${how}`);
      // The camera itself would have stopped after four seconds, 1.2 of its range further.
      must(then.pan - was.pan < 1, `it went from ${was.pan} to ${then.pan} after the page was ${how}`);
      told.push({ how, went: Number((then.pan - was.pan).toFixed(2)) });
      if (how === "hidden") { await p.keyboard.up("ArrowRight"); await hide(p, false); } else await p.close();
    }
    return told;
  });
  await begin();
  await hand.close();
}

/** Has the page believe that it is not seen, or is again: without a screen Chromium calls every tab seen. @param {Page} page @param {boolean} hidden */
export const hide = (page, hidden) => page.evaluate(hidden => {
  for (const [k, v] of /** @type {[string, unknown][]} */ ([["hidden", hidden], ["visibilityState", hidden ? "hidden" : "visible"]])) Object.defineProperty(document, k, { configurable: true, get: () => v });
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);

/** Ends the process of a page, as when it has no memory left. @param {Page} page */
async function crash(page) {
  const gone = page.waitForEvent("crash"), wire = await page.context().newCDPSession(page);
  wire.send("Page.crash").catch(() => {}); // nobody is left to answer
  await gone;
}
