// Health: each camera in a line: the last seven days, what is missing and why, how its stream comes, and what to do.
import { healthApi } from "./api-health.js";
import { api } from "./api.js";
import { h, morph } from "./dom.js";
import { number } from "./language.js";
import { listing } from "./listing.js";
import { bar, facts, failed, nothing, notice, state, waiting } from "./parts.js";
import { store } from "./store.js";
import { styled } from "./styles.js";
import { words, bitrate, bytes, duration, when } from "./words.js";
import { long } from "./words-keeping.js";
import { healthWords as w } from "./words-health.js";
import { storageWords as sw } from "./words-storage.js";

/** @typedef {import("./api-health.js").CameraHealth} CameraHealth @typedef {import("./api-health.js").Week} Week */
/** How often it is asked for, ms, and how many gaps are listed of one. */
const period = 10000, listed = 30;

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function healthPart(undo, go) {
  styled("/health.css");
  let list = /** @type {CameraHealth[]|null} */ (null), kept = /** @type {import("./api.js").Kept[]} */ ([]), error = /** @type {unknown} */ (null), gone = false;
  const worst = (/** @type {CameraHealth} */ c) => c.findings.some(f => f.severity === "alarm") ? 0 : c.findings.length ? 1 : 2;
  const view = listing({ label: w.label, cls: "doing", columns: w.columns, key: (/** @type {CameraHealth} */ c) => c.camera, title: c => c.name, cells, details, text: c => c.name, sorts: [c => c.name, null, c => -(c.week?.lost_seconds || 0), null, c => worst(c)], by: 4 });
  const sum = h("p.lead.health-sum"), status = h("div"), volumes = h("section.health-volumes"), shown = h("div", { hidden: true }, sum, view.element, volumes);

  async function ask() {
    try { [list, kept] = await Promise.all([healthApi.cameras(), api.retention().catch(() => [])]); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }

  function draw() {
    shown.hidden = !!error || !list?.length;
    morph(status, error ? failed(error, ask) : list === null ? waiting() : list.length === 0 && nothing(w.none, w.noneText, store.may("configure") && h("button.button.primary", { type: "button", onclick: () => go("/cameras?find") }, words.find)));
    if (!list) return;
    const holed = list.filter(c => c.week && c.week.lost_seconds > 0);
    sum.textContent = w.sum(holed.length, duration(holed.reduce((n, c) => n + (c.week?.lost_seconds || 0), 0)), list.length);
    view.show(list);
    const vs = store.health?.volumes || [];
    morph(volumes, ...(vs.length ? [h("h2", null, w.volumes), h("ul.plain-list", null, ...vs.map(v => h("li", { "data-key": v.id }, h("b.path", null, v.path), h("div", null, state(v.state === "ok" ? "good" : v.state === "slow" ? "warn" : "bad", v.state === "ok" ? w.free(bytes(v.free), bytes(v.total)) : /** @type {any} */ (sw.states)[v.state] || v.state), v.state !== "ok" && v.cause && h("div.quiet", null, v.cause)), bar(v.path, w.free(bytes(v.free), bytes(v.total)), v.total, [["kept", v.used], ["other", Math.max(0, v.total - v.free - v.used)]]))))] : []));
  }

  /** @param {CameraHealth} c */
  const main = c => c.streams.find(s => s.recorded) || c.streams[0];

  /** Seven days as one line, with what is missing on it. @param {Week} k */
  function strip(k) {
    const from = Date.parse(k.from), whole = Date.parse(k.to) - from, all = [...k.held.map(x => ({ ...x, cls: "" })), ...k.list.map(x => ({ ...x, cls: ".missing" }))];
    const e = h("div.week-strip", { role: "img", "aria-label": w.strip(duration(k.lost_seconds), k.gaps) }, ...all.map(x => h("i" + x.cls)));
    all.forEach((x, n) => {
      const i = /** @type {HTMLElement} */ (e.children[n]), left = Math.max(0, (Date.parse(x.start) - from) / whole) * 100;
      i.style.setProperty("left", `min(${left}%, 100% - 2px)`);
      i.style.setProperty("width", `max(2px, ${(Date.parse(x.end) - Date.parse(x.start)) / whole * 100}%)`);
    });
    return e;
  }

  /** @param {CameraHealth} c */
  function cells(c) {
    const s = main(c), k = c.week, [first, ...rest] = c.findings, on = c.state === "online";
    return [
      [h("b", null, c.name), h("div.quiet", null, `${/** @type {any} */ (words)[c.state] || c.state}${on ? "" : `, ${words.since} ${when(c.since)}`}`)],
      k ? strip(k) : h("span.quiet", null, c.recording === "off" ? w.notRecorded : w.noWeek),
      k ? k.gaps === 0 ? h("span.quiet", null, w.whole) : [h("span.num", null, `${duration(k.lost_seconds)}`), h("div.quiet.num", null, `${w.gaps(k.gaps)}${k.longest && k.gaps > 1 ? `, ${w.longest(duration(k.longest.seconds))}` : ""}`)] : h("span.quiet", null, "–"),
      s && on ? [h("span.num", null, `${w.fps(number(s.fps, 0))} · ${bitrate(s.bitrate)}`), h("div.quiet.num", null, `${w.lost(s.lost)}, ${w.again(s.reconnects)}`)] : h("span.quiet", null, w.silent),
      first ? [state(first.severity === "alarm" ? "bad" : "warn", first.what), h("div.quiet", null, first.do), rest.length > 0 && h("div.quiet", null, w.more(rest.length))] : state("good", w.well),
    ];
  }

  /** @param {CameraHealth} c */
  function details(c) {
    const k = c.week, r = kept.find(x => x.camera === c.camera), play = store.can(c.camera, "playback");
    return [
      ...c.findings.map(f => notice(f.severity === "alarm" ? "bad" : "warn", f.what, h("p.todo", null, f.do))),
      facts(c.streams.map(s => /** @type {[string, Node]} */ ([w.stream(s.id), h("div.num", null, ...(s.state === "online" ? [`${w.fps(number(s.fps, 1))}, ${bitrate(s.bitrate)}, ${s.transport}`, s.last_frame !== null && w.ago(duration(s.last_frame)), s.key_interval > 0 && w.keys(duration(s.key_interval)), `${w.lost(s.lost)}, ${w.again(s.reconnects)}`] : [/** @type {any} */ (words)[s.state] || s.state]).filter(Boolean).map(t => h("div", null, t)))]))),
      r && facts([[w.kept, r.keeps > 0 ? `${long(r.keeps)}` : r.says]]),
      k && k.gaps > 0 && h("section", { "data-key": "causes" }, h("h3", null, w.causes), h("ul.plain-list", null, ...k.causes.map(x => h("li", null, h("b", null, x.cause), h("span.quiet.num", null, `${duration(x.seconds)}, ${w.gaps(x.gaps)}`))))),
      k && k.gaps > 0 && h("section", { "data-key": "gaps" }, h("h3", null, w.list), h("ul.plain-list.gap-list", null, ...k.list.slice(0, listed).map(g => h("li", { "data-key": g.start }, h("b.num", null, `${when(g.start)}, ${duration(g.seconds)}`), h("span.quiet", null, g.cause), play && h("a", { href: `/timeline/${encodeURIComponent(c.camera)}?at=${encodeURIComponent(g.start)}`, title: w.show, "aria-label": `${w.show}: ${when(g.start)}`, onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go(/** @type {HTMLAnchorElement} */ (e.currentTarget).getAttribute("href") || ""); } }, words.timeline)))), k.gaps > listed && h("p.quiet", null, w.moreGaps(k.gaps - Math.min(listed, k.list.length)))),
    ];
  }

  undo.every(ask, period);
  undo.on(store, "change", draw);
  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, shown), action: null };
}
