// One picture of the timeline: live, played in step with the clock, or key frames while somebody looks for a moment.
import { h } from "./dom.js";
import { Player } from "./player.js";
import { Reel } from "./reel.js";
import { Stills } from "./stills.js";
import { store } from "./store.js";
import { because, dated, when, words } from "./words.js";
import { timelineWords as w } from "./words-timeline.js";

/** From this speed on, and backwards, key frames alone are shown. */
export const keysFrom = 8;
/** How far behind the clock a picture that stands may be shown, ms. */
const behind = 1500;
/** Wider than this a picture is of the main stream, px of the screen. */
const wide = 700;

/** The stream that is played: of those that are recorded the small one where the picture is small. @param {string[]} list @param {boolean} small */
function recorded(list, small) {
  return (small ? list.find(s => s !== "main") : list[0]) || list[0] || "main";
}

export class Played {
  /** @param {string} id @param {boolean} small @param {{pick: () => void}} told */
  constructor(id, small, told) {
    this.id = id;
    this.small = small;
    const name = store.nameOf(id);
    this.stream = recorded(store.streamsOf(id), small);
    this.player = new Player();
    this.player.video.classList.add("footage");
    this.player.video.hidden = true;
    this.reel = new Reel(id, this.stream);
    this.reel.video.classList.add("footage");
    this.reel.video.hidden = true;
    this.canvas = h("canvas.footage", { hidden: true });
    this.stills = new Stills(id, this.stream, this.canvas, () => {});
    this.cover = h("div.played-cover", { hidden: true, role: small ? null : "status" }, h("strong"), h("span"));
    this.name = h("span.played-name", null, store.former.has(id) ? words.removedCamera(name) : name);
    this.facts = h("span.played-facts", { hidden: true });
    this.element = h("div.played", { role: "group", "aria-label": name, "data-camera": id, onclick: told.pick, ondblclick: told.pick }, this.player.video, this.reel.video, this.canvas, this.cover, h("div.played-label", null, this.name, this.facts));
    this.live = false;
    this.keys = false;
    this.hears = false;
  }

  /** The size of the picture that is shown, its own pixels. */
  get size() {
    const v = this.live ? this.player.video : this.reel.video;
    return this.canvas.hidden ? { width: v.videoWidth, height: v.videoHeight } : { width: this.canvas.width, height: this.canvas.height };
  }

  get camera() { return store.cameras.get(this.id); }

  end() { this.player.end(); this.reel.hang(); this.stills.end(); }

  showLive() {
    const c = this.camera;
    if (!this.live) this.reel.hang();
    this.live = true;
    this.keys = false;
    if (c && c.may.includes("live")) this.player.show(c, this.small && this.element.clientWidth * devicePixelRatio < wide ? "sub" : "main", this.hears);
    const away = !!c && c.state !== "online";
    this.player.video.hidden = away;
    this.reel.video.hidden = this.canvas.hidden = true;
    const left = store.former.get(this.id);
    if (left) { this.player.video.hidden = true; this.says(w.removedSince, w.newest(when(left.newest))); return; }
    this.says(away ? /** @type {any} */ (words)[c.state] || c.state : "", away ? [`${words.since} ${dated(c.since)}`, because(c)].filter(Boolean).join(" · ") : "");
  }

  /** Has live sound be heard or not. @param {boolean} on */
  hear(on) { if (this.hears !== on) { this.hears = on; if (this.live) this.showLive(); } }

  /** Leaves the live picture. */
  away() { if (this.live) { this.live = false; this.player.hang(); this.player.video.hidden = true; } }

  /** Shows key frames alone. @param {import("./pace.js").Pace} pace @param {boolean} filled whether the next are to be had before they are needed */
  glance(pace, filled) {
    this.away();
    this.keys = true;
    const at = pace.at;
    this.stills.want(at);
    if (filled) this.stills.fill(at, pace.speed);
    this.reel.rest();
    if (this.stills.shown) { this.canvas.hidden = false; this.reel.video.hidden = true; }
    const gap = Math.abs(this.stills.gap - at) < 1 || this.stills.gap === this.stills.wanted;
    this.gap(gap, at);
  }

  /** Shows every picture, in step with the clock. @param {import("./pace.js").Pace} pace */
  follow(pace) {
    this.away();
    this.reel.follow(pace);
    const s = this.reel.state;
    if (s === "failed") { this.glance(pace, false); return; }
    if (this.keys && s === "waiting") { this.stills.want(pace.at); } else this.keys = false; // the key frame stands until the picture is there
    this.canvas.hidden = !this.keys || s !== "waiting";
    this.reel.video.hidden = !this.canvas.hidden || s === "gap";
    this.gap(s === "gap", pace.at);
    if (s === "approval") this.says("", "");
    // The clock waits for a while and then goes on without it: a picture that is left behind is not shown as one of this moment.
    if (s === "waiting" && pace.running && !this.keys && this.reel.lag(pace.at) > behind) this.says(w.waits, "");
  }

  /** Whether the clock may run on. */
  get ready() { return this.live || ["ready", "gap", "failed"].includes(this.reel.state); }

  /** @param {boolean} gap @param {number} at */
  gap(gap, at) {
    if (gap) this.canvas.hidden = this.reel.video.hidden = true;
    const why = gap ? this.cause(at) : "";
    this.says(!gap ? "" : why === null ? w.waits : why === w.outOfReachWhy ? w.outOfReach : w.noneThen, why || "");
  }
  /** Why there is no footage at a moment; null while that is asked. @type {(at: number) => string|null} */
  cause = () => "";

  /** @param {string} what @param {string} why */
  says(what, why) {
    this.cover.hidden = !what && !why;
    if (this.cover.children[0].textContent !== what) this.cover.children[0].textContent = what;
    if (this.cover.children[1].textContent !== why) this.cover.children[1].textContent = why;
  }

  /** @param {boolean} on */
  tell(on) {
    this.facts.hidden = !on;
    if (!on) return;
    const v = this.live ? this.player.video : this.reel.video, c = this.canvas, keys = !c.hidden;
    this.facts.textContent = this.live ? this.player.way : w.fact(keys ? w.keysOnly : this.stream, keys ? c.width : v.videoWidth, keys ? c.height : v.videoHeight, this.reel.codec, keys ? NaN : this.reel.off);
  }

  forget() { this.reel.forget(); this.stills.forget(); }
}
