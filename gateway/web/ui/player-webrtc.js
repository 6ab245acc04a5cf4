// A live picture over WebRTC (WHEP).
import { api, request } from "./api.js";

/**
 * What brings a picture into a video element.
 * @typedef {object} Connection
 * @property {"webrtc"|"mp4"} kind
 * @property {string} view its id at the gateway, to ask about it
 * @property {() => void} close
 * @property {() => Promise<Received>} received what has come so far
 * @property {(meta: any) => number} media the media time of a frame that was shown, in the units of rate; NaN when not known
 * @property {number} rate of media times, Hz
 *
 * @typedef {{bytes:number,packets:number,lost:number,dropped:number,codec:string,audio:string,transport:string,roundTrip:number,decoder:string}} Received
 * packets and lost: 0 over HTTP; roundTrip: s, NaN when not known; decoder: what decodes, as the browser calls it
 */

/**
 * @param {HTMLVideoElement} video @param {string} camera @param {import("./player-ways.js").Choice} way @param {boolean} sound
 * @param {AbortSignal} signal ends the making @param {(why: string) => void} gone told once the connection is lost
 * @returns {Promise<Connection>}
 */
export async function overWHEP(video, camera, way, sound, signal, gone) {
  const pc = new RTCPeerConnection({ iceServers: [] });
  let place = "", open = true;
  const close = () => { open = false; pc.close(); if (place) request("DELETE", place, { quiet: true }).catch(() => {}); place = ""; };
  signal.addEventListener("abort", close, { once: true });
  pc.addTransceiver("video", { direction: "recvonly" });
  if (sound) pc.addTransceiver("audio", { direction: "recvonly" });
  const media = new MediaStream();
  pc.ontrack = e => {
    media.addTrack(e.track);
    const receiver = /** @type {any} */ (e.receiver);
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    video.srcObject = media;
    video.play().catch(() => {});
  };
  pc.onconnectionstatechange = () => { if (open && ["failed", "closed", "disconnected"].includes(pc.connectionState)) gone(pc.connectionState); };
  try {
    await pc.setLocalDescription(await pc.createOffer());
    const res = await request("POST", api.whep(camera, way.stream, sound, way.made), { body: pc.localDescription?.sdp, type: "application/sdp", signal });
    place = res.headers.get("Location") || "";
    const sdp = await res.text();
    if (!open) { close(); throw new DOMException("", "AbortError"); }
    await pc.setRemoteDescription({ type: "answer", sdp });
  } catch (e) { close(); throw e; }
  return {
    kind: "webrtc", view: place.split("/").pop() || "", close, rate: 90000,
    received: () => received(pc),
    media: meta => meta?.rtpTimestamp ?? NaN,
  };
}

/** @param {RTCPeerConnection} pc @returns {Promise<Received>} */
async function received(pc) {
  const got = { bytes: 0, packets: 0, lost: 0, dropped: 0, codec: "", audio: "", transport: "", roundTrip: NaN, decoder: "" };
  const report = /** @type {Map<string, any>} */ (/** @type {unknown} */ (await pc.getStats()));
  for (const s of report.values()) {
    const name = report.get(s.codecId)?.mimeType?.split("/")[1] || "";
    if (s.type === "inbound-rtp" && s.kind === "video") Object.assign(got, { bytes: got.bytes + s.bytesReceived, packets: s.packetsReceived, lost: Math.max(0, s.packetsLost), dropped: s.framesDropped || 0, codec: name, decoder: s.decoderImplementation || "" });
    if (s.type === "inbound-rtp" && s.kind === "audio") Object.assign(got, { bytes: got.bytes + s.bytesReceived, audio: name });
    if (s.type === "candidate-pair" && s.nominated && s.state === "succeeded") Object.assign(got, { roundTrip: s.currentRoundTripTime ?? NaN, transport: report.get(s.remoteCandidateId)?.protocol || "" });
  }
  return got;
}
