// Where the clock of the recorder was set back two recordings are of the same times: says so, and has one of them chosen.
import { api } from "./api.js";
import { h } from "./dom.js";
import { clock } from "./words.js";
import { timelineWords as w } from "./words-timeline.js";

/** How far around a moment recordings of the same times are looked for once one is chosen, ms. */
const reach = 24 * 3600e3;
/** How far apart two files of one recording are at most, ms. */
const joins = 1000;

/** A stretch of one run. @typedef {{run: string, from: number, to: number}} Stretch */
/** Of a stretch of time the run that is shown, by streams; bounds of a time of which none was chosen. @typedef {{from: number, to: number, runs: Record<string, string>}} Chosen */

/** The stretches of each run: where two are of the same times their files alternate among the spans. @param {import("./api.js").Span[]} spans in the order of their starts @returns {Stretch[]} */
function stretches(spans) {
  /** @type {Stretch[]} */
  const list = [];
  for (const s of spans) {
    if (s.kind !== "recorded") continue;
    const from = Date.parse(s.start), to = Date.parse(s.end), before = list.findLast(x => x.run === s.run && x.to > from - joins);
    if (before) before.to = Math.max(before.to, to); else list.push({ run: s.run || "", from, to });
  }
  return list;
}

/**
 * The stretch around a moment of which there is more than one recording, and which these are, the one first that is shown when none is chosen;
 * null where there is one at most.
 * @param {import("./api.js").Span[]} spans in the order of their starts @param {number} at
 */
export function twice(spans, at) {
  const over = stretches(spans).filter(s => s.from <= at && s.to > at).sort((a, b) => a.run < b.run ? -1 : 1);
  if (over.length < 2) return null;
  return { from: Math.max(...over.map(s => s.from)), to: Math.min(...over.map(s => s.to)), over };
}

/** The run of another stream that goes with one: it began and ended when that did. @param {Stretch[]} list @param {Stretch} like */
const fellow = (list, like) => {
  const off = (/** @type {Stretch} */ s) => Math.abs(s.from - like.from) + Math.abs(s.to - like.to);
  return list.reduce((a, b) => off(b) < off(a) ? b : a).run;
};

/** A line that says so, while it is so. */
export class Twice {
  /** @param {(camera: string) => void} told when another recording of a camera is to be shown */
  constructor(told) {
    this.told = told;
    this.says = h("span", { role: "status" });
    this.which = h("select", { "aria-label": w.whichRecording, onchange: () => this.choose(this.which.value).catch(() => { this.shown = ""; }) }); // the list says again what is shown
    this.element = h("p.recorded-twice", { hidden: true }, this.says, this.which);
    /** Of each camera. @type {Map<string, Chosen[]>} */
    this.chosen = new Map();
    this.camera = "";
    this.at = NaN;
    this.shown = ""; // runs in the list
  }

  /** @param {string} camera @param {import("./api.js").Span[]} spans of its first stream @param {string} stream that @param {number} at */
  show(camera, spans, stream, at) {
    const t = twice(spans, at), runs = t ? t.over.map(s => s.run) : [], run = t ? this.of(camera, at).runs[stream] : undefined, text = t ? w.twice(clock(t.from), clock(t.to), run !== undefined) : "";
    this.camera = camera;
    this.stream = stream;
    this.at = at;
    if (this.says.textContent !== text) this.says.textContent = text;
    if (this.shown !== camera + runs) {
      this.shown = camera + runs;
      this.which.replaceChildren(...runs.map((r, i) => h("option", { value: r }, w.recordingOf(i + 1, runs.length))));
      this.which.value = run || runs[0] || "";
    }
    this.element.hidden = !t;
  }
  stream = "main";

  /** Which run of a camera was chosen for a moment, and between which moments that holds. @param {string} camera @param {number} t @returns {Chosen} */
  of(camera, t) {
    const list = this.chosen.get(camera) || [];
    return list.find(c => c.from <= t && c.to > t) || { from: Math.max(-Infinity, ...list.map(c => c.to).filter(x => x <= t)), to: Math.min(Infinity, ...list.map(c => c.from).filter(x => x > t)), runs: {} };
  }

  /** The run of a range's whole length that was chosen; "" when none was, or it holds for a part of it. @param {string} camera @param {number} from @param {number} to */
  ofRange(camera, from, to) { const c = this.of(camera, from); return c.to >= to ? c.runs[this.stream] || "" : ""; }

  /** Shows a run where it is one of several. @param {string} run */
  async choose(run) {
    const { camera, stream, at } = this, spans = (/** @type {string} */ id) => api.spans(camera, new Date(at - reach), new Date(at + reach), id);
    const t = twice(await spans(stream), at), one = t?.over.find(s => s.run === run);
    if (!t || !one) return;
    /** @type {Chosen} */
    const c = { from: t.from, to: t.to, runs: { [stream]: run } };
    for (const id of this.others(camera).filter(id => id !== stream)) { const o = twice(await spans(id), at); if (o) c.runs[id] = fellow(o.over, one); }
    this.chosen.set(camera, [...(this.chosen.get(camera) || []).filter(x => x.to <= c.from || x.from >= c.to), c]);
    this.told(camera);
  }
  /** The streams of a camera that are played beside the first. @type {(camera: string) => string[]} */
  others = () => [];
}
