// Cameras as an installer has them: found, signed in to, tested and added by the dozen; named, replaced, removed.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { moving, open, until } from "./browser.js";
import { demo, run, scratch } from "./gateway.js";

/** @param {import("./scene.js").Scene} s */
export async function cameras({ out, test, must }) {
  const shop = await demo(["--cameras", "1"]);
  const street = await run(process.env.STREET_BIN || "street", ["-devices", "6", "-strangers", "1"], /^\[.*/);
  /** @type {{address: string, name: string, username: string, password: string}[]} */
  const devices = JSON.parse(street.match[0]);
  const b = await open({ base: shop.base }), page = b.page;
  const row = (/** @type {string} */ name) => page.getByRole("listitem").filter({ has: page.getByText(name, { exact: true }) });
  await page.goto(shop.link);
  await page.waitForSelector(".tile");

  await test("many cameras are added with one password: the pictures are tested, and the stranger says that it refused it", async () => {
    await page.goto(shop.base + "/cameras?find");
    await until(page, "[...document.querySelectorAll('.found li b')].filter(b => b.textContent.startsWith('Street')).length === 6 && document.querySelectorAll('.found li.is-added').length === 1");
    for (const n of [1, 2, 3, 6]) await row(`Street ${n}`).getByRole("checkbox").check();
    const side = page.getByRole("complementary", { name: "Find cameras" });
    await side.getByLabel("User name").fill(devices[0].username);
    await side.getByLabel("Password").fill(devices[0].password);
    await side.getByRole("button", { name: "Ask the chosen" }).click();
    await row("Street 6").getByText("Password refused").waitFor();
    await until(page, "document.querySelectorAll('.thumb img').length === 3");
    await row("Street 3").getByRole("button", { name: "Details" }).click();
    await row("Street 3").getByLabel("Add this source").nth(1).check(); // the thermal one too
    await row("Street 3").getByRole("button", { name: "Test", exact: true }).nth(1).click();
    await row("Street 3").getByText(/first picture after/).waitFor();
    await row("Street 1").getByRole("button", { name: "Details" }).click();
    const uses = row("Street 1").getByLabel(/^What .* is used for$/);
    const [main, sub] = [await uses.nth(0).inputValue(), await uses.nth(1).inputValue()];
    must(main === "main" && sub === "sub", `proposed: ${main}, ${sub}`);
    await uses.nth(0).selectOption("");
    await row("Street 1").getByText("One stream has to be the main one.").waitFor();
    await uses.nth(1).selectOption("main"); // the small stream alone is recorded
    await row("Street 1").getByLabel("Name", { exact: true }).fill("Till");
    await page.screenshot({ path: join(out, "adopt-1440-dark.png") });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(out, "adopt-390-dark.png") });
    must(await page.evaluate("document.documentElement.scrollWidth <= 390"), "on a phone the page is wider than the screen");
    await page.setViewportSize({ width: 1440, height: 900 });
    await side.getByLabel("Names").fill("Dock {nn}");
    await side.getByText("Such as Till, Dock 02, Dock 03").waitFor();
    await side.getByRole("button", { name: "Add 3 cameras" }).click();
    await side.getByText("All 3 added.").waitFor();
    await page.screenshot({ path: join(out, "adopted-1440-dark.png") });
    await page.goto(shop.base + "/cameras");
    const till = await page.evaluate(async () => (await (await fetch("/api/v1/cameras")).json()).find((/** @type {any} */ c) => c.name === "Till"));
    must(till.streams.length === 1 && till.streams[0].id === "main", `the streams that were chosen are not what was added: ${JSON.stringify(till.streams.map((/** @type {any} */ s) => s.id))}`);
    for (const name of ["Till", "Dock 02", "Dock 03 1", "Dock 03 thermal"]) await page.getByRole("row", { name: new RegExp(`^${name} `) }).getByText("Online").waitFor();
  });

  await test("a camera is named, and switched off and on", async () => {
    const side = page.getByRole("complementary", { name: "Cameras" });
    await page.getByRole("row", { name: /^Dock 02 / }).click();
    await side.getByRole("button", { name: "Name and purpose" }).click();
    const name = page.getByRole("dialog", { name: /^Dock 02/ });
    await name.getByLabel("Name").fill("Ramp");
    await name.getByLabel("Purpose").fill("Theft from lorries");
    await name.getByRole("button", { name: "Save" }).click();
    await side.getByRole("heading", { name: "Ramp" }).waitFor();
    await side.getByRole("button", { name: "Switch off" }).click();
    await page.getByRole("dialog", { name: "Switch Ramp off?" }).getByRole("button", { name: "Switch off" }).click();
    await side.getByRole("button", { name: "Switch on" }).click();
    await page.getByRole("row", { name: /^Ramp / }).getByText("Online").waitFor();
  });

  await test("a device is replaced, and the camera's history goes on; a camera is removed once its name is typed", async () => {
    const side = page.getByRole("complementary", { name: "Cameras" });
    await page.goto(shop.base + "/cameras?camera=till");
    await page.getByRole("row", { name: /^Till / }).getByText("Recording").waitFor();
    await side.getByRole("button", { name: "Replace the device" }).click();
    const dialog = page.getByRole("dialog", { name: "Replace the device of Till" });
    await dialog.getByRole("button", { name: "Choose Street 4" }).click();
    await dialog.getByLabel("User name").fill(devices[3].username);
    await dialog.getByLabel("Password").fill("wrong");
    await dialog.getByRole("button", { name: "Replace", exact: true }).click();
    await dialog.getByText(/did not take them/).waitFor();
    await dialog.getByLabel("Password").fill(devices[3].password);
    await dialog.getByRole("button", { name: "Replace", exact: true }).click();
    await dialog.getByText(/^Replaced: it was/).waitFor();
    await page.screenshot({ path: join(out, "replaced-1440-dark.png") });
    await dialog.getByRole("button", { name: "Done" }).click();
    const from = new Date(Date.now() - 600e3).toISOString();
    /** @param {string} part */
    const ask = part => page.evaluate(async url => (await fetch(url)).json(), `/api/v1/cameras/till/${part}?from=${from}&to=${new Date().toISOString()}`);
    must((await ask("events")).some((/** @type {any} */ e) => e.kind === "camera-replaced"), "the timeline does not say so");
    await until(page, `(async () => { const s = await (await fetch("/api/v1/cameras/till/spans?from=${from}&to=" + new Date().toISOString())).json(); return s.filter(x => x.kind === "recorded").length >= 2 && s.at(-1).kind === "recorded"; })()`);
    await side.getByRole("button", { name: "Remove" }).click();
    const remove = page.getByRole("dialog", { name: "Remove Till?" });
    must(await remove.getByRole("button", { name: "Remove" }).isDisabled(), "it can be removed without its name");
    await remove.getByLabel("Type Till to confirm").fill("Till");
    await remove.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("row", { name: /^Till / }).waitFor({ state: "detached" });
  });

  await test("cameras are placed on a floor plan, turned, and shown live by one press; what happens there shows", async () => {
    const picture = join(scratch(), "plan.png");
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=white:size=1600x1000:d=1,drawbox=40:40:1520:920:black:6,drawbox=40:40:600:500:black:6,drawbox=640:40:920:360:black:6", "-frames:v", "1", picture]);
    await page.goto(shop.base + "/map");
    await page.getByText("No plan yet").waitFor();
    await page.getByRole("button", { name: "Add a plan" }).last().click();
    const dialog = page.getByRole("dialog", { name: "Add a plan" });
    await dialog.getByLabel("Name").fill("Ground floor");
    await dialog.getByLabel("Picture").setInputFiles(picture);
    await dialog.getByRole("button", { name: "Add a plan" }).click();
    await page.getByRole("button", { name: "Place Ramp" }).click();
    const mark = page.getByRole("button", { name: /^Ramp:/ });
    await mark.focus();
    for (const k of ["ArrowLeft", "ArrowLeft", "ArrowLeft", "]", "]", "+"]) await page.keyboard.press(k);
    /** @returns {Promise<any>} */
    const placed = () => page.evaluate(async () => (await (await fetch("/api/v1/plans")).json())[0].cameras.find((/** @type {any} */ c) => c.camera === "dock-02"));
    await until(page, "(async () => { const c = (await (await fetch('/api/v1/plans')).json())[0].cameras[0]; return Math.abs(c.x - 0.485) < 1e-6 && c.direction === 10 && c.view === 75; })()");
    const before = await placed(), box = /** @type {{x:number,y:number,width:number,height:number}} */ (await page.locator(".is-picked .plan-mark").boundingBox());
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 160, box.y - 60, { steps: 6 });
    await page.mouse.up();
    await until(page, `(async () => { const c = (await (await fetch('/api/v1/plans')).json())[0].cameras[0]; return c.x > ${before.x + 0.05} && c.y < ${before.y}; })()`);
    await page.screenshot({ path: join(out, "map-edit-1440-dark.png") });
    await page.getByRole("button", { name: "Done" }).click();
    await mark.click();
    await moving(page, ".map-picture video");
    await page.evaluate(async () => { const s = await (await fetch("/api/v1/session")).json(); await fetch("/api/v1/cameras/dock-02/events", { method: "POST", headers: { "X-CSRF-Token": s.csrf, "Content-Type": "application/json" }, body: JSON.stringify({ kind: "motion" }) }); });
    await page.getByRole("button", { name: "Ramp: motion" }).waitFor();
    await page.screenshot({ path: join(out, "map-1440-dark.png") });
    // One that stands beside it: neither name covers the other, nor a mark.
    await page.evaluate(async () => {
      const { csrf } = await (await fetch("/api/v1/session")).json(), [plan] = await (await fetch("/api/v1/plans")).json(), at = plan.cameras[0], other = (await (await fetch("/api/v1/cameras")).json()).find((/** @type {any} */ c) => c.id !== at.camera);
      await fetch(`/api/v1/plans/${plan.id}/cameras/${other.id}`, { method: "PUT", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" }, body: JSON.stringify({ ...at, camera: undefined, x: at.x + 0.03 }) });
    });
    await page.reload();
    await until(page, "document.querySelectorAll('.plan-name').length === 2");
    must(await page.evaluate(() => {
      const box = (/** @type {Element} */ e) => e.getBoundingClientRect(), names = [...document.querySelectorAll(".plan-name")].map(box), marks = [...document.querySelectorAll(".plan-mark")].map(box);
      const over = (/** @type {DOMRect} */ a, /** @type {DOMRect} */ b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      return !over(names[0], names[1]) && !names.some((n, i) => over(n, marks[1 - i]));
    }), "a name covers another, or a mark");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(out, "map-390-dark.png") });
    must(await page.evaluate("document.documentElement.scrollWidth <= 390"), "on a phone the map is wider than the screen");
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await test("health says what is missing and what to do, and the planner what footage takes", async () => {
    await street.end(); // every camera but one is gone
    await page.goto(shop.base + "/storage/health");
    const row = page.getByRole("row", { name: /^Ramp/ });
    await row.getByText("Offline").waitFor();
    await row.getByText(/[1-9]\d* gaps?/).waitFor();
    await row.getByRole("img", { name: /missing in/ }).waitFor();
    await page.screenshot({ path: join(out, "health-1440-dark.png") });
    await row.click();
    const side = page.getByRole("complementary", { name: "Health of cameras" });
    await side.getByRole("heading", { name: "Why it is missing" }).waitFor();
    await side.getByRole("link", { name: /^Show it on the timeline/ }).first().waitFor();
    await page.screenshot({ path: join(out, "health-open-1440-dark.png") });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(out, "health-390-dark.png") });
    must(await page.evaluate("document.documentElement.scrollWidth <= 390"), "on a phone the page is wider than the screen");
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole("link", { name: "Planner" }).click();
    const days = page.getByLabel("Keep for (days)");
    await page.getByText(/have room for/).waitFor();
    await days.fill("3650");
    await page.getByLabel("Further cameras").fill("1000");
    await page.getByLabel("Each of them (kbit/s)").fill("100000");
    await page.getByText(/ are lacking$/).waitFor();
    await page.screenshot({ path: join(out, "planner-1440-dark.png") });
    await days.fill("0");
    await page.getByText(/It is a number between/).waitFor();
  });

  await test("the camera pages asked nobody else", async () => must(b.faults.length === 0, b.faults.join("\n")));
  await b.browser.close();
  await shop.end();
}
