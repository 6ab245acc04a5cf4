// One live picture with its words. When another stream of the camera is wanted, the picture that is there stays until the other has its first.
import { store } from "./store.js";
import { Player } from "./player.js";
import { Overlay, overlaysWanted } from "./overlay.js";
import { h } from "./dom.js";
import { words, because, clock, dated } from "./words.js";
import { talkWords as tw } from "./words-talk.js";
import { liveWords as w } from "./words-live.js";

/** How often a small copy of the newest picture is kept, ms, and how wide it is, px. */
const copies = 10000, copyWidth = 240;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Tile {
  /** @param {string} id @param {string} stream */
  constructor(id, stream) {
    this.id = id;
    /** The stream that is wanted: "sub" or "main", or "" for none while the tile is not seen. */
    this.stream = stream;
    this.audio = false;
    this.player = this.make();
    this.player.video.classList.add("now");
    /** What is to take the place of player. @type {Player|null} */
    this.next = null;
    this.name = h("span.tile-name");
    this.dot = h("span.dot");
    this.happens = h("span.tile-event", { hidden: true });
    /** What is not seen: its name is what is in it, for screen readers too. */
    this.says = h("span.unseen");
    this.label = h("div.tile-label", null, this.dot, this.name, " ", this.happens, " ", this.says);
    this.note = h("div.tile-note");
    this.thumb = h("img.tile-thumb", { alt: "" });
    this.thumbTime = h("figcaption");
    this.figure = h("figure.tile-last", null, this.thumb, this.thumbTime);
    this.what = h("p.tile-what");
    this.why = h("p.tile-why");
    this.cover = h("div.tile-cover", null, this.figure, this.what, this.why);
    /** What lies over the picture moves and grows with it. */
    this.view = h("div.tile-view", null, this.player.video);
    this.overlay = new Overlay(this.player.video, id);
    this.ring = h("i.tile-ring", { "aria-hidden": "true" });
    this.grip = h("i.tile-grip", { "aria-hidden": "true" });
    this.element = h("button.tile", { type: "button", "data-camera": id }, this.view, this.cover, this.note, this.label, this.ring, this.grip);
    this.lastAt = /** @type {Date|null} */ (null);
    this.keeper = setInterval(() => this.keep(), copies);
    this.update();
  }

  /** Whether what the camera sees is drawn over its picture: not where nobody looks. */
  seen() { this.overlay.smooth = this.stream === "main" && !still.matches; this.overlay.on = !!this.stream && overlaysWanted(); }

  make() {
    const p = new Player();
    p.addEventListener("state", () => { if (p === this.next) this.swap(); else if (p === this.player) this.paint(); });
    return p;
  }

  get camera() { return store.cameras.get(this.id); }
  get playing() { return this.player.state === "playing" && this.camera?.state === "online"; }
  /** Width by height of the picture. */
  get shape() {
    const v = this.player.video, s = this.camera?.streams.find(x => x.width && x.height);
    return v.videoWidth && v.videoHeight ? v.videoWidth / v.videoHeight : s ? s.width / s.height : 16 / 9;
  }

  /** @param {string} stream "" for none @param {boolean} [audio] */
  want(stream, audio = this.audio) {
    if (stream === this.stream && audio === this.audio) return;
    this.stream = stream;
    this.audio = audio;
    this.update();
  }

  update() {
    const c = this.camera;
    if (!c) return;
    const p = this.player;
    this.seen();
    if (!this.stream) { this.drop(); if (p.wanted) { p.hang(); p.wanted = ""; p.tell("waiting"); } return; }
    if (!this.playing || p.wanted === this.stream && p.audio === this.audio) {
      this.drop();
      p.show(c, this.stream, this.audio);
      p.video.muted = !this.audio;
    } else {
      p.show(c, p.wanted, p.audio); // it goes on meanwhile
      if (!this.next) { this.next = this.make(); this.player.video.after(this.next.video); /* under what is drawn over it */ }
      this.next.show(c, this.stream, this.audio);
    }
    this.paint();
  }

  /** The other picture has come: it takes the place of what was there, which goes once it is painted. */
  swap() {
    const p = this.next, old = this.player;
    if (!p || p.state !== "playing") return;
    this.next = null;
    this.player = p;
    p.video.classList.add("now");
    p.video.muted = !this.audio;
    old.video.muted = true;
    this.overlay.follow(p.video);
    this.element.dispatchEvent(new Event("swap"));
    requestAnimationFrame(() => requestAnimationFrame(() => { old.end(); old.video.remove(); }));
    this.paint();
  }

  drop() { this.next?.end(); this.next?.video.remove(); this.next = null; }

  /** Keeps a small copy of the newest picture, for the time when there is none. */
  keep() {
    const v = this.player.video;
    if (this.player.state !== "playing" || !v.videoWidth) return;
    const c = document.createElement("canvas");
    c.width = copyWidth;
    c.height = Math.round(copyWidth * v.videoHeight / v.videoWidth);
    c.getContext("2d")?.drawImage(v, 0, 0, c.width, c.height);
    this.thumb.src = c.toDataURL("image/jpeg", 0.6);
    this.lastAt = new Date();
  }

  paint() {
    const c = this.camera;
    if (!c) return;
    const playing = this.playing, now = (c.happening || []).filter(e => !e.end);
    if (playing && !this.lastAt) this.keep();
    this.name.textContent = c.name;
    const speaks = c.talker && !c.talker.you ? tw.other(c.talker.name, clock(c.talker.since)) : "";
    const says = playing ? words.online : this.reason(c), lost = c.record.state === "failing", event = [lost && words.notRecorded, speaks, now.length ? words.eventKind(now[now.length - 1].kind) : ""].filter(Boolean).join(", ");
    this.happens.hidden = !event;
    this.happens.textContent = event;
    this.says.textContent = playing ? says : ""; // else the cover says it
    this.element.classList.toggle("unkept", lost);
    this.element.classList.toggle("playing", playing);
    this.element.classList.toggle("motion", now.some(e => e.kind === "motion"));
    this.element.classList.toggle("alarmed", now.some(e => e.kind !== "motion" && e.kind !== "manual"));
    this.element.dataset.stream = playing ? this.player.stream : "";
    this.dot.className = "dot " + (c.record.state === "recording" ? "rec" : c.record.state === "off" || c.record.state === "idle" ? "off" : "bad");
    this.dot.title = /** @type {any} */ (words.recStates)[c.record.state] || "";
    // What it can never show is no picture that is waited for: then the reason stands in its place.
    const unable = !playing && c.state === "online" && this.player.unable;
    this.note.textContent = this.player.note;
    this.note.hidden = !this.player.note || unable;
    this.cover.hidden = playing;
    if (playing) return;
    this.what.textContent = unable ? words.cannotShow : this.reason(c);
    this.why.textContent = unable ? this.player.note : this.because(c);
    this.figure.hidden = !this.lastAt;
    if (this.lastAt) this.thumbTime.textContent = `${words.lastPicture} ${clock(this.lastAt)}`;
  }

  /** @param {import("./api.js").Camera} c */
  reason(c) {
    if (c.state === "online") return this.player.state === "stopped" ? words.stopped : words.waiting;
    return /** @type {any} */ (words)[c.state] || c.state;
  }

  /** @param {import("./api.js").Camera} c */
  because(c) {
    if (c.state === "online") return "";
    const parts = [`${words.since} ${dated(c.since)}`];
    if (because(c)) parts.push(because(c));
    if (c.retry_at) parts.push(words.retry(Math.max(0, Math.round((Date.parse(c.retry_at) - Date.now()) / 1000))));
    if (!this.lastAt && c.last_footage) parts.push(w.lastFootage(dated(c.last_footage)));
    return parts.join(" · ");
  }

  end() { clearInterval(this.keeper); this.drop(); this.overlay.end(); this.player.end(); }
}
