// Turning and zooming a camera: a pad, zoom, speed, presets, tours, home; the keyboard, a gamepad, and the picture itself. A movement lasts for as
// long as it is renewed, and the gateway stops one that is not.
import { Problem } from "./api.js";
import { liveAPI } from "./api-live.js";
import { h, iconButton, morph, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { store } from "./store.js";
import { words, clock } from "./words.js";
import { ptzWords as w } from "./words-ptz.js";

/** How often a movement is renewed, against how long the gateway waits; how often the stick is read, ms; what of it counts as rest. */
const often = 0.35, stickEvery = 50, rest = 0.15;
/** For how long somebody takes a camera for themselves, s. */
const lockFor = 120;

/** Keys and the directions that they move in: pan, tilt, zoom. @type {Record<string, [number, number, number]>} */
const keys = { arrowleft: [-1, 0, 0], arrowright: [1, 0, 0], arrowup: [0, 1, 0], arrowdown: [0, -1, 0], pageup: [0, 0, 1], pagedown: [0, 0, -1] };

/** A continuous movement: begun, renewed for as long as it is wanted, and stopped. */
class Motion {
  /** @param {string} id @param {(m: import("./api-live.js").Moved) => void} told @param {(x: unknown) => void} failed */
  constructor(id, told, failed) {
    this.id = id;
    this.told = told;
    this.failed = failed;
    /** @type {[number, number, number]} */
    this.want = [0, 0, 0];
    this.hold = "";
    this.busy = false;
    this.again = 0;
    this.within = 0.7;
    this.moving = false;
    this.takeOver = false;
  }

  /** @param {[number, number, number]} v pan, tilt and zoom, -1 to 1 */
  set(v) {
    // What hardly differs is not sent; but standing still always is, however slow the movement was.
    if (v.some(Boolean) === this.want.some(Boolean) && v.every((x, i) => Math.abs(x - this.want[i]) < 0.02)) return;
    this.want = v;
    this.send();
  }

  stop() { this.set([0, 0, 0]); }

  /** One request at a time; what was wanted meanwhile goes with the next. */
  async send() {
    clearTimeout(this.again);
    if (this.busy) return;
    const [pan, tilt, zoom] = this.want, stands = !pan && !tilt && !zoom;
    if (stands && !this.moving) return;
    this.busy = true;
    const sent = this.want;
    try {
      if (stands) { this.moving = false; this.hold = ""; await liveAPI.stop(this.id); } else {
        this.moving = true;
        const m = await liveAPI.move(this.id, { kind: "continuous", pan, tilt, zoom, ...(this.hold ? { hold: this.hold } : {}), ...(this.takeOver ? { take_over: true } : {}) });
        this.hold = m.hold || "";
        this.within = m.renew_within || this.within;
        this.told(m);
      }
    } catch (x) {
      const over = x instanceof Problem && x.slug === "movement-over";
      this.hold = "";
      if (!over || !this.want.some(Boolean)) { this.want = [0, 0, 0]; this.moving = false; if (!over) this.failed(x); }
    }
    this.busy = false;
    if (this.want !== sent) this.send();
    else if (this.want.some(Boolean)) this.again = setTimeout(() => this.send(), this.within * 1000 * often);
  }

  /** The page goes: the camera must not go on turning. */
  drop() { clearTimeout(this.again); if (this.moving) { this.want = [0, 0, 0]; this.moving = false; liveAPI.stop(this.id).catch(() => {}); } }
}

export class PTZPanel {
  /** @param {string} id @param {import("./live-tile.js").Tile} tile @param {import("./live-zoom.js").Zoom} zoom @param {(x: unknown) => void} complain */
  constructor(id, tile, zoom, complain) {
    this.id = id;
    this.tile = tile;
    this.zoom = zoom;
    this.complain = complain;
    this.undo = new Undo();
    /** @type {import("./api-live.js").PTZ|null} */
    this.can = null;
    this.motion = new Motion(id, m => this.driven(m.driver), x => this.refused(x));
    /** What is pressed: by key, or "pad" and "stick". @type {Map<string, [number, number, number]>} */
    this.pressed = new Map();
    this.speed = h("input", { type: "range", min: "0.1", max: "1", step: "0.1", value: "0.6", "aria-label": w.speed });
    this.driver = h("p.ptz-driver", { role: "status" });
    this.lock = h("button.button", { type: "button", onclick: () => this.drive() }, w.lock);
    this.pad = this.makePad();
    this.presets = h("div.ptz-presets");
    this.tours = h("div.ptz-presets");
    this.click = h("button.button.ptz-click", { type: "button", "aria-pressed": "false", title: w.clickText, onclick: () => this.aim(!this.aiming) }, w.click);
    this.element = h("section.ptz", { "aria-label": w.title }, this.driver, this.pad, h("label.ptz-speed", null, w.speed, this.speed), this.click, this.presets, this.tours, this.lock);
    this.box = h("i.ptz-box", { hidden: true });
    tile.element.append(this.box);
    // Whatever takes the hands or the eyes from the page stops the camera.
    for (const [t, e] of /** @type {[EventTarget, string][]} */ ([[window, "blur"], [window, "pagehide"], [document, "visibilitychange"]])) this.undo.on(t, e, () => { if (e !== "visibilitychange" || document.hidden) this.freeze(); });
    this.undo.on(window, "keyup", e => this.up(e));
    this.undo.on(store, "ptz", e => { if (e.detail === id) this.ask(); });
    this.undo.every(() => this.stick(), stickEvery);
    this.undo.every(() => this.paint(), 1000);
    this.picture();
    this.ask();
  }

  async ask() {
    try { this.can = await liveAPI.ptz(this.id); } catch (x) { this.complain(x); return; }
    if (!this.over) this.draw();
  }

  makePad() {
    /** @param {string} name @param {[number, number, number]} v @param {string} label @param {string} sign */
    const key = (name, v, label, sign) => {
      const b = h("button.pad-key." + name, { type: "button", "aria-label": label, title: label }, sign);
      b.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => { if (e.button === 0) { b.setPointerCapture(e.pointerId); this.press("pad", v); } });
      for (const t of ["pointerup", "pointercancel", "lostpointercapture"]) b.addEventListener(t, () => this.release("pad"));
      b.addEventListener("keydown", (/** @type {KeyboardEvent} */ e) => { if (e.key === " " || e.key === "Enter") { e.preventDefault(); e.stopPropagation(); this.press("pad", v); } });
      b.addEventListener("keyup", () => this.release("pad"));
      b.addEventListener("blur", () => this.release("pad"));
      return b;
    };
    this.homeButton = iconButton(icon("home"), w.home, () => this.act(() => liveAPI.home(this.id, { speed: this.pace })));
    return h("div.ptz-pad", { role: "group", "aria-label": w.direction }, key("ul", [-1, 1, 0], w.upLeft, "↖"), key("u", [0, 1, 0], w.up, "↑"), key("ur", [1, 1, 0], w.upRight, "↗"), key("l", [-1, 0, 0], w.left, "←"), this.homeButton, key("r", [1, 0, 0], w.right, "→"),
      key("dl", [-1, -1, 0], w.downLeft, "↙"), key("d", [0, -1, 0], w.down, "↓"), key("dr", [1, -1, 0], w.downRight, "↘"), key("in", [0, 0, 1], w.zoomIn, "+"), key("out", [0, 0, -1], w.zoomOut, "−"));
  }

  get pace() { return Number(this.speed.value); }

  /** @param {string} by @param {[number, number, number]} v */
  press(by, v) { this.pressed.set(by, v); this.go(); }
  /** @param {string} by */
  release(by) { if (this.pressed.delete(by)) this.go(); }
  freeze() { this.pressed.clear(); this.motion.drop(); }

  go() {
    const sum = [0, 1, 2].map(i => Math.max(-1, Math.min(1, [...this.pressed.values()].reduce((n, v) => n + v[i], 0))) * this.pace);
    this.motion.set(/** @type {[number, number, number]} */ (sum));
  }

  /** The gamepad's left stick turns, the right one zooms. */
  stick() {
    const pad = document.hasFocus() ? [...navigator.getGamepads?.() || []].find(p => p && p.axes.length >= 2) : null;
    if (!pad) { this.release("stick"); return; }
    const [x, y, , z = 0] = pad.axes, v = /** @type {[number, number, number]} */ ([x, -y, -z].map(n => Math.abs(n) < rest ? 0 : n));
    if (v.some(Boolean)) this.press("stick", v); else this.release("stick");
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const v = keys[e.key.toLowerCase()];
    if (v && !e.repeat) this.press(e.key.toLowerCase(), v);
    if (v) return true;
    if (/^[1-9]$/.test(e.key) && this.can?.presets[Number(e.key) - 1]) { this.goTo(this.can.presets[Number(e.key) - 1].token); return true; }
    if (e.key.toLowerCase() === "h" && this.can?.home) { this.homeButton?.click(); return true; }
    if (e.key.toLowerCase() === "c") { this.aim(!this.aiming); return true; }
    return false;
  }
  /** @param {KeyboardEvent} e */
  up(e) { this.release(e.key.toLowerCase()); }

  /** @param {() => Promise<unknown>} f */
  async act(f) { try { await f(); } catch (x) { await this.refused(x); return; } this.ask(); }

  /** Says why something was not done. Who steers it, and until when by the clock here, is asked anew. @param {unknown} x */
  async refused(x) {
    await this.ask();
    const d = this.can?.driver;
    this.complain(x instanceof Problem && x.slug === "driven" && d && !d.you ? new Problem(x.status, { detail: w.theirs(d.name, clock(d.until)), hint: x.hint }) : x);
  }
  /** @param {string} token */
  goTo(token) { this.act(() => liveAPI.goTo(this.id, token, { speed: this.pace })); }

  /** @param {import("./api-live.js").Driver} d */
  driven(d) { if (this.can) this.can.driver = d; this.paint(); }

  async drive() {
    const d = this.can?.driver, mine = d?.you, take = !!d && !mine;
    try { if (mine) await liveAPI.letGo(this.id); else { await liveAPI.drive(this.id, { seconds: lockFor, ...(take ? { take_over: true } : {}) }); this.motion.takeOver = false; } } catch (x) { await this.refused(x); return; }
    this.ask();
  }

  draw() {
    const p = this.can;
    if (!p) return;
    this.homeButton?.classList.toggle("off", !p.home);
    if (this.homeButton) this.homeButton.disabled = !p.home;
    const fov = p.relative?.units.includes("fov");
    this.click.hidden = !fov && !p.relative;
    const control = store.can(this.id, "control");
    const named = p.presets.filter(x => x.name || p.presets.length <= 16);
    morph(this.presets, named.length > 0 && h("h3", null, w.presets), ...named.map((x, i) => h("span.ptz-preset", { "data-key": x.token }, h("button.button", { type: "button", onclick: () => this.goTo(x.token) }, i < 9 ? `${i + 1} ` : "", x.name || x.token),
      control && h("button.icon-button", { type: "button", "aria-label": w.forget(x.name || x.token), title: w.forget(x.name || x.token), onclick: () => this.act(() => liveAPI.forgetPreset(this.id, x.token)) }, icon("close")))),
      control && p.max_presets > p.presets.length && h("button.button", { type: "button", "data-key": "keep", onclick: () => this.keepHere() }, icon("plus"), w.keep));
    morph(this.tours, p.tours.length > 0 && h("h3", null, w.tours), ...p.tours.map(t => { const on = t.state === "Touring", token = t.token || ""; return h("button.button", { type: "button", "data-key": token + on, "aria-pressed": String(on), onclick: () => this.act(() => liveAPI.tour(this.id, token, on ? "stop" : "start")) }, t.name || token); }));
    this.paint();
  }

  async keepHere() {
    const { dialog } = await import("./parts.js"), { field } = await import("./sign.js"), name = field(w.presetName, { name: "name", maxlength: "64" });
    dialog({ title: w.keep, text: [w.keepText], fields: [name], button: w.keep, ready: () => name.input.value.trim() !== "", act: async () => { await liveAPI.keepPreset(this.id, name.input.value.trim()); this.ask(); } });
  }

  paint() {
    const d = this.can?.driver, left = d ? (Date.parse(d.until) - Date.now()) / 1000 : 0;
    const by = d && left > 0 ? d : null;
    this.driver.textContent = this.can?.trouble || (!by ? w.nobody : by.you ? w.yours(clock(by.until)) : w.theirs(by.name, clock(by.until)));
    this.driver.classList.toggle("bad", !!this.can?.trouble || !!by && !by.you);
    this.lock.textContent = !by ? w.lock : by.you ? w.letGo : w.takeOver;
    this.lock.hidden = !!by && !by.you && !store.may("configure");
    this.pad.classList.toggle("off", !!by && !by.you);
  }

  /** Whether a click on the picture brings that point to its centre, and a drag what is within it to the whole. @param {boolean} on */
  aim(on) {
    this.aiming = on;
    this.click.setAttribute("aria-pressed", String(on));
    this.tile.element.classList.toggle("aiming", on);
    if (on) this.zoom.reset();
  }

  picture() {
    const e = this.tile.element;
    /** @type {{x:number,y:number}|null} */
    let from = null;
    this.undo.on(e, "pointerdown", p => { if (this.aiming && p.button === 0) { from = this.zoom.at(p); e.setPointerCapture(p.pointerId); } });
    this.undo.on(e, "pointermove", p => { if (from) this.outline(from, this.zoom.at(p)); });
    this.undo.on(e, "pointerup", p => { if (from) { const a = from, b = this.zoom.at(p); from = null; this.box.hidden = true; this.centre(a, b); } });
    this.undo.on(e, "pointercancel", () => { from = null; this.box.hidden = true; });
  }

  /** @param {{x:number,y:number}} a @param {{x:number,y:number}} b */
  outline(a, b) {
    this.box.hidden = Math.hypot(a.x - b.x, a.y - b.y) < 10;
    for (const [k, v] of /** @type {[string, number][]} */ ([["left", Math.min(a.x, b.x)], ["top", Math.min(a.y, b.y)], ["width", Math.abs(a.x - b.x)], ["height", Math.abs(a.y - b.y)]])) this.box.style.setProperty(k, `${v}px`);
  }

  /** Brings a point of the picture to its centre, or with a box what is in it to the whole picture. @param {{x:number,y:number}} a @param {{x:number,y:number}} b */
  centre(a, b) {
    const v = this.tile.player.video, e = this.tile.element, shape = this.tile.shape, fw = e.clientWidth, fh = e.clientHeight;
    const width = Math.min(fw, fh * shape), height = width / shape, boxed = Math.hypot(a.x - b.x, a.y - b.y) >= 10;
    const x = ((boxed ? (a.x + b.x) / 2 : b.x) - fw / 2) / (width / 2), y = (fh / 2 - (boxed ? (a.y + b.y) / 2 : b.y)) / (height / 2);
    if (!v.videoWidth || Math.abs(x) > 1 || Math.abs(y) > 1) return;
    const fov = this.can?.relative?.units.includes("fov"), part = boxed ? Math.max(Math.abs(a.x - b.x) / width, Math.abs(a.y - b.y) / height) : 1;
    const zoom = this.can?.relative?.zoom && boxed ? Math.max(0, Math.min(1, (1 - part) * 0.5)) : 0;
    this.act(async () => this.driven((await liveAPI.move(this.id, { kind: "relative", unit: fov ? "fov" : "generic", pan: fov ? x : x * 0.1, tilt: fov ? y : y * 0.1, ...(zoom ? { zoom } : {}) })).driver));
  }

  end() { this.over = true; this.freeze(); this.undo.run(); this.aim(false); this.box.remove(); }
}
PTZPanel.prototype.over = false;
PTZPanel.prototype.aiming = false;
/** @type {HTMLButtonElement|undefined} */
PTZPanel.prototype.homeButton = undefined;
