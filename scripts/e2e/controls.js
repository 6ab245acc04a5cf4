// What a person asks of one live picture, at a desk and on a phone: its figures and why it comes as it does, its sound, the places that the
// camera keeps; and how many pictures a layout shows.
import { enlarged, moving, until } from "./browser.js";

/** @typedef {import("playwright-core").Page} Page */

/** @type {[string, import("playwright-core").BrowserContextOptions][]} */
const places = [["desk", {}], ["phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }]];

/** @param {import("./scene.js").Scene} s */
export async function controls({ base, make, test, must }) {
  /** Does something at a desk and on a phone, in a page of its own. @param {(p: Page, place: string) => Promise<unknown>} f */
  const both = async f => {
    const told = [];
    for (const [place, o] of places) {
      const context = await make(o), p = await context.newPage(), faults = /** @type {string[]} */ ([]);
      p.on("pageerror", e => faults.push(`script: ${e.message}`));
      told.push(await f(p, place));
      must(await p.evaluate("document.documentElement.scrollWidth <= innerWidth"), `the page is wider than the ${place}`);
      await context.close();
      must(faults.length === 0, faults.join("\n"));
    }
    return told;
  };
  /** Opens one camera large. @param {Page} p @param {string} camera */
  const large = async (p, camera) => {
    await p.goto(`${base}/live/${camera}`);
    await enlarged(p);
    return p.getByRole("toolbar", { name: /^Controls of/ });
  };
  /** What the panel says of a picture, each figure by its name. @param {Page} p @returns {Promise<Record<string, string>>} */
  const facts = p => p.$$eval(".facts:not([hidden]) dt", l => Object.fromEntries(l.map(t => [t.textContent, t.nextElementSibling?.textContent])));
  /** Waits until a figure is as it is meant to be. @param {Page} p @param {string} name @param {RegExp} is */
  const tells = async (p, name, is) => {
    for (const end = Date.now() + 40000; ; await p.waitForTimeout(100)) {
      const all = await facts(p);
      if (is.test(all[name] || "")) return all;
      must(Date.now() < end, `${name} is not ${is}: ${JSON.stringify(all)}`);
    }
  };

  await test("a picture tells its figures and why it comes so, and comes another way when one is chosen", () => both(async p => {
    const bar = await large(p, "gate");
    await bar.getByRole("button", { name: "Info" }).click();
    await tells(p, "Late by", /^\d+ ms$/);
    const all = await tells(p, "Frames", /^[1-9]\d* of [1-9]\d* a second$/);
    for (const [name, is] of /** @type {[string, RegExp][]} */ ([["Stream", /^Main stream$/], ["Codec", /^H\.264$/], ["Picture", /^1280 × 720$/], ["Bit rate", /^[\d.]+ [kM]bit\/s · camera sends [\d.]+ [kM]bit\/s$/], ["Lost", /^[\d.]+ % now, \d+ in all$/], ["Comes by", /^WebRTC · UDP$/], ["Reason", /quickest way/]])) must(is.test(all[name] || ""), `${name}: ${JSON.stringify(all)}`);
    const ways = p.getByLabel("Way of this picture"), other = await ways.locator("option").evaluateAll(l => l.map(o => o.textContent || "").find(t => /^Main stream, .* over Media Source$/.test(t)));
    must(other, "no other way is offered");
    await ways.selectOption({ label: String(other) });
    await ways.blur();
    await tells(p, "Comes by", /^MSE/);
    await tells(p, "Reason", /^You have chosen it\.$/);
    await moving(p, ".tile.large video.now");
    await ways.selectOption({ label: "Automatic" });
    await ways.blur();
    await tells(p, "Comes by", /^WebRTC/);
    return { late: all["Late by"], frames: all.Frames };
  }));

  await test("sound is off until somebody wants it, and is off again with the next camera", () => both(async (p, place) => {
    const bar = await large(p, "shop-floor"), sound = bar.getByRole("button", { name: "Sound", exact: true }), muted = "[...document.querySelectorAll('video')].every(v => v.muted)";
    must(await p.evaluate(muted) && await sound.getAttribute("aria-pressed") !== "true", "it is heard before anybody wants it");
    if (place === "phone") await sound.tap(); else await p.keyboard.press("a");
    await until(p, "document.querySelectorAll('.tile.large video').length === 1 && (v => !v.muted && !v.paused && v.readyState > 2 && (v.webkitAudioDecodedByteCount > 0 || v.srcObject?.getAudioTracks().some(t => t.readyState === 'live' && !t.muted)))(document.querySelector('.tile.large video.now'))");
    must(await sound.getAttribute("aria-pressed") === "true", "the button does not say that it is on");
    must(await p.evaluate("[...document.querySelectorAll('video')].filter(v => !v.muted).length === 1"), "another camera is heard too");
    await large(p, "gate");
    must(await p.evaluate(muted), "the next camera is heard");
  }));

  await test("a camera goes to the places that it keeps, keeps one more, and goes home", () => both(async (p, place) => {
    const bar = await large(p, "gate");
    /** @returns {Promise<{pan: number, tilt: number, zoom: number}>} */
    const at = async () => (await (await p.request.get(`${base}/api/v1/cameras/gate/ptz`)).json()).position;
    /** Waits until it looks somewhere. @param {string} what @param {number} pan @param {number} tilt */
    const looks = async (what, pan, tilt) => { for (const end = Date.now() + 40000; ; await p.waitForTimeout(250)) { const now = await at(); if (Math.abs(now.pan - pan) < 0.01 && Math.abs(now.tilt - tilt) < 0.01) return; must(Date.now() < end, `${what}: ${JSON.stringify(now)}`); } };
    await bar.getByRole("button", { name: "Turn and zoom" }).click();
    await p.getByRole("button", { name: "1 Entrance" }).click();
    await looks("not at the entrance", -0.4, 0.1);
    await p.getByRole("button", { name: "2 Road" }).click();
    await looks("not at the road", 0.5, -0.1);
    await p.getByRole("button", { name: "Keep this position" }).click();
    const dialog = p.getByRole("dialog", { name: "Keep this position" }), name = `Bend ${place}`;
    await dialog.getByLabel("Name").fill(name);
    await p.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await p.getByRole("button", { name: "1 Entrance" }).click();
    await looks("not back at the entrance", -0.4, 0.1);
    await p.getByRole("button", { name: new RegExp(`${name}$`) }).and(p.locator(":not([aria-label^=Forget])")).click();
    await looks("not where it was kept", 0.5, -0.1);
    await p.getByRole("button", { name: "Home position" }).click();
    await looks("not at home", 0, 0);
    await p.getByRole("button", { name: "Let others steer" }).click();
  }));

  await test("a layout shows as many pictures as its name says", async () => {
    const context = await make({}), p = await context.newPage();
    await p.goto(base + "/live");
    await until(p, "document.querySelectorAll('.grid .tile').length === 3");
    for (const [name, n] of /** @type {[string, number][]} */ ([["One", 1], ["2 × 2", 2], ["3 × 3", 3], ["4 × 4", 4], ["5 × 5", 5]])) {
      await p.getByRole("button", { name, exact: true }).click();
      await until(p, `(g => { const t = [...g.querySelectorAll('.tile:not(.ahead)')].map(t => t.getBoundingClientRect()), all = g.getBoundingClientRect(); return t.length === ${n === 1 ? 1 : 3} && t.every(r => Math.abs(r.width - all.width / ${n}) < 8 && Math.abs(r.height - all.height / ${n}) < 8); })(document.querySelector('.grid'))`).catch(e => { throw new Error(`${name}: ${e.message}`); });
      await until(p, `document.querySelectorAll('.tile.playing:not(.ahead)').length === ${n === 1 ? 1 : 3}`);
    }
    await context.close();
  });
}
