// Cameras: the list, with what each is and what can be done with it beside it; finding and adding more.
import { number } from "./language.js";
import { store } from "./store.js";
import { h, morph, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { adoptPage } from "./adopt.js";
import { remove, rename, replace, switchTo } from "./camerachange.js";
import { listing } from "./listing.js";
import { facts, notice, state } from "./parts.js";
import { styled } from "./styles.js";
import { words, because, dated, bitrate, when, why } from "./words.js";
import { cardWords } from "./words-card.js";
import { camerasWords as w } from "./words-cameras.js";

/** @typedef {import("./api.js").Camera} Camera */
await styled("/cameras.css");

/** @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function camerasPage(go) {
  if (new URLSearchParams(location.search).has("find") && store.may("configure")) return adoptPage(go, () => go("/cameras"));
  const undo = new Undo(), may = store.may("configure"), find = () => go("/cameras?find");
  const columns = [words.camera, words.state, words.streams, words.recordingColumn, words.recordedTo];
  const view = listing({ label: words.cameras, cls: "cameras", columns, key: (/** @type {Camera} */ c) => c.id, title: c => c.name, cells, details, sorts: [c => c.name, c => c.state, null, c => c.record.state, null], text: c => [c.name, c.address, c.manufacturer, c.model, c.state].join(" ") });
  const empty = h("div.empty", { hidden: true }, h("h1", null, words.noCameras), h("p", null, words.noCamerasText), may && h("button.button.primary", { type: "button", onclick: find }, words.find));
  const counts = h("p.quiet.summary.num"), says = h("p.quiet.said", { role: "status" });
  const element = h("section.page.wide", null, h("header", null, h("h1", null, words.cameras), counts, h("span.grow"), may && h("button.button", { type: "button", onclick: find }, icon("search"), words.find)), says, view.element, empty);

  function draw() {
    const list = store.list();
    view.element.hidden = list.length === 0;
    empty.hidden = !store.ready || list.length > 0;
    counts.textContent = list.length ? w.counted(...store.counts()) : "";
    view.show(list);
  }

  /** @param {Camera} c */
  const trouble = c => store.troubled(c);
  /** @param {Camera} c */
  const streams = c => c.streams.map(s => s.codec ? `${s.id} ${s.codec.replace("H26", "H.26")} ${s.width}×${s.height}${s.state === "online" ? ` · ${number(s.fps, 0)} fps · ${bitrate(s.bitrate)}` : ""}`.replace(/(\d) (?=fps|.?bit)/g, "$1\u00a0") : s.id);

  /** @param {Camera} c */
  function cells(c) {
    return [
      [h("b", null, c.name), h("div.quiet", null, [c.manufacturer, c.model].filter(Boolean).join(" ") || c.address)],
      [h("span.state." + c.state, null, /** @type {any} */ (words)[c.state] || c.state), trouble(c) && h("div.quiet", null, [`${words.since} ${dated(c.since)}`, because(c)].filter(Boolean).join(" · ")), trouble(c) && c.hint && h("div.quiet.hint", null, c.hint), !trouble(c) && c.detail && h("div.quiet", null, c.detail)],
      streams(c).map(s => h("div.num", null, s)),
      [h("span.state." + c.record.state, null, /** @type {any} */ (words.recStates)[c.record.state]), c.record.mode !== "off" && c.record.mode !== "continuous" && h("div.quiet", null, why(c.record)), c.last_footage && h("div.quiet.num", null, `${words.newest} ${dated(c.last_footage)}`)],
      places(c),
    ];
  }

  /** Where a camera is recorded to, and whether that is encrypted: once where all its streams are alike. @param {Camera} c */
  function places(c) {
    const recorded = c.streams.filter(s => s.recording);
    if (recorded.length === 0) return [h("span.quiet", null, "–")];
    const path = (/** @type {string} */ id) => store.health?.volumes.find(v => v.id === id)?.path || words.volumeAway;
    const lines = recorded.map(s => s.recording?.volumes.map(path).join(", ") || words.nowhere), alike = lines.every(l => l === lines[0]);
    const clear = recorded.some(s => !s.recording?.encrypted);
    return [...(alike ? [h("div.path", null, lines[0])] : lines.map((l, i) => h("div.path", null, `${recorded[i].id}: ${l}`))), recorded.some(s => s.recording?.volumes.length) && h("div.quiet", null, clear ? state("warn", words.inClear) : words.encrypted), c.record.mirror === "mirrored" && h("div.quiet", null, words.mirrored), c.record.mirror === "not_mirrored" && h("div.quiet", null, state("warn", words.notMirrored(c.record.mirror_why)))];
  }

  /** What is known of the one that is picked, and what can be done with it. @param {Camera} c */
  function details(c) {
    const act = (/** @type {(c: Camera) => void} */ f) => () => { const now = store.cameras.get(c.id); if (now) f(now); };
    const button = (/** @type {string} */ text, /** @type {(c: Camera) => void} */ f, cls = "") => h("button.button" + cls, { type: "button", onclick: act(f) }, text);
    const mine = may && c.source === "adopted", off = c.state === "disabled";
    return [
      h("div.buttons", null, store.can(c.id, "live") && button(w.live, x => go(`/live/${encodeURIComponent(x.id)}`)), store.can(c.id, "playback") && button(w.timeline, x => go(`/timeline/${encodeURIComponent(x.id)}`)), (store.may("configure") || store.can(c.id, "control")) && button(words.settings, x => go(`/camera/${encodeURIComponent(x.id)}`)), may && c.manufacturer && button(cardWords.card, x => { import("./card.js").then(m => m.cardOf(x)); })),
      trouble(c) && notice(c.state === "starting" ? "busy" : "bad", [/** @type {any} */ (words)[c.state] || c.state, because(c) || !c.cause && c.detail].filter(Boolean).join(": "), c.hint && h("p.todo", null, c.hint), c.cause && h("p.quiet", null, c.detail)),
      facts([[w.is, [c.manufacturer, c.model].filter(Boolean).join(" ")], [w.where, c.address && h("span.num", null, c.address)], [words.state, `${/** @type {any} */ (words)[c.state] || c.state}, ${w.since.toLowerCase()} ${when(c.since)}`],
        [w.recorded, /** @type {any} */ (w.modes)[c.record.mode] || w.modes.off], [words.streams, h("span", null, ...streams(c).map(s => h("div.num", null, s)))], [w.sound, c.audio ? w.soundOn : w.soundOff], [w.purpose, c.purpose || w.noneSaid], [w.basis, c.legal_basis || w.noneSaid]]),
      may && c.source === "config" && h("p.quiet", { "data-key": "file" }, w.inFile),
      mine && h("div.deed-list", { "data-key": "mine" }, button(w.rename, rename), button(w.recording, x => go(`/camera/${encodeURIComponent(x.id)}/recording`)), button(off ? w.switchOn : w.switchOff, x => switchTo(x, x.state === "disabled", t => { says.textContent = t; })), button(w.replace, x => replace(x, t => { says.textContent = t; })), button(w.remove, remove, ".danger")),
    ];
  }

  undo.on(store, "change", draw);
  draw();
  const wanted = new URLSearchParams(location.search).get("camera");
  if (wanted && store.cameras.has(wanted)) view.pick(wanted);
  return { element, leave: () => undo.run() };
}
