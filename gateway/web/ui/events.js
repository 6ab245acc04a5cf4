// Events: what happened before all cameras, newest first, each with its picture; what of it this person has reviewed, and what is to become of it.
import { footage } from "./api-footage.js";
import { Problem } from "./api.js";
import { eventText } from "./axis.js";
import { h, morph, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { tongue } from "./language.js";
import { failed, nothing, waiting } from "./parts.js";
import { Stills } from "./stills.js";
import { store } from "./store.js";
import { styled } from "./styles.js";
import { clock, duration, when, words } from "./words.js";
import { eventWords as w } from "./words-events.js";
import { keepingWords as keeping } from "./words-keeping.js";

await styled("/events.css");

/** @typedef {import("./api-footage.js").ListedEvent} ListedEvent */

const day = 86400e3;
/** How far back events are listed, ms; how many are kept on the page, chosen, and drawn at once; how long typing rests before it is searched, ms. */
const longest = 399 * day, most = 1000, mostChosen = 200, drawing = 3, rest = 300;
/** What is taken before and behind an event when its footage is, ms. */
const before = 5000, behind = 10000;

/** The range of an event's footage. @param {ListedEvent} e */
const rangeOf = e => ({ camera: e.camera, from: Date.parse(e.start) - Math.max(before, e.pre * 1000), to: Math.min(Date.now(), (e.end ? Date.parse(e.end) : Date.now()) + Math.max(behind, e.post * 1000)) });

/** Pictures of the events that are on the screen, few at a time. */
class Pictures {
  constructor() {
    this.waiting = /** @type {HTMLCanvasElement[]} */ ([]);
    this.busy = 0;
    /** @type {WeakMap<Element, ListedEvent>} */
    this.of = new WeakMap();
    /** @type {Set<Stills>} */
    this.stills = new Set();
    this.seen = new IntersectionObserver(list => { for (const x of list) if (x.isIntersecting) { this.seen.unobserve(x.target); this.waiting.push(/** @type {HTMLCanvasElement} */ (x.target)); } this.next(); }, { rootMargin: "200px" });
  }
  /** @param {HTMLCanvasElement} canvas @param {ListedEvent} e */
  add(canvas, e) { this.of.set(canvas, e); this.seen.observe(canvas); }
  next() { while (this.busy < drawing && this.waiting.length) { const c = this.waiting.shift(); if (c?.isConnected) this.draw(c); } }
  /** @param {HTMLCanvasElement} canvas */
  async draw(canvas) {
    const e = /** @type {ListedEvent} */ (this.of.get(canvas)), streams = store.streamsOf(e.camera);
    const s = new Stills(e.camera, streams.find(x => x !== "main") || streams[0] || "main", canvas, () => canvas.parentElement?.classList.add("drawn"));
    this.busy++;
    this.stills.add(s);
    try { await s.show(Date.parse(e.start)); } catch { canvas.parentElement?.classList.add("none"); }
    this.stills.delete(s);
    s.forget();
    this.busy--;
    this.next();
  }
  end() { this.seen.disconnect(); this.waiting = []; for (const s of this.stills) s.end(); }
}

/** @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function eventsPage(go) {
  const undo = new Undo(), asked = new URLSearchParams(location.search), pictures = new Pictures();
  /** @type {ListedEvent[]} */
  let list = [];
  /** @type {Map<string, HTMLElement>} */
  const tiles = new Map();
  /** @type {Set<string>} */
  const chosen = new Set(), kinds = new Set();
  let next = "", back = "", leftOut = 0, current = "", anchor = "", turn = 0, loading = true, timer = 0;
  /** @type {unknown} */
  let error = null;
  const camera = h("select", { "aria-label": w.cameras, onchange: again }), kind = h("select", { "aria-label": w.kinds, onchange: again });
  const date = h("input", { type: "date", "aria-label": w.day, value: asked.get("day") || "", onchange: again });
  const text = h("input", { type: "search", maxlength: "100", placeholder: w.search, "aria-label": w.search, value: asked.get("text") || "", oninput: () => { clearTimeout(timer); timer = setTimeout(again, rest); } });
  const fresh = h("input", { type: "checkbox", id: "events-new", checked: asked.get("new") === "1", onchange: again });
  const filters = h("form.event-filters", { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); again(); } }, camera, kind, date, text, h("label.event-new", { for: "events-new" }, fresh, w.unreviewed));
  const says = h("p.quiet.event-says", { role: "status" });
  const status = h("div"), days = h("div.event-days", { role: "listbox", "aria-label": w.list, "aria-multiselectable": "true", onkeydown: keyed, onclick: clicked, onfocusin: focused });
  const older = h("button.button", { type: "button", onclick: () => more() }, w.more), foot = h("div.event-foot", null, h("p.quiet.num"), older);
  const deeds = chosenBar();
  const element = h("section.page.events", null, h("header", null, h("h1", null, w.title), says), filters, deeds.element, status, days, foot);

  const find = (/** @type {string} */ id) => list.find(e => e.id === id);
  const picked = () => list.filter(e => chosen.has(e.id));

  /** @param {string} [behindOf] @returns {Promise<import("./api-footage.js").EventPage>} */
  function ask(behindOf = "") {
    const from = date.value ? new Date(date.value + "T00:00") : new Date(Date.now() - longest), to = date.value ? new Date(+from + 26 * 3600e3) : new Date(Date.now() + 60e3);
    if (date.value) { to.setTime(+from); to.setDate(to.getDate() + 1); } // a day may have 23 hours, or 25
    return footage.events({ from: +from, to: +to, before: behindOf, cameras: camera.value, kinds: kind.value, text: text.value.trim(), unreviewed: fresh.checked });
  }

  /** Asks anew: what is shown depends on what is wished. */
  async function again() {
    const mine = ++turn;
    remember();
    loading = true;
    error = null;
    try {
      const page = await ask();
      if (mine !== turn) return;
      list = page.events;
      next = page.next;
      back = page.back || "";
      leftOut = page.left_out;
      for (const id of chosen) if (!find(id)) chosen.delete(id);
      tiles.clear();
    } catch (e) { if (mine !== turn) return; error = e; }
    loading = false;
    draw();
  }

  async function more() {
    const mine = turn;
    older.disabled = true;
    try {
      const page = await ask(next);
      if (mine !== turn) return;
      list.push(...page.events.filter(e => !find(e.id)));
      next = page.next;
      back = page.back || "";
      leftOut = page.left_out;
    } catch (e) { says.textContent = /** @type {Problem} */ (e).says || words.error; }
    older.disabled = false;
    draw();
  }

  /** What has come since, or ended: put in its place, without touching what somebody has chosen or looks at. */
  async function news() {
    const mine = turn;
    if (loading || error) return;
    const page = await ask().catch(() => null);
    if (!page || mine !== turn) return;
    for (const e of page.events) {
      const was = list.findIndex(x => x.id === e.id);
      if (was < 0 && !(next && e.id < next)) list.push(e);
      else if (was >= 0 && (list[was].end !== e.end || list[was].text !== e.text)) { list[was] = e; tiles.delete(e.id); }
    }
    list.sort((a, b) => a.id < b.id ? 1 : -1);
    draw();
  }

  /** The address has what is chosen, so that it can be come back to. */
  function remember() {
    const q = new URLSearchParams();
    for (const [k, v] of [["camera", camera.value], ["kind", kind.value], ["day", date.value], ["text", text.value.trim()], ["new", fresh.checked ? "1" : ""]]) if (v) q.set(k, v);
    history.replaceState(null, "", "/events" + (q.size ? `?${q}` : ""));
  }

  /** The cameras that events are listed of, by name: those that are there, then those that were. @returns {[string, string][]} */
  function cameraNames() {
    const present = store.list("playback").map(c => /** @type {[string, string]} */ ([c.id, c.name])).sort((a, b) => a[1].localeCompare(b[1]));
    return [...present, ...store.gone("playback").map(c => /** @type {[string, string]} */ ([c.id, words.removedCamera(c.name)]))];
  }

  /** @param {HTMLSelectElement} select @param {string} all @param {[string, string][]} options @param {string} wanted */
  function fill(select, all, options, wanted) {
    if (select.options.length === options.length + 1) return;
    select.replaceChildren(h("option", { value: "" }, all), ...options.map(([v, t]) => h("option", { value: v, selected: v === wanted }, t)));
  }

  function draw() {
    fill(camera, w.allCameras, cameraNames(), camera.value || asked.get("camera") || "");
    for (const e of list) kinds.add(e.kind);
    if (asked.get("kind")) kinds.add(asked.get("kind") || "");
    fill(kind, w.allKinds, [...kinds].sort().map(k => [k, words.eventKind(k)]), kind.value || asked.get("kind") || "");
    if (list.length > most) list.length = most;
    const filtered = camera.value || kind.value || date.value || text.value;
    morph(status, error ? failed(error, again) : loading && !list.length ? waiting() : list.length === 0 && !next &&
      (filtered ? nothing(w.noMatch, w.noMatchText, h("button.button", { type: "button", onclick: clear }, w.clear)) : fresh.checked ? nothing(w.allSeen, w.allSeenText, h("button.button", { type: "button", onclick: clear }, w.clear)) : store.list().length === 0 && store.may("configure") ? nothing(words.noCameras, words.noCamerasText, h("button.button.primary", { type: "button", onclick: () => go("/cameras?find") }, words.find)) : nothing(w.none, w.noneText, h("button.button", { type: "button", onclick: () => go("/timeline") }, w.openTimeline))));
    if (!find(current)) current = list[0]?.id || "";
    /** @type {Map<string, HTMLElement[]>} */
    const groups = new Map();
    for (const e of list) {
      const d = new Date(e.start).toLocaleDateString(tongue(), { weekday: "long", day: "numeric", month: "long", year: "numeric" });
      const g = groups.get(d) || [];
      g.push(tile(e));
      groups.set(d, g);
    }
    const had = document.activeElement?.closest("[role=option]")?.getAttribute("data-key") || "";
    days.replaceChildren(...[...groups].map(([d, g]) => h("div.event-day", { role: "group", "aria-label": d }, h("h2", { "aria-hidden": "true" }, d), h("div.event-grid", { role: "presentation" }, ...g))));
    if (had) tiles.get(had)?.focus({ preventScroll: true });
    days.hidden = !list.length;
    foot.hidden = !!error || loading && !list.length || !list.length && !next;
    older.hidden = !next || list.length >= most;
    /** @type {HTMLElement} */ (foot.firstChild).textContent = [next ? back && w.back(when(back)) : w.end, leftOut > 0 && w.leftOut(leftOut)].filter(Boolean).join(" ");
    deeds.paint();
  }

  function clear() { camera.value = kind.value = date.value = text.value = ""; fresh.checked = false; again(); }

  /** @param {ListedEvent} e */
  function tile(e) {
    const t = tiles.get(e.id) || make(e);
    t.setAttribute("aria-selected", String(chosen.has(e.id)));
    t.tabIndex = e.id === current ? 0 : -1;
    t.classList.toggle("new", !e.reviewed);
    /** @type {HTMLElement} */ (t.lastChild).textContent = e.reviewed ? w.reviewed : w.isNew;
    return t;
  }

  /** @param {ListedEvent} e @returns {HTMLElement} */
  function make(e) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const name = store.former.has(e.camera) ? words.removedCamera(store.nameOf(e.camera)) : store.nameOf(e.camera), lasted = e.end ? (Date.parse(e.end) - Date.parse(e.start)) / 1000 : -1;
    /** @type {HTMLElement} */
    const t = h("div.event", { role: "option", "data-key": e.id }, h("span.event-picture", null, canvas, h("span.event-none", null, w.noPicture), h("i.event-tick", { "aria-hidden": "true", title: w.choose }, icon("tick"))),
      h("span.event-words", null, h("time.num", { datetime: e.start, title: new Date(e.start).toISOString() }, clock(e.start)), " ", h("b", null, name), " ", h("span.event-line", null, h("span.event-what", null, eventText(e)), h("span.quiet", null, lasted < 0 ? ` · ${w.lasts}` : lasted >= 1 ? ` · ${duration(lasted)}` : ""))), h("span.event-state"));
    tiles.set(e.id, t);
    pictures.add(canvas, e);
    return t;
  }

  /** @param {ListedEvent} e */
  const open = e => go(`/timeline/${encodeURIComponent(e.camera)}?at=${new Date(Date.parse(e.start)).toISOString()}`);

  /** @param {string} id @param {boolean} [yes] */
  function choose(id, yes = !chosen.has(id)) {
    if (yes && chosen.size >= mostChosen) { says.textContent = w.mostChosen(mostChosen); return; }
    if (yes) chosen.add(id); else chosen.delete(id);
    anchor = id;
  }
  /** Chooses from the one chosen last to another. @param {string} id */
  function chooseTo(id) {
    const a = list.findIndex(e => e.id === (anchor || current)), b = list.findIndex(e => e.id === id), from = anchor;
    for (const e of list.slice(Math.min(a, b), Math.max(a, b) + 1)) choose(e.id, true);
    anchor = from || id;
  }
  function paint() { for (const e of list) tile(e); deeds.paint(); }

  /** @param {MouseEvent} m */
  function clicked(m) {
    const t = /** @type {Element} */ (m.target), id = t.closest("[role=option]")?.getAttribute("data-key") || "", e = find(id);
    if (!e) return;
    current = id;
    if (m.shiftKey) chooseTo(id);
    else if (t.closest(".event-tick") || m.ctrlKey || m.metaKey || chosen.size) choose(id);
    else { open(e); return; }
    paint();
  }

  /** What has the focus is what keys are about, however it came by it. @param {FocusEvent} f */
  function focused(f) {
    const id = /** @type {Element} */ (f.target).closest("[role=option]")?.getAttribute("data-key") || "";
    if (!find(id) || id === current) return;
    const was = tiles.get(current), now = tiles.get(id);
    if (was) was.tabIndex = -1;
    if (now) now.tabIndex = 0;
    current = id;
  }

  /** @param {KeyboardEvent} k */
  function keyed(k) {
    const i = list.findIndex(e => e.id === current), e = list[i];
    if (!e) return;
    const grid = tiles.get(e.id)?.parentElement, cols = grid ? getComputedStyle(grid).gridTemplateColumns.split(" ").length : 1;
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, ArrowDown: i + cols, ArrowUp: i - cols, Home: 0, End: list.length - 1 }[k.key];
    if (to !== undefined) {
      const x = list[Math.max(0, Math.min(list.length - 1, to))];
      if (k.shiftKey) { if (!chosen.size) choose(e.id, true); chooseTo(x.id); }
      current = x.id;
    } else if (k.key === " ") choose(e.id);
    else if ((k.ctrlKey || k.metaKey) && k.key.toLowerCase() === "a") for (const x of list) choose(x.id, true);
    else if (k.key === "Enter") { k.preventDefault(); open(e); return; }
    else return;
    k.preventDefault();
    k.stopPropagation();
    paint();
    const t = tiles.get(current);
    t?.focus({ preventScroll: true });
    t?.scrollIntoView({ block: "nearest" });
  }

  /** @param {ListedEvent[]} some @param {boolean} yes */
  async function review(some, yes) {
    if (!some.length) return;
    try {
      await footage.review(some.map(e => ({ camera: e.camera, id: e.id })), yes);
      for (const e of some) e.reviewed = yes;
      says.textContent = yes ? w.marked(some.length) : w.unmarked(some.length);
      const at = list.findIndex(e => e.id === current);
      if (fresh.checked && yes) { list = list.filter(e => !e.reviewed); if (!find(current)) current = list[Math.min(at, list.length - 1)]?.id || ""; }
      const had = days.contains(document.activeElement);
      chosen.clear();
      draw();
      if (had) tiles.get(current)?.focus({ preventScroll: true });
    } catch (x) { says.textContent = /** @type {Problem} */ (x).says || words.error; }
  }

  /** What can be done to the chosen events. */
  function chosenBar() {
    const count = h("b.num"), all = (/** @type {string} */ p) => picked().every(e => store.can(e.camera, p));
    const seen = h("button.button", { type: "button", onclick: () => review(picked(), true) }, icon("tick"), w.markReviewed), unseen = h("button.button", { type: "button", onclick: () => review(picked(), false) }, w.markUnreviewed);
    const save = h("button.button", { type: "button", onclick: exported }, icon("save"), keeping.export), lock = h("button.button", { type: "button", onclick: locked }, icon("lock"), keeping.lock), gone = h("button.button.danger", { type: "button", onclick: erased }, icon("erase"), keeping.erase);
    const shut = h("button.icon-button", { type: "button", title: w.chooseNone, "aria-label": w.chooseNone, onclick: () => { chosen.clear(); paint(); tiles.get(current)?.focus(); } }, icon("close"));
    const bar = h("div.event-deeds", { role: "toolbar", "aria-label": w.list, hidden: true }, count, seen, unseen, save, lock, gone, h("span.grow"), shut);
    async function exported() {
      const [{ draft }, { orderDialog }] = await Promise.all([import("./exportdraft.js"), import("./exportorder.js")]);
      for (const r of picked().reverse().map(rangeOf)) draft.add(r.camera, new Date(r.from).toISOString(), new Date(r.to).toISOString());
      orderDialog(go);
    }
    async function locked() {
      const { lockDialog } = await import("./lock.js"), some = picked();
      let n = 0;
      lockDialog(w.lockTitle(some.length), some.map(rangeOf), () => { n++; }, () => { says.textContent = w.locked(n); chosen.clear(); paint(); });
    }
    async function erased() {
      const { erase } = await import("./erase.js"), [e] = picked(), r = rangeOf(e);
      erase(r.camera, new Date(r.from), new Date(r.to), go, again);
    }
    return { element: bar, paint: () => {
      const n = chosen.size;
      bar.hidden = n === 0;
      element.classList.toggle("choosing", n > 0);
      count.textContent = w.chosen(n);
      seen.hidden = picked().every(e => e.reviewed);
      unseen.hidden = !picked().some(e => e.reviewed);
      save.hidden = !all("export");
      lock.hidden = !all("lock");
      gone.hidden = !all("erase");
      gone.disabled = n !== 1;
      gone.title = n === 1 ? "" : w.eraseOne;
    } };
  }

  let soon = 0;
  undo.on(store, "events", () => { clearTimeout(soon); soon = setTimeout(news, rest); });
  undo.on(store, "change", () => { if (camera.options.length !== cameraNames().length + 1) { tiles.clear(); draw(); } }); // they are called otherwise then
  undo.add(() => { turn++; clearTimeout(soon); clearTimeout(timer); pictures.end(); });
  fill(camera, w.allCameras, cameraNames(), asked.get("camera") || "");
  if (asked.get("camera") && !camera.value) camera.append(h("option", { value: asked.get("camera") || "", selected: true }, asked.get("camera") || ""));
  if (asked.get("kind")) { kinds.add(asked.get("kind") || ""); fill(kind, w.allKinds, [...kinds].map(k => [k, words.eventKind(k)]), asked.get("kind") || ""); }
  again();
  return { element, leave: () => undo.run(), key: e => {
    if (e.key.toLowerCase() === "r") { const some = chosen.size ? picked() : list.filter(x => x.id === current); review(some, some.some(x => !x.reviewed)); return true; }
    if (e.key === "Escape" && chosen.size) { chosen.clear(); paint(); return true; }
    return false;
  } };
}
