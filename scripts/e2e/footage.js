// What a person does first with footage: plays it with a click on the axis, marks a moment, locks a range.
import { join } from "node:path";
import { moving, recorded, until } from "./browser.js";

/** @param {import("./scene.js").Scene} s */
export async function footage({ page, base, out, test, must }) {
  await test("footage plays from the timeline after a click", async () => {
    await page.goto(base + "/timeline/shop-floor");
    await page.waitForSelector("canvas.axis");
    await recorded(page, ["shop-floor"], 12); // enough to click into
    const box = await page.locator("canvas.axis").boundingBox();
    must(box, "no axis");
    const r = /** @type {{x:number,y:number,width:number}} */ (box);
    await page.mouse.move(r.x + r.width * 0.65, r.y + 45);
    await page.mouse.wheel(0, -2600); // to about half a minute
    await page.mouse.click(r.x + r.width * 0.6, r.y + 45);
    await until(page, "document.querySelector('video.footage:not([hidden])')?.currentTime > 0.2");
    const seen = await moving(page, "video.footage:not([hidden])");
    await page.screenshot({ path: join(out, "timeline-1440-dark.png") });
    await page.keyboard.press("End");
    await page.waitForSelector(".live-button.on");
    return seen;
  });

  await test("Mark raises an event, which the timeline draws and names", async () => {
    await page.goto(base + "/live/shop-floor");
    await page.waitForSelector(".tile.large.playing video");
    const began = Date.now();
    await page.click(".mark-button");
    await until(page, "/^Marked .*Footage: continuous/.test(document.querySelector('.single .says')?.textContent || '')");
    await page.screenshot({ path: join(out, "mark-1440-dark.png") });
    const all = await page.evaluate(async from => (await fetch("/api/v1/cameras/shop-floor/events?from=" + new Date(from).toISOString() + "&to=" + new Date().toISOString())).json(), began - 5000);
    const events = all.filter((/** @type {any} */ e) => e.kind === "mark"); // the camera reports motion now and then
    must(events.length === 1 && events[0].kind === "mark" && events[0].source === "viewer" && Math.abs(Date.parse(events[0].start) - began) < 10000, JSON.stringify(events));
    await page.goto(base + "/timeline/shop-floor");
    await page.waitForSelector("canvas.axis");
    const box = /** @type {{x:number,y:number,width:number}} */ (await page.locator("canvas.axis").boundingBox());
    await page.mouse.move(box.x + box.width * 0.65, box.y + 45); // where now is
    await page.mouse.wheel(0, -2600); // to about half a minute
    for (let turn = 0; turn < 900; turn++) { // the events may be on their way
      await page.mouse.move(box.x + box.width * (0.67 - turn % 300 * 0.002), box.y + 45);
      const tip = await page.textContent(".tip:not([hidden])");
      if (tip?.includes("mark (viewer)")) { await page.screenshot({ path: join(out, "event-1440-dark.png") }); return tip; }
    }
    throw new Error("no place on the axis names the event: " + await page.textContent(".tip"));
  });

  await test("a range is picked by keyboard, locked, seen on the timeline and let go of", async () => {
    await recorded(page, ["shop-floor"], 14);
    await page.goto(base + "/timeline/shop-floor");
    await page.waitForSelector("canvas.axis");
    await page.locator("canvas.axis").focus();
    const playhead = async () => Number(await page.locator("canvas.axis").getAttribute("aria-valuenow"));
    await page.keyboard.press("ArrowLeft"); // ten seconds back
    await until(page, "document.querySelector('video.footage:not([hidden])')?.readyState > 2");
    await page.keyboard.press("i");
    const began = await playhead();
    await until(page, `Number(document.querySelector('canvas.axis').ariaValueNow) >= ${began + 4}`);
    await page.keyboard.press("o");
    await page.getByRole("group", { name: "Range" }).getByRole("button", { name: "Lock" }).click();
    const dialog = page.getByRole("dialog", { name: /^Lock .* of Shop floor/ });
    await dialog.getByLabel("Reason").fill("Police, case 12");
    await page.screenshot({ path: join(out, "lock-1440-dark.png") });
    await dialog.getByRole("button", { name: "Lock" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.keyboard.press("ArrowLeft");
    const now = new Date();
    /** @type {any[]} */
    const held = await page.evaluate(async at => (await fetch(`/api/v1/locks?from=2000-01-01T00:00:00Z&to=${at}`)).json(), now.toISOString());
    must(held.length === 1 && held[0].owner === "demo" && held[0].reason === "Police, case 12", JSON.stringify(held));
    await page.goto(`${base}/timeline/shop-floor?at=${new Date(Date.parse(held[0].from) + 1000).toISOString()}`);
    await page.locator("canvas.axis").focus();
    await page.keyboard.press(" "); // stay in the locked seconds
    await page.getByRole("button", { name: /^Locked until/ }).click();
    const shown = page.getByRole("dialog", { name: "Locked" });
    must((await shown.textContent())?.includes("Police, case 12"), "no reason");
    await page.screenshot({ path: join(out, "locked-1440-dark.png") });
    await shown.getByRole("button", { name: "End the lock" }).click();
    await shown.waitFor({ state: "detached" });
    must((await page.evaluate(async at => (await fetch(`/api/v1/locks?from=2000-01-01T00:00:00Z&to=${at}`)).json(), now.toISOString())).length === 0, "still locked");
  });
}
