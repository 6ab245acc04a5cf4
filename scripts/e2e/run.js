// The browser tests. Each is a function of its own; the last line of output is "N passed, N failed".
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, until, moving } from "./browser.js";
import { cameras } from "./cameras.js";
import { card } from "./card.js";
import { certificate } from "./certificate.js";
import { device } from "./device.js";
import { dialogs } from "./dialogs.js";
import { encryption } from "./encryption.js";
import { demo, serve, run, scratch } from "./gateway.js";
import { events } from "./events.js";
import { exports } from "./exports.js";
import { hands } from "./hands.js";
import { keeping } from "./keeping.js";
import { live } from "./live.js";
import { people } from "./people.js";
import { quality } from "./quality.js";
import { removed } from "./removed.js";
import { steering } from "./steering.js";
import { timeline } from "./timeline.js";
import { talk } from "./talk.js";
import { watching } from "./watching.js";

const out = new URL("./out/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const only = process.argv[2];
let passed = 0, failed = 0;

/** A test that takes so long hangs, ms: what is evaluated in a page has no limit of its own. */
const limit = 180e3;

/** @param {string} name @param {() => Promise<unknown>} f */
async function test(name, f) {
  if (only && !name.includes(only)) return;
  const begun = Date.now();
  try {
    let late;
    const said = await Promise.race([f(), new Promise((_, no) => { late = setTimeout(() => no(new Error(`not done after ${limit / 1000} s`)), limit); })]);
    clearTimeout(late);
    passed++;
    console.log(`ok   ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)${said ? ` ${JSON.stringify(said)}` : ""}`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${name}: ${/** @type {Error} */ (e).stack}`);
  }
}

/** @param {unknown} ok @param {string} what */
function must(ok, what) { if (!ok) throw new Error(what); }
/** @param {string[]} faults */
function clean(faults) { must(faults.length === 0, faults.join("\n")); }

const shop = await demo();
console.log(`demo is up after ${(shop.took / 1000).toFixed(1)} s`);
const b = await open({ base: shop.base });
const tiles = ".tile.playing video";

await test("one-time link signs in and leaves no trace in the address", async () => {
  await b.page.goto(shop.link);
  await until(b.page, "document.querySelectorAll('.tile').length === 3");
  must(!b.page.url().includes("once"), b.page.url());
});

await test("three live pictures move", async () => {
  await until(b.page, "document.querySelectorAll('.tile.playing video').length === 3");
  const seen = [];
  for (let i = 0; i < 3; i++) seen.push(await moving(b.page, tiles, i));
  await b.page.screenshot({ path: join(out, "live-1440-dark.png") });
  return seen;
});

await test("a link cannot be used twice", async () => {
  const other = await open({ base: shop.base });
  await other.page.goto(shop.link);
  await other.page.waitForSelector("form.sheet .form-error:not(:empty)");
  must((await other.page.textContent(".form-error"))?.includes("has been used"), "no explanation");
  await other.page.fill("#f-username", "demo");
  await other.page.fill("#f-password", "not the password");
  await other.page.click("button[type=submit]");
  await until(other.page, "document.querySelector('.form-error').textContent && !document.querySelector('.form-error').textContent.includes('has been used')");
  await other.page.screenshot({ path: join(out, "login.png") });
  clean(other.faults);
  await other.browser.close();
});

await test("keyboard opens a camera, full stream, and goes back", async () => {
  await b.page.keyboard.press("ArrowRight");
  await b.page.keyboard.press("1");
  await b.page.waitForSelector(".tile.large[data-stream=main]");
  const seen = await moving(b.page, ".tile.large video.now");
  must(/** @type {any} */ (seen).width > 600, `picture is ${/** @type {any} */ (seen).width} wide`);
  await b.page.click("[aria-label=Info]");
  await b.page.waitForSelector(".facts:not([hidden])");
  await b.page.screenshot({ path: join(out, "single-1440-dark.png") });
  await b.page.keyboard.press("Escape");
  await until(b.page, "document.querySelectorAll('.tile').length === 3");
  return seen;
});

await test("footage plays from the timeline after a click", async () => {
  await b.page.goto(shop.base + "/timeline/shop-floor");
  await b.page.waitForSelector("canvas.axis");
  await until(b.page, `(async () => { // twelve seconds of footage are enough to click into
    const now = Date.now();
    const res = await fetch("/api/v1/cameras/shop-floor/spans?from=" + new Date(now - 3600e3).toISOString() + "&to=" + new Date(now).toISOString());
    return (await res.json()).some(s => s.kind === "recorded" && Date.parse(s.end) - Date.parse(s.start) > 12000);
  })()`, 40000);
  const box = await b.page.locator("canvas.axis").boundingBox();
  must(box, "no axis");
  const r = /** @type {{x:number,y:number,width:number}} */ (box);
  await b.page.mouse.move(r.x + r.width * 0.65, r.y + 45);
  await b.page.mouse.wheel(0, -2600); // to about half a minute
  await b.page.mouse.click(r.x + r.width * 0.6, r.y + 45);
  await until(b.page, "document.querySelector('video.footage:not([hidden])')?.currentTime > 0.2");
  const seen = await moving(b.page, "video.footage:not([hidden])");
  await b.page.screenshot({ path: join(out, "timeline-1440-dark.png") });
  await b.page.keyboard.press("End");
  await b.page.waitForSelector(".live-button.on");
  return seen;
});

await test("Mark raises an event, which the timeline draws and names", async () => {
  await b.page.goto(shop.base + "/live/shop-floor");
  await b.page.waitForSelector(".tile.large.playing video");
  const began = Date.now();
  await b.page.click(".mark-button");
  await until(b.page, "/^Marked .*Footage: continuous/.test(document.querySelector('.single .says')?.textContent || '')");
  await b.page.screenshot({ path: join(out, "mark-1440-dark.png") });
  const all = await b.page.evaluate(async from => (await fetch("/api/v1/cameras/shop-floor/events?from=" + new Date(from).toISOString() + "&to=" + new Date().toISOString())).json(), began - 5000);
  const events = all.filter((/** @type {any} */ e) => e.kind === "mark"); // the camera reports motion now and then
  must(events.length === 1 && events[0].kind === "mark" && events[0].source === "viewer" && Math.abs(Date.parse(events[0].start) - began) < 10000, JSON.stringify(events));
  await b.page.goto(shop.base + "/timeline/shop-floor");
  await b.page.waitForSelector("canvas.axis");
  const box = /** @type {{x:number,y:number,width:number}} */ (await b.page.locator("canvas.axis").boundingBox());
  await b.page.mouse.move(box.x + box.width * 0.65, box.y + 45); // where now is
  await b.page.mouse.wheel(0, -2600); // to about half a minute
  for (let turn = 0; turn < 900; turn++) { // the events may be on their way
    await b.page.mouse.move(box.x + box.width * (0.67 - turn % 300 * 0.002), box.y + 45);
    const tip = await b.page.textContent(".tip:not([hidden])");
    if (tip?.includes("mark (viewer)")) { await b.page.screenshot({ path: join(out, "event-1440-dark.png") }); return tip; }
  }
  throw new Error("no place on the axis names the event: " + await b.page.textContent(".tip"));
});

await test("a range is picked by keyboard, locked, seen on the timeline and let go of", async () => {
  await b.page.goto(shop.base + "/timeline/shop-floor");
  await b.page.waitForSelector("canvas.axis");
  await b.page.locator("canvas.axis").focus();
  const playhead = async () => Number(await b.page.locator("canvas.axis").getAttribute("aria-valuenow"));
  await b.page.keyboard.press("ArrowLeft"); // ten seconds back
  await until(b.page, "document.querySelector('video.footage:not([hidden])')?.readyState > 2");
  await b.page.keyboard.press("i");
  const began = await playhead();
  await until(b.page, `Number(document.querySelector('canvas.axis').ariaValueNow) >= ${began + 4}`);
  await b.page.keyboard.press("o");
  await b.page.getByRole("group", { name: "Range" }).getByRole("button", { name: "Lock" }).click();
  const dialog = b.page.getByRole("dialog", { name: /^Lock .* of Shop floor/ });
  await dialog.getByLabel("Reason").fill("Police, case 12");
  await b.page.screenshot({ path: join(out, "lock-1440-dark.png") });
  await dialog.getByRole("button", { name: "Lock" }).click();
  await dialog.waitFor({ state: "detached" });
  await b.page.keyboard.press("ArrowLeft");
  const now = new Date();
  /** @type {any[]} */
  const held = await b.page.evaluate(async at => (await fetch(`/api/v1/locks?from=2000-01-01T00:00:00Z&to=${at}`)).json(), now.toISOString());
  must(held.length === 1 && held[0].owner === "demo" && held[0].reason === "Police, case 12", JSON.stringify(held));
  await b.page.goto(`${shop.base}/timeline/shop-floor?at=${new Date(Date.parse(held[0].from) + 1000).toISOString()}`);
  await b.page.locator("canvas.axis").focus();
  await b.page.keyboard.press(" "); // stay in the locked seconds
  await b.page.getByRole("button", { name: /^Locked until/ }).click();
  const shown = b.page.getByRole("dialog", { name: "Locked" });
  must((await shown.textContent())?.includes("Police, case 12"), "no reason");
  await b.page.screenshot({ path: join(out, "locked-1440-dark.png") });
  await shown.getByRole("button", { name: "End the lock" }).click();
  await shown.waitFor({ state: "detached" });
  must((await b.page.evaluate(async at => (await fetch(`/api/v1/locks?from=2000-01-01T00:00:00Z&to=${at}`)).json(), now.toISOString())).length === 0, "still locked");
});

await live({ page: b.page, context: b.context, browser: b.browser, base: shop.base, out, test, must });
await hands({ page: b.page, context: b.context, browser: b.browser, base: shop.base, out, test, must });
await steering({ page: b.page, context: b.context, browser: b.browser, base: shop.base, out, test, must });
await timeline({ page: b.page, base: shop.base, browser: b.browser, out, test, must });
await device(test, must, clean);
await card({ page: b.page, base: shop.base, data: shop.data, out, test, must });
await keeping({ page: b.page, base: shop.base, data: shop.data, out, test, must });
await exports({ page: b.page, base: shop.base, out, test, must });

const here = b.page;
/** @param {"button"|"link"|"row"|"radio"|"dialog"|"progressbar"} role @param {string|RegExp} name */
const by = (role, name) => here.getByRole(role, { name });

await test("a volume is added, emptied and removed", async () => {
  const second = scratch(), taken = scratch();
  writeFileSync(join(taken, "holiday.jpg"), "not ours");
  await here.goto(shop.base + "/storage");
  await by("button", "Add a volume").click();
  const dialog = by("dialog", "Add a volume");
  await dialog.getByLabel("Directory").fill(taken);
  await dialog.getByRole("button", { name: "Add a volume" }).click();
  await dialog.getByLabel(/Take it all the same/).waitFor(); // it has files: what that means is said, and the choice given
  must((await dialog.getByRole("alert").allTextContents()).join("").length > 20, "no reason for the refusal");
  await here.screenshot({ path: join(out, "volume-refused.png") });
  await dialog.getByLabel("Directory").fill(second);
  await dialog.getByRole("button", { name: "Add a volume" }).click();
  await by("row", new RegExp(second)).click();
  await by("button", "Empty it").click();
  await by("dialog", /^Empty /).getByRole("button", { name: "Empty it" }).click();
  await here.getByText("Nothing is left on it. It can be removed.").first().waitFor();
  await here.screenshot({ path: join(out, "volume-emptied.png") });
  await by("button", "Remove").click();
  await by("dialog", /^Remove /).getByRole("button", { name: "Remove" }).click();
  await by("row", new RegExp(second)).waitFor({ state: "detached" });
});

await test("the footage is checked, with its outcome in words", async () => {
  await by("link", "Check").click();
  await by("radio", /Every byte/).check();
  await by("button", "Start the check").click();
  await here.getByText(/All sound|Nothing wrong was found/).waitFor();
  await here.screenshot({ path: join(out, "check-1440-dark.png") });
  return here.locator(".ended").textContent();
});

await test("other pages", async () => {
  for (const [path, ready] of [["/cameras", "tbody tr"], ["/storage", "tbody tr"], ["/install-certificate", "#fingerprint"]]) {
    await b.page.goto(shop.base + path);
    await b.page.waitForSelector(ready);
    await b.page.screenshot({ path: join(out, `${path.slice(1)}-1440-dark.png`) });
  }
  await b.page.goto(shop.base + "/cameras?find");
  await b.page.waitForSelector(".found li", { timeout: 15000 });
  await b.page.screenshot({ path: join(out, "discover-1440-dark.png") });
});

await test("a search lists cameras while it goes on, marks those that are there already, and can be stopped", async () => {
  const says = "document.querySelector('.scan [role=status]').textContent";
  await b.page.goto(shop.base + "/cameras?find");
  await until(b.page, "document.querySelectorAll('.found li').length === 3");
  must(await b.page.$$eval(".found li", list => list.every(l => l.textContent?.includes("Added"))), "one of the demo's cameras is not marked as added");
  await b.page.fill("input[name=ranges]", "127.0.0.1, 127.0.9.1-200");
  await b.page.click(".ways form button");
  await b.page.waitForSelector(".found li");
  must(await b.page.evaluate(says) === "", "it was over before it listed anything");
  await b.page.click(".scan button:has-text('Stop')");
  await until(b.page, says + ".startsWith('Stopped')");
  await b.page.fill("input[name=ranges]", "198.51.100.0/24");
  await b.page.click(".ways form button");
  await until(b.page, "document.querySelector('.ways form').textContent.includes('outside the premises')");
});

await test("phone, wall and light", async () => {
  const cookies = await b.context.cookies();
  const kinds = /** @type {[string, [number, number], "dark"|"light"][]} */ ([["390-dark", [390, 844], "dark"], ["390-light", [390, 844], "light"], ["1440-light", [1440, 900], "light"], ["3840-dark", [3840, 2160], "dark"]]);
  await Promise.all(kinds.map(async ([name, size, scheme]) => {
    const v = await open({ base: shop.base, size, scheme });
    await v.context.addCookies(cookies);
    for (const [path, ready] of [["/live", ".tile.playing video"], ["/timeline/gate", "canvas.axis"], ["/cameras", "tbody tr"], ["/storage/kept", "tbody tr"]]) {
      await v.page.goto(shop.base + path);
      await v.page.waitForSelector(ready);
      await v.page.waitForLoadState("networkidle").catch(() => {});
      await v.page.screenshot({ path: join(out, `${path.slice(1).replaceAll("/", "-")}-${name}.png`) });
    }
    clean(v.faults);
    await v.browser.close();
  }));
});

/** A context in which an administrator is signed in. @param {import("playwright-core").BrowserContextOptions} o */
async function make(o) {
  const context = await b.browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", timezoneId: "Europe/Berlin", ...o });
  if (!o.storageState) await context.addCookies(await b.context.cookies());
  return context;
}
await events({ base: shop.base, browser: b.browser, context: await make({}), test, must });
await quality({ base: shop.base, test, must, make });
await dialogs({ base: shop.base, test, must, make });

await test("no request left the gateway, no script complained", async () => clean(b.faults));

await test("signing out ends the pictures and the session", async () => {
  await b.page.goto(shop.base + "/live");
  await b.page.waitForSelector(".tile.playing video");
  await b.page.click(".rail-link.out");
  await b.page.waitForSelector("form.sheet");
  const res = await b.page.request.get(shop.base + "/api/v1/cameras");
  must(res.status() === 401, `still ${res.status()}`);
});
await b.browser.close();
await cameras({ out, test, must });
await removed({ out, test, must });

/** @param {string} codec @param {string[]} more */
function clip(codec, more) {
  const file = join(scratch(), "clip.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=8", "-c:v", codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-video_track_timescale", "90000", ...more, file]);
  return file;
}
/** @param {string} file */
async function street(file) {
  const p = await run(process.env.STREET_BIN || "street", ["-clip", file], /rtsp:\/\/[^"]+/);
  return { ...p, url: p.match[0] };
}

const b264 = await street(clip("libx264", ["-bf", "3"]));
const h265 = await street(clip("libx265", ["-tag:v", "hvc1", "-x265-params", "log-level=none:keyint=50:pools=1"]));
const h264 = await street(clip("libx264", ["-bf", "0"]));
await encryption({ url: h264.url, out, test, must });
await certificate({ out, test, must });
await people({ url: h264.url, out, test, must });
await talk({ out, test, must });
await watching({ streets: { h264: h264.url, h265: h265.url, b264: b264.url }, out, test, must });

const odd = await serve(`listen: 0.0.0.0:0
names: [localhost]
webrtc: {udp: ":0", tcp: ":0"}
cameras:
  - id: bframes
    name: With B-frames
    rtsp: ${b264.url}
  - id: hevc
    name: H.265 main
    rtsp: ${h265.url}
    streams: [{id: main, rtsp: "${h265.url}"}, {id: sub, rtsp: "${h264.url}"}]
  - id: gone
    name: Loading bay
    rtsp: rtsp://127.0.0.1:9/none
`);

/**
 * The pin of the certificate that the gateway presents, after openssl has verified it for the address against the
 * gateway's authority: the browser is then told to trust this key and no other.
 * @param {string} host @param {string} port
 */
function pin(host, port) {
  const name = /^[\d.]+$/.test(host) ? ["-verify_ip", host] : ["-verify_hostname", host];
  const leaf = execFileSync("openssl", ["s_client", "-connect", `${host}:${port}`, "-CAfile", odd.endpoint.ca, "-verify_return_error", "-x509_strict", ...name], { input: "", stdio: ["pipe", "pipe", "ignore"] });
  const key = execFileSync("openssl", ["x509", "-pubkey", "-noout"], { input: leaf });
  const der = execFileSync("openssl", ["pkey", "-pubin", "-outform", "der"], { input: key });
  return execFileSync("openssl", ["dgst", "-sha256", "-binary"], { input: der }).toString("base64");
}
const address = address4();
/** An address of this machine that is not loopback, or localhost over HTTPS where there is none. */
function address4() {
  for (const line of execFileSync("ip", ["-4", "-o", "addr", "show", "scope", "global"]).toString().split("\n")) {
    const m = /inet ([\d.]+)/.exec(line);
    if (m) return m[1];
  }
  return "localhost";
}
const secure = odd.base.replace(/\/\/[^:]+/, `//${address}`);
const s = await open({ base: secure, ignoreSPKI: pin(address, new URL(secure).port) });

await test(`set-up over HTTPS at ${address}`, async () => {
  must(secure.startsWith("https:"), secure);
  await s.page.goto(odd.link.replace(/\/\/[^:]+/, `//${address}`));
  await s.page.waitForSelector("#f-username");
  await s.page.fill("#f-username", "owner");
  await s.page.fill("#f-password", "short");
  await s.page.click("button[type=submit]");
  await until(s.page, "[...document.querySelectorAll('.field-error, .form-error')].some(e => e.textContent)");
  await s.page.fill("#f-password", "green horses eat late");
  await s.page.click("button[type=submit]");
  await s.page.getByRole("button", { name: "Later" }).click(); // the recovery key is asked for: encryption.js
  await until(s.page, "document.querySelectorAll('.tile').length === 3");
});

await test("a stream with B-frames plays over Media Source Extensions", async () => {
  await s.page.goto(secure + "/live/bframes");
  await s.page.waitForSelector(".tile.large.playing video");
  const seen = await moving(s.page, ".tile.large.playing video");
  await s.page.click("[aria-label=Info]");
  await until(s.page, "document.querySelector('.facts').textContent.includes('MSE')");
  return seen;
});

await test("H.265 falls back to the H.264 stream and says so", async () => {
  await s.page.goto(secure + "/live/hevc");
  await s.page.waitForSelector(".tile.large.playing video");
  const seen = await moving(s.page, ".tile.large.playing video");
  must((await s.page.textContent(".tile.large .tile-note"))?.includes("H.265"), "no line about it");
  await s.page.screenshot({ path: join(out, "h265.png") });
  return seen;
});

await test("a camera that goes away leaves a placeholder with its cause, and comes back", async () => {
  await s.page.goto(secure + "/live");
  await until(s.page, "document.querySelectorAll('.tile.playing').length === 2");
  const port = new URL(b264.url.replace("rtsp:", "http:")).host;
  b264.child.kill("SIGKILL");
  await until(s.page, "[...document.querySelectorAll('.tile:not(.playing) .tile-why')].filter(e => e.previousElementSibling.textContent === 'Offline' && /^since [\\d:]+.*retrying/.test(e.textContent)).length === 2");
  must(await s.page.evaluate("[...document.querySelectorAll('.tile:not(.playing) video')].every(v => getComputedStyle(v).visibility === 'hidden')"), "a frozen picture is shown");
  await s.page.screenshot({ path: join(out, "offline.png") });
  const again = await run(process.env.STREET_BIN || "street", ["-clip", clip("libx264", ["-bf", "3"]), "-listen", port], /rtsp:\/\/[^"]+/);
  await until(s.page, "document.querySelectorAll('.tile.playing').length === 2");
  again.child.kill("SIGKILL");
});

await test("a gap is on the timeline with its cause", async () => {
  const now = Date.now();
  const spans = await askOdd(`/api/v1/cameras/bframes/spans?from=${new Date(now - 600e3).toISOString()}&to=${new Date(now).toISOString()}`);
  must(spans.some((/** @type {any} */ x) => x.kind === "gap" && x.cause === "camera offline"), JSON.stringify(spans));
  await s.page.goto(secure + "/timeline/bframes");
  await s.page.waitForSelector("canvas.axis");
  await until(s.page, "/^Offline\\s*since [\\d:]+/.test(document.querySelector('.played-cover:not([hidden])')?.textContent || '')"); // the live picture there is none of
  await until(s.page, "document.querySelector('canvas.axis').clientHeight > 100"); // three lanes
  const box = /** @type {{x:number,y:number,width:number}} */ (await s.page.locator("canvas.axis").boundingBox());
  await s.page.mouse.move(box.x + box.width * 0.65, box.y + 45);
  await s.page.mouse.wheel(0, -1800);
  for (let turn = 0; turn < 600; turn++) { // the spans may be on their way: until then what the coarser axis knew is there, "something is missing"
    if (turn % 120 === 119) await s.page.mouse.wheel(0, -200);
    const px = box.width * (0.69 - turn % 60 * 0.003);
    await s.page.mouse.move(box.x + px, box.y + 45);
    const tip = await s.page.textContent(".tip:not([hidden])");
    if (tip && /No footage for .+: camera offline/.test(tip)) {
      await s.page.screenshot({ path: join(out, "gap.png") });
      return tip;
    }
  }
  await s.page.screenshot({ path: join(out, "gap.png") });
  throw new Error("no place on the axis names the gap: " + await s.page.textContent(".tip"));
});

await test("a volume that is gone is said on every page, and recording comes back", async () => {
  await s.page.goto(secure + "/storage");
  await s.page.waitForSelector("tbody tr");
  const volume = join(odd.data, "..", "volume");
  renameSync(volume, volume + "-away");
  await s.page.waitForSelector(".alarms article.bad");
  await until(s.page, "/missing/.test(document.querySelector('.alarms').textContent)");
  await until(s.page, "/at risk/.test(document.querySelector('.health').textContent)");
  await s.page.screenshot({ path: join(out, "volume-missing.png") });
  await s.page.goto(secure + "/cameras");
  await until(s.page, "/Cannot be written/.test(document.body.textContent)");
  renameSync(volume + "-away", volume);
  await until(s.page, "!/Cannot be written/.test(document.body.textContent)");
});

await test("the page says when the gateway is gone", async () => {
  await s.page.goto(secure + "/live");
  await until(s.page, "document.querySelectorAll('.tile').length === 3");
  await odd.end();
  await s.page.waitForSelector(".lost:not([hidden])");
  await s.page.screenshot({ path: join(out, "lost.png") });
  clean(s.faults);
});

/** Asks through the page: its connection knows the certificate. @param {string} path */
async function askOdd(path) { return s.page.evaluate(async p => (await fetch(p)).json(), path); }
await s.browser.close();
await shop.end();
for (const p of [b264, h265, h264]) p.child.kill("SIGKILL");
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
