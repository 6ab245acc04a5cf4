// What hands do on pictures and on the axis: two fingers and the wheel, tiles that are drawn to their place, a picture in a window of its own, a
// page that nobody sees, and whether the list of keys is that of the keys that are heeded.
import { join } from "node:path";
import { moving, touches, until } from "./browser.js";
import { visit } from "./quality.js";
import { hide } from "./steering.js";

/** @typedef {import("playwright-core").Page} Page */

const large = "document.querySelector('.tile.large .tile-view')";
/** Where a point of the frame lies in the whole picture, 0 to 1, by how it is enlarged now. @param {Page} page @param {number} x @param {number} y px of the frame */
const under = (page, x, y) => page.evaluate(({ x, y }) => {
  const v = /** @type {HTMLElement} */ (document.querySelector(".tile.large .tile-view")), m = new DOMMatrix(getComputedStyle(v).transform);
  return { scale: m.a, x: (x - m.e) / m.a / v.clientWidth, y: (y - m.f) / m.d / v.clientHeight };
}, { x, y });
/** What moment lies under a place of the axis, and how long the axis is, ms. @param {Page} page @param {number} part of its width */
const moment = (page, part) => page.evaluate(part => {
  const c = /** @type {HTMLElement} */ (document.querySelector("canvas.axis")), from = Number(c.getAttribute("aria-valuemin")), to = Number(c.getAttribute("aria-valuemax"));
  return { at: (from + (to - from) * part) * 1000, span: (to - from) * 1000 };
}, part);

/** @param {import("./scene.js").Scene} s */
export async function hands({ page, context, browser, base, out, test, must }) {
  await page.goto(base + "/me"); // no other pictures meanwhile
  /** Somebody's phone or desk, signed in. @param {[number, number]} size @param {boolean} [touch] */
  const sit = async (size, touch = false) => {
    const c = await browser.newContext({ viewport: { width: size[0], height: size[1] }, hasTouch: touch, isMobile: touch && size[0] < 500, colorScheme: "dark", timezoneId: "Europe/Berlin" });
    await c.addCookies(await context.cookies());
    const p = await c.newPage(), faults = /** @type {string[]} */ ([]);
    p.on("pageerror", e => faults.push(`script: ${e.message}`));
    return { page: p, leave: async () => { await c.close(); must(faults.length === 0, faults.join("\n")); } };
  };
  const box = async (/** @type {Page} */ p, /** @type {string} */ s) => /** @type {{x:number,y:number,width:number,height:number}} */ (await p.locator(s).first().boundingBox());

  await test("two fingers and the wheel enlarge a picture about the place that is meant", async () => {
    const told = [];
    for (const [size, touch] of /** @type {[[number, number], boolean][]} */ ([[[1440, 900], false], [[390, 844], true]])) {
      const { page: p, leave } = await sit(size, touch);
      await p.goto(base + "/live/gate");
      await p.waitForSelector(".tile.large .tile-view");
      const r = await box(p, ".tile.large"), x = Math.round(r.width * 0.4), y = Math.round(r.height * 0.45), was = await under(p, x, y);
      if (touch) await (await touches(p)).pinch(r.x + x, r.y + y, 30, 110);
      else { await p.mouse.move(r.x + x, r.y + y); await p.mouse.wheel(0, -600); }
      await until(p, `new DOMMatrix(getComputedStyle(${large}).transform).a > 2`);
      const now = await under(p, x, y);
      must(Math.abs(now.x - was.x) < 0.02 && Math.abs(now.y - was.y) < 0.02, `what was under the hand has gone: ${JSON.stringify([was, now])}`);
      must(await p.evaluate("location.pathname === '/live/gate' && (window.visualViewport?.scale ?? 1) === 1"), "the page was zoomed, not the picture");
      if (touch) { // one finger moves it
        const finger = await touches(p);
        await finger.down([r.x + x, r.y + y]);
        for (let i = 1; i <= 5; i++) await finger.move([r.x + x + i * 8, r.y + y]);
        await finger.up();
        const moved = await under(p, x, y);
        must(moved.scale === now.scale && moved.x < now.x - 0.01, `a finger does not move it: ${JSON.stringify([now, moved])}`);
        await p.screenshot({ path: join(out, "live-pinch-390-dark.png") });
        await finger.pinch(r.x + x, r.y + y, 110, 20);
      } else await p.mouse.wheel(0, 900);
      await until(p, `getComputedStyle(${large}).transform === 'none'`);
      told.push(Number(now.scale.toFixed(1)));
      await leave();
    }
    return told;
  });

  await test("two fingers and the wheel zoom the axis about the moment that is meant, and a finger that rests picks a range", async () => {
    const told = [];
    for (const [size, touch] of /** @type {[[number, number], boolean][]} */ ([[[1440, 900], false], [[390, 844], true]])) {
      const { page: p, leave } = await sit(size, touch);
      await p.goto(`${base}/timeline/gate?at=${new Date(Date.now() - 20000).toISOString()}`);
      await until(p, "Number(document.querySelector('canvas.axis')?.ariaValueMax) > 0 && document.querySelector('canvas.axis').clientHeight > 80");
      const r = await box(p, "canvas.axis"), y = r.y + 45, part = 0.4, x = r.x + r.width * part;
      // Nothing plays meanwhile: the axis would go with it.
      await p.getByRole("button", { name: "Pause", exact: true }).click();
      const was = await moment(p, part);
      if (touch) await (await touches(p)).pinch(x, y, 25, 75);
      else { await p.mouse.move(x, y); await p.mouse.wheel(0, -800); }
      await until(p, `(c => (Number(c.ariaValueMax) - Number(c.ariaValueMin)) * 1000 < ${was.span} / 2)(document.querySelector('canvas.axis'))`);
      const near = await moment(p, part);
      must(Math.abs(near.at - was.at) < was.span * 0.02 + 1000, `what was under the hand has gone: ${JSON.stringify([was, near])}`);
      if (touch) {
        await (await touches(p)).pinch(x, y, 75, 25);
        await until(p, `(c => (Number(c.ariaValueMax) - Number(c.ariaValueMin)) * 1000 > ${near.span} * 1.5)(document.querySelector('canvas.axis'))`);
        const finger = await touches(p);
        await finger.down([x, y]);
        await until(p, "performance.now() > (window.rests ??= performance.now()) + 900"); // it rests: the gesture is one of time
        await finger.move([x + 60, y]);
        await finger.move([x + 90, y]);
        await finger.up();
        await until(p, "/of Gate/.test(document.querySelector('.range-says').textContent)");
        await p.screenshot({ path: join(out, "timeline-finger-390-dark.png") });
      }
      told.push(Math.round(was.span / near.span * 10) / 10);
      await leave();
    }
    return told;
  });

  await test("free tiles are moved and resized by mouse and by finger, which the device remembers", async () => {
    const told = [];
    for (const touch of [false, true]) {
      const { page: p, leave } = await sit([1440, 900], touch), area = (/** @type {string} */ id) => p.evaluate(id => /** @type {HTMLElement} */ (document.querySelector(`.tile[data-camera="${id}"]`)).style.gridArea.split(" / ").map(v => Number(v.replace("span ", ""))), id);
      await p.goto(base + "/live");
      await until(p, "document.querySelectorAll('.grid .tile').length === 3");
      await p.getByRole("button", { name: "Free", exact: true }).click();
      await p.getByRole("button", { name: "Arrange", exact: true }).click();
      const id = await p.evaluate("[...document.querySelectorAll('.grid .tile')].at(-1).dataset.camera"), s = `.tile[data-camera="${id}"]`, begin = await area(String(id));
      /** @param {[number, number]} from @param {[number, number]} to */
      const drag = async (from, to) => {
        const steps = [1, 2, 3, 4, 5, 6].map(i => /** @type {[number, number]} */ ([from[0] + (to[0] - from[0]) * i / 6, from[1] + (to[1] - from[1]) * i / 6]));
        if (touch) { const f = await touches(p); await f.down(from); for (const at of steps) await f.move(at); await f.up(); } else { await p.mouse.move(...from); await p.mouse.down(); for (const at of steps) await p.mouse.move(...at); await p.mouse.up(); }
      };
      const g = await box(p, ".grid"), step = [g.width / 24, g.height / 24];
      let r = await box(p, s);
      await drag([r.x + r.width - 10, r.y + r.height - 10], [r.x + r.width - 10 - 4 * step[0], r.y + r.height - 10 - 3 * step[1]]);
      const sized = await area(String(id));
      must(sized[3] === begin[3] - 4 && sized[2] === begin[2] - 3 && sized[0] === begin[0] && sized[1] === begin[1], `resized from ${begin} to ${sized}`);
      r = await box(p, s);
      await drag([r.x + r.width / 2, r.y + r.height / 2], [r.x + r.width / 2 + 2 * step[0], r.y + r.height / 2 + 2 * step[1]]);
      const moved = await area(String(id));
      must(moved[0] === sized[0] + 2 && moved[1] === sized[1] + 2 && moved[2] === sized[2] && moved[3] === sized[3], `moved from ${sized} to ${moved}`);
      await p.getByRole("button", { name: "Done", exact: true }).click();
      must(await p.evaluate("location.pathname") === "/live", "a drag was taken for a click");
      await p.reload();
      await until(p, "document.querySelectorAll('.grid .tile').length === 3");
      must(String(await area(String(id))) === String(moved), "it was not remembered");
      await p.screenshot({ path: join(out, `live-free-${touch ? "touch" : "mouse"}.png`) });
      told.push({ begin, sized, moved });
      await leave();
    }
    return told;
  });

  await test("a picture is put in a window of its own, moves there, and comes back", async () => {
    const { page: p, leave } = await sit([1440, 900]);
    await p.goto(base + "/live/gate");
    await p.waitForSelector(".tile.large.playing[data-stream=main]", { timeout: 60000 });
    const pip = p.getByRole("button", { name: "Picture in picture" });
    await pip.click();
    await until(p, "document.pictureInPictureElement === document.querySelector('.tile.large video.now') || document.querySelector('.single .says').textContent");
    must(await p.evaluate("!!document.pictureInPictureElement"), String(await p.textContent(".single .says")));
    await moving(p, ".tile.large video.now");
    await pip.click();
    await until(p, "!document.pictureInPictureElement");
    await moving(p, ".tile.large video.now");
    await leave();
  });

  await test("a page that is not seen lets its pictures go, and has them at once when it is seen, with no picture of before", async () => {
    const { page: p, leave } = await sit([1440, 900]);
    await p.goto(base + "/live");
    await until(p, "document.querySelectorAll('.tile.playing').length === 3", 60000);
    await p.evaluate(() => { const w = /** @type {any} */ (globalThis); w.fetches = 0; const real = w.fetch; w.fetch = (/** @type {any[]} */ ...a) => { if (/whep/.test(String(a[0]))) w.fetches++; return real(...a); }; });
    await hide(p, true);
    await until(p, "[...document.querySelectorAll('.tile video')].every(v => !v.srcObject && !v.src) && document.querySelectorAll('.tile.playing').length === 0", 40000);
    const asked = await p.evaluate("fetches");
    await until(p, "performance.now() > (window.mark ??= performance.now()) + 2500"); // tries of a picture that ended come after a second
    must(await p.evaluate("[...document.querySelectorAll('.tile video')].every(v => !v.srcObject && !v.src)"), "a picture is fetched that nobody sees");
    const began = Date.now();
    await hide(p, false);
    await until(p, "document.querySelectorAll('.tile.playing').length === 3", 60000);
    const ms = Date.now() - began;
    for (let i = 0; i < 3; i++) await moving(p, ".tile.playing video.now", i, 5);
    // A glance elsewhere costs nothing: the same pictures go on.
    await p.evaluate("window.media = [...document.querySelectorAll('.tile video.now')].map(v => v.srcObject)");
    await hide(p, true);
    await hide(p, false);
    await until(p, "document.querySelectorAll('.tile.playing').length === 3", 60000);
    must(await p.evaluate("[...document.querySelectorAll('.tile video.now')].every((v, i) => v.srcObject === media[i])"), "a glance elsewhere began the pictures anew");
    await leave();
    return { ms, asked };
  });

  await test("the list of keys names every key that a page heeds, and none besides", async () => {
    const { page: p, leave } = await sit([1440, 900]), faults = /** @type {string[]} */ ([]);
    const printed = [..."abcdefghijklmnopqrstuvwxyz0123456789+-,.=/?"], named = [" ", "Enter", "Escape", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", "Delete", "Backspace"];
    /** What is printed in the list, and what the browser calls it. @type {Record<string, string>} */
    const calls = { "Space": " ", "Esc": "Escape", "Page up": "PageUp", "Page down": "PageDown", "←": "ArrowLeft", "→": "ArrowRight", "↑": "ArrowUp", "↓": "ArrowDown", "−": "-", "Del": "Delete" };
    /** Keys that mean the same as another that is listed. */
    const same = new Set(["=", "k"]);
    /** Keys after which other keys mean something. */
    const opens = new Set([..."?bcdfgimopt/", "Escape", "Enter"]);
    await p.goto(base + "/me");
    await p.waitForSelector("nav.rail");
    await p.evaluate("HTMLElement.prototype.requestFullscreen = async () => {}");
    await p.route("**/api/v1/cameras/*/events", r => r.request().method() === "POST" ? r.abort() : r.continue()); // nothing is marked, nothing recorded
    for (const { path, ready, groups, left } of [
      { path: "/live", ready: ".grid .tile", groups: ["Live", "Everywhere"], left: ["Tab", "Enter", "Escape", "/"] },
      { path: "/live/gate", ready: ".tile.large", groups: ["One camera", "Everywhere"], left: ["Tab", "/", "0", "ArrowUp", "ArrowDown", " ", "a"] },
      { path: "/timeline/gate", ready: "canvas.axis", groups: ["Timeline", "Everywhere"], left: ["Tab", "Enter", "/"] },
    ]) {
      /** @type {string[]} */
      const heeded = [];
      const again = async () => { await visit(p, "/me"); await visit(p, path); await p.waitForSelector(ready); };
      await again();
      for (const key of [...printed, ...named]) {
        const { heeds, here } = await p.evaluate(key => ({ heeds: !document.querySelector("main")?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })), here: location.pathname }), key);
        if (heeds) heeded.push(key);
        if (heeds && (here !== path || opens.has(key))) await again();
      }
      await p.goto(base + path);
      await p.waitForSelector(ready);
      await p.keyboard.press("?");
      const dialog = p.getByRole("dialog", { name: "Keys" });
      await dialog.waitFor();
      /** @type {string[]} */
      const listed = await dialog.evaluate((d, groups) => [...d.querySelectorAll("section")].filter(s => groups.includes(s.querySelector("h3")?.textContent || "")).flatMap(s => [...s.querySelectorAll("dt")].flatMap(t => { const k = [...t.querySelectorAll("kbd")].map(k => k.textContent || ""); return t.querySelector("span") ? "123456789".split("") : k; })), groups);
      const want = new Set(listed.filter(k => k !== "Shift").map(k => calls[k] || (k.length === 1 ? k.toLowerCase() : k)));
      for (const k of heeded) if (!want.has(k) && !same.has(k)) faults.push(`${path} heeds “${k}”, which is not listed`);
      for (const k of want) if (!heeded.includes(k) && !left.includes(k) && !(path === "/live" && Number(k) > 3)) faults.push(`${path} lists “${k}” and does not heed it`);
    }
    await leave();
    must(faults.length === 0, faults.join("\n"));
  });
}
