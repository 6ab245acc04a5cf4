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

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
try {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true })).newPage();
  await page.goto(`${base}/healthz`);
  const times = [];
  for (let i = 0; i < Number(rounds); i++) {
    const url = `${base}/api/v1/cameras/${camera}/whep`;
    times.push(await page.evaluate(connect, { url, token: process.env.HOLDFAST_TOKEN }));
    await page.waitForTimeout(Math.random() * 1000); // rounds begin anywhere between two key frames
  }
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)].toFixed(0);
  console.log(`click to first picture, ms, ${sorted.length} rounds: median ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} (first, with everything cold: ${times[0].toFixed(0)})`);
} finally {
  await browser.close();
}
