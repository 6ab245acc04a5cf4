// The time axis: which stretch of time it shows, and how it is drawn.
import { h } from "./dom.js";
import { tongue } from "./language.js";
import { after, footageIn } from "./history.js";
import { words, clock, duration } from "./words.js";
import { timelineWords as w } from "./words-timeline.js";

const minute = 60e3, day = 24 * 3600e3;
/** The shortest and the longest stretch that the axis shows, ms. */
const shortest = 10e3, longest = 400 * day;
/** A wall is read from across the room. */
const wall = matchMedia("(min-width: 2600px)").matches;
/** Where the lanes begin, and how high those of the focus, of other chosen cameras and of the rest are, px. */
const [top, tall, middle, thin, between] = wall ? [28, 64, 40, 22, 6] : [26, 40, 26, 12, 5];
const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 2 * 86400, 7 * 86400, 30 * 86400, 61 * 86400].map(s => s * 1000);
/** How the axis writes. */
export const font = `${wall ? 16 : 12}px system-ui, sans-serif`, bold = `600 ${font}`;

/** A camera's place on the axis. @typedef {{c: {id: string, name: string}, y: number, h: number, focus: boolean, chosen: boolean}} Lane */

/** The line of the moment that is shown, its time in a pill. It lies over the axis and is moved by the compositor: that nothing else has to be
 * drawn for it is a fifth of what scrubbing sixteen cameras costs. */
export class Playhead {
  constructor() {
    this.pill = h("span");
    this.element = h("div.playhead", { "aria-hidden": "true" }, h("i"), this.pill);
  }
  /** @param {number} x px @param {number} width px, of the axis @param {string} text */
  at(x, width, text) {
    this.element.style.setProperty("--x", `${x.toFixed(1)}px`);
    this.element.style.setProperty("--wide", `${width}px`);
    if (this.pill.textContent !== text) this.pill.textContent = text;
  }
}

export class Axis {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.center = Date.now();
    this.span = 30 * minute;
    this.scroll = 0;
    this.width = 1; // px, as it was last drawn: asking the browser each time costs a layout
    /** @type {Lane[]} */
    this.lanes = [];
    const css = getComputedStyle(document.documentElement);
    /** Colours of the picture that is being drawn. @type {Map<string, string>} */
    this.colours = new Map();
    this.colour = (/** @type {string} */ name) => { let c = this.colours.get(name); if (c === undefined) this.colours.set(name, c = css.getPropertyValue(name).trim()); return c; };
    /** @type {CanvasPattern|null} */
    this.hatched = null;
  }
  get from() { return this.center - this.span / 2; }
  get to() { return this.center + this.span / 2; }
  /** @param {number} t */
  x(t) { return (t - this.from) / this.span * this.width; }
  /** @param {number} px */
  t(px) { return this.from + px / this.width * this.span; }
  /** @param {number} px @param {number} by */
  zoom(px, by) {
    const at = this.t(px);
    this.span = Math.min(Math.max(this.span * by, shortest), longest);
    this.center = at + this.span / 2 - px / this.width * this.span;
  }
  /** Brings a moment into sight. @param {number} t */
  reveal(t) { if (t < this.from || t > this.to) this.center = t; }

  /** Gives each camera its lane. @param {{id: string, name: string}[]} cameras @param {string} focus @param {string[]} chosen */
  place(cameras, focus, chosen) {
    const rank = (/** @type {{id: string}} */ c) => c.id === focus ? 0 : chosen.includes(c.id) ? 1 : 2;
    let y = top;
    this.lanes = [...cameras].sort((a, b) => rank(a) - rank(b)).map(c => {
      const h = [tall, middle, thin][rank(c)], lane = { c, y, h, focus: c.id === focus, chosen: chosen.includes(c.id) };
      y += h + between;
      return lane;
    });
    return (this.lanes.length ? y : 60) + 5;
  }
  /** @param {number} y */
  laneAt(y) { return this.lanes.find(l => y >= l.y && y < l.y + l.h + between); }

  /** Clears the canvas and gives what to draw with; null while it has no size. @param {number} height px */
  begin(height) {
    const c = this.canvas, dpr = devicePixelRatio || 1;
    c.style.setProperty("height", `${height}px`);
    const wide = Math.round(c.clientWidth * dpr), high = Math.round(height * dpr);
    if (!wide) return null;
    this.width = c.clientWidth;
    if (c.width !== wide || c.height !== high) { c.width = wide; c.height = high; }
    const g = c.getContext("2d");
    if (!g) return null;
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.clearRect(0, 0, c.clientWidth, height);
    this.colours.clear();
    this.hatched = stripes(g, this.colour("--gap"), dpr);
    g.font = font;
    g.textBaseline = "middle";
    return g;
  }

  /** @param {CanvasRenderingContext2D} g @param {number} height @param {number} head px, where the time of the moment that is shown lies over the labels @param {string} pill what it says */
  ticks(g, height, head, pill) {
    g.font = bold;
    const half = g.measureText(pill).width / 2 + 10, middle = Math.max(half, Math.min(this.width - half, head));
    g.font = font;
    const step = steps.find(s => s / this.span * this.width > 84) || steps[steps.length - 1], zone = -new Date(this.center).getTimezoneOffset() * minute; // labels are local, the axis is not
    for (let at = Math.ceil((this.from + zone) / step) * step - zone; at < this.to; at += step) {
      g.fillStyle = this.colour("--hairline");
      g.fillRect(Math.round(this.x(at)), 20, 1, height);
      g.fillStyle = this.colour("--faint");
      const text = label(at, step), left = this.x(at) + 4;
      if (left > middle + half || left + g.measureText(text).width < middle - half) g.fillText(text, left, 10 + this.scroll);
    }
  }

  /** A camera's lane. @param {CanvasRenderingContext2D} g @param {Lane} l @param {import("./history.js").History} history */
  lane(g, l, history) {
    const wide = this.width, big = l.h > thin;
    g.fillStyle = this.colour("--surface");
    g.fillRect(0, l.y, wide, l.h);
    const list = history.runs(l.c.id);
    for (let i = after(list, this.from); i < list.length && list[i].from < this.to; i++) {
      const r = list[i], a = Math.max(-2, this.x(r.from)), b = Math.min(wide + 2, this.x(r.to));
      if (!r.class) continue;
      const width = Math.max(1, b - a);
      if (footageIn(r.class)) { g.fillStyle = this.colour("--recorded"); g.fillRect(a, l.y, width, l.h); }
      if (r.class === "filled") { g.fillStyle = this.colour("--accent"); g.fillRect(a, l.y, width, 2); g.fillRect(a, l.y + l.h - 2, width, 2); }
      if (r.class === "partly") this.notch(g, a, l.y, width, l.h);
      if (r.class === "lost") this.hatch(g, a, l.y, width, l.h); // what nobody wanted, and what was deleted on purpose, is plain empty
      if (l.focus && width > 150 && !footageIn(r.class)) { g.fillStyle = this.colour(r.class === "lost" ? "--quiet" : "--faint"); g.fillText(gapWords(r), Math.max(a, 0) + 8 + (a < 1 ? g.measureText(l.c.name).width + 12 : 0), l.y + l.h / 2, width - 12); }
    }
    if (big) this.curve(g, l, history);
    this.events(g, l, history);
    if (!l.focus) this.locks(g, l, history);
    g.fillStyle = this.colour("--text");
    g.globalAlpha = l.chosen || l.focus ? 1 : 0.85;
    if (l.focus) g.font = bold;
    this.write(g, l.c.name, 8, l.y + l.h / 2);
    g.font = font;
    g.globalAlpha = 1;
  }

  /** How much moves, inside the lane: whole columns of pixels of the greatest value in each, those of one height as one. One path of all
   * slots, which a browser without a graphics card fills edge by edge, took 100 ms of every drawing of sixteen cameras: nearly all that a
   * browser did while somebody scrubbed. @param {CanvasRenderingContext2D} g @param {Lane} l @param {import("./history.js").History} history */
  curve(g, l, history) {
    const list = history.cameras.get(l.c.id)?.activity || [];
    if (!list.length) return;
    const columns = new Uint8Array(Math.ceil(this.width)), per = (l.h - 8) / 100, base = l.y + l.h, first = Math.max(0, Math.floor((this.from - history.from) / (history.to - history.from) * list.length));
    for (let i = first, k = 0; i < list.length && k < columns.length; i++) {
      const end = Math.min(columns.length, Math.max(k + 1, Math.round(this.x(history.time(i + 1)))));
      const high = Math.round(Math.max(list[i], 0) * per);
      for (k = Math.max(0, Math.round(this.x(history.time(i)))); k < end; k++) columns[k] = Math.max(columns[k], high);
    }
    g.fillStyle = this.colour("--motion");
    g.globalAlpha = 0.75;
    for (let k = 0, end = 1; k < columns.length; k = end++) {
      while (end < columns.length && columns[end] === columns[k]) end++;
      if (columns[k]) g.fillRect(k, base - columns[k], end - k, columns[k]);
    }
    g.globalAlpha = 1;
  }

  /** Ticks where events begin, at the lower edge. @param {CanvasRenderingContext2D} g @param {Lane} l @param {import("./history.js").History} history */
  events(g, l, history) {
    const high = l.h > thin ? 6 : 4;
    const list = history.cameras.get(l.c.id)?.events || [], scale = history.slots / (history.to - history.from), first = (this.from - history.from) * scale - 1, last = (this.to - history.from) * scale;
    for (const mark of [false, true]) { // marks over the rest
      g.fillStyle = this.colour(mark ? "--accent" : "--motion");
      for (const e of list) if (e.slot >= first && e.slot <= last && (e.kind === "mark") === mark) g.fillRect(this.x(history.time(e.slot)) - 1, l.y + l.h - high, 2, high);
    }
  }

  /** @param {CanvasRenderingContext2D} g @param {Lane} l @param {import("./history.js").History} history */
  locks(g, l, history) {
    g.fillStyle = this.colour("--locked");
    for (const k of history.cameras.get(l.c.id)?.locks || []) {
      const a = Math.max(0, this.x(Date.parse(k.from))), b = Math.min(this.width, this.x(Date.parse(k.to)));
      if (b > 0 && a < this.width) g.fillRect(a, l.y, Math.max(2, b - a), 3);
    }
  }

  /** @param {CanvasRenderingContext2D} g @param {string} text @param {number} x @param {number} y */
  write(g, text, x, y) { write(g, text, x, y, this.colour("--bg")); }

  /** The words of events, where there is room. @param {CanvasRenderingContext2D} g @param {Lane} l @param {import("./api.js").CameraEvent[]} list */
  eventWords(g, l, list) {
    const now = this.x(Date.now());
    g.font = bold;
    let free = 16 + g.measureText(l.c.name).width; // where the next word may stand: behind the camera's name
    g.font = font;
    for (const e of list) {
      const a = this.x(Date.parse(e.start)), b = this.x(e.end ? Date.parse(e.end) : Date.now());
      if (b < 0 || a > this.width) continue;
      g.fillStyle = this.colour(e.kind === "mark" ? "--accent" : "--motion");
      g.fillRect(a - 1, l.y + l.h - 6, Math.max(2, b - a), 6);
      if (a < free) continue;
      const whole = eventText(e), across = a + 4 + g.measureText(whole).width > now, before = across && now - a < a - free; // nothing is written across now, into what is to come
      const text = across ? within(g, whole, before ? a - 4 - free : now - a - 8) : whole, wide = g.measureText(text).width;
      g.fillStyle = this.colour("--text");
      if (text) this.write(g, text, before ? a - 4 - wide : a + 4, l.y + l.h - 11);
      free = a + (before ? 12 : wide + 16);
    }
  }

  /** @param {CanvasRenderingContext2D} g @param {number} a @param {number} y @param {number} wide @param {number} high */
  hatch(g, a, y, wide, high) {
    g.fillStyle = this.hatched || this.colour("--gap");
    g.fillRect(a, y, wide, high);
  }

  /** Something is missing in a place that has footage: an open notch at the lower edge. @param {CanvasRenderingContext2D} g @param {number} a @param {number} y @param {number} wide @param {number} high */
  notch(g, a, y, wide, high) {
    g.fillStyle = this.colour("--bg");
    g.fillRect(a, y + high - Math.min(8, high / 2), wide, Math.min(8, high / 2));
    this.hatch(g, a, y + high - Math.min(8, high / 2), wide, Math.min(8, high / 2));
  }

  /** @param {CanvasRenderingContext2D} g @param {number} height @param {number} now */
  future(g, height, now) {
    if (this.x(now) >= this.width) return;
    g.fillStyle = this.colour("--bg");
    g.globalAlpha = 0.6;
    g.fillRect(Math.max(0, this.x(now)), 20, this.width, height);
    g.globalAlpha = 1;
  }
}

/** Writes words that are read on whatever lies behind them. @param {CanvasRenderingContext2D} g @param {string} text @param {number} x @param {number} y @param {string} edge its colour */
export function write(g, text, x, y, edge) {
  g.strokeStyle = edge;
  g.lineWidth = 3;
  g.lineJoin = "round";
  g.strokeText(text, x, y);
  g.fillText(text, x, y);
}

/** As much of words as a width has room for; none where that says nothing. @param {CanvasRenderingContext2D} g @param {string} text @param {number} room px */
export function within(g, text, room) {
  if (g.measureText(text).width <= room) return text;
  let n = text.length - 1;
  while (n > 0 && g.measureText(`${text.slice(0, n)}…`).width > room) n--;
  return n < 4 ? "" : `${text.slice(0, n).trimEnd()}…`;
}

/** Slanted lines, six pixels apart, to fill with. @param {CanvasRenderingContext2D} g @param {string} colour @param {number} dpr */
function stripes(g, colour, dpr) {
  const size = Math.round(6 * dpr), c = document.createElement("canvas"), s = c.getContext("2d");
  c.width = c.height = size;
  if (!s) return null;
  s.strokeStyle = colour;
  s.lineWidth = dpr;
  s.beginPath();
  for (const d of [-size, 0, size]) { s.moveTo(d, size); s.lineTo(d + size, 0); }
  s.stroke();
  const p = g.createPattern(c, "repeat");
  p?.setTransform(new DOMMatrix().scale(1 / dpr));
  return p;
}

/** @param {number} at @param {number} step */
function label(at, step) {
  const d = new Date(at);
  if (step >= 28 * day) return d.toLocaleDateString(tongue(), { month: "short", year: "numeric" });
  const midnight = d.getHours() === 0 && d.getMinutes() === 0 && d.getSeconds() === 0; // where a day begins, it says which
  return step >= day || midnight ? d.toLocaleDateString(tongue(), { day: "numeric", month: "short" }) : clock(at, step < minute);
}

/** What a place without footage is, in words. @param {import("./history.js").Place} r */
export function gapWords(r) {
  const long = duration((r.to - r.from) / 1000);
  return r.class === "unwanted" ? words.unwanted(long, r.cause) : r.class === "deleted" ? words.deleted(long, r.cause) : r.class === "partly" ? w.partly(r.cause) : words.gap(long, r.cause);
}

/** An event in a few words. @param {import("./api.js").CameraEvent} e */
export const eventText = e => e.text || words.eventKind(e.kind);
