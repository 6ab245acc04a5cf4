// The page of events: filters, what a person has reviewed, choosing many by keyboard and by touch.
import { invited, until } from "./browser.js";

/** @param {import("./scene.js").Scene} s */
export async function events({ base, browser, context, test, must }) {
  /** Raises events before the first camera; gives its id. @param {string[]} kinds @param {string} text of the first */
  async function raise(kinds, text) {
    const { csrf } = await (await context.request.get(base + "/api/v1/session")).json(), [{ id }] = await (await context.request.get(base + "/api/v1/cameras")).json();
    for (const [i, kind] of kinds.entries()) {
      const r = await context.request.post(`${base}/api/v1/cameras/${id}/events`, { headers: { "X-CSRF-Token": csrf, Origin: base }, data: { kind, ...(i ? {} : { text }) } });
      must(r.status() === 201, `raise ${kind}: ${r.status()} ${await r.text()}`);
    }
    return id;
  }
  const option = ".event[role=option]";

  await test("events are listed with their pictures, filtered, and reviewed by each person for themselves", async () => {
    const camera = await raise(["test-parcel", "test-parcel", "test-parcel"], "a blue parcel");
    const page = await context.newPage();
    await page.goto(`${base}/events?kind=test-parcel`);
    await until(page, `document.querySelectorAll('${option}').length === 3`);
    await until(page, "document.querySelectorAll('.event-picture.drawn').length >= 1", 40000);
    await raise(["test-parcel"], "a red parcel");
    await until(page, `document.querySelectorAll('${option}').length === 4`); // it came by itself
    await page.getByRole("searchbox").fill("BLUE");
    await until(page, `document.querySelectorAll('${option}').length === 1`);
    await page.getByRole("searchbox").fill("");
    await until(page, `document.querySelectorAll('${option}').length === 4`);
    // Two by keyboard.
    await page.locator(option).first().focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Shift+ArrowRight");
    await until(page, `document.querySelectorAll('${option}[aria-selected=true]').length === 2`);
    await page.keyboard.press("r");
    await until(page, `document.querySelectorAll('${option}.new').length === 2`);
    await page.getByLabel("Not reviewed yet").check();
    await until(page, `document.querySelectorAll('${option}').length === 2`);
    await page.reload();
    await until(page, `document.querySelectorAll('${option}').length === 2`);
    // Somebody else has reviewed nothing.
    const other = await browser.newContext(), guest = await invited(context, other, base, "operator");
    await guest.page.goto(`${base}/events?kind=test-parcel&new=1`);
    await until(guest.page, `document.querySelectorAll('${option}').length === 4`);
    await other.close();
    await page.locator(option).first().focus();
    await page.keyboard.press("Enter");
    await page.locator("canvas.axis").waitFor();
    must(page.url().includes(`/timeline/${camera}?at=`), page.url());
    await page.close();
  });

  await test("on a phone events are chosen by touch, and one order exports them all", async () => {
    await raise(["test-phone", "test-phone"], "at the door");
    const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, storageState: await context.storageState() }), page = await phone.newPage();
    await page.goto(`${base}/events?kind=test-phone`);
    await until(page, `document.querySelectorAll('${option}').length >= 2`);
    await page.locator(".event-tick").nth(0).tap();
    await page.locator(option).nth(1).tap();
    await page.getByText("2 chosen").waitFor();
    must(await page.evaluate("document.documentElement.scrollWidth <= 390"), "the page is wider than the phone");
    must(await page.getByRole("button", { name: "Erase", exact: true }).isDisabled(), "several can be erased at once");
    await page.getByRole("button", { name: "Export", exact: true }).tap();
    await page.locator("dialog[open].order").waitFor();
    must(await page.locator(".order-clips li").count() >= 2, "not both are in the order");
    await page.keyboard.press("Escape");
    await phone.close();
  });
}
