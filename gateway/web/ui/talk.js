// Speaking through a camera: the microphone's sound goes over WebRTC to the gateway, as G.711, and from there to the camera as it is.
import { base, Problem, request } from "./api.js";
import { store } from "./store.js";
import { talkWords as w } from "./words-talk.js";

/** How it is: nothing, on the way, or heard. Emits "state"; says is why it ended, "" when the person ended it. */
export class Talk extends EventTarget {
  /** @param {string} id of the camera */
  constructor(id) {
    super();
    this.id = id;
    /** @type {"off"|"connecting"|"on"} */
    this.state = "off";
    this.says = "";
    /** When it was first heard. @type {Date|null} */
    this.since = null;
    this.turn = 0; // what belongs to an older one is dropped
    /** @type {RTCPeerConnection|null} */
    this.pc = null;
    /** @type {MediaStream|null} */
    this.microphone = null;
    this.place = "";
    this.known = false; // the gateway has told that this one speaks
    this.look = () => this.told();
    store.addEventListener("change", this.look);
    this.gone = () => this.stop();
    window.addEventListener("pagehide", this.gone);
  }

  /** @param {"off"|"connecting"|"on"} state @param {string} [says] */
  tell(state, says = "") { this.state = state; this.says = says; this.dispatchEvent(new Event("state")); }

  async start() {
    if (this.state !== "off") return;
    const turn = ++this.turn;
    if (!navigator.mediaDevices?.getUserMedia) { this.tell("off", w.insecure); return; }
    this.known = false;
    this.tell("connecting");
    try {
      const microphone = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
      if (turn !== this.turn) { for (const t of microphone.getTracks()) t.stop(); return; }
      this.microphone = microphone;
      await this.connect(turn, microphone.getAudioTracks()[0]);
    } catch (e) { if (turn === this.turn) this.stop(reason(e)); }
  }

  /** @param {number} turn @param {MediaStreamTrack} track */
  async connect(turn, track) {
    const pc = this.pc = new RTCPeerConnection({ iceServers: [] });
    const sender = pc.addTransceiver(track, { direction: "sendonly" });
    const codecs = RTCRtpSender.getCapabilities?.("audio")?.codecs.filter(c => /\/PCM[AU]$/i.test(c.mimeType));
    if (codecs?.length) sender.setCodecPreferences(codecs);
    pc.onconnectionstatechange = () => {
      if (turn !== this.turn) return;
      if (pc.connectionState === "connected") { this.since = new Date(); this.tell("on"); } else if (["failed", "closed", "disconnected"].includes(pc.connectionState)) this.stop(w.ended);
    };
    track.onended = () => { if (turn === this.turn) this.stop(w.noMicrophone); };
    await pc.setLocalDescription(await pc.createOffer());
    const res = await request("POST", `${base}/cameras/${encodeURIComponent(this.id)}/talk`, { body: pc.localDescription?.sdp, type: "application/sdp" });
    const place = res.headers.get("Location") || "", sdp = await res.text();
    if (turn !== this.turn) { pc.close(); leave(place); return; }
    this.place = place;
    await pc.setRemoteDescription({ type: "answer", sdp });
  }

  /** Looks whether the gateway still has it so: the right may be gone, or the time over. */
  told() {
    const t = store.cameras.get(this.id)?.talker;
    if (t?.you) this.known = true;
    else if (this.known && this.state === "on") this.stop(w.ended);
  }

  /** @param {string} [says] why, when it was not the person */
  stop(says = "") {
    if (this.state === "off") return;
    this.turn++;
    this.pc?.close();
    for (const t of this.microphone?.getTracks() || []) t.stop();
    leave(this.place);
    this.pc = this.microphone = this.since = null;
    this.place = "";
    this.tell("off", says);
  }

  end() { this.stop(); store.removeEventListener("change", this.look); window.removeEventListener("pagehide", this.gone); }
}

/** @param {string} place */
function leave(place) { if (place) request("DELETE", place, { quiet: true }).catch(() => {}); } // it has ended already perhaps

/** @param {unknown} e */
function reason(e) {
  if (e instanceof Problem) return e.says;
  const name = e instanceof DOMException ? e.name : "";
  return name === "NotAllowedError" ? w.notAllowed : name === "NotFoundError" ? w.noMicrophone : w.failed;
}
