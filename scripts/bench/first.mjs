// Counts the milliseconds from asking for a live picture to the first decoded one, in Chromium.
//
//   HOLDFAST_TOKEN=... node scripts/bench/first.mjs URL CAMERA ROUNDS
//
// Each round makes a new connection at a moment of its own between two key frames. What is counted begins where a click
// would: before the peer connection is made. It ends when requestVideoFrameCallback reports a picture.
import { createRequire } from "node:module";

const require = createRequire(new URL("../e2e/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const [base, camera, rounds] = process.argv.slice(2);

/** One round, inside the page. */
async function connect({ url, token }) {
  const started = performance.now();
  const pc = new RTCPeerConnection();
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  document.body.append(video);
  const shown = new Promise((done) => video.requestVideoFrameCallback((now) => done(now - started)));
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.ontrack = (event) => {
    video.srcObject = new MediaStream([event.track]);
  };
  await pc.setLocalDescription(await pc.createOffer());
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
    body: pc.localDescription.sdp,
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
  const elapsed = await shown;
  const session = new URL(response.headers.get("Location"), location.href);
  pc.close();
  video.remove();
  await fetch(session, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
  return elapsed;
}

/** One round of the viewer's own player, inside the page: a new one, or the one that is there is to show another camera. */
async function play({ id, anew }) {
  const { Player } = await import("/player.js"), { api } = await import("/api.js");
  const camera = (globalThis.cameras ??= await api.cameras()).find((c) => c.id === id);
  if (anew) globalThis.player?.end();
  if (anew || !globalThis.player) {
    globalThis.player = new Player();
    document.body.append(globalThis.player.video);
  }
  const player = globalThis.player, before = player.frames, started = performance.now();
  player.show(camera, "main");
  while (player.frames === before || player.state !== "playing") await new Promise((ok) => requestAnimationFrame(ok));
  return performance.now() - started;
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });
const headers = { Authorization: `Bearer ${process.env.HOLDFAST_TOKEN}` };

/** @param {string} what @param {import("playwright-core").Page} page @param {(i: number) => Promise<number>} round */
async function measure(what, page, round) {
  const times = [];
  for (let i = 0; i < Number(rounds); i++) {
    times.push(await round(i));
    await page.waitForTimeout(Math.random() * 1000); // rounds begin anywhere between two key frames
  }
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)].toFixed(0);
  console.log(`${what}, ms, ${sorted.length} rounds: median ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} (first, with everything cold: ${times[0].toFixed(0)})`);
}

try {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true })).newPage();
  await page.goto(`${base}/healthz`);
  await measure("click to first picture", page, () => page.evaluate(connect, { url: `${base}/api/v1/cameras/${camera}/whep`, token: process.env.HOLDFAST_TOKEN }));
  const viewer = await (await browser.newContext({ ignoreHTTPSErrors: true, extraHTTPHeaders: headers })).newPage();
  await viewer.goto(`${base}/healthz`);
  await measure("the viewer's player, click to first picture", viewer, () => viewer.evaluate(play, { id: camera, anew: true }));
  await measure("the viewer's player, to another camera", viewer, (i) => viewer.evaluate(play, { id: i % 2 ? "cam-1" : "cam-2", anew: false }));
} finally {
  await browser.close();
}
