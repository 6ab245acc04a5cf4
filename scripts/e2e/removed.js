// A camera that was removed: what it recorded is found among the cameras of the timeline, in the events and in an order for an export, and can be erased.
import { demo } from "./gateway.js";
import { open, moving, pickRange, until } from "./browser.js";

/** @param {import("./scene.js").Scene} s */
export async function removed({ out, test, must }) {
  await test("footage of a removed camera is played, listed with its events, and erased", async () => {
    const shop = await demo(["--cameras", "2"]), b = await open({ base: shop.base }), { page, context } = b, id = "shop-floor";
    await page.goto(shop.link);
    await until(page, "document.querySelectorAll('.tile').length === 2");
    await until(page, `(async () => { const now = Date.now(); const r = await fetch("/api/v1/cameras/${id}/spans?from=" + new Date(now - 3600e3).toISOString() + "&to=" + new Date(now).toISOString()); return (await r.json()).some(s => s.kind === "recorded" && Date.parse(s.end) - Date.parse(s.start) > 12000); })()`, 40000);
    const { csrf } = await (await context.request.get(shop.base + "/api/v1/session")).json(), headers = { "X-CSRF-Token": csrf, Origin: shop.base };
    must((await context.request.post(`${shop.base}/api/v1/cameras/${id}/events`, { headers, data: { kind: "test-last", text: "the last of it" } })).ok(), "no event");
    await page.goto(shop.base + "/timeline/gate");
    await page.locator("canvas.axis").waitFor();
    must((await context.request.delete(`${shop.base}/api/v1/cameras/${id}`, { headers })).ok(), "it is not removed");
    // The page that is open learns of it, and offers what was recorded.
    await page.getByTitle("Choose cameras").click();
    const chooser = page.getByRole("dialog", { name: "Choose cameras" });
    await chooser.getByText("Removed cameras").waitFor();
    await chooser.getByText(/The last of its footage is deleted on/).waitFor();
    await page.screenshot({ path: `${out}/removed-chooser.png` });
    await chooser.getByLabel("Shop floor").check();
    await chooser.getByLabel("Gate").uncheck();
    await page.keyboard.press("Escape");
    await until(page, "document.querySelector('.played[data-camera=shop-floor] video.footage:not([hidden])')?.currentTime > 0.2");
    const seen = await moving(page, ".played[data-camera=shop-floor] video.footage:not([hidden])");
    must((await page.locator(".played-name").textContent()) === "Shop floor (removed)", "it does not say that it was removed");
    await page.screenshot({ path: `${out}/removed-timeline.png` });
    // Its address is an address like any other.
    await page.goto(`${shop.base}/timeline/${id}`);
    await until(page, "document.querySelector('.played[data-camera=shop-floor] video.footage:not([hidden])')?.currentTime > 0.2");
    await page.goto(shop.base + "/events?kind=test-last");
    await page.locator(".event b", { hasText: "Shop floor (removed)" }).waitFor();
    await until(page, "document.querySelectorAll('.event-picture.drawn').length === 1", 40000);
    must(await page.locator(".event-filters select").first().locator("option", { hasText: "Shop floor (removed)" }).count() === 1, "it cannot be chosen");
    // Erasing it early asks for its name, as of any other.
    await pickRange(page, shop.base, id, 3600, 1);
    // What is picked stays picked whatever the gateway tells of other cameras: the page is not made anew.
    await page.locator("section.timeline").evaluate(e => { e.dataset.first = "1"; });
    must((await context.request.patch(`${shop.base}/api/v1/cameras/gate`, { headers, data: { name: "The gate" } })).ok(), "it is not renamed");
    await until(page, "import('/store.js').then(m => m.store.nameOf('gate') === 'The gate')");
    must(await page.locator("section.timeline[data-first]").count() === 1, "the page was made anew");
    await page.getByRole("group", { name: "Range" }).getByRole("button", { name: "Erase" }).click();
    const dialog = page.locator("dialog[open]");
    await dialog.locator("select").selectOption({ index: 1 });
    await dialog.getByRole("textbox").fill("Shop floor");
    await dialog.getByRole("button", { name: "Erase" }).click();
    await page.getByRole("dialog", { name: "Receipt" }).waitFor();
    await until(page, "fetch('/api/v1/removed-cameras').then(r => r.json()).then(l => l.length === 0)");
    must(b.faults.length === 0, b.faults.join("\n"));
    await b.browser.close();
    await shop.end();
    return seen;
  });
}
