// The page of events: filters, what a person has reviewed, choosing many by keyboard and by touch.
import { invited, recorded, until } from "./browser.js";

/** @param {import("./scene.js").Scene} s */
export async function events({ base, browser, context, test, must }) {
  /** Raises events before the first camera, or another; gives its id. @param {string[]} kinds @param {string} text of the first @param {string} [camera] */
  async function raise(kinds, text, camera) {
    const { csrf } = await (await context.request.get(base + "/api/v1/session")).json(), id = camera || (await (await context.request.get(base + "/api/v1/cameras")).json())[0].id;
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

  await test("chosen events are marked as not reviewed, locked, and one of them erased, by the buttons", async () => {
    const page = await context.newPage(), kind = "test-deed", deeds = page.getByRole("toolbar", { name: "Events" }), deed = (/** @type {string} */ name) => deeds.getByRole("button", { name, exact: true });
    const ask = async (/** @type {string} */ path) => (await context.request.get(`${base}/api/v1/${path}`)).json(), { csrf } = await ask("session");
    const news = async () => (await ask(`events?kinds=${kind}&from=${new Date(Date.now() - 3600e3).toISOString()}&to=${new Date(Date.now() + 60e3).toISOString()}`)).events.filter((/** @type {any} */ e) => !e.reviewed).length;
    const locks = async () => (await ask(`locks?from=2000-01-01T00:00:00Z&to=${new Date().toISOString()}`)).filter((/** @type {any} */ l) => l.reason === "Case 31");
    await page.goto(base + "/timeline");
    await recorded(page, ["gate"], 12);
    await raise([kind, kind], "", "gate");
    await page.goto(`${base}/events?kind=${kind}`);
    await until(page, `document.querySelectorAll('${option}.new').length === 2`);
    await page.locator(".event-tick").nth(0).click();
    must(await deed("Not reviewed").isHidden(), "what is not reviewed can be marked as that");
    await deed("Reviewed").click();
    await until(page, `document.querySelectorAll('${option}.new').length === 1`);
    must(await news() === 1, "it is reviewed on the page alone");
    await page.locator(".event-tick").nth(0).click();
    await page.locator(".event-tick").nth(1).click();
    await deed("Not reviewed").click();
    await until(page, `document.querySelectorAll('${option}.new').length === 2`);
    must(await news() === 2, "they are not reviewed on the page alone");

    await page.locator(".event-tick").nth(0).click();
    await page.locator(".event-tick").nth(1).click();
    await deed("Lock").click();
    const lock = page.getByRole("dialog", { name: "Lock the footage of 2 events?" });
    await lock.getByLabel("Reason").fill("Case 31");
    await lock.getByRole("button", { name: "Lock", exact: true }).click();
    await page.getByText("The footage of 2 events is locked.").waitFor();
    must((await locks()).length === 2, JSON.stringify(await locks()));

    await page.locator(".event-tick").nth(0).click();
    await deed("Erase").click();
    const dialog = page.getByRole("dialog", { name: /^Erase .* of Gate/ });
    await dialog.getByText("Case 31").first().waitFor();
    must(await dialog.getByRole("button", { name: "Erase", exact: true }).count() === 0, "locked footage can be erased");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    for (const { id } of await locks()) must((await context.request.delete(`${base}/api/v1/locks/${id}`, { headers: { "X-CSRF-Token": csrf, Origin: base } })).status() === 204, "a lock does not end");
    const erased = (await ask("erasures")).length;
    await deed("Erase").click();
    await dialog.getByText("This cannot be undone.").waitFor();
    await dialog.getByLabel("Ground").selectOption("test footage");
    await dialog.getByLabel("Type Gate to confirm").fill("Gate");
    await dialog.getByRole("button", { name: "Erase", exact: true }).click();
    await page.getByRole("dialog", { name: "Receipt" }).waitFor();
    const list = await ask("erasures");
    must(list.length === erased + 1 && list.some((/** @type {any} */ e) => e.camera === "gate" && Date.parse(e.to) - Date.parse(e.from) >= 5000), JSON.stringify(list));
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
