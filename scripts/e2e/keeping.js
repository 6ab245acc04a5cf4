// How long footage is kept, locked and erased, in the viewer: against the demo.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pickRange, recorded, until } from "./browser.js";
import { scratch } from "./gateway.js";

/** @param {import("./scene.js").Scene} s */
export async function keeping({ page, base, data, out, test, must }) {
  /** @param {string} path */
  const ask = path => page.evaluate(async p => (await fetch(`/api/v1/${p}`)).json(), path);
  const locks = async () => /** @type {any[]} */ (await ask(`locks?from=2000-01-01T00:00:00Z&to=${new Date().toISOString()}`));
  const axis = page.locator("canvas.axis"), range = page.getByRole("group", { name: "Range" });
  /** Picks seconds of a camera's timeline. @param {string} camera @param {number} length @param {number} ago */
  const pick = async (camera, length, ago) => { await recorded(page, [camera], length + ago + 2); return pickRange(page, base, camera, length, ago); };

  await test("how long footage is kept is told, and what to do when a promise breaks", async () => {
    await page.goto(base + "/storage/kept");
    const told = await ask("retention");
    const row = page.getByRole("row", { name: /Shop floor/ });
    must((await row.textContent())?.includes("24 hours"), "no maximum age");
    await row.focus();
    await page.keyboard.press("Enter");
    await page.getByText(/\. The oldest is of \d+ minutes ago\./).waitFor();
    await page.keyboard.press("Escape");
    must(await row.evaluate(e => e === document.activeElement), "the focus does not come back to the row");
    await page.screenshot({ path: join(out, "kept-1440-dark.png") });
    await row.click();
    await page.getByRole("button", { name: "Change" }).click();
    const ages = page.getByRole("dialog", { name: "How is footage of Shop floor kept?" });
    await ages.getByLabel("Promised").fill("2d");
    await page.keyboard.press("Enter");
    await ages.getByRole("alert").filter({ hasText: "at most max_age" }).waitFor();
    await ages.getByLabel("Continuous footage").fill("1s");
    await ages.getByText(/are deleted within minutes/).waitFor();
    must(await ages.getByRole("button", { name: "Save" }).isDisabled(), "footage is let go of without its camera's name");
    await ages.getByLabel("Continuous footage").fill("20h");
    await ages.getByLabel("Footage of events").fill("30h");
    await ages.getByLabel("Promised").fill("12h");
    await ages.getByRole("button", { name: "Save" }).click();
    await page.getByRole("complementary", { name: "Kept for" }).getByText("Kept for 12 hours at least").waitFor();
    // A promise takes an hour of recording to be short: what the gateway would say then, and that it says nothing at all.
    const short = told.map((/** @type {any} */ k) => ({ ...k, min_age: 604800, keeps: 345600, by_space: true, short: true, measured: 7200 }));
    await page.route("**/api/v1/retention", r => r.fulfill({ json: short }));
    await page.reload();
    await page.getByRole("row", { name: /4 days, 3 days short/ }).first().click();
    await page.getByText(/Add about .*GB for this camera/).waitFor();
    await page.screenshot({ path: join(out, "kept-short-1440-dark.png") });
    await page.unroute("**/api/v1/retention");
    await page.route("**/api/v1/retention", r => r.fulfill({ status: 500, json: { title: "That did not work", detail: "The index does not answer." } }));
    await page.reload();
    await page.getByRole("alert").filter({ hasText: "The index does not answer." }).waitFor();
    await page.unroute("**/api/v1/retention");
    await page.getByRole("button", { name: "Try again" }).click();
    await row.waitFor();
    return told.map((/** @type {any} */ k) => k.says);
  });

  await test("locked footage is not erased, the locks are named, listed and ended", async () => {
    await page.goto(base + "/storage/locked");
    await page.getByText("Nothing is locked").waitFor();
    await pick("gate", 4, 3);
    await range.getByRole("button", { name: "Lock" }).click();
    const dialog = page.getByRole("dialog", { name: /^Lock 4\.0 s of Gate/ });
    await dialog.getByLabel("Reason").fill("Insurance, claim 7");
    await dialog.getByRole("button", { name: "Lock" }).click();
    await dialog.waitFor({ state: "detached" });
    await pick("gate", 8, 1);
    await range.getByRole("button", { name: "Erase" }).click();
    const refused = page.getByRole("dialog", { name: /^Erase 8\.0 s of Gate/ });
    await refused.getByText("Insurance, claim 7").waitFor();
    must(await refused.getByRole("button", { name: "Erase" }).count() === 0, "it can be erased");
    await page.screenshot({ path: join(out, "erase-locked-1440-dark.png") });
    // Beside the lock, and still in a file that it holds: the gateway says so.
    await pick("gate", 1, 1);
    await range.getByRole("button", { name: "Erase" }).click();
    const beside = page.getByRole("dialog", { name: /^Erase 1\.0 s of Gate/ });
    await beside.getByLabel("Ground").selectOption("unlawful");
    await beside.getByLabel("Type Gate to confirm").fill("Gate");
    await page.keyboard.press("Enter");
    await beside.getByText("Insurance, claim 7").waitFor();
    must((await ask("erasures")).length === 0, "something was erased");
    await beside.getByRole("button", { name: "Show the locks" }).click();
    const row = page.getByRole("row", { name: /Gate.*Insurance, claim 7.*demo/ });
    await row.click();
    await page.screenshot({ path: join(out, "locks-1440-dark.png") });
    // Footage beyond its maximum age goes with its lock: then its name is typed.
    await page.route("**/api/v1/retention", async r => r.fulfill({ json: (await (await r.fetch()).json()).map((/** @type {any} */ k) => ({ ...k, max_age: 0.5 })) }));
    await page.getByRole("button", { name: "End the lock" }).click();
    const end = page.getByRole("dialog", { name: /^End the lock on 4\.0 s of Gate/ });
    await end.getByText("it is deleted within minutes").waitFor();
    must(await end.getByRole("button", { name: "End the lock" }).isDisabled(), "old footage is let go of without its name");
    await end.getByRole("button", { name: "Cancel" }).click();
    await page.unroute("**/api/v1/retention");
    await page.getByRole("button", { name: "End the lock" }).click();
    await page.getByRole("dialog", { name: /^End the lock on 4\.0 s of Gate/ }).getByRole("button", { name: "End the lock" }).click();
    await page.getByText("Nothing is locked").waitFor();
    must((await locks()).length === 0, "a lock is left");
  });

  await test("a range is changed by its handles and erased, with a receipt that is listed", async () => {
    const { from, to } = await pick("gate", 6, 2);
    await axis.focus();
    const box = /** @type {{x:number,y:number,width:number}} */ (await axis.boundingBox());
    await page.mouse.move(box.x + box.width * 0.65, box.y + 45); // where now is
    await page.mouse.wheel(0, -2600); // to about half a minute
    const span = 1800e3 * Math.pow(1.0015, -2600), y = box.y + 45;
    let x = box.x + box.width * (0.65 - (Date.now() - from) / span) - 80;
    const found = () => page.evaluate("document.querySelector('canvas.axis').style.cursor === 'ew-resize'");
    await page.mouse.move(x, y);
    for (let turn = 0; turn < 60 && !await found(); turn++) await page.mouse.move(x += 4, y);
    must(await found(), "no handle where the range begins");
    await page.mouse.down();
    await page.mouse.move(x - box.width * 1000 / span, y, { steps: 4 });
    await page.mouse.up();
    await until(page, "/^7\\.\\d s of Gate|^6\\.[5-9] s of Gate/.test(document.querySelector('.range-says').textContent)");
    await range.getByRole("button", { name: "Erase" }).click();
    const dialog = page.getByRole("dialog", { name: /^Erase .* of Gate/ }), button = dialog.getByRole("button", { name: "Erase" });
    await dialog.getByText("This cannot be undone.").waitFor();
    await dialog.getByLabel("Ground").selectOption("test footage");
    await dialog.getByLabel("Type Gate to confirm").fill("gat");
    must(await button.isDisabled(), "a wrong name confirms");
    await dialog.getByLabel("Type Gate to confirm").fill("Gate");
    await page.screenshot({ path: join(out, "erase-1440-dark.png") });
    await page.keyboard.press("Enter");
    const shown = page.getByRole("dialog", { name: "Receipt" });
    await shown.getByRole("button", { name: "Destroy the keys now" }).click();
    await shown.getByText("Destroyed", { exact: true }).waitFor();
    await page.screenshot({ path: join(out, "receipt-1440-dark.png") });
    const spans = await ask(`cameras/gate/spans?from=${new Date(from - 500).toISOString()}&to=${new Date(to).toISOString()}`);
    must(spans.every((/** @type {any} */ s) => s.kind === "gap" && s.cause === "erased"), JSON.stringify(spans));
    await shown.getByRole("button", { name: "All erasures" }).click();
    await page.getByRole("row", { name: /Gate.*Destroyed/ }).waitFor();
    const side = page.getByRole("complementary", { name: "Erased" });
    must(/root key/i.test(await side.textContent() || ""), "the receipt does not say what it is worth");
    const [saved] = await Promise.all([page.waitForEvent("download"), side.getByRole("link", { name: "Save the receipt" }).click()]);
    const receipt = JSON.parse(readFileSync(await saved.path(), "utf8"));
    must(receipt.receipt.keys > 0 && receipt.means && receipt.ground === "test footage", JSON.stringify(receipt));
    return receipt.means;
  });

  await test("each camera's page says where it is recorded to, and that it is encrypted", async () => {
    await page.goto(base + "/cameras");
    await until(page, "document.querySelectorAll('tbody tr').length === 3 && [...document.querySelectorAll('tbody tr')].every(r => /volume.*Encrypted/.test(r.textContent))");
    const row = page.getByRole("row", { name: /Gate/ });
    await row.focus();
    await page.evaluate(async () => { // as when the gateway tells of a camera anew
      const at = "/store.js", { store } = await import(at);
      store.told("");
    });
    must((await page.evaluate("document.activeElement.textContent"))?.toString().startsWith("Gate"), "the focus is lost when the list is drawn anew");
  });

  await test("a camera is mirrored to a second volume while it records, and says so", async () => {
    const more = scratch();
    execFileSync(process.env.HOLDFAST_BIN || "holdfast", ["volume", "add", "--data", data, more], { stdio: "ignore" });
    await page.goto(base + "/storage/kept");
    const twice = async (/** @type {boolean} */ on) => {
      await page.getByRole("button", { name: "Change" }).click();
      const dialog = page.getByRole("dialog", { name: "How is footage of Gate kept?" });
      await dialog.getByLabel(/Record to two volumes at once/).setChecked(on);
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "detached" });
    };
    await page.getByRole("row", { name: /Gate/ }).click();
    await twice(true);
    await page.getByText("On two volumes").waitFor();
    await page.goto(base + "/cameras");
    await page.getByRole("row", { name: new RegExp(`Gate.*(volume, ${more}|${more}, .*volume).*Mirrored`) }).waitFor();
    await page.screenshot({ path: join(out, "mirrored-1440-dark.png") });
    await page.goto(base + "/storage/kept");
    await page.getByRole("row", { name: /Gate/ }).click();
    await twice(false);
    await page.getByText("On one volume").waitFor();
  });
}
