// Timeline: pictures of the chosen cameras above, in step; every camera on one axis below.
import { tongue } from "./language.js";
import { store } from "./store.js";
import { api, Problem } from "./api.js";
import { Axis, Playhead, eventText, gapWords } from "./axis.js";
import { Calendar } from "./calendar.js";
import { Heard } from "./heard.js";
import { History, footageIn } from "./history.js";
import { Pace } from "./pace.js";
import { Played, keysFrom } from "./played.js";
import { Range, lockBand } from "./range.js";
import { Twice } from "./twice.js";
import { wishes } from "./wishes.js";
import { chooser } from "./chooser.js";
import { h, iconButton, Undo } from "./dom.js";
import { styled } from "./styles.js";
import { icon } from "./icons.js";
import { words, clock, duration, when } from "./words.js";
import { keepingWords as keeping } from "./words-keeping.js";
import { timelineWords as w } from "./words-timeline.js";

await styled("/timeline.css");

const minute = 60e3, hour = 3600e3, day = 24 * hour;
/** A gap of less than this is played over without a word, and how long the clock waits for the slowest picture, ms. */
const shortGap = 1500, patience = 4000;
/** How near to now is now, ms. */
const nowIsh = 1500;
/** How many cameras play together. */
export const mostPlayed = 16;
/** How long a finger rests before it picks a range, ms, and how far a hand moves before it drags, px. */
const longPress = 450, slop = 5;
/** Events are told one by one on an axis no longer than this, ms. */
const oneByOne = 3 * day;
const speeds = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
const memory = "holdfast.timeline";

/** What this device remembers. @returns {{cameras?: string[], span?: number}} */
function remembered() { try { return JSON.parse(localStorage.getItem(memory) || "{}"); } catch { return {}; } }

/** What is known of the events of the chosen cameras around the axis. */
class Events {
  constructor() {
    /** @type {Map<string, import("./api.js").CameraEvent[]>} */
    this.of = new Map();
    this.from = this.to = 0;
    this.busy = false;
    this.stale = true;
    this.ids = "";
  }
  /** @param {string[]} ids @param {number} from @param {number} to @param {() => void} then */
  want(ids, from, to, then) {
    if (this.busy || from >= to || !this.stale && from >= this.from && to <= this.to && this.ids === ids.join()) return;
    const pad = Math.max((to - from) / 2, minute), lo = from - pad, hi = to + pad;
    this.busy = true;
    this.stale = false;
    this.ids = ids.join();
    Promise.all(ids.map(async id => /** @type {const} */ ([id, await api.eventsOf(id, new Date(lo), new Date(hi)).catch(() => [])]))).then(all => { this.of = new Map(all); this.from = lo; this.to = hi; this.busy = false; then(); });
  }
  /** The event of a camera at a moment, within a tolerance: of several the shortest, since a mark within a long one would never be named. @param {string} id @param {number} at @param {number} near */
  at(id, at, near) {
    const end = (/** @type {import("./api.js").CameraEvent} */ e) => e.end ? Date.parse(e.end) : Date.now(), long = (/** @type {import("./api.js").CameraEvent} */ e) => end(e) - Date.parse(e.start);
    return (this.of.get(id) || []).filter(e => Date.parse(e.start) - near <= at && end(e) + near >= at).sort((a, b) => long(a) - long(b))[0];
  }
}

/** @param {string} id the camera; "": those of the address, of this device's memory, or the first @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function timelinePage(id, go) {
  const query = new URLSearchParams(location.search), memo = remembered();
  const wished = id ? [id] : (query.get("cameras") || query.get("camera") || "").split(",").filter(Boolean);
  if (!known(wished)) return waiting(id, wished, go);
  const playable = [...store.list("playback"), ...store.gone("playback")].map(c => c.id), some = (/** @type {string[]} */ list) => list.filter(c => playable.includes(c)).slice(0, mostPlayed);
  const first = [wished, memo.cameras || []].map(some).find(l => l.length) || playable.slice(0, 1);
  if (!first.length) return { element: h("section.empty", null, h("h1", null, words.noCameras), ...store.may("configure") ? [h("p", null, words.noCamerasText), h("button.button.primary", { type: "button", onclick: () => go("/cameras?find") }, words.find)] : []), leave: () => {} };
  return new Timeline(first, go, Date.parse(query.get("at") || ""), memo.span || 0).page();
}

/** Whether it is known of cameras that they are there, or were. @param {string[]} wished */
const known = wished => store.ready && (store.looked || wished.length > 0 && wished.every(c => store.cameras.has(c)) || !wished.length && store.list("playback").length > 0);

/** Until it is known which cameras there are. @param {string} id @param {string[]} wished @param {(path: string) => void} go @returns {import("./dom.js").Page} */
function waiting(id, wished, go) {
  const undo = new Undo(), element = h("section.timeline-wait", null, h("p.quiet", { role: "status" }, words.loading));
  /** @type {import("./dom.js").Page|null} */
  let page = null;
  const begin = () => { if (known(wished) && !page) { page = timelinePage(id, go); element.replaceWith(page.element); } };
  undo.on(store, "change", begin);
  queueMicrotask(begin);
  return { element, key: e => page?.key?.(e) || false, leave: () => { undo.run(); page?.leave(); } };
}

/** Why most of a time without footage has none: several causes may follow each other. @param {import("./api.js").Span[]} list @param {number} from @param {number} to */
function mainCause(list, from, to) {
  const of = (/** @type {import("./api.js").Span} */ s) => Math.min(to, Date.parse(s.end)) - Math.max(from, Date.parse(s.start));
  return list.filter(s => s.kind === "gap" && of(s) > 0).sort((a, b) => of(b) - of(a))[0]?.cause;
}

class Timeline {
  /** @param {string[]} chosen @param {(path: string) => void} go @param {number} at @param {number} span */
  constructor(chosen, go, at, span) {
    this.go = go;
    this.chosen = chosen;
    this.focus = chosen[0];
    this.undo = new Undo();
    this.pace = new Pace();
    this.history = new History();
    this.marks = new Events();
    this.heard = new Heard(() => this.tick());
    this.twice = new Twice(id => this.otherRun(id));
    this.twice.others = id => this.played.has(id) ? [/** @type {Played} */ (this.played.get(id)).stream] : [];
    this.heard.chosen = (id, t) => this.twice.of(id, t);
    this.mayLive = store.may("live") && chosen.some(c => store.can(c, "live"));
    this.live = this.mayLive && Number.isNaN(at);
    this.follow = true; // the axis goes with live
    this.wantsPlay = true;
    this.held = false; // the clock waits for pictures
    this.heldSince = 0;
    this.scrubbing = false;
    this.facts = false;
    this.told = 0; // when the address was last changed
    /** @type {Map<string, Played>} */
    this.played = new Map();
    /** Spans from the last time that one was asked for, to jump by and to name causes by. @type {Map<string, {from: number, to: number, list: import("./api.js").Span[], busy: boolean}>} */
    this.spans = new Map();
    /** @type {HTMLCanvasElement} */
    this.canvas = h("canvas.axis", { tabindex: "0", role: "slider", "aria-label": words.timeline, "aria-orientation": "horizontal" });
    this.axis = new Axis(this.canvas);
    this.needle = new Playhead();
    this.range = new Range(this.focus, { go, changed: () => this.draw(), run: (id, from, to) => this.twice.ofRange(id, from, to), erased: (from, to) => this.erased(from, to) });
    this.calendar = new Calendar(() => this.chosen, t => { this.axis.span = Math.max(this.axis.span, hour); this.axis.center = t; this.follow = false; this.seek(t, true); });
    this.make();
    if (span) this.axis.span = span;
    const begin = Number.isNaN(at) ? this.lastOf(chosen) : at;
    if (!Number.isNaN(begin)) { this.pace.set(begin); this.axis.center = begin; this.follow = false; } else if (!this.mayLive) this.pace.set(Date.now() - minute);
    this.hands();
    this.show();
    this.undo.on(store, "change", () => { if (this.live) this.showLive(); });
    this.undo.on(store, "events", e => { if (this.chosen.includes(/** @type {CustomEvent} */ (e).detail)) { this.marks.stale = true; this.draw(); } });
    const sized = new ResizeObserver(() => { this.arrange(); this.draw(); });
    sized.observe(this.stage);
    this.undo.add(() => sized.disconnect());
    this.undo.on(wishes, "change", () => { if (!this.second.hidden && !this.live) { if (wishes.given("playback", this.focus, this.pace.at)) this.seek(this.pace.at); else this.needApproval(); } });
    this.undo.every(() => this.tick(), 100);
    this.undo.every(() => this.draw(), 250);
    requestAnimationFrame(() => { this.draw(); if (this.live) this.goLive(); else this.seek(this.pace.at); if (!this.mayLive && Number.isNaN(begin)) this.says.textContent = words.noLive; });
  }

  /** @returns {import("./dom.js").Page} */
  page() { return { element: this.element, key: e => this.key(e), leave: () => { this.undo.run(); this.searcher?.end(); this.heard.end(); for (const p of this.played.values()) p.end(); } }; }

  make() {
    this.says = h("p.says", { role: "status", "aria-live": "polite" });
    this.second = h("div.second-person", { hidden: true });
    this.grid = h("div.played-grid", { role: "group", "aria-label": w.pictures });
    this.stage = h("div.stage", null, this.grid, this.says, this.second, this.twice.element);
    this.tip = h("div.tip", { hidden: true });
    this.side = h("div.timeline-side", { hidden: true });
    this.box = h("div.axis-box", null, h("div.axis-scroll", { onscroll: () => this.draw() }, this.canvas), this.needle.element, this.tip);
    this.playButton = iconButton(icon("pause"), words.pause, () => this.toggle());
    this.backButton = iconButton(icon("backwards"), w.backwards, () => this.turnBack());
    const may = (/** @type {string} */ p) => store.can(this.focus, p);
    this.rangeButton = may("lock") || may("erase") || may("export") ? iconButton(icon("range"), keeping.pickRange, e => this.range.some ? this.range.clear() : this.range.offer(this.live ? Date.now() : Math.min(this.head + this.axis.span / 20, Date.now()), this.axis.span / 10, e.detail === 0)) : null;
    if (this.rangeButton) this.rangeButton.title = keeping.pickHow;
    this.liveButton = h("button.live-button", { type: "button", hidden: !this.mayLive, onclick: () => this.goLive() }, words.liveHere);
    const watched = store.may("audit") ? iconButton(icon("eye"), words.whoWatched, () => this.go(`/audit/watched?camera=${encodeURIComponent(this.focus)}&at=${new Date(this.head).toISOString()}`)) : null;
    this.rate = h("select", { "aria-label": words.speed, title: w.keysNote, onchange: () => this.setSpeed(Number(this.rate.value)) }, ...speeds.map(s => h("option", { value: String(s), selected: s === 1 }, s === 0.25 ? "¼×" : s === 0.5 ? "½×" : `${s}×`)));
    this.time = h("output.time");
    this.pickButton = h("button.button.pick", { type: "button", "aria-haspopup": "dialog", title: w.chooseCameras, onclick: () => this.choose() }, icon("cameras"), h("span"));
    const factsButton = iconButton(icon("info"), w.facts, () => { this.facts = !this.facts; factsButton.setAttribute("aria-pressed", String(this.facts)); }, ".roomy");
    const listButton = iconButton(icon("list"), w.moments, () => { if (this.searcher) this.endSearch(); this.side.hidden = !this.side.hidden; listButton.setAttribute("aria-pressed", String(!this.side.hidden)); this.listed = ""; this.draw(); });
    this.markButton = iconButton(icon("mark"), w.mark, () => this.mark(), ".roomy");
    this.markButton.hidden = !may("raise");
    this.searchButton = iconButton(icon("search"), w.searchMotion, () => this.search());
    this.bar = h("div.bar", { role: "toolbar", "aria-label": words.timeline }, iconButton(icon("ago"), w.ago, () => this.ago()), this.backButton, iconButton(icon("stepBack"), words.frameBack, () => this.step(-1)), this.playButton, iconButton(icon("step"), words.frame, () => this.step(1)), this.rate, this.heard.button, this.time, this.range.hereButton,
      h("span.grow"), iconButton(icon("minus"), w.zoomOut, () => this.zoom(2), ".roomy"), iconButton(icon("plus"), w.zoomIn, () => this.zoom(0.5), ".roomy"), this.markButton, this.searchButton, listButton, factsButton, iconButton(icon("copy"), w.copyLink, () => this.copyLink()), watched, this.rangeButton, iconButton(icon("day"), w.calendar, () => this.calendar.show(this.head)), this.pickButton, this.liveButton);
    this.element = h("section.timeline", null, h("div.timeline-top", null, this.stage, this.side), this.bar, this.range.element, h("div.calendar-place", null, this.calendar.element), this.box);
  }

  /** What moment is shown. */
  get head() { return this.live ? Date.now() : this.pace.at; }

  // ---- cameras

  /** Makes the pictures of the chosen cameras, and keeps those that stay. */
  show() {
    if (this.searcher) this.endSearch();
    const small = this.chosen.length > 1;
    for (const [id, p] of this.played) if (!this.chosen.includes(id) || p.small !== small) { p.end(); this.played.delete(id); }
    for (const id of this.chosen) {
      if (this.played.has(id)) continue;
      const p = new Played(id, small, { pick: () => this.pick(id) });
      p.cause = at => this.cause(id, at);
      p.reel.told = () => this.tick();
      p.reel.chosen = p.stills.chosen = t => this.twice.of(id, t);
      this.played.set(id, p);
    }
    this.arrange();
    this.grid.classList.toggle("alone", !small);
    this.grid.replaceChildren(...this.chosen.map(id => /** @type {Played} */ (this.played.get(id)).element));
    this.pick(this.focus);
    this.pickButton.children[1].textContent = this.chosen.length === 1 ? store.nameOf(this.chosen[0]) : w.chosen(this.chosen.length);
    this.marks.stale = true;
    if (this.chosen.some(id => store.former.has(id) && !this.history.cameras.has(id))) this.history.forget();
    this.remember();
  }

  /** Where footage of cameras that are all there no longer is looked at first; NaN of others. @param {string[]} ids */
  lastOf(ids) { return Math.max(...ids.map(id => Date.parse(store.former.get(id)?.newest || "") - minute)); }

  /** Has as many columns as make the pictures largest. */
  arrange() {
    const n = this.chosen.length, { clientWidth: wide, clientHeight: high } = this.stage, size = (/** @type {number} */ c) => Math.min(wide / c, high / Math.ceil(n / c) * 16 / 9);
    let cols = wide ? 1 : Math.ceil(Math.sqrt(n));
    for (let c = 2; wide && c <= n; c++) if (size(c) > size(cols) * 1.01) cols = c;
    this.grid.style.setProperty("--cols", String(cols));
    this.grid.style.setProperty("--rows", String(Math.ceil(n / cols)));
  }

  /** @param {string} id */
  pick(id) {
    for (const [k, p] of this.played) p.element.classList.toggle("focus", k === id && this.chosen.length > 1);
    if (this.focus === id && this.range.camera === id) return;
    this.focus = id;
    this.range.of(id);
    this.markButton.hidden = !store.can(id, "raise");
    this.draw();
  }

  /** @param {string[]} ids */
  play(ids) {
    if (!ids.length) return;
    this.chosen = ids.slice(0, mostPlayed);
    if (!this.chosen.includes(this.focus)) this.focus = this.chosen[0];
    this.show();
    const last = this.lastOf(this.chosen);
    if (!Number.isNaN(last) && (this.live || this.pace.at > last + minute)) { this.axis.center = last; this.follow = false; this.seek(last); } else if (this.live) this.goLive(); else this.seek(this.pace.at, true);
  }

  choose() { chooser(this.box, this.pickButton, store.list("playback"), store.gone("playback"), this.chosen, mostPlayed, ids => this.play(ids)); }

  // ---- playing

  goLive() {
    if (!this.mayLive) { this.says.textContent = words.noLive; return; }
    this.second.hidden = true;
    this.live = this.follow = this.wantsPlay = true;
    this.pace.go(1);
    this.rate.value = "1";
    this.says.textContent = "";
    this.showLive();
    this.draw();
    this.address();
  }

  showLive() {
    for (const p of this.played.values()) p.showLive();
    this.liveButton.classList.add("on");
    this.says.textContent = ""; // that a camera is away is said where its picture would be
  }

  /** Goes to a moment, and plays from there unless it is to stand. @param {number} at @param {boolean} [exact] stay there also when there is no footage */
  seek(at, exact = false) {
    if (at > Date.now() - nowIsh && this.mayLive) { this.goLive(); return; }
    this.live = false;
    this.liveButton.classList.remove("on");
    this.second.hidden = true;
    this.says.textContent = "";
    this.pace.running = false;
    this.pace.set(Math.min(at, Date.now()));
    this.hold();
    for (const p of this.played.values()) p.reel.retry();
    if (!exact) this.land(at);
    this.tick();
    this.draw();
    this.address();
  }

  /** The clock waits for the pictures. */
  hold() { this.held = true; this.heldSince = performance.now(); }

  /** Jumps to the next footage where no chosen camera has any. @param {number} at */
  async land(at) {
    const all = await Promise.all(this.chosen.map(id => this.known(id, at, true)));
    if (this.live || this.scrubbing || Math.abs(this.pace.at - at) > 500) return;
    const has = (/** @type {import("./api.js").Span[]} */ l) => l.some(s => s.kind === "recorded" && Date.parse(s.start) <= at && Date.parse(s.end) > at + 100);
    if (all.some(has)) return;
    const next = Math.min(...all.flat().filter(s => s.kind === "recorded" && Date.parse(s.end) > at + 200).map(s => Math.max(Date.parse(s.start), at)));
    if (!Number.isFinite(next)) { this.says.textContent = all.flat().length ? words.nothingLater : words.noFootage; this.wantsPlay = false; return; }
    this.seek(next + 1, true);
    if (next - at > shortGap) this.says.textContent = words.jumped(duration((next - at) / 1000), mainCause(all[Math.max(0, this.chosen.indexOf(this.focus))], at, next) || "–");
    this.axis.reveal(next);
  }

  /** What is known of a camera's footage from a moment on. @param {string} id @param {number} at @param {boolean} anew @returns {Promise<import("./api.js").Span[]>} */
  async known(id, at, anew) {
    const k = this.spans.get(id);
    if (k && !anew && (k.busy || at >= k.from && at < k.to)) return k.list;
    const from = at - minute, to = at + day, entry = { from, to: Math.min(to, Date.now() - 2000), list: k?.list || [], busy: true };
    this.spans.set(id, entry);
    try { entry.list = await api.spans(id, new Date(from), new Date(to)); } catch { entry.to = from; }
    entry.busy = false;
    return entry.list;
  }

  /** Why a camera has no footage at a moment; null while that is asked. @param {string} id @param {number} at */
  cause(id, at) {
    this.known(id, at, false);
    const known = this.spans.get(id), s = known?.list.find(v => v.kind === "gap" && Date.parse(v.start) <= at && Date.parse(v.end) > at);
    // What was recorded long ago and has no picture lies where nothing can be read, such as on a volume that is missing.
    if (!s && !known?.busy && at < Date.now() - minute && known?.list.some(v => v.kind === "recorded" && Date.parse(v.start) <= at && Date.parse(v.end) > at)) return w.outOfReachWhy;
    return s ? s.cause : this.history.at(id, at)?.cause || (known?.busy ? null : "");
  }

  get keys() { return this.pace.speed < 0 || this.pace.speed >= keysFrom; }

  tick() {
    this.heard.follow(this);
    this.twice.show(this.focus, this.live ? [] : this.spans.get(this.focus)?.list || [], store.streamsOf(this.focus)[0] || "main", this.pace.at);
    if (this.live) { if (this.facts || this.wasFacts) this.tellFacts(); return; }
    const list = [...this.played.values()], moving = this.wantsPlay && !this.scrubbing;
    if (this.scrubbing || this.keys && moving) for (const p of list) p.glance(this.pace, this.keys && moving);
    else for (const p of list) p.follow(this.pace);
    const late = performance.now() - this.heldSince > patience;
    if (this.held && (this.keys || late || list.every(p => p.ready))) this.held = false;
    if (this.pace.running !== (moving && !this.held)) this.pace.run(moving && !this.held);
    if (this.pace.running) {
      const at = this.pace.at;
      if (at > Date.now() - nowIsh && this.pace.speed > 0) { this.goLive(); return; }
      if (!this.keys && list.every(p => p.reel.state === "gap")) { this.hold(); this.pace.run(false); this.land(at); } else if (!this.keys && list.every(p => p.reel.state !== "ready")) { this.hold(); this.pace.run(false); }
      if (this.keys && this.pace.speed > 0 && list.every(p => p.stills.gap > 0)) { this.hold(); this.pace.run(false); this.land(at); }
    }
    if (list.some(p => p.reel.state === "approval") && this.second.hidden) { const p = list.find(x => x.reel.state === "approval"); if (p) { this.pick(p.id); this.needApproval(); } }
    if (this.facts || this.wasFacts) this.tellFacts();
  }

  tellFacts() { for (const p of this.played.values()) p.tell(this.facts); this.wasFacts = this.facts; }
  wasFacts = false;

  /** Another person has to approve this moment: it is asked for here, and plays once they do. */
  async needApproval() {
    const { secondPerson } = await import("./ask.js");
    this.second.replaceChildren(secondPerson(this.focus, this.pace.at, this.range.some ? [this.range.first, this.range.last] : null));
    this.second.hidden = false;
    this.draw();
  }

  toggle() {
    this.wantsPlay = !this.wantsPlay;
    if (this.live) { if (!this.wantsPlay) this.seek(Date.now() - 2000, true); } else if (this.wantsPlay) this.hold();
    this.tick();
    this.paintBar();
    if (!this.wantsPlay) this.address();
  }
  /** @param {number} s */
  setSpeed(s) {
    if (this.live) this.seek(Date.now() - 3000, true);
    this.pace.go(Math.sign(this.pace.speed) * s);
    this.rate.value = String(s);
    this.hold();
    this.paintBar();
  }
  turnBack() {
    if (this.live) this.seek(Date.now() - 2000, true);
    this.pace.go(-this.pace.speed);
    this.wantsPlay = true;
    this.hold();
    this.paintBar();
  }
  ago() { this.seek((this.live ? Date.now() : this.pace.at) - 30e3); }
  /** One picture of the camera in focus on or back. @param {number} d */
  step(d) {
    this.wantsPlay = false;
    if (this.live) { this.seek(Date.now() - 2000, true); return; }
    if (this.pace.speed < 0) this.pace.go(-this.pace.speed);
    this.pace.run(false);
    const to = this.played.get(this.focus)?.reel.beside(this.pace.at, d) ?? NaN;
    this.pace.set(Number.isNaN(to) ? this.pace.at + d * 40 : to + 0.4); // a little behind its beginning, so that rounding never shows the one before
    this.tick();
    this.draw();
  }

  /** Another recording of the same times is shown. @param {string} id */
  otherRun(id) {
    this.played.get(id)?.forget();
    this.heard.forget();
    this.hold();
    this.tick();
  }

  /** What was erased is no longer shown, nor played on from what the browser has of it. @param {number} from @param {number} to */
  erased(from, to) {
    this.history.forget();
    this.spans.clear();
    this.played.get(this.focus)?.forget();
    this.heard.forget();
    if (!this.live) this.seek(this.pace.at >= from && this.pace.at < to ? to : this.pace.at);
    this.draw();
  }

  // ---- the address, and what the device remembers

  link() { return this.chosen.length === 1 ? `/timeline/${encodeURIComponent(this.chosen[0])}` : `/timeline?cameras=${this.chosen.map(encodeURIComponent).join(",")}`; }
  /** @param {boolean} at */
  place(at) { const l = this.link(); return at ? `${l}${l.includes("?") ? "&" : "?"}at=${new Date(this.head).toISOString()}` : l; }
  address() { if (location.pathname.startsWith("/timeline")) history.replaceState(null, "", this.place(!this.live)); }
  async copyLink() {
    this.address();
    try { await navigator.clipboard.writeText(location.origin + this.place(true)); this.says.textContent = w.copied; } catch { history.replaceState(null, "", this.place(true)); this.says.textContent = w.copyFailed; }
  }
  remember() { try { localStorage.setItem(memory, JSON.stringify({ cameras: this.chosen, span: this.axis?.span || 0 })); } catch { /* it is forgotten */ } }

  // ---- the axis

  draw() {
    const a = this.axis, now = Date.now();
    if (this.live && this.follow) a.center = now - a.span * 0.15;
    else if (this.pace.running && !this.dragging) a.reveal(this.pace.at);
    const gone = store.gone("playback").filter(c => this.chosen.includes(c.id)), height = a.place([...store.list("playback"), ...gone.map(c => ({ id: c.id, name: words.removedCamera(c.name) }))], this.focus, this.chosen), g = a.begin(height);
    if (!g) return;
    a.scroll = this.canvas.parentElement?.scrollTop || 0;
    this.history.want(a.from, a.to, a.width, gone.length > 0, () => this.draw());
    const few = a.span <= oneByOne;
    if (few) this.marks.want(this.chosen, a.from, Math.min(a.to, now), () => this.draw());
    for (const l of a.lanes) a.lane(g, l, this.history);
    const own = a.lanes[0];
    if (own && few) a.eventWords(g, own, this.marks.of.get(this.focus) || []);
    this.range.want(a.from, a.to);
    if (own) this.range.draw(g, t => a.x(t), own, a.width, a.colour);
    a.future(g, height, now);
    if (a.scroll) { g.fillStyle = a.colour("--bg"); g.fillRect(0, a.scroll, a.width, 22); }
    a.ticks(g, height, a.x(this.head), this.pill);
    this.drawHead();
    this.list();
  }

  /** The moment that is shown, as the axis says it. */
  get pill() { return this.live ? words.liveHere : clock(this.head); }

  /** Draws what tells of the moment that is shown, on an axis that is drawn. */
  drawHead() {
    const a = this.axis;
    this.range.follow(this.head);
    this.needle.at(a.x(this.head), a.width, this.pill);
    this.announce();
    this.paintBar();
  }

  announce() {
    const c = this.canvas, t = this.live ? words.liveHere : when(this.head) + clock(this.head).slice(-3), r = this.live ? null : this.history.at(this.focus, this.head);
    c.setAttribute("aria-valuetext", r && !footageIn(r.class) && r.class ? w.gapAt(t, gapWords(r)) : t);
    c.setAttribute("aria-valuenow", String(Math.round(this.head / 1000)));
    c.setAttribute("aria-valuemin", String(Math.round(this.axis.from / 1000)));
    c.setAttribute("aria-valuemax", String(Math.round(this.axis.to / 1000)));
  }

  /** The list beside the pictures, when it is open and something has changed. */
  async list() {
    if (this.side.hidden || this.searcher) return;
    const a = this.axis, key = [Math.round(a.from / 2000), Math.round(a.span), this.chosen, this.history.asked, this.marks.from].join();
    if (key === this.listed) return;
    this.listed = key;
    const { momentsList } = await import("./moments.js");
    this.side.replaceChildren(momentsList({ from: a.from, to: a.to, cameras: this.chosen, history: this.history, events: this.marks.of, go: (t, c) => { this.pick(c); this.wantsPlay = true; this.seek(t - 1000); } }));
  }
  listed = "";

  /** Opens, or closes, the search for motion in the picture of the camera in focus. */
  async search() {
    if (this.searcher) { this.endSearch(); return; }
    const { MotionSearch } = await import("./motionsearch.js"), p = this.played.get(this.focus), a = this.axis;
    if (!p || this.searcher) return;
    if (this.live) this.seek(Date.now() - 3000, true);
    this.wantsPlay = false;
    this.searcher = new MotionSearch(p, this.range.some ? { from: this.range.first, to: this.range.last } : { from: a.from, to: Math.min(a.to, Date.now()) }, t => { this.wantsPlay = true; this.seek(t); this.axis.reveal(t); this.draw(); }, () => this.endSearch());
    this.side.replaceChildren(this.searcher.element);
    this.side.hidden = false;
    this.searchButton.setAttribute("aria-pressed", "true");
    this.searcher.button.focus({ preventScroll: true }); // what is asked is seen from its beginning
  }
  endSearch() {
    this.searcher?.end();
    this.searcher = null;
    this.side.hidden = true;
    this.searchButton.setAttribute("aria-pressed", "false");
  }
  /** @type {import("./motionsearch.js").MotionSearch|null} */
  searcher = null;

  paintBar() {
    this.time.textContent = `${new Date(this.head).toLocaleDateString(tongue(), { day: "numeric", month: "short" })} ${clock(this.head)}`;
    this.time.title = new Date(this.head).toISOString();
    const name = this.wantsPlay ? words.pause : words.play;
    if (this.playButton.title !== name || !this.playIcon) { this.playButton.replaceChildren(icon(this.wantsPlay ? "pause" : "play")); this.playButton.title = name; this.playButton.setAttribute("aria-label", name); this.playIcon = true; }
    const back = this.pace.speed < 0;
    this.backButton.setAttribute("aria-pressed", String(back));
    this.backButton.title = back ? w.forwards : w.backwards;
  }
  playIcon = false;

  /** @param {number} by */
  zoom(by) { this.axis.zoom(this.axis.x(this.head), by); if (!this.live) this.follow = false; this.remember(); this.draw(); }

  // ---- hands

  dragging = false;

  hands() {
    const c = this.canvas, a = this.axis, undo = this.undo, range = this.range;
    const x = (/** @type {number} */ t) => a.x(t), onOwn = (/** @type {number} */ y) => !!a.lanes[0] && y >= a.lanes[0].y - 4 && y < a.lanes[0].y + a.lanes[0].h + 4;
    /** @type {Map<number, number>} */
    const fingers = new Map();
    let dragged = 0, began = 0, pinch = 0, picking = false, press = 0, resume = false;
    undo.on(c, "pointerdown", e => {
      c.setPointerCapture(e.pointerId);
      fingers.set(e.pointerId, e.offsetX);
      dragged = 0;
      began = e.offsetX;
      this.dragging = true;
      const handle = onOwn(e.offsetY) && range.hold(e.offsetX, x, e.pointerType !== "mouse");
      picking = e.shiftKey || handle;
      if (handle) return;
      if (picking) range.begin(a.t(began));
      else if (e.pointerType !== "mouse") press = setTimeout(() => { if (dragged <= slop && fingers.size === 1) { picking = true; range.begin(a.t(began)); } }, longPress);
    });
    undo.on(c, "pointermove", e => {
      const was = fingers.get(e.pointerId);
      if (was === undefined) { this.hover(e.offsetX, e.offsetY); return; }
      dragged += Math.abs(e.offsetX - was);
      fingers.set(e.pointerId, e.offsetX);
      if (picking && fingers.size === 1) { range.drag(a.t(e.offsetX)); return; }
      if (fingers.size === 2) {
        const other = [...fingers].find(([k]) => k !== e.pointerId)?.[1] || 0, wide = Math.abs(e.offsetX - other);
        a.center -= (e.offsetX - was) / 2 / a.width * a.span;
        if (pinch) a.zoom((e.offsetX + other) / 2, pinch / Math.max(1, wide));
        pinch = wide;
        this.follow = false;
        this.draw();
        return;
      }
      if (dragged <= slop || e.pointerType !== "mouse" && Math.abs(e.offsetX - began) <= slop) return;
      this.tip.hidden = true;
      if (!this.scrubbing) { resume = this.live || this.wantsPlay; this.scrubbing = true; clearTimeout(press); }
      this.scrub(a.t(Math.max(0, Math.min(a.width, e.offsetX))));
    });
    undo.on(c, "pointerup", e => {
      const alone = fingers.size === 1;
      fingers.delete(e.pointerId);
      pinch = 0;
      clearTimeout(press);
      this.dragging = fingers.size > 0;
      if (picking) { picking = false; return; }
      if (this.scrubbing) { this.scrubbing = false; this.wantsPlay = resume; this.seek(this.pace.at, !resume); return; }
      if (dragged > slop || !alone) return;
      this.click(e.offsetY, a.t(began), e.ctrlKey || e.metaKey);
    });
    undo.on(c, "pointercancel", e => { fingers.delete(e.pointerId); clearTimeout(press); picking = this.dragging = false; if (this.scrubbing) { this.scrubbing = false; this.seek(this.pace.at); } });
    undo.on(c, "pointerleave", () => { this.tip.hidden = true; });
    undo.on(c, "wheel", e => {
      if (e.shiftKey) return; // scrolls the lanes
      e.preventDefault();
      if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) a.center += e.deltaX / a.width * a.span; else a.zoom(e.offsetX, Math.pow(e.ctrlKey ? 1.01 : 1.0015, e.deltaY)); // two fingers on a touchpad come as a wheel with Ctrl
      this.follow = false;
      this.remember();
      this.draw();
    }, { passive: false });
  }

  /** Looks for a moment. @param {number} at */
  scrub(at) {
    this.live = false;
    this.follow = false;
    this.liveButton.classList.remove("on");
    this.pace.running = false;
    this.pace.set(Math.min(at, Date.now() - nowIsh));
    this.says.textContent = "";
    for (const p of this.played.values()) p.glance(this.pace, false);
    this.drawHead(); // the axis stands, and what changes of it is drawn soon enough by the timer
  }

  /** @param {number} y @param {number} at @param {boolean} more */
  click(y, at, more) {
    const l = this.axis.laneAt(y), held = this.range.at(at);
    if (l && !l.chosen) { this.pace.set(at); this.live = false; this.wantsPlay = true; this.play(more || this.chosen.length > 1 ? [...this.chosen, l.c.id].slice(-mostPlayed) : [l.c.id]); this.seek(at); return; }
    if (l) this.pick(l.c.id);
    if (l?.focus && y < l.y + lockBand && held) { this.range.show(held); return; }
    const r = l && this.history.at(l.c.id, at);
    this.wantsPlay = true;
    if (l && r && r.class && !footageIn(r.class) && this.chosen.length > 1) { this.jump(l.c.id, at); return; }
    this.seek(at);
  }

  /** Goes to the next footage of a camera. @param {string} id @param {number} at */
  async jump(id, at) {
    const list = await this.known(id, at, true), next = list.find(s => s.kind === "recorded" && Date.parse(s.end) > at + 200);
    this.seek(next ? Math.max(at, Date.parse(next.start) + 1) : at);
  }

  /** @param {number} px @param {number} py */
  hover(px, py) {
    const a = this.axis, l = a.laneAt(py), at = a.t(px), own = !!l?.focus, x = (/** @type {number} */ t) => a.x(t);
    this.canvas.style.setProperty("cursor", own && this.range.near(px, x) ? "ew-resize" : "crosshair");
    const r = l && this.history.at(l.c.id, at), e = l && this.marks.at(l.c.id, at, 4 / a.width * a.span), held = own && this.range.at(at);
    const long = e && e.end && e.end !== e.start ? duration((Date.parse(e.end) - Date.parse(e.start)) / 1000) : "", said = e?.text;
    const event = held ? `${keeping.locked}: ${held.reason} (${held.owner || keeping.unknown}, ${words.until} ${when(held.until)})` : e ? `${words.event(e.kind, e.source, long)}${said ? `: ${said}` : ""}` : "";
    const gap = r && r.class && (r.class === "partly" || !footageIn(r.class)) ? gapWords(r) : r?.class === "filled" ? w.filled : "";
    this.tip.textContent = [a.span > day ? `${when(at)}` : clock(at), l && !own ? l.c.name : "", event, gap].filter(Boolean).join(" · ");
    this.tip.title = new Date(at).toISOString();
    this.tip.hidden = false;
    this.tip.style.setProperty("left", `${Math.min(px, a.width - this.tip.offsetWidth - 8)}px`);
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const at = this.head, by = this.axis.span / 10;
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": () => this.toggle(), k: () => this.toggle(), K: () => this.toggle(), ArrowLeft: () => this.seek(at - (e.shiftKey ? minute : 10e3)), ArrowRight: () => this.seek(at + (e.shiftKey ? minute : 10e3)),
      PageUp: () => this.seek(at - by), PageDown: () => this.seek(at + by), Home: () => this.seek(this.axis.from, true), End: () => this.goLive(),
      j: () => this.ago(), r: () => this.turnBack(), l: () => this.faster(1), h: () => this.faster(-1), ",": () => this.step(-1), ".": () => this.step(1),
      "+": () => this.zoom(0.7), "=": () => this.zoom(0.7), "-": () => this.zoom(1.4), Escape: () => { if (!this.calendar.element.hidden) this.calendar.close(); else if (this.range.some) this.range.clear(); else this.go("/live"); },
      i: () => this.range.markIn(at), I: () => this.range.markIn(at), o: () => this.range.markOut(at), O: () => this.range.markOut(at), c: () => this.choose(), d: () => this.calendar.show(at), m: () => this.search(), a: () => this.heard.button.click(), b: () => { if (!this.markButton.hidden) this.mark(); }, n: () => this.nextEvent(1), p: () => this.nextEvent(-1),
    };
    const f = keys[e.key];
    if (f) f();
    return !!f;
  }
  /** Marks the moment that is shown, of the camera in focus. */
  async mark() {
    try { const { mark } = await import("./marking.js"); await mark(this.focus, this.live ? NaN : this.pace.at, this.stage, t => { this.says.textContent = t; }); } catch (x) { this.says.textContent = x instanceof Problem ? x.says : words.error; }
  }
  /** @param {number} d */
  faster(d) { const i = speeds.indexOf(Math.abs(this.pace.speed)); this.setSpeed(speeds[Math.max(0, Math.min(speeds.length - 1, i + d))]); }
  /** To the event after or before the moment, of those that the axis knows. @param {number} d */
  nextEvent(d) {
    const at = this.head, all = (this.marks.of.get(this.focus) || []).map(e => ({ t: Date.parse(e.start), e })), list = d > 0 ? all.filter(x => x.t > at + 1500) : all.filter(x => x.t < at - 1500).reverse();
    if (list[0]) { this.seek(list[0].t); this.says.textContent = eventText(list[0].e); }
  }
}
