// The live page as a person uses it: layouts, views, tours, alarms, one camera large without a black frame, its controls, turning it.
import { join } from "node:path";
import { enlarged, moving, open, until } from "./browser.js";

/** @typedef {import("playwright-core").Page} Page */

/** Begins to look at the picture that a tile shows, each time that the page is painted. @param {Page} page @param {string} camera */
const watch = (page, camera) => page.evaluate(camera => {
  const w = /** @type {any} */ (globalThis), c = document.createElement("canvas"), g = /** @type {CanvasRenderingContext2D} */ (c.getContext("2d", { willReadFrequently: true }));
  c.width = 32; c.height = 18;
  w.seen = { paints: 0, dark: 0, covered: 0, streams: [] };
  const look = () => {
    const t = /** @type {HTMLElement} */ (document.querySelector(`.tile[data-camera="${camera}"]`)), v = /** @type {HTMLVideoElement|null} */ (t?.querySelector("video.now"));
    if (!w.seen) return;
    if (v) {
      g.clearRect(0, 0, 32, 18);
      g.drawImage(v, 0, 0, 32, 18);
      const d = g.getImageData(0, 0, 32, 18).data;
      let light = 0;
      for (let i = 0; i < d.length; i += 4) light += d[i] + d[i + 1] + d[i + 2];
      w.seen.paints++;
      if (light / (32 * 18 * 3) < 12) w.seen.dark++;
      if (getComputedStyle(v).visibility !== "visible" || !(/** @type {HTMLElement} */ (t.querySelector(".tile-cover")).hidden)) w.seen.covered++;
      const s = t.dataset.stream || "none";
      if (w.seen.streams.at(-1) !== s) w.seen.streams.push(s);
    }
    requestAnimationFrame(look);
  };
  look();
}, camera);

/** What was seen since. @param {Page} page @returns {Promise<{paints:number,dark:number,covered:number,streams:string[]}>} */
const seen = page => page.evaluate(() => { const w = /** @type {any} */ (globalThis), s = w.seen; w.seen = null; return s; });

/** @param {import("./scene.js").Scene} s */
export async function live({ page, context, browser, base, out, test, must }) {
  /** @param {Page} p @param {string} name */
  const shot = (p, name) => p.screenshot({ path: join(out, `${name}.png`) });
  const button = (/** @type {string|RegExp} */ name) => page.getByRole("button", { name, exact: typeof name === "string" });
  /** @param {string} method @param {string} path @param {unknown} [json] */
  const api = (method, path, json) => page.evaluate(async ([method, path, json]) => {
    const { csrf } = await (await fetch("/api/v1/session")).json();
    const r = await fetch(`/api/v1/${path}`, { method, headers: { "X-CSRF-Token": csrf, ...(json ? { "Content-Type": "application/json" } : {}) }, body: json || undefined });
    return r.status === 204 ? null : r.json();
  }, /** @type {const} */ ([method, path, json ? JSON.stringify(json) : ""]));
  const order = () => page.$$eval(".grid .tile", l => l.map(t => /** @type {HTMLElement} */ (t).dataset.camera).join());

  /** Goes to the live page, where all three pictures are. */
  const wall = async () => {
    await page.goto(base + "/live");
    await until(page, "document.querySelectorAll('.tile.playing').length === 3");
  };

  await test("a camera becomes large, and small again, without a black frame", async () => {
    await wall();
    await watch(page, "gate");
    await page.locator(".tile[data-camera=gate]").click();
    await enlarged(page);
    must(await page.evaluate("document.querySelector('.tile.large video.now').videoWidth > 1000 && location.pathname === '/live/gate'"), "it is not the main stream");
    const up = await seen(page);
    await watch(page, "gate");
    await page.keyboard.press("Escape");
    await until(page, "document.querySelector('.tile[data-camera=gate]:not(.large)[data-stream=sub]')");
    const down = await seen(page);
    for (const s of [up, down]) must(s.paints > 3 && s.dark === 0 && s.covered === 0, `a black frame: ${JSON.stringify(s)}`);
    must(up.streams.join() === "sub,main" && down.streams.join() === "main,sub", `${up.streams} ${down.streams}`);
    await until(page, "document.querySelectorAll('.tile video').length === 3"); // what was replaced is gone
    must(await page.evaluate("document.querySelectorAll('.tile.playing').length === 3"), "the other pictures did not go on");
    return { up, down };
  });

  await test("layouts are chosen, tiles change places by hand and by keyboard, and the device remembers", async () => {
    await wall();
    const was = await order();
    await button("One large, five small").click();
    await until(page, "document.querySelector('.tile').style.gridArea.includes('span 2')");
    const tiles = await page.$$eval(".grid .tile", l => l.map(t => { const r = t.getBoundingClientRect(); return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; }));
    await page.mouse.move(tiles[0].x, tiles[0].y);
    await page.mouse.down();
    await page.mouse.move(tiles[1].x, tiles[1].y, { steps: 4 });
    await page.mouse.up();
    const [a, b, c] = was.split(",");
    must(await order() === [b, a, c].join(), `dragged to ${await order()}`);
    must(await page.evaluate("location.pathname") === "/live", "the drag was taken for a click");
    await button("Arrange").click();
    await page.locator(`.tile[data-camera="${b}"]`).focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    must(await order() === was, `moved to ${await order()}`);
    await button("Free").click();
    const before = await page.evaluate(id => /** @type {HTMLElement} */ (document.querySelector(`.tile[data-camera="${id}"]`)).style.gridArea, c);
    await page.locator(`.tile[data-camera="${c}"]`).focus();
    for (const key of ["Space", "Shift+ArrowUp", "Shift+ArrowLeft", "Space"]) await page.keyboard.press(key);
    const after = await page.evaluate(id => /** @type {HTMLElement} */ (document.querySelector(`.tile[data-camera="${id}"]`)).style.gridArea, c);
    must(after !== before, `it kept its size ${before}`);
    await shot(page, "live-arrange-1440-dark");
    await button("Done").click();
    await page.reload();
    await until(page, "document.querySelectorAll('.tile.playing').length === 3");
    must(await page.evaluate(id => /** @type {HTMLElement} */ (document.querySelector(`.tile[data-camera="${id}"]`)).style.gridArea, c) === after, "it was not remembered");
    await button("As many as there are").click();
    return { before, after };
  });

  await test("what a small tile says in place of its picture keeps clear of the camera's name", async () => {
    const size = page.viewportSize();
    await button("4 × 4").click();
    for (const [width, height] of [[1440, 900], [1100, 620], [760, 420], [3840, 1000]]) {
      await page.setViewportSize({ width, height });
      const found = await page.$$eval(".grid .tile", tiles => tiles.map(t => {
        const of = (/** @type {string} */ s) => /** @type {HTMLElement} */ (t.querySelector(s)), cover = of(".tile-cover"), last = of(".tile-last"), was = [cover.hidden, last.hidden];
        [cover.hidden, last.hidden] = [false, false];
        [of(".tile-what").textContent, of(".tile-why").textContent] = ["Waiting for a picture", "since 11:42:07 · retrying in 12 s"];
        const name = of(".tile-label").getBoundingClientRect(), all = t.getBoundingClientRect(), seen = [".tile-what", ".tile-why", ".tile-last"].map(s => of(s).getBoundingClientRect()).filter(r => r.height > 0);
        [cover.hidden, last.hidden] = was;
        return { said: seen.length, over: seen.some(r => r.bottom > name.top || r.top < all.top || r.left < all.left || r.right > all.right), at: `${Math.round(all.width)} × ${Math.round(all.height)}` };
      }));
      for (const f of found) must(f.said > 0 && !f.over, `${f.said} sentences in ${f.at}${f.over ? ", over the name or the edge" : ""}`);
    }
    if (size) await page.setViewportSize(size);
    await button("As many as there are").click();
  });

  await test("a group of cameras is a view, in the order of this device", async () => {
    await api("PUT", "camera-groups/outside", { name: "Outside", cameras: ["gate", "yard-thermal"] });
    await page.goto(base + "/live");
    await page.waitForSelector(".view-pick option[value='group:outside']", { state: "attached" });
    await page.keyboard.press("g");
    await page.getByLabel("View", { exact: true }).selectOption({ label: "Outside" });
    await until(page, "document.querySelectorAll('.tile').length === 2");
    const was = await order();
    await button("Arrange").click();
    await page.locator(".grid .tile").first().focus(); // beside the other, or above it
    for (const key of ["Space", "ArrowRight", "ArrowDown", "Space"]) await page.keyboard.press(key);
    await button("Done").click();
    const now = was.split(",").reverse().join();
    must(await order() === now, `${was} became ${await order()}`);
    await page.reload();
    await until(page, `[...document.querySelectorAll('.grid .tile')].map(t => t.dataset.camera).join() === ${JSON.stringify(now)}`);
    await page.getByLabel("View", { exact: true }).selectOption({ label: "All cameras" });
    await until(page, "document.querySelectorAll('.tile').length === 3");
    return { was, now };
  });

  await test("a view of one's own is saved, shown on a tour, and opened in a window of its own", async () => {
    await wall();
    await button("Save as a view").click();
    const dialog = page.getByRole("dialog", { name: "A view of your own" });
    await dialog.getByLabel("Name").fill("Doors");
    await dialog.getByLabel("Yard thermal").uncheck();
    await dialog.getByRole("button", { name: "Save" }).click();
    await until(page, "document.querySelectorAll('.tile').length === 2");
    await button("One").click();
    await page.getByRole("button", { name: "Page 2" }).waitFor();
    const first = await order();
    await button("Start the tour").click();
    const tour = page.getByRole("dialog", { name: "Tour" });
    await tour.getByLabel("Seconds of each").fill("3");
    await shot(page, "live-tour-1440-dark");
    await tour.getByRole("button", { name: "Start" }).click();
    await until(page, `document.querySelector('.tile')?.dataset.camera !== ${JSON.stringify(first)}`, 40000);
    await page.mouse.click(400, 860); // a touch
    await page.getByText(/Tour paused/).waitFor();
    await button("Open in a window of its own").click();
    const [popup] = await Promise.all([context.waitForEvent("page"), page.getByRole("dialog").getByRole("button", { name: "Open in a window of its own" }).click()]);
    await until(popup, "document.querySelectorAll('.wall .tile.playing').length === 1");
    must(!await popup.locator("nav.rail").count(), "the window has a rail");
    await popup.close();
    await button("End the tour").click();
    await page.getByLabel("View", { exact: true }).selectOption({ label: "All cameras" });
    await until(page, "document.querySelectorAll('.tile').length === 3");
  });

  await test("an alarm brings its camera to the front, and goes back by itself", async () => {
    await wall();
    await button("Bring alarms to the front").click();
    const dialog = page.getByRole("dialog", { name: "Bring alarms to the front" });
    await dialog.getByLabel("Line crossed").check();
    await dialog.getByLabel("For how long, seconds").fill("5");
    await dialog.getByRole("button", { name: "Save" }).click();
    const e = await api("POST", "cameras/gate/events", { kind: "line", source: "test", active: true });
    await page.waitForSelector(".tile.large.alarmed[data-camera=gate]");
    await page.getByRole("alert").filter({ hasText: "Gate: line crossed since" }).waitFor();
    await shot(page, "live-alarm-1440-dark");
    await api("POST", "cameras/gate/events", { id: e.id, active: false });
    await until(page, "!document.querySelector('.tile.large')", 40000);
    must(await page.evaluate("location.pathname") === "/live", "the address changed");
  });

  await test("a picture is zoomed, saved, and recorded for as long as it is wanted", async () => {
    await page.goto(base + "/live/gate");
    await page.waitForSelector(".tile.large[data-stream=main]");
    await page.keyboard.press("+");
    await page.mouse.move(700, 300);
    await page.mouse.wheel(0, -600);
    await until(page, "new DOMMatrix(getComputedStyle(document.querySelector('.tile.large .tile-view')).transform).a > 2");
    await button("Whole picture").click();
    await until(page, "getComputedStyle(document.querySelector('.tile.large .tile-view')).transform === 'none'");
    const [file] = await Promise.all([page.waitForEvent("download"), button("Snapshot").click()]);
    must(/^Gate \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.(jpg|mp4)$/.test(file.suggestedFilename()), file.suggestedFilename());
    await page.getByRole("button", { name: "Record now" }).click();
    await until(page, "/^Recording/.test(document.querySelector('.record-button').textContent)");
    await page.getByRole("button", { name: /^Recording/ }).click();
    await until(page, "/Record now/.test(document.querySelector('.record-button').textContent)");
    const events = await api("GET", `cameras/gate/events?from=${new Date(Date.now() - 60000).toISOString()}&to=${new Date().toISOString()}`);
    must(events.some((/** @type {any} */ e) => e.kind === "manual" && e.end), JSON.stringify(events));
    await button("30 seconds ago").click();
    await page.waitForSelector("canvas.axis");
    must(Math.abs(Date.now() - 30000 - Date.parse(new URL(page.url()).searchParams.get("at") || "")) < 20000, page.url());
    return file.suggestedFilename();
  });

  await test("a camera is turned by keyboard and by the picture, and stands once the page that turned it is gone", async () => {
    const hand = await context.newPage();
    await hand.goto(base + "/live/gate");
    await hand.waitForSelector(".tile.large[data-stream=main]");
    await hand.getByRole("button", { name: "Turn and zoom" }).click();
    await hand.getByRole("button", { name: /^1 / }).waitFor();
    const position = async () => (await api("GET", "cameras/gate/ptz")).position?.pan;
    const begin = await position();
    await hand.keyboard.down("ArrowRight");
    await hand.getByText(/^You steer it until/).waitFor();
    for (const end = Date.now() + 40000; await position() === begin;) must(Date.now() < end, "it does not turn");
    await shot(hand, "live-ptz-1440-dark");
    let last = NaN;
    const stand = async (/** @type {string} */ after) => {
      for (let stands = 0, end = Date.now() + 40000; stands < 2;) {
        const now = await position();
        stands = now === last ? stands + 1 : 0;
        last = now;
        must(Date.now() < end, `it turns on, ${after}`);
      }
    };
    await hand.evaluate(() => { globalThis.dispatchEvent(new Event("blur")); }); // another window takes the keyboard: the key is never let go of
    await stand("though the page has lost the keyboard");
    await hand.keyboard.up("ArrowRight");
    const before = last;
    await hand.keyboard.down("ArrowLeft");
    for (const end = Date.now() + 40000; await position() === before;) must(Date.now() < end, "it does not turn back");
    await hand.close(); // while it turns
    await stand("though the page is gone");
    await page.goto(base + "/live/gate");
    await page.waitForSelector(".tile.large[data-stream=main]");
    await page.keyboard.press("p");
    await page.getByText("steer it until").waitFor();
    await button("Aim in the picture").click();
    const r = /** @type {{x:number,y:number,width:number,height:number}} */ (await page.locator(".tile.large").boundingBox());
    await page.mouse.click(r.x + r.width * 0.25, r.y + r.height / 2);
    for (const end = Date.now() + 40000; await position() === last;) must(Date.now() < end, "the click did not turn it");
    await page.getByRole("button", { name: /^2 / }).click();
    await button("Keep it for me").or(button("Let others steer")).first().click();
    await page.keyboard.press("Escape");
    must(!await page.locator(".ptz").count(), "the panel is still there");
    return { begin, last };
  });

  await test("a wall has views in its address, goes through them, and shows an alarm", async () => {
    const { link } = await api("POST", "tokens", { kind: "device", name: "Guard room", permissions: ["see", "live"], cameras: ["*"], until: new Date(Date.now() + 86400e3).toISOString() });
    const v = await open({ base, browser });
    await v.page.goto(link.replace("/wall#", "/wall?v=1;gate;Gate&v=1;shop-floor;Shop&tour=3&alarm=line&alarm-seconds=5#"));
    await until(v.page, "document.querySelector('.wall .tile.playing:not(.ahead)')?.dataset.camera === 'gate'");
    await until(v.page, "document.querySelector('.wall .tile.playing:not(.ahead)')?.dataset.camera === 'shop-floor'");
    must(!v.page.url().includes("hfd_") && await v.page.locator("[role=toolbar]:visible").count() === 0, `a wall has controls, or its token in the address: ${v.page.url()}`);
    const e = await api("POST", "cameras/yard-thermal/events", { kind: "line", source: "test", active: true });
    await v.page.waitForSelector(".tile.large.alarmed[data-camera=yard-thermal]");
    await shot(v.page, "wall-alarm-1440-dark");
    await api("POST", "cameras/yard-thermal/events", { id: e.id, active: false });
    await until(v.page, "!document.querySelector('.tile.large')", 40000);
    must(v.faults.length === 0, v.faults.join("\n"));
    await v.context.close();
  });

  await test("a wall that hangs upright has its cameras under each other, as large as the screen allows", async () => {
    const { link } = await api("POST", "tokens", { kind: "device", name: "Pillar", permissions: ["see", "live"], cameras: ["*"], until: new Date(Date.now() + 86400e3).toISOString() });
    const v = await open({ base, browser, size: [1080, 1920] });
    await v.page.goto(link);
    await until(v.page, "document.querySelectorAll('.wall .tile.playing').length === 3", 60000);
    const seen = await v.page.evaluate(() => ({ overflows: document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight,
      tiles: [...document.querySelectorAll(".wall .tile")].map(t => { const r = t.getBoundingClientRect(); return [r.left, r.top, r.width, r.height].map(Math.round); }).sort((a, b) => a[1] - b[1]) }));
    const told = JSON.stringify(seen), { tiles } = seen;
    must(!seen.overflows && tiles.every(([x, y, w, h]) => x >= 0 && y >= 0 && x + w <= 1080 && y + h <= 1920), `something is cut off: ${told}`);
    must(tiles.every(([, , w, h]) => w >= 1070 && h >= 600), `there is room for larger pictures: ${told}`);
    must(tiles.every((t, i) => i === 0 || t[1] >= tiles[i - 1][1] + tiles[i - 1][3]), `they lie over each other: ${told}`);
    must(await v.page.locator("[role=toolbar]:visible").count() === 0, "a wall has controls");
    await shot(v.page, "wall-1080x1920-dark");
    must(v.faults.length === 0, v.faults.join("\n"));
    await v.context.close();
    return tiles;
  });

  await test("live on a phone: tiles in a column, one camera with its controls", async () => {
    const v = await open({ base, size: [390, 844], browser });
    await v.context.addCookies(await context.cookies());
    await v.page.goto(base + "/live");
    await until(v.page, "document.querySelectorAll('.tile.playing').length === 3");
    must(await v.page.$$eval(".tile", l => l.every(t => t.getBoundingClientRect().width === 390)), "a tile is not as wide as the phone");
    await v.page.locator(".tile[data-camera=gate]").click();
    await enlarged(v.page);
    await moving(v.page, ".tile.large video.now");
    await v.page.getByRole("button", { name: "Turn and zoom" }).click();
    await v.page.getByRole("button", { name: /^1 / }).waitFor();
    must(await v.page.evaluate("document.documentElement.scrollWidth <= 390 && [...document.querySelectorAll('.camera-bar > :not([hidden])')].every(e => e.getBoundingClientRect().right <= 390)"), "something is cut off");
    await shot(v.page, "live-ptz-390-dark");
    must(v.faults.length === 0, v.faults.join("\n"));
    await v.context.close();
  });
}
