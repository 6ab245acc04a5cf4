// The bar of the camera that is shown large: what can be done with it. What the person may not do is not there.
import { number } from "./language.js";
import { store } from "./store.js";
import { Problem } from "./api.js";
import { liveAPI } from "./api-live.js";
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { words, clock, duration } from "./words.js";
import { talkWords as tw } from "./words-talk.js";
import { liveWords as w } from "./words-live.js";
import { overlaysWanted, wantOverlays } from "./overlay.js";
import { sceneWords } from "./words-scene.js";
import { InfoPanel } from "./live-info.js";

/** How long it is said what came of something, and how far back "30 s ago" is, ms. */
const saidFor = 5000, back = 30000;
/** A press of the talk key that is shorter keeps it on until the next one, ms. */
const tap = 350;

/** A moment for the name of a file. @param {Date} t */
const stamp = t => { const n = (/** @type {number} */ v) => String(v).padStart(2, "0"); return `${t.getFullYear()}-${n(t.getMonth() + 1)}-${n(t.getDate())} ${n(t.getHours())}.${n(t.getMinutes())}.${n(t.getSeconds())}`; };

/** Gives a file to the person. @param {Blob} file @param {string} name */
function give(file, name) {
  const url = URL.createObjectURL(file);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), saidFor);
}

export class CameraBar {
  /**
   * @param {import("./live-tile.js").Tile} tile @param {import("./live-zoom.js").Zoom} zoom
   * @param {{go: (path: string) => void, back: () => void, full: () => void}} o
   */
  constructor(tile, zoom, o) {
    this.tile = tile;
    this.id = tile.id;
    this.zoom = zoom;
    this.o = o;
    /** When the talk key was pressed by which one speaks now, and by which it goes on by itself. */
    this.pressed = 0;
    this.kept = 0;
    /** What lies beside the picture, once it was opened. @type {{element:HTMLElement,end:()=>void,aiming?:boolean,key?:(e:KeyboardEvent)=>boolean,up?:(e:KeyboardEvent)=>void}|null} */
    this.panel = null;
    this.facts = new InfoPanel(tile);
    this.says = h("p.says", { role: "status", "aria-live": "polite" });
    this.side = h("div.live-side", { hidden: true });
    this.title = h("span.bar-name");
    this.back = iconButton(icon("back"), words.back, o.back);
    this.talk = h("button.button.talk-button", { type: "button", title: tw.hint, "aria-pressed": "false", onpointerdown: (/** @type {PointerEvent} */ e) => { if (e.button === 0) { this.talk.setPointerCapture(e.pointerId); this.speak(); } }, onpointerup: () => this.hush(), onpointercancel: () => this.hush(),
      onkeydown: (/** @type {KeyboardEvent} */ e) => { if ((e.key === " " || e.key === "Enter") && !e.repeat) { e.preventDefault(); this.speak(); } }, onkeyup: (/** @type {KeyboardEvent} */ e) => { if (e.key === " " || e.key === "Enter") this.hush(); } }, icon("talk"), h("span", null, tw.talk));
    this.sound = iconButton(icon("mute"), words.sound, () => this.hear());
    this.boxes = iconButton(icon("boxes"), sceneWords.boxes, () => { wantOverlays(!overlaysWanted()); tile.seen(); this.paint(); });
    this.snap = iconButton(icon("snap"), words.snapshot, () => this.snapshot());
    this.mark = h("button.button.mark-button", { type: "button", title: words.markNote, onclick: () => this.marked() }, icon("mark"), h("span", null, words.mark));
    this.record = h("button.button.record-button", { type: "button", title: w.recordBound, "aria-pressed": "false", onclick: () => this.recorded() }, icon("record"), h("span", null, w.record));
    this.steer = iconButton(icon("ptz"), w.ptz, () => this.open("ptz"));
    this.pip = iconButton(icon("pip"), w.pip, () => this.apart());
    this.whole = h("button.button.zoom-button", { type: "button", title: w.unzoom, "aria-label": w.unzoom, hidden: true, onclick: () => zoom.reset() });
    this.ago = iconButton(icon("ago"), w.ago, () => o.go(`/timeline/${encodeURIComponent(this.id)}?at=${new Date(Date.now() - back).toISOString()}`));
    this.line = iconButton(icon("timeline"), words.showTimeline, () => o.go(`/timeline/${encodeURIComponent(this.id)}`));
    this.info = iconButton(icon("info"), words.info, () => { this.facts.toggle(); this.info.setAttribute("aria-pressed", String(this.facts.open)); });
    this.settings = iconButton(icon("settings"), words.cameraSettings, () => o.go(`/camera/${encodeURIComponent(this.id)}`));
    this.element = h("div.bar.camera-bar", { role: "toolbar", "aria-label": w.controls(tile.camera?.name || "") }, this.back, this.title, h("span.grow"), this.whole, this.talk, this.sound, this.boxes, this.snap, this.mark, this.record, this.steer,
      this.ago, this.line, this.pip, this.info, this.settings, iconButton(icon("full"), words.full, o.full));
    this.paint();
  }

  get camera() { return store.cameras.get(this.id); }
  /** The event that record now began, while it lasts. */
  get manual() { return (this.camera?.happening || []).find(e => e.kind === "manual" && !e.end); }

  /** @param {string} text */
  say(text) { this.says.textContent = text; clearTimeout(this.silence); this.silence = setTimeout(() => { this.says.textContent = ""; }, saidFor); }
  /** @param {unknown} x */
  complain(x) { this.say(x instanceof Problem ? x.says : words.error); }

  paint() {
    const c = this.camera;
    if (!c) return;
    const may = (/** @type {string} */ p) => c.may.includes(p);
    this.title.textContent = c.name;
    this.sound.hidden = !may("audio") || !c.streams.some(s => s.audio);
    this.talk.hidden = !may("talk");
    this.paintTalk(c);
    this.boxes.setAttribute("aria-pressed", String(overlaysWanted()));
    this.mark.hidden = this.record.hidden = !may("raise");
    this.line.hidden = this.ago.hidden = !may("playback");
    this.settings.hidden = !store.may("configure") && !may("control");
    this.steer.hidden = !may("ptz") || c.kind !== "ptz";
    this.pip.hidden = !document.pictureInPictureEnabled;
    this.whole.hidden = this.zoom.scale === 1;
    this.whole.textContent = w.zoomed(number(this.zoom.scale, 1));
    const e = this.manual;
    this.record.setAttribute("aria-pressed", String(!!e));
    this.record.lastChild.textContent = e ? w.recording(duration((Date.now() - Date.parse(e.start)) / 1000)) : w.record;
    this.facts.paint();
  }

  /** @param {import("./api.js").Camera} c */
  paintTalk(c) {
    const t = this.talking, other = c.talker && !c.talker.you ? tw.other(c.talker.name, clock(c.talker.since)) : "";
    const says = t?.state === "on" && t.since ? tw.now(duration((Date.now() - Number(t.since)) / 1000)) : t?.state === "connecting" ? tw.connecting : other || tw.talk;
    this.talk.setAttribute("aria-pressed", String(!!t && t.state !== "off"));
    this.talk.classList.toggle("on", t?.state === "on");
    this.talk.disabled = !!other && (!t || t.state === "off");
    this.talk.lastChild.textContent = says;
  }

  /** The key is pressed: it begins to speak, or ceases where a short press had it go on. */
  async speak() {
    if (this.talking && this.talking.state !== "off") { this.pressed = 0; this.talking.stop(); return; }
    const pressed = this.pressed = performance.now();
    const { Talk } = await import("./talk.js");
    if (this.over) return;
    if (!this.talking) {
      const t = this.talking = new Talk(this.id);
      t.addEventListener("state", () => { this.say(t.state === "on" ? tw.began : t.state === "off" ? t.says || tw.over : tw.connecting); this.paint(); });
    }
    if (this.pressed === pressed || this.kept === pressed) this.talking?.start(); // else the key was let go of before there was anything
  }

  /** The key is let go of. */
  hush() {
    const held = performance.now() - this.pressed;
    if (!this.pressed) return;
    if (held < tap) { this.kept = this.pressed; this.pressed = 0; return; } // a short press keeps it on
    this.pressed = 0;
    this.talking?.stop();
  }

  hear() {
    this.tile.want(this.tile.stream, !this.tile.audio);
    this.sound.replaceChildren(icon(this.tile.audio ? "sound" : "mute"));
    this.sound.setAttribute("aria-pressed", String(this.tile.audio));
    this.say(this.tile.audio ? w.soundOn : w.soundOff);
  }

  async snapshot() {
    const name = `${this.camera?.name || this.id} ${stamp(new Date())}`.replace(/[\\/:*?"<>|]/g, "-");
    try { const { file, ends } = await liveAPI.snapshot(this.id); give(file, `${name}.${ends}`); this.say(w.saved(`${name}.${ends}`)); } catch (x) { this.complain(x); }
  }

  /** Marks this moment: an event of the camera, kept as such. */
  async marked() {
    const back = document.activeElement; // a button that is disabled loses the keyboard
    this.mark.disabled = true;
    try { const { mark } = await import("./marking.js"); await mark(this.id, NaN, this.says.parentElement || this.element, text => this.say(text), back); } catch (x) { this.complain(x); }
    this.mark.disabled = false;
  }

  /** Begins an event that lasts, or ends it. */
  async recorded() {
    this.record.disabled = true;
    const e = this.manual;
    try {
      if (e) { await liveAPI.event(this.id, { id: e.id, active: false }); this.say(w.recordEnded(duration((Date.now() - Date.parse(e.start)) / 1000))); } else { const made = await liveAPI.event(this.id, { kind: "manual", source: "viewer", active: true }); this.say(`${w.recordBegan} ${words.footage(made.footage)}`); }
    } catch (x) { this.complain(x); }
    this.record.disabled = false;
  }

  async apart() {
    const v = this.tile.player.video;
    try { if (document.pictureInPictureElement) await document.exitPictureInPicture(); else await v.requestPictureInPicture(); } catch { this.say(w.pipNot); }
  }

  /** @param {"ptz"} what */
  async open(what) {
    if (this.panel) { this.shut(); return; }
    const { PTZPanel } = await import("./ptz.js");
    if (this.over || what !== "ptz") return;
    this.panel = new PTZPanel(this.id, this.tile, this.zoom, x => this.complain(x));
    this.side.replaceChildren(this.panel.element);
    this.side.hidden = false;
    this.steer.setAttribute("aria-pressed", "true");
  }

  shut() { this.panel?.end(); this.panel = null; this.side.hidden = true; this.side.replaceChildren(); this.steer.setAttribute("aria-pressed", "false"); }

  /** @param {KeyboardEvent} e */
  key(e) {
    if (this.panel?.key?.(e)) return true;
    if (this.zoom.key(e)) return true;
    if (e.key === " " && !this.talk.hidden && !this.talk.disabled) { if (!e.repeat) { this.talk.focus(); this.speak(); } return true; } // its own keys from then on
    const act = /** @type {Record<string, [HTMLElement, () => void]>} */ ({ s: [this.snap, () => this.snapshot()], m: [this.mark, () => this.marked()], r: [this.record, () => this.recorded()], a: [this.sound, () => this.hear()], p: [this.steer, () => this.open("ptz")], i: [this.info, () => this.info.click()], o: [this.boxes, () => this.boxes.click()], b: [this.ago, () => this.ago.click()] })[e.key.toLowerCase()];
    if (!act || act[0].hidden) return false;
    act[1]();
    return true;
  }

  end() {
    this.over = true;
    this.talking?.end();
    clearTimeout(this.silence);
    this.shut();
    for (const e of [this.facts.element, this.says, this.side, this.element]) e.remove();
  }
}
/** @type {import("./talk.js").Talk|null} */
CameraBar.prototype.talking = null;
CameraBar.prototype.silence = 0;
CameraBar.prototype.over = false;
