// From the link that the demo prints to signing out: a chain, of which each test goes on from the one before.
import { join } from "node:path";
import { enlarged, moving, open, until } from "./browser.js";
import { demo } from "./gateway.js";

const tiles = ".tile.playing video";

/** @param {import("./scene.js").Scene} s */
export async function start({ out, test, must, clean }) {
  const shop = await demo(), b = await open({ base: shop.base }), page = b.page;

  await test("one-time link signs in and leaves no trace in the address", async () => {
    await page.goto(shop.link);
    await until(page, "document.querySelectorAll('.tile').length === 3");
    must(!page.url().includes("once"), page.url());
  });

  await test("three live pictures move", async () => {
    await until(page, "document.querySelectorAll('.tile.playing video').length === 3");
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push(await moving(page, tiles, i));
    await page.screenshot({ path: join(out, "live-1440-dark.png") });
    return seen;
  });

  await test("a link cannot be used twice", async () => {
    const other = await open({ base: shop.base });
    await other.page.goto(shop.link);
    await other.page.waitForSelector("form.sheet .form-error:not(:empty)");
    must((await other.page.textContent(".form-error"))?.includes("has been used"), "no explanation");
    await other.page.fill("#f-username", "demo");
    await other.page.fill("#f-password", "not the password");
    await other.page.click("button[type=submit]");
    await until(other.page, "document.querySelector('.form-error').textContent && !document.querySelector('.form-error').textContent.includes('has been used')");
    await other.page.screenshot({ path: join(out, "login.png") });
    clean(other.faults);
    await other.browser.close();
  });

  await test("a viewer that did not come whole loads itself again", async () => {
    const other = await b.browser.newContext({ viewport: { width: 1440, height: 900 } }), p = await other.newPage();
    await other.addCookies(await b.context.cookies());
    let asked = 0;
    await p.route("**/app.js", r => ++asked > 2 ? r.fallback() : r.abort("connectionreset")); // it is asked for ahead, too
    await p.goto(shop.base + "/me");
    await p.getByText("The viewer did not come whole").waitFor();
    await p.screenshot({ path: join(out, "not-whole-1440-dark.png") });
    await p.waitForSelector("nav.rail");
    must(asked > 2, `app.js was asked for ${asked} times`);
    await other.close();
  });

  await test("keyboard opens a camera, full stream, and goes back", async () => {
    await page.keyboard.press("ArrowRight");
    const order = await page.locator(".tile").evaluateAll(l => l.map(t => t.dataset.camera).join());
    must(order === "shop-floor,gate,yard-thermal", `the wall has another order than the cameras were adopted in: ${order}`);
    await page.keyboard.press("1");
    await enlarged(page);
    await until(page, "document.querySelector('.tile.large video.now')?.videoWidth > 1000"); // the small one stands until the large one is painted
    const seen = await moving(page, ".tile.large video.now");
    must(/** @type {any} */ (seen).width > 1000, `picture is ${/** @type {any} */ (seen).width} wide`);
    await page.click("[aria-label=Info]");
    await page.waitForSelector(".facts:not([hidden])");
    await page.screenshot({ path: join(out, "single-1440-dark.png") });
    await page.keyboard.press("Escape");
    await until(page, "document.querySelectorAll('.tile').length === 3");
    return seen;
  });

  await test("signing out ends the pictures and the session", async () => {
    await page.goto(shop.base + "/live");
    await page.waitForSelector(".tile.playing video");
    await page.click(".rail-link.out");
    await page.waitForSelector("form.sheet");
    const res = await page.request.get(shop.base + "/api/v1/cameras");
    must(res.status() === 401, `still ${res.status()}`);
  });

  await test("no request of the live page left the gateway, no script complained", async () => clean(b.faults));
  await b.browser.close();
  await shop.end();
}
