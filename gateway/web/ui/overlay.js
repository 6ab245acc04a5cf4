// Boxes of what a camera sees, and temperatures, drawn over its picture.
import { watchScenes, RecordedScenes } from "./scene.js";
import { sceneWords } from "./words-scene.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Box} Box */

/** How long a scene is shown that no other follows, and how long a box takes to where it is told to be, ms. */
const stale = 3000, glide = 200;
const key = "overlay";
/** A wall is read from across the room. */
const wall = matchMedia("(min-width: 2600px)").matches;

/** Whether boxes are wanted on this device: they are, until somebody switches them off. */
export const overlaysWanted = () => localStorage.getItem(key) !== "off";
/** @param {boolean} on */
export function wantOverlays(on) { localStorage.setItem(key, on ? "on" : "off"); }

/**
 * Where a picture of a size lies in an element of a size: what object-fit makes of it, centred.
 * @param {number} width @param {number} height @param {number} w @param {number} h of the picture @param {string} fit
 */
export function place(width, height, w, h, fit) {
  if (!w || !h || fit === "fill") return { x: 0, y: 0, w: width, h: height };
  const s = (fit === "cover" ? Math.max : Math.min)(width / w, height / h);
  return { x: (width - w * s) / 2, y: (height - h * s) / 2, w: w * s, h: h * s };
}

/**
 * Lies over a video, in the element that the video is in, which must be positioned. It follows the camera live, or shows what was recorded
 * at the moments that it is told by seek.
 */
export class Overlay {
  /** @param {HTMLVideoElement} video @param {string} camera @param {{recorded?: boolean, stream?: string, smooth?: boolean}} [o] smooth: boxes glide, which a picture that is large is worth */
  constructor(video, camera, o = {}) {
    this.video = video;
    this.camera = camera;
    this.smooth = !!o.smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.recorded = o.recorded ? new RecordedScenes(camera, o.stream || "main") : null;
    const c = this.canvas = document.createElement("canvas");
    c.className = "overlay";
    c.setAttribute("role", "img");
    c.setAttribute("aria-label", sceneWords.nothing);
    // Set one by one: the content security policy refuses a style attribute.
    for (const [k, v] of Object.entries({ position: "absolute", inset: "0", width: "100%", height: "100%", "pointer-events": "none" })) c.style.setProperty(k, v);
    const l = this.labels = document.createElement("div");
    l.className = "measured";
    video.after(c, l);
    /** What is measured, by its name. @type {Map<string, HTMLElement>} */
    this.measured = new Map();
    /** @type {Scene|null} */
    this.scene = null;
    /** Where boxes were drawn last, by id. @type {Map<string, Box>} */
    this.drawn = new Map();
    /** From where they glide. @type {Map<string, Box>} */
    this.from = new Map();
    this.since = 0;
    this.frame = 0;
    this.timer = 0;
    this.unwatch = () => {};
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(video);
    this.wanted = false;
    this.on = overlaysWanted();
  }

  /** Lies over another video of the same camera, in the same element. @param {HTMLVideoElement} video */
  follow(video) { this.sized.disconnect(); this.video = video; this.sized.observe(video); this.draw(); }

  get on() { return this.wanted; }

  /** Switches it on or off. */
  set on(on) {
    if (on === this.wanted) return;
    this.wanted = on;
    this.canvas.hidden = this.labels.hidden = !on;
    this.unwatch();
    this.unwatch = on && !this.recorded ? watchScenes(this.camera, s => this.show(s)) : () => {};
    if (!on) this.show(null);
  }

  /** Shows what was seen at a moment of recorded footage. @param {Date|number} at */
  seek(at) {
    if (!this.recorded || !this.wanted) return;
    const t = Number(at);
    this.show(this.recorded.at(t, () => this.seek(t)));
  }

  /** @param {Scene|null} scene */
  show(scene) {
    clearTimeout(this.timer);
    this.from = new Map(this.drawn);
    this.scene = scene;
    this.since = performance.now();
    if (scene && !this.recorded) this.timer = setTimeout(() => this.show(null), stale);
    const names = (scene?.objects || []).map(o => naming(o));
    this.canvas.setAttribute("aria-label", names.length ? sceneWords.seen(names) : sceneWords.nothing);
    this.draw();
  }

  /** Draws now, and while boxes glide. */
  draw() {
    cancelAnimationFrame(this.frame);
    const c = this.canvas, ratio = Math.min(2, devicePixelRatio || 1), width = c.clientWidth, height = c.clientHeight;
    if (!this.wanted || !width || !height) return;
    if (c.width !== Math.round(width * ratio) || c.height !== Math.round(height * ratio)) { c.width = Math.round(width * ratio); c.height = Math.round(height * ratio); }
    const g = c.getContext("2d");
    if (!g) return;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    this.drawn.clear();
    if (!this.scene || !this.video.videoWidth) { this.measure([], null); return; }
    const at = place(width, height, this.video.videoWidth, this.video.videoHeight, getComputedStyle(this.video).objectFit);
    const p = new Pen(g, at, width);
    const part = this.smooth ? Math.min(1, (performance.now() - this.since) / glide) : 1;
    for (const o of this.scene.objects) {
      const was = this.from.get(o.id), box = /** @type {Box} */ (was && part < 1 ? o.box.map((v, i) => was[i] + (v - was[i]) * part) : o.box);
      this.drawn.set(o.id, box);
      p.box(box, naming(o), !!o.idle);
    }
    this.measure(this.scene.temperatures || [], p);
    if (part < 1) this.frame = requestAnimationFrame(() => this.draw());
  }

  /**
   * Temperatures where they are measured. What the camera does not place stands at the upper edge, and it says so.
   * @param {import("./scene.js").SceneReading[]} list @param {Pen|null} p
   */
  measure(list, p) {
    const labels = new Map(), loose = list.filter(r => !r.box);
    const zoom = Number(getComputedStyle(this.labels).getPropertyValue("--zoom")) || 1; // labels keep their size when the picture is enlarged
    let row = p ? p.at.y + p.size * 4 : 0;
    /** @param {string} name @param {string} text @param {(w: number, h: number) => [number, number]} where of its size in the picture's pixels */
    const put = (name, text, where) => {
      const l = this.measured.get(name) || document.createElement("span");
      labels.set(name, l);
      if (l.textContent !== text) l.textContent = text;
      if (!l.parentNode) this.labels.append(l);
      if (!p) return;
      this.labels.style.setProperty("font-size", `${p.size}px`);
      l.style.setProperty("max-width", `${p.at.w * zoom}px`); // words that are longer than a small picture is wide go on in a second line
      const lw = l.offsetWidth / zoom, lh = l.offsetHeight / zoom, [x, y] = where(lw, lh), { x: left, y: top, w, h } = p.at;
      l.style.setProperty("left", `${Math.max(left, Math.min(x, left + w - lw))}px`);
      l.style.setProperty("top", `${Math.max(top, Math.min(y, top + h - lh))}px`);
    };
    for (const r of p ? list : []) {
      if (!r.box || !p) continue;
      const [x, y, w, h] = p.pixels(r.box), spot = w < 1 && h < 1;
      if (spot) p.cross(x, y); else p.frame(x, y, w, h);
      put(r.item, sceneWords.reading(r), (lw, lh) => (spot ? [x + 10 + lw > p.at.x + p.at.w ? x - 10 - lw : x + 10, y - lh / 2] : [x, y + h + 3]));
    }
    if (p && loose.length) {
      for (const [name, text] of [["", sceneWords.unplaced], ...loose.map(r => [r.item, sceneWords.reading(r)])]) put(name, text, (_, lh) => { const y = row; row += lh + 3; return [p.at.x + 8, y]; });
    }
    for (const [name, l] of this.measured) if (!labels.has(name)) l.remove();
    this.measured = labels;
  }

  end() {
    this.on = false;
    cancelAnimationFrame(this.frame);
    this.sized.disconnect();
    this.canvas.remove();
    this.labels.remove();
  }
}

/** @param {import("./scene.js").SceneObject} o */
function naming(o) {
  const name = sceneWords.classes[o.class || ""] || o.class || sceneWords.object;
  return o.likelihood ? `${name} ${Math.round(100 * o.likelihood)} %` : name;
}

/** Draws in the picture's own coordinates. */
class Pen {
  /** @param {CanvasRenderingContext2D} g @param {{x:number,y:number,w:number,h:number}} at @param {number} width of the whole */
  constructor(g, at, width) {
    this.g = g;
    this.at = at;
    this.size = width < 420 ? 11 : width < (wall ? 700 : 1600) ? 12 : 17;
    g.font = `600 ${this.size}px system-ui, sans-serif`;
    g.textBaseline = "middle";
    const colours = getComputedStyle(document.documentElement);
    this.colour = colours.getPropertyValue("--motion").trim() || "#e0a83a";
  }

  /** A box of -1 to 1 in pixels. @param {Box} b @returns {[number, number, number, number]} */
  pixels(b) {
    const { x, y, w, h } = this.at;
    return [x + (b[0] + 1) / 2 * w, y + (1 - b[3]) / 2 * h, (b[2] - b[0]) / 2 * w, (b[3] - b[1]) / 2 * h];
  }

  /** @param {Box} b @param {string} name @param {boolean} idle */
  box(b, name, idle) {
    const g = this.g, [x, y, w, h] = this.pixels(b);
    g.lineJoin = "round";
    for (const [style, line] of /** @type {[string, number][]} */ ([["rgb(0 0 0 / .55)", 4], [this.colour, 2]])) { // a dark edge, so that it is seen on every picture
      g.strokeStyle = style;
      g.lineWidth = line;
      g.setLineDash(idle ? [6, 4] : []);
      g.strokeRect(x, y, w, h);
    }
    g.setLineDash([]);
    if (w > 24) this.label(x - 1, y - this.size - 8 < this.at.y ? y + 1 : y - this.size - 7, name);
  }

  /** Words on a dark ground, from the upper left corner. @param {number} x @param {number} y @param {string} text */
  label(x, y, text) {
    const g = this.g, w = g.measureText(text).width + 10, h = this.size + 6;
    x = Math.max(this.at.x, Math.min(x, this.at.x + this.at.w - w));
    g.fillStyle = "rgb(11 13 15 / .78)";
    g.beginPath();
    g.roundRect(x, y, w, h, 3);
    g.fill();
    g.fillStyle = "#f4f5f6";
    g.fillText(text, x + 5, y + h / 2 + 0.5);
    return h;
  }

  /** @param {number} x @param {number} y */
  cross(x, y) {
    const g = this.g;
    for (const [style, line] of /** @type {[string, number][]} */ ([["rgb(0 0 0 / .6)", 4], ["#fff", 1.5]])) {
      g.strokeStyle = style;
      g.lineWidth = line;
      g.beginPath();
      g.moveTo(x - 7, y); g.lineTo(x + 7, y); g.moveTo(x, y - 7); g.lineTo(x, y + 7);
      g.stroke();
    }
  }

  /** @param {number} x @param {number} y @param {number} w @param {number} h */
  frame(x, y, w, h) {
    const g = this.g;
    for (const [style, line] of /** @type {[string, number][]} */ ([["rgb(0 0 0 / .6)", 4], ["#fff", 1.5]])) { g.strokeStyle = style; g.lineWidth = line; g.strokeRect(x, y, w, h); }
  }
}
