// The sound of the timeline: of the camera in focus, recorded or live, forwards at the speed of life. Off until somebody wants it.
import { footage } from "./api-footage.js";
import { iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { Reel } from "./reel.js";
import { store } from "./store.js";
import { timelineWords as w } from "./words-timeline.js";

/** How far sound may be from the clock without being moved, s, and by how much its speed may differ while it is brought there: more would be heard. */
const near = 0.04, hurry = 0.04;

/** Recorded sound that follows the clock as pictures do. */
class Sound extends Reel {
  /** @param {string} camera @param {string} stream */
  constructor(camera, stream) {
    super(camera, stream);
    this.mime = "audio/mp4";
    this.video.muted = false;
    this.near = near;
    this.hurry = hurry;
  }
  /** @param {number} from @param {number} to @param {AbortSignal} signal */
  ask(from, to, signal) { return footage.sound(this.camera, this.stream, from, to, signal, this.chosen(from).runs[this.stream]); }
  watch() { /* there are no pictures to count */ }
}

export class Heard {
  /** @param {() => void} told when it was turned on or off */
  constructor(told) {
    /** Which run is heard, as Reel.chosen has it. @type {(camera: string, t: number) => import("./twice.js").Chosen} */
    this.chosen = () => ({ from: -Infinity, to: Infinity, runs: {} });
    this.on = false;
    /** @type {Sound|null} */
    this.sound = null;
    this.button = iconButton(icon("mute"), w.sound, () => { this.on = !this.on; this.paint(""); told(); });
    this.button.setAttribute("aria-pressed", "false");
  }

  /**
   * Has what is heard be what is shown. To be called several times a second.
   * @param {{live: boolean, focus: string, pace: import("./pace.js").Pace, scrubbing: boolean, wantsPlay: boolean, played: Map<string, import("./played.js").Played>}} t
   */
  follow(t) {
    for (const [id, p] of t.played) p.hear(this.on && t.live && id === t.focus && store.can(id, "audio"));
    const streams = store.streamsOf(t.focus), once = t.pace.speed === 1, sounds = this.on && !t.live && once && t.wantsPlay && !t.scrubbing, may = store.can(t.focus, "audio");
    if (!this.on || t.live || this.sound && this.sound.camera !== t.focus) { this.sound?.hang(); this.sound = null; }
    if (!sounds || !may) this.sound?.rest();
    else {
      if (!this.sound) {
        const camera = t.focus;
        this.sound = new Sound(camera, streams[0] || "main");
        this.sound.chosen = at => this.chosen(camera, at);
      }
      this.sound.follow(t.pace);
    }
    const s = this.sound?.state;
    this.paint(!this.on ? "" : !may ? w.soundNotYours : t.live ? "" : !once ? w.soundOnce : s === "gap" ? w.soundNone : s === "failed" ? w.soundFailed : "");
  }

  /** @param {string} why it cannot be heard just now */
  paint(why) {
    const title = [this.on ? w.soundOff : w.sound, why].filter(Boolean).join(". ");
    if (this.button.title === title && this.painted === this.on) return;
    this.painted = this.on;
    this.button.title = title;
    this.button.setAttribute("aria-label", why ? `${w.sound}. ${why}` : w.sound);
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.replaceChildren(icon(this.on && !why ? "sound" : "mute"));
  }
  /** @type {boolean|null} */
  painted = null;

  forget() { this.sound?.forget(); }
  end() { this.sound?.hang(); this.sound = null; }
}
