// A gateway that is reached over HTTPS with cameras that make trouble: B-frames, H.265, one that is away, a volume that goes, a gateway that
// ends. A chain: each test goes on from the one before.
import { execFileSync } from "node:child_process";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { moving, open, until } from "./browser.js";
import { serve } from "./gateway.js";
import { clip, street, streets } from "./streets.js";

/** @param {import("./scene.js").Scene} s */
export async function awkward({ out, test, must, clean }) {
  const { b264, h265, h264 } = await streets("b264", "h265", "h264");
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
    const again = await street(clip("b264"), ["-listen", port]);
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
    await s.page.goto(secure + "/live");
    const unkept = "[...document.querySelectorAll('.tile.unkept .tile-event:not([hidden])')].filter(e => /Not recorded/.test(e.textContent)).length";
    await until(s.page, unkept + " > 0"); // by the pictures, which go on
    renameSync(volume + "-away", volume);
    await until(s.page, unkept + " === 0", 60000);
    await s.page.goto(secure + "/cameras");
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
  for (const p of [h265, h264]) p.child.kill("SIGKILL");
}
