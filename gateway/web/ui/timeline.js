// Timeline: footage of one camera above, all cameras on one axis below.
import { store } from "./store.js";
import { api, Problem } from "./api.js";
import { Player } from "./player.js";
import { Range, lockBand } from "./range.js";
import { wishes } from "./wishes.js";
import { h, iconButton, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { words, clock, duration, when } from "./words.js";
import { keepingWords as keeping } from "./words-keeping.js";

const minute = 60e3, hour = 3600e3, day = 24 * hour;
/** How much of footage is asked for at once, ms. The next piece is fetched before the end. */
const chunk = 10 * minute;
/** A gap of less than this is played over without a word, ms. */
const shortGap = 1500;

/** What is known of each camera's footage around the axis. */
class Spans {
  constructor() { /** @type {Map<string, {from:number,to:number,list:import("./api.js").Span[],busy:boolean,at:number}>} */ this.known = new Map(); }
  /** @param {string} id */
  get(id) { return this.known.get(id)?.list || []; }
  /** Has what is known of a camera asked for anew. @param {string} id */
  forget(id) { this.known.delete(id); }
  /** @param {string} id @param {number} from @param {number} to @param {() => void} then */
  want(id, from, to, then) {
    const k = this.known.get(id);
    const stale = !k || from < k.from || to > k.to && k.to < Date.now() - 1000 || Date.now() - k.at > 2000 && to > Date.now() - minute;
    if (k?.busy || !stale) return;
    const pad = Math.max((to - from) / 2, minute);
    const lo = from - pad, hi = Math.min(to + pad, Date.now() + 1000);
    const entry = { from: k ? k.from : lo, to: k ? k.to : hi, list: k ? k.list : [], busy: true, at: Date.now() };
    this.known.set(id, entry);
    if (lo >= hi) { entry.busy = false; return; }
    api.spans(id, new Date(lo), new Date(hi)).then(list => { Object.assign(entry, { from: lo, to: hi, list, busy: false }); then(); }, () => { entry.busy = false; });
  }
}

/** What is known of the events of one camera around the axis. */
class Marks {
  constructor() { this.list = /** @type {import("./api.js").CameraEvent[]} */ ([]); this.from = 0; this.to = 0; this.busy = false; this.stale = true; }
  /** @param {string} id @param {number} from @param {number} to @param {() => void} then */
  want(id, from, to, then) {
    if (this.busy || from >= to || !this.stale && from >= this.from && to <= this.to) return;
    const pad = Math.max((to - from) / 2, minute);
    const lo = from - pad, hi = to + pad;
    this.busy = true;
    this.stale = false;
    api.eventsOf(id, new Date(lo), new Date(hi)).then(list => { Object.assign(this, { from: lo, to: hi, list, busy: false }); then(); }, () => { Object.assign(this, { from: lo, to: hi, busy: false }); });
  }
  /** The event nearest to a moment, within a tolerance. @param {number} at @param {number} near */
  at(at, near) { return this.list.find(e => Date.parse(e.start) - near <= at && (e.end ? Date.parse(e.end) : Date.now()) + near >= at); }
}

/** @param {string} id @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function timelinePage(id, go) {
  const undo = new Undo();
  const spans = new Spans(), marks = new Marks();
  let center = Date.now(), span = hour / 2; // what the axis shows
  let head = Date.now(); // where the playhead is
  const mayLive = store.can(id, "live") || !store.ready && store.may("live");
  let live = mayLive, follow = true, speed = 1, wantsPlay = true;
  /** @type {{from:number,to:number,map:{media:number,wall:number}[]}|null} */
  let piece = null;
  let asked = 0;

  const video = h("video.footage", { playsinline: true, muted: true });
  video.muted = true;
  const player = new Player();
  player.video.classList.add("footage");
  const says = h("p.says", { role: "status", "aria-live": "polite" });
  const second = h("div.second-person", { hidden: true });
  const stage = h("div.stage", null, video, player.video, says, second);
  const canvas = h("canvas.axis", { tabindex: "0", role: "slider", "aria-label": words.timeline });
  const tip = h("div.tip", { hidden: true });
  const playButton = iconButton(icon("pause"), words.pause, toggle);
  const range = new Range(id, { go, changed: () => draw(), erased });
  const may = (/** @type {string} */ p) => store.ready ? store.can(id, p) : store.may(p);
  const rangeButton = may("lock") || may("erase") ? iconButton(icon("range"), keeping.pickRange, e => range.some ? range.clear() : range.offer(live ? Date.now() : Math.min(head + span / 20, Date.now()), span / 10, e.detail === 0)) : null;
  if (rangeButton) rangeButton.title = keeping.pickHow;
  const liveButton = h("button.live-button", { type: "button", hidden: !mayLive, onclick: goLive }, words.liveHere);
  const watchedButton = store.may("audit") ? iconButton(icon("eye"), words.whoWatched, () => go(`/audit/watched?camera=${encodeURIComponent(id)}&at=${new Date(head).toISOString()}`)) : null;
  const pick = h("select.pick", { "aria-label": words.camera, onchange: (/** @type {any} */ e) => go(`/timeline/${encodeURIComponent(e.target.value)}`) });
  const rate = h("select", { "aria-label": words.speed, title: words.speed, onchange: (/** @type {any} */ e) => setSpeed(Number(e.target.value)) },
    ...[0.5, 1, 2, 4, 8].map(s => h("option", { value: String(s), selected: s === 1 }, s === 0.5 ? "½×" : `${s}×`)));
  const date = h("input", { type: "date", "aria-label": words.day, title: words.day, onchange: (/** @type {any} */ e) => { const d = new Date(e.target.value + "T00:00"); if (!Number.isNaN(d.getTime())) { span = day; center = d.getTime() + day / 2; follow = false; seek(d.getTime()); } } });
  const time = h("output.time");
  const bar = h("div.bar", { role: "toolbar" }, iconButton(icon("stepBack"), words.frameBack, () => step(-1)), playButton, iconButton(icon("step"), words.frame, () => step(1)), rate, time, range.hereButton, h("span.grow"), watchedButton, rangeButton, pick, date, liveButton);
  const element = h("section.timeline", null, stage, bar, range.element, h("div.axis-box", null, canvas, tip));

  // ---- playing

  function camera() { return store.cameras.get(id); }
  function goLive() {
    if (!mayLive) { says.textContent = words.noLive; return; }
    second.hidden = true;
    live = true; follow = true; wantsPlay = true; piece = null; asked++;
    head = Date.now();
    video.pause(); video.removeAttribute("src"); video.load();
    says.textContent = "";
    setSpeed(1);
    showLive();
    draw();
  }
  function showLive() {
    const c = camera();
    if (live && c && c.may.includes("live")) player.show(c, "main");
    const away = live && c && c.state !== "online";
    if (live) says.textContent = away ? [/** @type {any} */ (words)[c.state] || c.state, `${words.since} ${clock(c.since)}`, c.cause].filter(Boolean).join(" · ") : "";
    player.video.hidden = !live || !!away;
    video.hidden = live;
    liveButton.classList.toggle("on", live);
  }

  /** Goes to a moment and plays from there. @param {number} at */
  async function seek(at) {
    if (at > Date.now() - 1500) { goLive(); return; }
    live = false;
    player.hang();
    showLive();
    const turn = ++asked;
    says.textContent = "";
    second.hidden = true;
    try { await load(at, turn); } catch (e) {
      if (turn !== asked) return;
      if (e instanceof Problem && e.slug === "approval-needed") needApproval(at); else says.textContent = words.playFailed;
    }
  }

  /** Another person has to approve this moment: it is asked for here, and plays once they do. @param {number} at */
  async function needApproval(at) {
    head = at;
    piece = null;
    video.pause(); video.removeAttribute("src"); video.load();
    const { secondPerson } = await import("./ask.js");
    second.replaceChildren(secondPerson(id, at, range.some ? [range.first, range.last] : null));
    second.hidden = false;
    draw();
  }
  undo.on(wishes, "change", () => { if (!second.hidden && !live) { if (wishes.given("playback", id, head)) seek(head); else needApproval(head); } });

  /** @param {number} at @param {number} turn */
  async function load(at, turn) {
    const list = await api.spans(id, new Date(at - minute), new Date(at + day));
    if (turn !== asked) return;
    const next = list.find(s => s.kind === "recorded" && Date.parse(s.end) > at + 200);
    const hole = list.find(s => s.kind === "gap" && Date.parse(s.start) <= at && Date.parse(s.end) > at);
    if (!next) { head = at; says.textContent = list.length ? words.nothingLater : words.noFootage; draw(); return; }
    const from = Math.max(at, Date.parse(next.start));
    if (from - at > shortGap) says.textContent = words.jumped(duration((from - at) / 1000), hole?.cause || "–");
    head = from;
    const approved = wishes.given("playback", id, from);
    const to = approved ? Math.min(from + chunk, Date.parse(approved.to)) : from + chunk; // more than was approved is refused as a whole
    const map = await api.map(id, new Date(from), new Date(to));
    if (turn !== asked) return;
    piece = { from, to: Date.parse(map.to), map: map.map.map(p => ({ media: p.media, wall: Date.parse(p.wall) })) };
    video.src = api.video(id, new Date(from), new Date(to));
    video.playbackRate = speed;
    if (wantsPlay) video.play().catch(() => {});
    reveal();
    draw();
  }

  /** Wall time of a media time. @param {number} t */
  function wall(t) {
    if (!piece) return head;
    let p = piece.map[0] || { media: 0, wall: piece.from };
    for (const q of piece.map) if (q.media <= t + 1e-6) p = q;
    return p.wall + (t - p.media) * 1000;
  }
  undo.on(video, "ended", () => { if (piece && !live) seek(Math.max(piece.to, head) + 1); });
  undo.on(video, "error", () => { if (!live && video.getAttribute("src")) says.textContent = words.playFailed; });
  undo.on(video, "playing", () => { if (says.textContent === words.playFailed) says.textContent = ""; });

  function toggle() { wantsPlay = !wantsPlay; if (live) { if (!wantsPlay) { seek(Date.now() - 2000); } } else if (wantsPlay) video.play().catch(() => {}); else video.pause(); paintBar(); }
  /** @param {number} s */
  function setSpeed(s) { speed = s; video.playbackRate = s; rate.value = String(s); }
  /** @param {number} d */
  function step(d) { wantsPlay = false; if (live) { seek(Date.now() - 2000); return; } video.pause(); video.currentTime = Math.max(0, video.currentTime + d / 25); paintBar(); }

  /** What was erased is no longer shown, nor played on from what the browser has of it. @param {number} from @param {number} to */
  function erased(from, to) {
    spans.forget(id);
    if (!live && (head < to && head >= from || piece && piece.from < to && piece.to > from)) seek(head >= from && head < to ? to : head);
    draw();
  }

  // ---- the axis

  /** @param {number} t */
  const x = t => (t - center + span / 2) / span * canvas.clientWidth;
  /** @param {number} px */
  const t = px => center - span / 2 + px / canvas.clientWidth * span;
  function reveal() { if (head < center - span / 2 || head > center + span / 2) { center = head; } }

  function lanes() {
    const all = store.list("playback");
    const own = all.filter(c => c.id === id), others = all.filter(c => c.id !== id);
    let y = 26;
    return [...own, ...others].map(c => { const hgt = c.id === id ? 40 : 12; const lane = { c, y, h: hgt }; y += hgt + 5; return lane; });
  }

  const css = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const colour = name => css.getPropertyValue(name).trim();

  function draw() {
    const now = Date.now();
    if (live) head = now;
    if (follow && live) center = now - span * 0.15;
    const list = lanes();
    const height = (list.length ? list[list.length - 1].y + list[list.length - 1].h : 60) + 10;
    canvas.style.setProperty("height", `${Math.min(height, 260)}px`);
    const w = canvas.clientWidth, hgt = canvas.clientHeight, dpr = devicePixelRatio || 1;
    if (!w) return;
    if (canvas.width !== Math.round(w * dpr) || canvas.height !== Math.round(hgt * dpr)) { canvas.width = Math.round(w * dpr); canvas.height = Math.round(hgt * dpr); }
    const g = canvas.getContext("2d");
    if (!g) return;
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.clearRect(0, 0, w, hgt);
    const from = center - span / 2, to = center + span / 2;
    ticks(g, from, to, hgt);
    for (const l of list) {
      spans.want(l.c.id, from, Math.min(to, now), draw);
      lane(g, l, w);
    }
    marks.want(id, from, Math.min(to, now), draw);
    if (list.length) markers(g, list[0], w);
    range.want(from, to);
    if (list.length && list[0].c.id === id) range.draw(g, x, list[0], w, colour);
    range.follow(head);
    g.fillStyle = colour("--bg");
    if (x(now) < w) { g.globalAlpha = 0.6; g.fillRect(Math.max(0, x(now)), 20, w, hgt); g.globalAlpha = 1; }
    playhead(g, hgt);
    canvas.setAttribute("aria-valuetext", live ? words.liveHere : clock(head));
    canvas.setAttribute("aria-valuenow", String(Math.round(head / 1000)));
    paintBar();
  }

  const steps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400].map(s => s * 1000);
  /** @param {CanvasRenderingContext2D} g @param {number} from @param {number} to @param {number} hgt */
  function ticks(g, from, to, hgt) {
    const stepMs = steps.find(s => s / span * canvas.clientWidth > 84) || day;
    g.font = "12px system-ui, sans-serif";
    g.textBaseline = "middle";
    const zone = -new Date(center).getTimezoneOffset() * minute; // labels are local, the axis is not
    for (let at = Math.ceil((from + zone) / stepMs) * stepMs - zone; at < to; at += stepMs) {
      g.fillStyle = colour("--hairline");
      g.fillRect(Math.round(x(at)), 20, 1, hgt);
      g.fillStyle = colour("--faint");
      g.fillText(stepMs >= day ? new Date(at).toLocaleDateString([], { day: "numeric", month: "short" }) : clock(at, stepMs < minute), x(at) + 4, 10);
    }
  }

  /** @param {CanvasRenderingContext2D} g @param {{c: import("./api.js").Camera, y: number, h: number}} l @param {number} w */
  function lane(g, l, w) {
    g.fillStyle = colour("--surface");
    g.fillRect(0, l.y, w, l.h);
    for (const s of spans.get(l.c.id)) {
      const a = Math.max(-2, x(Date.parse(s.start))), b = Math.min(w + 2, x(Date.parse(s.end)));
      if (b < 0 || a > w) continue;
      const width = Math.max(1, b - a);
      if (s.kind === "recorded") { g.fillStyle = colour("--recorded"); g.fillRect(a, l.y, width, l.h); continue; }
      const lost = s.class === "lost";
      if (lost) hatch(g, a, l.y, width, l.h); // what nobody wanted, and what was deleted on purpose, is plain empty
      if (l.c.id === id && width > 150) { g.fillStyle = colour(lost ? "--quiet" : "--faint"); g.fillText(hole(s), a + 8, l.y + l.h / 2, width - 12); }
    }
    g.fillStyle = colour("--text");
    g.globalAlpha = 0.9;
    g.fillText(l.c.name, 8, l.y + l.h / 2);
    g.globalAlpha = 1;
  }

  /** Draws the events of the camera at the lower edge of its lane: a tick each, as long as it lasted. @param {CanvasRenderingContext2D} g @param {{c: import("./api.js").Camera, y: number, h: number}} l @param {number} w */
  function markers(g, l, w) {
    if (l.c.id !== id) return;
    let free = 0; // where the next word may stand
    for (const e of marks.list) {
      const a = x(Date.parse(e.start)), b = x(e.end ? Date.parse(e.end) : Date.now());
      if (b < 0 || a > w) continue;
      g.fillStyle = colour("--motion");
      g.fillRect(a - 1, l.y + l.h - 6, Math.max(2, b - a), 6);
      if (a < free) continue;
      g.fillText(words.eventKind(e.kind), a + 4, l.y + l.h - 12);
      free = a + g.measureText(words.eventKind(e.kind)).width + 16;
    }
  }

  /** What a gap is, in words. @param {import("./api.js").Span} s */
  function hole(s) {
    const len = duration((Date.parse(s.end) - Date.parse(s.start)) / 1000);
    return s.class === "unwanted" ? words.unwanted(len, s.cause) : s.class === "deleted" ? words.deleted(len, s.cause) : words.gap(len, s.cause);
  }

  /** @param {CanvasRenderingContext2D} g @param {number} a @param {number} y @param {number} w @param {number} hgt */
  function hatch(g, a, y, w, hgt) {
    g.save();
    g.beginPath();
    g.rect(a, y, w, hgt);
    g.clip();
    g.strokeStyle = colour("--gap");
    g.lineWidth = 1;
    g.beginPath();
    for (let i = Math.floor(a / 6) * 6 - hgt; i < a + w; i += 6) { g.moveTo(i, y + hgt); g.lineTo(i + hgt, y); }
    g.stroke();
    g.restore();
  }

  /** @param {CanvasRenderingContext2D} g @param {number} hgt */
  function playhead(g, hgt) {
    const at = x(head), label = live ? words.liveHere : clock(head);
    g.fillStyle = colour("--accent");
    g.fillRect(Math.round(at) - 1, 14, 2, hgt);
    g.font = "600 12px system-ui, sans-serif";
    const wide = g.measureText(label).width + 14, left = Math.min(Math.max(0, at - wide / 2), canvas.clientWidth - wide);
    g.beginPath();
    g.roundRect(left, 0, wide, 20, 6);
    g.fill();
    g.fillStyle = colour("--on-accent");
    g.fillText(label, left + 7, 10);
  }

  function paintBar() {
    time.textContent = `${new Date(head).toLocaleDateString([], { day: "numeric", month: "short" })} ${clock(head)}`;
    time.title = new Date(head).toISOString();
    playButton.replaceChildren(icon(wantsPlay ? "pause" : "play"));
    playButton.title = wantsPlay ? words.pause : words.play;
    playButton.setAttribute("aria-label", playButton.title);
    const list = store.list("playback");
    if (pick.options.length !== list.length) pick.replaceChildren(...list.map(c => h("option", { value: c.id, selected: c.id === id }, c.name)));
  }

  // ---- hands

  /** Whether a height is in the lane of the chosen camera. @param {number} py */
  const onOwn = py => { const l = lanes()[0]; return !!l && l.c.id === id && py >= l.y - 4 && py < l.y + l.h + 4; };
  /** @type {Map<number, number>} */
  const fingers = new Map();
  let dragged = 0, began = 0, pinch = 0, picking = false, press = 0;
  /** How long a finger rests before it picks a range, ms. */
  const longPress = 450;
  undo.on(canvas, "pointerdown", e => { canvas.setPointerCapture(e.pointerId); fingers.set(e.pointerId, e.offsetX); dragged = 0; began = e.offsetX; const handle = onOwn(e.offsetY) && range.hold(e.offsetX, x, e.pointerType !== "mouse"); picking = e.shiftKey || handle; if (handle) return; if (picking) range.begin(t(began)); else if (e.pointerType !== "mouse") press = setTimeout(() => { if (dragged <= 5 && fingers.size === 1) { picking = true; range.begin(t(began)); } }, longPress); });
  undo.on(canvas, "pointermove", e => {
    const was = fingers.get(e.pointerId);
    if (was === undefined) { hover(e.offsetX, e.offsetY); return; }
    if (picking && fingers.size === 1) {
      range.drag(t(e.offsetX));
      return;
    }
    if (fingers.size === 2) {
      const other = [...fingers].find(([k]) => k !== e.pointerId)?.[1] || 0;
      const now = Math.abs(e.offsetX - other);
      if (pinch) zoom((e.offsetX + other) / 2, pinch / Math.max(1, now));
      pinch = now;
    } else { center -= (e.offsetX - was) / canvas.clientWidth * span; follow = false; }
    dragged += Math.abs(e.offsetX - was);
    fingers.set(e.pointerId, e.offsetX);
    draw();
  });
  undo.on(canvas, "pointerup", e => {
    fingers.delete(e.pointerId);
    pinch = 0;
    clearTimeout(press);
    if (picking) { picking = false; return; }
    if (dragged > 5) return;
    const l = lanes().find((/** @type {{y:number,h:number}} */ v) => e.offsetY >= v.y && e.offsetY < v.y + v.h + 5);
    const at = t(began);
    if (l && l.c.id !== id) { go(`/timeline/${encodeURIComponent(l.c.id)}?at=${new Date(at).toISOString()}`); return; }
    if (l && e.offsetY < l.y + lockBand && range.at(at)) { range.show(range.at(at)); return; }
    wantsPlay = true;
    seek(at);
  });
  undo.on(canvas, "pointercancel", e => { fingers.delete(e.pointerId); clearTimeout(press); picking = false; });
  undo.on(canvas, "pointerleave", () => { tip.hidden = true; });
  undo.on(canvas, "wheel", e => { e.preventDefault(); if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) { center += e.deltaX / canvas.clientWidth * span; follow = false; } else zoom(e.offsetX, Math.pow(1.0015, e.deltaY)); draw(); }, { passive: false });

  /** @param {number} px @param {number} by */
  function zoom(px, by) {
    const at = t(px);
    span = Math.min(Math.max(span * by, 10e3), 40 * day);
    center = at + span / 2 - px / canvas.clientWidth * span;
    follow = false;
    draw();
  }
  /** @param {number} px @param {number} py */
  function hover(px, py) {
    const l = lanes().find((/** @type {{y:number,h:number}} */ v) => py >= v.y && py < v.y + v.h + 5);
    const at = t(px);
    canvas.style.setProperty("cursor", onOwn(py) && range.near(px, x) ? "ew-resize" : "crosshair");
    const s = l && spans.get(l.c.id).find((/** @type {import("./api.js").Span} */ v) => Date.parse(v.start) <= at && Date.parse(v.end) > at);
    const e = l && l.c.id === id ? marks.at(at, 4 / canvas.clientWidth * span) : undefined;
    const held = l && l.c.id === id && range.at(at);
    const event = held ? ` · ${keeping.locked}: ${held.reason} (${held.owner || keeping.unknown}, ${words.until} ${when(held.until)})` : e ? ` · ${words.event(e.kind, e.source, e.end && e.end !== e.start ? duration((Date.parse(e.end) - Date.parse(e.start)) / 1000) : "")}` : "";
    tip.textContent = `${clock(at)}${event}${s && s.kind === "gap" ? ` · ${hole(s)}` : ""}`;
    tip.title = new Date(at).toISOString();
    tip.hidden = false;
    tip.style.setProperty("left", `${Math.min(px, canvas.clientWidth - tip.offsetWidth - 8)}px`);
  }

  /** @param {KeyboardEvent} e */
  function key(e) {
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": toggle, k: toggle, K: toggle, ArrowLeft: () => seek(head - (e.shiftKey ? minute : 10e3)), ArrowRight: () => seek(head + (e.shiftKey ? minute : 10e3)),
      j: () => seek(head - 30e3), l: () => setSpeed(Math.min(8, speed * 2)), ",": () => step(-1), ".": () => step(1),
      "+": () => zoom(x(head), 0.7), "=": () => zoom(x(head), 0.7), "-": () => zoom(x(head), 1.4), Escape: () => range.some ? range.clear() : go("/live"), End: goLive,
      i: () => range.markIn(head), I: () => range.markIn(head), o: () => range.markOut(head), O: () => range.markOut(head),
    };
    const f = keys[e.key];
    if (f) f();
    return !!f;
  }

  undo.on(store, "change", () => { showLive(); });
  undo.on(store, "events", e => { if (/** @type {CustomEvent} */ (e).detail === id) { marks.stale = true; draw(); } });
  undo.on(window, "resize", draw);
  undo.every(() => { if (!live && piece && !video.paused) head = wall(video.currentTime); draw(); }, 250);
  const start = Date.parse(new URLSearchParams(location.search).get("at") || "");
  showLive();
  if (!mayLive) says.textContent = words.noLive;
  requestAnimationFrame(() => { draw(); if (!Number.isNaN(start)) { center = start; follow = false; seek(start); } });
  return { element, key, leave: () => { undo.run(); player.end(); video.removeAttribute("src"); video.load(); } };
}
