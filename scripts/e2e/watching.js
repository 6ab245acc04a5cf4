// One live picture: by which way it comes and why, how another is chosen, and its figures.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { open, until } from "./browser.js";
import { scratch, serve } from "./gateway.js";
import { street, streets } from "./streets.js";

/** @param {import("./scene.js").Scene} s */
export async function watching({ out, test, must }) {
  const { h264, h265, b264 } = await streets("h264", "h265", "b264");
  const clip = join(scratch(), "sound.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=4", "-f", "lavfi", "-i", "sine=frequency=440:duration=4", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-pix_fmt", "yuv420p", "-g", "50",
    "-video_track_timescale", "90000", "-c:a", "aac", "-shortest", clip]);
  const aac = await street(clip);
  const g = await serve(`listen: 127.0.0.1:0
webrtc: {udp: "127.0.0.1:0", tcp: "127.0.0.1:0"}
live: {transcode: {allow: true}}
cameras:
  - {id: plain, name: Plain, rtsp: "${h264.url}"}
  - {id: bframes, name: With B-frames, rtsp: "${b264.url}"}
  - id: hevc
    name: H.265 main
    rtsp: ${h265.url}
    streams: [{id: main, rtsp: "${h265.url}"}, {id: sub, rtsp: "${h264.url}"}]
  - {id: sound, name: With AAC, rtsp: "${aac.url}", audio: true}
  - {id: only, name: H.265 alone, rtsp: "${h265.url}"}
`);
  const b = await open({ base: g.base }), page = b.page;
  await page.goto(g.link);
  await page.fill("#f-username", "owner");
  await page.fill("#f-password", "green horses eat late");
  await page.click("button[type=submit]");
  await page.getByRole("button", { name: "Later" }).click();
  await until(page, "document.querySelectorAll('.tile.playing').length === 5", 60000);

  /** Makes a player of its own on the page and waits until its figures say enough. @param {string} camera @param {string} [choose] @param {string} [enough] of a LiveStats s @param {boolean} [sound] */
  const play = (camera, choose = "", enough = "s.bitrate > 0", sound = false) => page.evaluate(async ({ camera, choose, enough, sound }) => {
    const { Player } = await import(/** @type {any} */ ("/player.js")), { api } = await import(/** @type {any} */ ("/api.js"));
    const p = new Player();
    document.querySelector("main, body")?.append(p.video);
    const c = (await api.cameras()).find((/** @type {any} */ x) => x.id === camera);
    p.show(c, "main", sound);
    p.choose(choose);
    const checks = /** @type {Record<string, (s: any) => boolean>} */ ({ "s.bitrate > 0": s => s.bitrate > 0 && s.fps > 5, "s.latency": s => s.bitrate > 0 && s.fps > 5 && Number.isFinite(s.latency) });
    for (const end = Date.now() + 40000; Date.now() < end; await new Promise(ok => setTimeout(ok, 100))) {
      const s = p.stats();
      if (p.state === "playing" && s && checks[enough](s)) break;
    }
    const told = { state: p.state, way: p.way, stream: p.stream, why: p.why, note: p.note, stats: p.stats(), choices: p.choices().map((/** @type {any} */ x) => ({ key: x.key, possible: x.possible, why: x.why, name: x.name })) };
    p.choose("");
    p.end();
    p.video.remove();
    return told;
  }, { camera, choose, enough, sound });

  await test("a live picture tells its figures: way, codec, size, frames, bit rate, loss and how late it is", async () => {
    const t = await play("plain", "", "s.latency"), s = t.stats;
    must(t.state === "playing" && t.way === "WebRTC" && s, JSON.stringify(t));
    must(s.kind === "webrtc" && s.transport === "udp" && s.codec === "H264" && s.width === 640 && s.height === 360 && s.loss === 0 && !s.keyFramesOnly && s.why === t.why, JSON.stringify(s));
    must(s.fps > 5 && s.fps < 40 && s.cameraFPS > 20 && s.bitrate > 1e5 && s.latency > 0 && s.latency < 3, JSON.stringify(s));
    return { latency: s.latency, fps: s.fps };
  });

  await test("another way can be chosen for a camera, and is remembered until it is left to the player again", async () => {
    const t = await play("plain", "main:mp4", "s.latency");
    must(t.way === "MSE" && t.stats?.kind === "mp4" && t.stats.transport === "http" && t.why === "You have chosen it." && t.stats.latency < 5, JSON.stringify(t));
    const again = await play("plain");
    must(again.way === "WebRTC", JSON.stringify(again));
    return t.stats.latency;
  });

  await test("why a picture comes as it does is said: B-frames, and H.265 that the browser cannot play", async () => {
    const t = await play("bframes");
    must(t.way === "MSE" && /B-frames/.test(t.why), JSON.stringify(t));
    const h = await play("hevc");
    must(h.stream === "sub" && /H\.265/.test(h.note) && /H\.265/.test(h.why) && h.choices.filter((/** @type {any} */ c) => c.key.startsWith("main:") && !c.possible).length >= 2, JSON.stringify(h));
    return h.why;
  });

  await test("H.265 without another stream is made into H.264 where the operator allows it, and the picture says so", async () => {
    const t = await play("only", "", "s.latency"), s = t.stats;
    must(t.state === "playing" && t.way === "WebRTC" && s?.made && s.codec === "H264" && s.latency < 5 && /H\.265/.test(t.note) && /makes/.test(t.why), JSON.stringify(t));
    return { latency: s.latency, fps: s.fps, why: t.why };
  });

  await test("sound that WebRTC cannot carry brings the picture by the way that can", async () => {
    const quiet = await play("sound"), t = await play("sound", "", "s.bitrate > 0", true);
    must(quiet.way === "WebRTC" && quiet.stats?.audio === "", JSON.stringify(quiet));
    must(t.way === "MSE" && t.stats?.audio === "mp4a.40.2" && /AAC/.test(t.why), JSON.stringify(t));
    return t.why;
  });

  await page.screenshot({ path: join(out, "watching.png") });
  must(b.faults.length === 0, b.faults.join("\n"));
  await b.browser.close();
  await g.end();
  for (const p of [aac, h264, h265, b264]) p.child.kill("SIGKILL");
}
