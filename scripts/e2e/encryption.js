// The encryption page, from the first start of a gateway to the day when its root key is lost.
import { execFileSync } from "node:child_process";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { open, until } from "./browser.js";
import { serve } from "./gateway.js";
import { streets } from "./streets.js";

const password = "green horses eat late";

/** @param {import("./scene.js").Scene} s */
export async function encryption({ out, test, must }) {
  const { h264 } = await streets("h264"), url = h264.url;
  const yaml = (/** @type {string} */ port) => `listen: 127.0.0.1:${port}\nwebrtc: {udp: ":0", tcp: ":0"}\ncameras: [{id: door, name: Door, rtsp: "${url}"}]\n`;
  let gw = await serve(yaml("0"));
  const b = await open({ base: gw.base }), page = b.page;
  const keys = (/** @type {string[]} */ ...args) => execFileSync(process.env.HOLDFAST_BIN || "holdfast", ["keys", args[0], "--data", gw.data, ...args.slice(1)], { stdio: ["ignore", "pipe", "pipe"] }).toString();
  const recovery = () => (/\b(?:[0-9A-Z]{4}-){13}[0-9A-Z]{4}\b/.exec(keys("recovery")) || [keys("recovery")])[0];
  const alarm = page.locator(".alarms"), field = page.getByLabel("Recovery key"), confirm = page.getByRole("button", { name: "Confirm" });
  /** @param {string} text */
  const says = text => page.getByText(text).first().waitFor();
  const nag = page.locator(".nag");
  let first = "";

  await test("the recovery key is asked for, and confirming it ends the alarm", async () => {
    await page.goto(gw.link);
    await page.getByLabel("User name").fill("owner");
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Keep the recovery key" }).waitFor();
    await page.screenshot({ path: join(out, "setup-recovery-key.png") });
    await field.fill(keys("recovery").trim().replace(/^./, c => c === "0" ? "1" : "0"));
    await confirm.click();
    await says("14 groups of four letters and digits: compare");
    await page.getByRole("button", { name: "Later" }).click();
    await page.waitForSelector(".tile");
    for (const path of ["/live", "/timeline/door", "/cameras", "/storage"]) {
      await page.goto(gw.base + path);
      await nag.getByText("Nobody has confirmed the recovery key").waitFor();
    }
    await page.screenshot({ path: join(out, "recovery-key-nag-1440-dark.png") });
    await nag.getByRole("link", { name: "Confirm it" }).click();
    await until(page, "location.pathname === '/storage/encryption'");
    await until(page, "document.querySelector('.nag').hidden");
    await alarm.getByText("Nobody has confirmed the recovery key").waitFor();
    await page.screenshot({ path: join(out, "encryption-unconfirmed-1440-dark.png") });
    await field.fill("AAAA-BBBB");
    await confirm.click();
    await says("14 groups of four letters and digits: compare");
    first = recovery();
    await field.fill(first.toLowerCase().replaceAll("-", " "));
    await confirm.click();
    await says("Confirmed. Keep it where you can find it");
    await alarm.getByText("No alarms.").waitFor();
    await page.screenshot({ path: join(out, "encryption-1440-dark.png") });
    await page.goto(gw.base + "/live");
    await page.waitForSelector(".tile");
    await until(page, "document.querySelector('.health-words').textContent && document.querySelector('.nag').hidden");
    await page.goto(gw.base + "/storage/encryption");
  });

  await test("the root key is changed: the former recovery key is refused, and the new one confirmed", async () => {
    await page.getByRole("button", { name: "Change the root key" }).click();
    const dialog = page.getByRole("dialog", { name: "Change the root key?" });
    await dialog.getByText("opens nothing any more").waitFor();
    await dialog.getByRole("button", { name: "Change the root key" }).click();
    await field.fill(first);
    await confirm.click();
    await says("That is the recovery key of another keyring");
    await alarm.getByText("Nobody has confirmed the recovery key").waitFor();
    await field.fill(recovery());
    await confirm.click();
    await alarm.getByText("No alarms.").waitFor();
  });

  await test("what a lost root key sealed is said to be locked, people among it, and opens with its recovery key", async () => {
    const lost = recovery(), since = new Date(Date.now() - 3000).toISOString();
    const spans = `(async () => (await (await fetch("/api/v1/cameras/door/spans?from=${since}&to=" + new Date().toISOString())).json()).find(s => s.kind === "recorded" && Date.parse(s.end) - Date.parse(s.start) > 2000))()`;
    await until(page, `${spans}.then(s => !!s)`);
    const recorded = Date.parse((await page.evaluate(spans)).start); // not before: nothing may have been recorded yet then
    const video = () => page.evaluate(async ([from, to]) => {
      const r = await fetch(`/api/v1/cameras/door/video.mp4?from=${from}&to=${to}`);
      await r.arrayBuffer();
      return r.status;
    }, [new Date(recorded).toISOString(), new Date(recorded + 2000).toISOString()]);
    const before = await video();
    must(before === 200, `it does not play before: status ${before}`);
    await gw.end();
    renameSync(join(gw.data, "root.key"), join(gw.data, "root.key.lost"));
    gw = await gw.again(yaml(new URL(gw.base).port));
    await page.reload();
    await page.getByLabel("User name").waitFor(); // nobody can sign in: what is kept of people is sealed under the lost key
    await page.getByLabel("User name").fill("owner");
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await until(page, "document.querySelector('.form-error').textContent");
    /** What of the command is said to be wrong. @param {string[]} args */
    const refused = (...args) => { try { keys(...args); return ""; } catch (e) { return String(/** @type {any} */ (e).stdout) + /** @type {any} */ (e).stderr; } };
    must(/LOCKED +what is kept of cameras and people/.test(refused("status")) && /LOCKED +keyring/.test(refused("status")), `holdfast keys status says ${refused("status")}`);
    must(/another keyring/.test(refused("unlock", first)), `another recovery key: ${refused("unlock", first)}`);
    keys("unlock", lost);
    must(refused("status") === "", "it is still locked");
    await page.goto(gw.base + "/storage/encryption"); // the session is good again
    await until(page, "document.querySelector('.alarms') && !/not here/.test(document.querySelector('.alarms').textContent)");
    must(await video() === 200, "opened footage does not play");
  });
  await test("no request of the encryption page left the gateway, no script complained", async () => must(b.faults.length === 0, b.faults.join("\n")));
  await b.browser.close();
  await gw.end();
  h264.child.kill("SIGKILL");
}
