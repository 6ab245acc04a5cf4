// Every dialog that can be opened from a page: what axe finds in it, in dark and in light, whether it keeps the keyboard, and whether Esc closes it
// and gives the keyboard back to what opened it. And the screens that stand alone.
import { pickRange, recorded } from "./browser.js";
import { colour, findings, visit } from "./quality.js";

/** @typedef {import("playwright-core").Page} Page */

/** Where a dialog is opened: a page, and the button that does. @type {[string, string|RegExp][]} */
const doors = [
  ["/live", "Save as a view"], ["/live", "Start the tour"], ["/live", "Bring alarms to the front"], ["/live", "Open in a window of its own"],
  ["/people", "Invite somebody"], ["/people/groups", "Make a group"], ["/people/tokens", /^Make|^Add/], ["/storage", "Add a volume"], ["/map", "Add a plan"],
  ["/me/access", "Set up"], ["/me/held", "Cancel the account"],
];
/** Where one is opened from the details of the first of a list: names, confirmations, what cannot be taken back. @type {[string, string[]][]} */
const details = [["/cameras", ["Name and purpose", "Switch off", "Replace the device", "Remove"]], ["/people", ["Names"]]];

/** @param {import("./scene.js").Scene} s */
export async function dialogs({ base, make, test, must }) {
  /** Looks at a dialog that is open, and closes it with Esc. @param {Page} page @param {string} where @returns {Promise<string[]>} */
  async function look(page, where) {
    const faults = [];
    for (const theme of /** @type {("dark"|"light")[]} */ (["dark", "light"])) { await colour(page, theme); faults.push(...await findings(page, `${where} ${theme}`)); }
    for (let i = 0; i < 25; i++) {
      await page.keyboard.press(i < 20 ? "Tab" : "Shift+Tab");
      // The browser's own controls come between the last and the first: then nothing of the page has it.
      if (!await page.evaluate("!!document.activeElement.closest('dialog') || document.activeElement === document.body")) { faults.push(`${where}: the keyboard leaves it`); break; }
    }
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached", timeout: 30000 }).catch(() => faults.push(`${where}: Esc does not close it`));
    if (await page.evaluate("document.activeElement === document.body")) faults.push(`${where}: the keyboard is nowhere after it`);
    return faults;
  }

  await test("every dialog is sound by axe, keeps the keyboard, closes with Esc and gives the keyboard back", async () => {
    const context = await make({}), page = await context.newPage(), faults = /** @type {string[]} */ ([]), seen = /** @type {string[]} */ ([]);
    await page.goto(base + "/me");
    await page.waitForSelector("nav.rail");
    for (const [path, name] of doors) {
      await visit(page, path);
      const door = page.locator("main").getByRole("button", { name, exact: typeof name === "string" }).first();
      if (!await door.waitFor({ timeout: 30000 }).then(() => true, () => false)) { faults.push(`${path}: no button ${name}`); continue; }
      await door.focus();
      await page.keyboard.press("Enter");
      if (!await page.locator("dialog[open]").waitFor({ timeout: 30000 }).then(() => true, () => false)) { faults.push(`${path} ${name}: no dialog`); continue; }
      seen.push(String(await page.locator("dialog[open] h2").first().textContent()));
      faults.push(...await look(page, `${path} ${name}`));
    }
    for (const [path, names] of details) {
      for (const name of names) {
        await visit(page, path);
        await page.getByRole("row").nth(1).click();
        const door = page.getByRole("complementary").getByRole("button", { name, exact: true });
        if (!await door.waitFor({ timeout: 30000 }).then(() => true, () => false)) { faults.push(`${path}: no button ${name} beside it`); continue; }
        await door.focus();
        await page.keyboard.press("Enter");
        if (!await page.locator("dialog[open]").waitFor({ timeout: 30000 }).then(() => true, () => false)) { faults.push(`${path} ${name}: no dialog`); continue; }
        seen.push(String(await page.locator("dialog[open] h2").first().textContent()));
        faults.push(...await look(page, `${path} ${name}`));
      }
    }
    // How the footage of a camera is kept, from its row.
    await visit(page, "/storage/kept");
    await page.getByRole("row").nth(1).click();
    await page.getByRole("button", { name: "Change", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    faults.push(...await look(page, "how it is kept"));
    // The deeds of a range of the timeline.
    const camera = (await (await context.request.get(base + "/api/v1/cameras")).json())[0].id, range = page.getByRole("group", { name: "Range" });
    await recorded(page, [camera], 11);
    const picked = await pickRange(page, base, camera, 4, 5);
    faults.push(...await findings(page, "a range"));
    for (const deed of ["Export", "Lock", "Erase"]) {
      await range.getByRole("button", { name: deed, exact: true }).focus();
      await page.keyboard.press("Enter");
      await page.locator("dialog[open]").waitFor();
      seen.push(deed);
      faults.push(...await look(page, deed));
    }
    // A mark takes words in a form over the picture, which Esc closes too.
    await page.goto(`${base}/live/${camera}`);
    const mark = page.locator(".mark-button");
    await mark.focus();
    await page.keyboard.press("Enter");
    await page.locator("form.mark-note").waitFor();
    for (const theme of /** @type {("dark"|"light")[]} */ (["dark", "light"])) { await colour(page, theme); faults.push(...await findings(page, `a mark ${theme}`)); }
    await page.locator("form.mark-note input").press("Escape");
    await page.locator("form.mark-note").waitFor({ state: "detached" });
    if (!await mark.evaluate(e => e === document.activeElement)) faults.push("a mark: the keyboard is not where it was");
    // An export that is ready, and the question before it is removed.
    const { csrf } = await (await context.request.get(base + "/api/v1/session")).json();
    const made = await context.request.post(`${base}/api/v1/exports`, { headers: { "X-CSRF-Token": csrf, Origin: base }, data: { title: "Dialogs", reason: "A test", recipient: "Nobody", form: "original", clips: [{ camera, from: new Date(picked.from).toISOString(), to: new Date(picked.to).toISOString() }] } });
    must(made.ok(), `no export: ${made.status()} ${await made.text()}`);
    await visit(page, "/exports");
    await page.getByRole("row", { name: /Dialogs/ }).click();
    await page.getByRole("link", { name: "Download" }).waitFor();
    faults.push(...await findings(page, "an export that is ready"));
    await page.getByRole("complementary").getByRole("button", { name: "Remove", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    faults.push(...await look(page, "removing an export"));
    await pickRange(page, base, camera, 4, 5);
    await page.locator("canvas.axis").focus();
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    faults.push(...await look(page, "keys"));
    await context.close();
    must(faults.length === 0, faults.join("\n"));
    return seen;
  });

  await test("axe finds nothing serious on the pages of a camera, nor on the screens that stand alone", async () => {
    const context = await make({}), page = await context.newPage(), faults = /** @type {string[]} */ ([]);
    await page.goto(base + "/me");
    await page.waitForSelector("nav.rail");
    const camera = (await (await context.request.get(base + "/api/v1/cameras")).json()).find((/** @type {any} */ c) => c.kind === "ptz").id;
    await visit(page, `/camera/${camera}`);
    const parts = await page.$$eval("main nav.tabs a", l => l.map(a => a.getAttribute("href") || ""));
    must(parts.length > 3, `the camera has the parts ${parts}`);
    const both = async (/** @type {string} */ where) => { for (const theme of /** @type {("dark"|"light")[]} */ (["dark", "light"])) { await colour(page, theme); faults.push(...await findings(page, `${where} ${theme}`)); } };
    for (const path of parts) { await visit(page, path); await both(path); }
    await page.goto(base + "/wall");
    await page.waitForSelector(".wall .tile");
    await both("/wall");
    await context.close();
    const out = await make({ storageState: { cookies: [], origins: [] } }), alone = await out.newPage();
    for (const [path, ready] of [["/login", "form.sheet"], ["/setup#token=none", "form"], ["/install-certificate", "#fingerprint"]]) {
      for (const scheme of /** @type {("dark"|"light")[]} */ (["dark", "light"])) {
        await alone.emulateMedia({ colorScheme: scheme });
        await alone.goto("about:blank");
        await alone.goto(base + path);
        await alone.waitForSelector(ready);
        faults.push(...await findings(alone, `${path} ${scheme}`));
      }
    }
    await out.close();
    must(faults.length === 0, faults.join("\n"));
    return parts.length;
  });
}
