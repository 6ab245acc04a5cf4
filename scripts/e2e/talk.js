// Speaking through a camera that we did not write: what the browser's microphone hears comes out of it, until the right is gone.
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { open, until } from "./browser.js";
import { run, scratch, serve } from "./gateway.js";

const speaker = new URL("../../rtsp/rtsptest/gstspeaker.py", import.meta.url).pathname;

/** @param {import("./scene.js").Scene} s */
export async function talk({ out, test, must }) {
  await test("somebody speaks through a camera, is heard there, and ceases when the right is gone", async () => {
    const file = join(scratch(), "heard");
    const camera = await run("env", [`SPEAKER=${JSON.stringify({ codec: "PCMA", file })}`, "/usr/bin/python3", speaker], /^(\d+)$/);
    const gw = await serve(`listen: 127.0.0.1:0\nwebrtc: {udp: ":0", tcp: ":0"}\ncameras:\n  - {id: gate, name: Gate, rtsp: "rtsp://127.0.0.1:${camera.match[1]}/stream"}\n`);
    const b = await open({ base: gw.base, flags: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] }), page = b.page;
    const size = () => { try { return statSync(file).size; } catch { return 0; } };
    /** @param {number} n @param {string} what */
    const heard = async (n, what) => { for (const end = Date.now() + 40000; size() < n; await new Promise(ok => setTimeout(ok, 50))) must(Date.now() < end, `${what}: ${size()} of ${n} bytes were heard\n${gw.lines.slice(-8).join("\n")}`); };
    await page.goto(gw.link);
    await page.getByLabel("User name").fill("owner");
    await page.getByLabel("Password").fill("green horses eat late");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Later" }).click(); // the recovery key
    await page.goto(gw.base + "/live/gate");
    await page.waitForSelector(".tile.large.playing");

    // A key that is held: nothing is heard once it is let go of.
    const key = page.getByRole("button", { name: /^Talk/ }), box = /** @type {{x:number,y:number,width:number,height:number}} */ (await key.boundingBox());
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.getByRole("button", { name: /^Speaking \d/ }).waitFor();
    await heard(8000, "held"); // a second
    await page.screenshot({ path: join(out, "talk-1440-dark.png") });
    await page.mouse.up();
    await until(page, "/^Talk/.test(document.querySelector('.talk-button').textContent)");
    const said = readFileSync(file);
    must(new Set(said).size > 8, "only silence was heard");
    await until(page, "fetch('/api/v1/cameras/gate').then(r => r.json()).then(c => c.talker === null)");

    // A short press keeps it on, until the right is gone: the session is ended from elsewhere.
    rmSync(file); // each connection to the loudspeaker writes its own
    await page.locator(".tile.large").focus();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: /^Speaking \d/ }).waitFor();
    await heard(8000, "kept on");
    const began = Date.now();
    await page.evaluate(async () => { const { csrf } = await (await fetch("/api/v1/session")).json(); await fetch("/api/v1/session", { method: "DELETE", headers: { "X-CSRF-Token": csrf } }); });
    let last = -1, quiet = Date.now();
    for (; Date.now() - quiet < 1000; await new Promise(ok => setTimeout(ok, 50))) {
      if (size() !== last) { last = size(); quiet = Date.now(); }
      must(Date.now() - began < 20000, "it is heard on");
    }
    must(quiet - began < 2000, `it was heard for ${quiet - began} ms after the right was gone`);
    must(b.faults.length === 0, b.faults.join("\n"));
    await b.browser.close();
    await gw.end();
    camera.child.kill("SIGKILL");
    return { heard: said.length, after: quiet - began };
  });
}
