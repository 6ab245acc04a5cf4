// Taking footage out in the viewer: ordered from the timeline, downloaded, and checked by strangers.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pickRange, recorded, until } from "./browser.js";
import { scratch } from "./gateway.js";

const bin = process.env.HOLDFAST_BIN || "holdfast";

/** @param {import("./scene.js").Scene} s */
export async function exports({ page, base, make, out, test, must }) {
  const range = page.getByRole("group", { name: "Range" });
  const order = page.getByRole("dialog", { name: "Export footage" });
  /** Goes to a camera's timeline, picks seconds that end some seconds ago, and presses Export. @param {string} camera @param {number} length @param {number} ago */
  async function pick(camera, length, ago) {
    await recorded(page, [camera], length + ago + 2);
    await pickRange(page, base, camera, length, ago);
    await range.getByRole("button", { name: "Export" }).click();
    await order.waitFor();
  }
  /** Downloads the export that is shown, unpacks it, and gives where. */
  async function fetched() {
    const link = page.getByRole("link", { name: "Download" });
    await link.waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const dir = scratch(), zip = join(dir, "package.zip");
    await download.saveAs(zip);
    execFileSync("unzip", ["-q", zip, "-d", dir]);
    const name = readdirSync(dir).find(n => n !== "package.zip") || "";
    return { zip, dir: join(dir, name) };
  }
  /** @param {string} path @param {string[]} more */
  function verified(path, more = []) {
    const r = spawnSync(bin, ["verify", "--json", ...more, path], { encoding: "utf8" });
    return { code: r.status, report: JSON.parse(r.stdout || "{}") };
  }

  await test("a case outlives a reload, and leaves no trace in other tabs nor once it is discarded", async () => {
    await pick("gate", 4, 3);
    await order.getByLabel("Reason").fill("Half a case");
    await order.getByLabel("Note").fill("Seen by Ann.");
    await page.goto(`${base}/exports`);
    await page.route("**/api/v1/session", r => r.abort("connectionreset")); // as a load does that the next one breaks off
    await page.reload();
    await page.getByText("The gateway does not answer.").waitFor();
    await page.unroute("**/api/v1/session");
    await page.reload();
    await page.getByRole("button", { name: "Go on with it" }).click();
    must(await order.getByLabel("Note").inputValue() === "Seen by Ann." && await order.getByLabel("Reason").inputValue() === "Half a case", "what was typed is gone");
    must(await order.locator(".order-clips li").count() === 1, "the clip is gone");
    const other = await page.context().newPage();
    await other.goto(`${base}/exports`);
    await other.getByRole("heading", { name: "Exports", level: 1 }).waitFor();
    must(await other.getByRole("button", { name: "Go on with it" }).count() === 0, "another tab has it");
    await other.close();
    await order.getByRole("button", { name: "Discard it" }).click();
    await order.waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("heading", { name: "Exports", level: 1 }).waitFor();
    must(await page.getByRole("button", { name: "Go on with it" }).count() === 0 && await page.evaluate("sessionStorage.length") === 0, "what was discarded is there");
  });

  await test("a range of two cameras is exported as recorded, downloaded, and found sound by strangers", async () => {
    await pick("gate", 4, 3);
    must(await order.getByRole("button", { name: "Export" }).isDisabled(), "it can be ordered without a reason");
    await order.getByLabel("The same time of other cameras").selectOption({ label: "Shop floor" });
    await order.getByLabel("Reason").fill("Theft at the gate");
    await order.getByLabel("Recipient").fill("Police, case 12");
    await order.getByLabel("Title").fill("Case 12");
    await order.getByLabel("Note").fill("Seen by Ann.");
    await order.getByRole("button", { name: "Look and pick stills" }).first().click();
    const look = page.getByRole("dialog", { name: "Pick stills of Gate" });
    await until(page, "document.querySelector('.look video').readyState >= 2");
    await look.getByRole("button", { name: "A second on" }).click();
    await look.getByRole("button", { name: "Take this picture" }).click();
    await look.getByText("1 still", { exact: true }).waitFor();
    await look.getByRole("button", { name: "Done" }).click();
    await page.screenshot({ path: join(out, "export-order-1440-dark.png") });
    await order.getByRole("button", { name: "Export" }).click();
    const got = await fetched();
    await page.screenshot({ path: join(out, "exports-1440-dark.png") });
    const said = await page.getByLabel("Fingerprint of the key that signed").inputValue();
    const sound = verified(got.dir, ["--key", said]);
    must(sound.code === 0 && sound.report.signer_checked && sound.report.fragments > 4, JSON.stringify(sound));
    must(verified(got.zip).code === 0, "the zip file is not sound");
    must(verified(got.dir, ["--key", said.replace(/[0-9a-f]/, c => c === "0" ? "1" : "0")]).code === 3, "another fingerprint is taken");
    execFileSync("sha256sum", ["-c", "--quiet", "SHA256SUMS"], { cwd: got.dir });
    execFileSync("minisign", ["-q", "-V", "-p", "minisign.pub", "-m", "manifest.json"], { cwd: got.dir });
    const clips = readdirSync(join(got.dir, "clips"));
    must(clips.length === 2 && readdirSync(join(got.dir, "stills")).length === 1, clips.join(" "));
    for (const c of clips) {
      const lasts = Number(execFileSync("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", join(got.dir, "clips", c)], { encoding: "utf8" }));
      must(lasts > 3.5 && lasts < 9, `${c} lasts ${lasts} s`);
    }
    // One byte of a clip is not what it was.
    const whole = join(got.dir, "clips", clips[0]), bytes = readFileSync(whole);
    writeFileSync(whole, Buffer.from(bytes).fill(bytes[bytes.length - 100] ^ 1, bytes.length - 100, bytes.length - 99));
    const altered = verified(got.dir);
    must(altered.code === 2 && JSON.stringify(altered.report).includes(clips[0]), JSON.stringify(altered));
    writeFileSync(whole, bytes);
    // The page of the package opens from a file and plays.
    const apart = await /** @type {import("playwright-core").Browser} */ (page.context().browser()).newContext(), other = await apart.newPage();
    await other.goto(`file://${join(got.dir, "index.html")}`);
    await other.evaluate(() => Promise.all([...document.querySelectorAll("video")].map(v => { v.muted = true; return v.play(); })));
    await until(other, "[...document.querySelectorAll('video')].every(v => v.currentTime > 0.5) && document.querySelector('img').naturalWidth > 100");
    await other.screenshot({ path: join(out, "package.png"), fullPage: true });
    await apart.close();
  });

  await test("an export that is being made shows how far it is, and is cancelled, on a phone", async () => {
    const phone = await make({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }), p = await phone.newPage();
    await p.goto(`${base}/me`);
    await recorded(p, ["shop-floor"], 25);
    await pickRange(p, base, "shop-floor", 20, 3);
    await p.getByRole("group", { name: "Range" }).getByRole("button", { name: "Export" }).tap();
    const dialog = p.getByRole("dialog", { name: "Export footage" });
    await dialog.getByLabel("Reason").fill("Ordered by mistake");
    await dialog.getByLabel("Recipient").fill("Nobody");
    await dialog.getByRole("radio", { name: /^Redacted/ }).check();
    await dialog.getByLabel("Write the time into the picture").check();
    await dialog.getByRole("button", { name: "Export" }).tap();
    await p.getByRole("progressbar").first().waitFor();
    must(await p.evaluate("document.documentElement.scrollWidth <= 390"), "the page is wider than the phone");
    await p.getByRole("button", { name: "Cancel the export" }).tap();
    await p.getByText("Cancelled", { exact: true }).locator("visible=true").first().waitFor();
    must(await p.getByRole("link", { name: "Download" }).count() === 0, "it can be downloaded");
    await phone.close();
  });

  await test("a range is exported redacted, with a mask that moves, and is removed", async () => {
    await pick("gate", 4, 3);
    await order.getByLabel("Reason").fill("Subject request 4");
    await order.getByLabel("Recipient").fill("Ms Doe");
    await order.getByRole("radio", { name: /^Redacted/ }).check();
    await order.getByLabel("Write the time into the picture").check();
    await order.getByRole("button", { name: "Look and cover" }).click();
    const look = page.getByRole("dialog", { name: "Cover areas of Gate" });
    await until(page, "document.querySelector('.look video').readyState >= 2");
    await look.getByRole("button", { name: "Add a mask" }).click();
    await look.getByLabel("It moves").check();
    await look.getByRole("button", { name: "A second on" }).click();
    const mask = look.getByRole("img", { name: "Mask 1" });
    /** @type {{x:number,y:number,width:number,height:number}|null} */
    let box = null;
    while (!box) box = await mask.boundingBox({ timeout: 40000 }); // masks are drawn anew while the picture is sought
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 120, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await mask.focus();
    await page.keyboard.press("ArrowDown");
    await look.getByRole("group", { name: "Where it is, when" }).getByRole("button", { name: /^Forget/ }).nth(1).waitFor();
    await page.screenshot({ path: join(out, "export-mask-1440-dark.png") });
    await look.getByRole("button", { name: "Done" }).click();
    await order.getByText("1 mask").waitFor();
    await order.getByRole("button", { name: "Export" }).click();
    const got = await fetched(), { code, report } = verified(got.dir);
    must(code === 0, JSON.stringify(report));
    const [clip] = readdirSync(join(got.dir, "clips"));
    execFileSync("ffmpeg", ["-v", "error", "-xerror", "-i", join(got.dir, "clips", clip), "-f", "null", "-"]);
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog", { name: /^Remove the export/ }).getByRole("button", { name: "Remove" }).click();
    await page.getByRole("row", { name: /Subject request 4/ }).waitFor({ state: "detached" });
  });
}
