// The pages of an administrator: that they come, the search for cameras, and each at the sizes of a phone, a desk and a wall.
import { join } from "node:path";
import { open, until } from "./browser.js";

/** @param {import("./scene.js").Scene} s */
export async function pages({ page, context, browser, base, out, test, must, clean }) {
  await test("other pages", async () => {
    for (const [path, ready] of [["/cameras", "tbody tr"], ["/storage", "tbody tr"], ["/install-certificate", "#fingerprint"]]) {
      await page.goto(base + path);
      await page.waitForSelector(ready);
      await page.screenshot({ path: join(out, `${path.slice(1)}-1440-dark.png`) });
    }
    await page.goto(base + "/cameras?find");
    await page.waitForSelector(".found li", { timeout: 40000 });
    await page.screenshot({ path: join(out, "discover-1440-dark.png") });
  });

  await test("a search lists cameras while it goes on, marks those that are there already, and can be stopped", async () => {
    const says = "document.querySelector('.scan [role=status]').textContent";
    await page.goto(base + "/cameras?find");
    await until(page, "document.querySelectorAll('.found li').length === 3");
    must(await page.$$eval(".found li", list => list.every(l => l.textContent?.includes("Added"))), "one of the demo's cameras is not marked as added");
    await page.fill("input[name=ranges]", "127.0.0.1, 127.0.9.1-200");
    await page.click(".ways form button");
    await page.waitForSelector(".found li");
    must(await page.evaluate(says) === "", "it was over before it listed anything");
    await page.click(".scan button:has-text('Stop')");
    await until(page, says + ".startsWith('Stopped')");
    await page.fill("input[name=ranges]", "198.51.100.0/24");
    await page.click(".ways form button");
    await until(page, "document.querySelector('.ways form').textContent.includes('outside the premises')");
  });

  await test("phone, wall and light", async () => {
    const cookies = await context.cookies();
    const kinds = /** @type {[string, [number, number], "dark"|"light"][]} */ ([["390-dark", [390, 844], "dark"], ["390-light", [390, 844], "light"], ["1440-light", [1440, 900], "light"], ["3840-dark", [3840, 2160], "dark"]]);
    await Promise.all(kinds.map(async ([name, size, scheme]) => {
      const v = await open({ base, browser, size, scheme });
      await v.context.addCookies(cookies);
      for (const [path, ready] of [["/live", ".tile.playing video"], ["/timeline/gate", "canvas.axis"], ["/cameras", "tbody tr"], ["/storage/kept", "tbody tr"]]) {
        await v.page.goto(base + path);
        await v.page.waitForSelector(ready);
        await v.page.waitForLoadState("networkidle").catch(() => {});
        await v.page.screenshot({ path: join(out, `${path.slice(1).replaceAll("/", "-")}-${name}.png`) });
      }
      clean(v.faults);
      await v.context.close();
    }));
  });
}
