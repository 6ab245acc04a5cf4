// Exports and time: one that the gateway was killed in goes on when it starts again, one that is too old goes, and the page says both.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { open, recorded, until } from "./browser.js";
import { scratch, serve } from "./gateway.js";
import { streets } from "./streets.js";

const bin = process.env.HOLDFAST_BIN || "holdfast", lapse = process.env.LAPSE_BIN || "lapse";

/** @param {import("./scene.js").Scene} s */
export async function restarted({ out, test, must, clean }) {
  const { h264 } = await streets("h264");
  const yaml = (/** @type {string} */ port) => `listen: 127.0.0.1:${port}\nwebrtc: {udp: ":0", tcp: ":0"}\ncameras:\n  - {id: door, name: Door, rtsp: "${h264.url}", transport: tcp}\n`;
  let gw = await serve(yaml("0"));
  const base = gw.base, port = new URL(base).port, b = await open({ base }), page = b.page;
  let id = "";
  await page.goto(gw.link);
  await page.getByLabel("User name").fill("owner");
  await page.getByLabel("Password").fill("green horses eat late");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Later" }).click(); // the recovery key
  await page.goto(base + "/me"); // no pictures that nobody looks at

  /** What the gateway tells of the export; null while it does not answer. @returns {Promise<any>} */
  const told = () => page.evaluate(id => fetch(`/api/v1/exports/${id}`).then(r => r.ok ? r.json() : null, () => null), id);
  /** The shown row of the export in the list. */
  const row = page.getByRole("row", { name: /Case 31/ });

  await test("an export that the gateway is killed in goes on behind its last whole clip, and its package is sound", async () => {
    const begin = await recorded(page, ["door"], 12), at = (/** @type {number} */ s) => new Date(begin + s * 1000).toISOString();
    // Drawn anew each clip takes a while, and the last of them is not begun when the first is whole.
    const clips = Array.from({ length: 8 }, (_, i) => ({ camera: "door", from: at(i), to: at(i + 4) }));
    const answer = await page.evaluate(async clips => {
      const { csrf } = await (await fetch("/api/v1/session")).json();
      const r = await fetch("/api/v1/exports", { method: "POST", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" }, body: JSON.stringify({ title: "Case 31", reason: "Theft", recipient: "Police", form: "redacted", burn_time: true, clips }) });
      return await r.json();
    }, clips);
    id = answer.id || "";
    must(id, JSON.stringify(answer));
    await page.goto(`${base}/exports/${id}`);
    await page.getByRole("progressbar").first().waitFor();
    for (const end = Date.now() + 60e3; ;) {
      const x = await told();
      must(x && ["waiting", "running"].includes(x.state), `it ended before anything could come between: ${JSON.stringify(x)}`);
      if (x.parts > 0) break;
      must(Date.now() < end, "no clip became whole");
    }
    const first = join(gw.data, "exports", id, "f000001"), made = statSync(first).mtimeMs;
    const over = new Promise(ok => gw.child.on("exit", ok));
    gw.child.kill("SIGKILL");
    await over;
    await page.locator(".lost:not([hidden])").waitFor();
    await page.screenshot({ path: join(out, "export-killed.png") });
    gw = await gw.again(yaml(port));
    // The page that was open sees it to its end by itself.
    await row.getByText("Ready", { exact: true }).waitFor({ timeout: 120e3 });
    await page.screenshot({ path: join(out, "export-resumed.png") });
    must(statSync(first).mtimeMs === made, "the first clip was made again");
    const link = page.getByRole("link", { name: "Download" });
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const dir = scratch(), zip = join(dir, "package.zip");
    await download.saveAs(zip);
    const said = await page.getByLabel("Fingerprint of the key that signed").inputValue();
    const r = spawnSync(bin, ["verify", "--json", "--key", said, zip], { encoding: "utf8" }), report = JSON.parse(r.stdout || "{}");
    must(r.status === 0 && report.signer_checked, r.stdout + r.stderr);
    execFileSync("unzip", ["-q", zip, "-d", dir]);
    const name = readdirSync(dir).find(n => n !== "package.zip") || "", files = readdirSync(join(dir, name, "clips"));
    must(files.length === clips.length, files.join(" "));
    for (const f of files) execFileSync("ffmpeg", ["-v", "error", "-xerror", "-i", join(dir, name, "clips", f), "-f", "null", "-"]);
  });

  await test("an export that is too old goes from the page that shows it, and both this page and its address say so", async () => {
    await page.goto(base + "/me");
    await page.locator("nav.rail").waitFor(); // all of the page is there before the gateway is not
    await gw.end();
    execFileSync(lapse, ["-data", gw.data, "-in", "30s"], { stdio: ["ignore", "ignore", "pipe"] }); // enough for a busy machine to start the gateway and show the page
    gw = await gw.again(yaml(port));
    await page.goto(`${base}/exports/${id}`);
    await page.getByText(/^It is kept here until/).waitFor();
    await page.getByText(/^“Case 31” was kept until .+ and is gone$/).waitFor({ timeout: 60e3 });
    await row.waitFor({ state: "detached" });
    must(await page.getByRole("link", { name: "Download" }).count() === 0, "it can be downloaded");
    await page.screenshot({ path: join(out, "export-expired.png") });
    must(await page.evaluate(id => fetch(`/api/v1/exports/${id}/package`).then(r => r.status), id) === 404, "its package is given out");
    must(readdirSync(join(gw.data, "exports")).length === 0, "its files are there");
    await page.reload();
    await page.getByText("This export is not here any more").waitFor();
    await until(page, `fetch("/api/v1/audit?action=export.remove").then(r => r.json()).then(l => JSON.stringify(l).includes("${id}") && JSON.stringify(l).includes("too-old"))`);
  });

  await test("no request of the exports page left the gateway, no script complained", async () => clean(b.faults));
  await b.browser.close();
  await gw.end();
  h264.child.kill("SIGKILL");
}
