// The exports page: what is being made, how far it is, and what can be downloaded.
import { exportsApi } from "./api-exports.js";
import { h, morph, Undo } from "./dom.js";
import { draft } from "./exportdraft.js";
import { icon } from "./icons.js";
import { listing } from "./listing.js";
import { dialog, facts, failed, nothing, notice, progress, secret, state, waiting } from "./parts.js";
import { store } from "./store.js";
import { styled } from "./styles.js";
import { words, bytes, duration, when } from "./words.js";
import { exportWords as w } from "./words-exports.js";
import { spell } from "./words-keeping.js";

await styled("/exports.css");

/** @typedef {import("./api-exports.js").Export} Export */
/** How often the list is asked for although nothing of it was told, ms: what is told while the event stream is down is not told again. */
const seldom = 15000;
/** How far the clock of who reads may be behind the gateway's, ms. */
const clocks = 60000;
/** @type {Record<Export["state"], import("./parts.js").Tone>} */
const tones = { waiting: "none", running: "busy", done: "good", failed: "bad", cancelled: "none" };

const open = (/** @type {Export} */ x) => x.state === "waiting" || x.state === "running";
const named = (/** @type {Export} */ x) => x.order.title || w.untitled(x.order.reason);
const cameraName = (/** @type {string} */ id) => store.nameOf(id);
const clipsOf = (/** @type {Export} */ x) => x.order.clips || [];

/** How far an export is, in words. @param {Export} x */
const far = x => [w.part(Math.floor(100 * x.progress)), x.step, x.left && x.left >= 1 && w.left(duration(x.left))].filter(Boolean).join(" · ");

/** @param {string} id of the export that is shown first @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function exportsPage(id, go) {
  const undo = new Undo();
  /** @type {Export[]|null} */
  let list = null;
  /** @type {unknown} */
  let error = null;
  let timer = 0, gone = false, wanted = id, missing = false;
  /** What went while the page showed it, the newest first, and what was removed by the page itself. @type {Export[]} */
  let went = [];
  const own = new Set();
  const status = h("div"), kept = h("div"), gones = h("section", { role: "status" });
  const view = listing({ label: w.title, cls: "exports", columns: w.columns, key: (/** @type {Export} */ x) => x.id, title: named, cells, details,
    text: x => [named(x), x.order.recipient, x.order.reason, x.by, ...clipsOf(x).map(c => cameraName(c.camera))].join(" "), sorts: [named, x => x.order.recipient, null, x => -Date.parse(x.created), x => Object.keys(tones).indexOf(x.state)], by: 3 });
  const shown = h("div", { hidden: true }, view.element);
  const element = h("section.page.wide", null, h("header", null, h("h1", null, w.title)), h("p.quiet.lead", null, w.intro), gones, kept, status, shown);

  /** @param {Export} x */
  function cells(x) {
    return [h("b.clip-words", null, named(x)), h("span.clip-words", null, x.order.recipient), h("span", null, w.clips(clipsOf(x).length, (x.order.stills || []).length), h("span.quiet.beside", null, [...new Set(clipsOf(x).map(c => cameraName(c.camera)))].join(", "))), h("span.num", null, when(x.created)),
      x.state === "running" ? h("div.far", null, state("busy", w.part(Math.floor(100 * x.progress))), progress(w.making, x.progress, far(x))) : state(tones[x.state], w.states[x.state])];
  }

  /** @param {Export} x */
  function details(x) {
    const f = w.facts, id = x.id;
    return [
      open(x) && h("div.running", { "data-key": "running" }, progress(w.making, x.state === "running" ? x.progress : null, far(x)), h("p.quiet.num", null, x.state === "waiting" ? w.states.waiting : far(x)), h("div.buttons", null, h("button.button", { type: "button", onclick: () => act(exportsApi.cancel(id)) }, w.cancel))),
      x.state === "cancelled" && h("p", { "data-key": "cancelled" }, state(tones.cancelled, w.states.cancelled)), // a phone shows no row beside it
      x.state === "failed" && notice("bad", w.states.failed, x.error, h("p.todo", null, w.failedDo)),
      x.state === "done" && h("div.buttons.wrap-buttons", { "data-key": "done" }, h("a.button.primary", { href: exportsApi.file(id), download: x.name || true }, icon("save"), w.download), h("button.button", { type: "button", onclick: () => remove(id) }, w.remove)),
      x.state !== "done" && !open(x) && h("div.buttons", { "data-key": "over" }, h("button.button", { type: "button", onclick: () => remove(id) }, w.remove)),
      x.expires && h("p.quiet", null, (x.state === "done" ? w.expiresIn : w.notedUntil)(when(x.expires))),
      facts([[f.recipient, x.order.recipient], [f.reason, x.order.reason], [f.by, x.by], [f.ordered, when(x.created)], [f.form, w.forms[x.order.form || "original"]], [f.size, x.bytes > 0 && (open(x) ? "≈ " : "") + bytes(x.bytes)], [f.parts, x.parts && w.files(x.parts)], [f.gaps, x.state === "done" && (x.gaps ? w.gaps(x.gaps) : w.noGaps)],
        ...clipsOf(x).map((c, i) => /** @type {[string, Node]} */ ([`${f.clip} ${i + 1}`, h("span", null, cameraName(c.camera), h("span.quiet.beside.num", null, spell(c.from, c.to)), c.masks?.length ? h("span.quiet.beside", null, w.masks(c.masks.length)) : null, c.mute ? h("span.quiet.beside", null, w.silent) : null)])),
        ...(x.order.stills || []).map((s, i) => /** @type {[string, Node]} */ ([`${f.still} ${i + 1}`, h("span", null, cameraName(s.camera), h("span.quiet.beside.num", null, when(s.at)))])),
        ...(x.order.notes || []).map(n => /** @type {[string, string]} */ ([f.note, n])), [f.id, h("code", null, x.id)]]),
      x.state === "done" && x.signer && h("section.how", { "data-key": "how" }, h("h3", null, w.check), h("p", null, w.checkText), h("pre", null, `holdfast verify --key "${x.signer}" ${x.name || ""}`), secret(w.fingerprint, x.signer), h("p.quiet", null, w.checkMore)),
    ];
  }

  /** @param {Promise<unknown>} what */
  async function act(what) { try { await what; error = null; } catch (x) { error = x; } ask(); }

  /** @param {string} id */
  function remove(id) {
    const x = list?.find(e => e.id === id);
    if (x) dialog({ title: w.removeTitle(named(x)), text: [w.removeText], button: w.remove, danger: true, act: async () => { own.add(id); await exportsApi.remove(id); ask(); } });
  }

  async function ask() {
    clearTimeout(timer);
    try { take(await exportsApi.list()); error = null; } catch (e) { error = e; }
    if (gone) return;
    draw();
    timer = setTimeout(ask, seldom);
  }

  /** Takes what there is now, and notes what is there no more. @param {Export[]} now */
  function take(now) {
    const lost = (list || []).filter(x => !own.has(x.id) && !now.some(n => n.id === x.id));
    went = [...lost, ...went].slice(0, 3);
    list = now;
  }

  /** What became of one that went: its time was over, or somebody took it away. @param {Export} x */
  function goneNotice(x) {
    const aged = x.expires && Date.parse(x.expires) < Date.now() + clocks;
    const n = aged ? notice("none", w.aged(named(x), when(x.expires || "")), w.agedText) : notice("none", w.away(named(x)), w.awayText);
    n.dataset.key = x.id;
    return n;
  }

  /** How far an export is: of one that is known, and in the state that is known, the figures are enough. @param {Event} e */
  function told(e) {
    const now = /** @type {CustomEvent} */ (e).detail, x = list?.find(o => o.id === now.id);
    if (!x || x.state !== now.state) { ask(); return; }
    Object.assign(x, now);
    draw();
  }

  function draw() {
    morph(gones, missing && notice("none", w.missing, w.missingText), ...went.map(goneNotice));
    morph(kept, draft.clips.length > 0 && h("article.notice.busy", { "data-key": "draft" }, h("i.shape", { "aria-hidden": "true" }), h("div.grow", null, h("h3", null, w.draft(draft.clips.length))), h("button.button.primary", { type: "button", onclick: async () => (await import("./exportorder.js")).orderDialog(go) }, w.draftGo), h("button.button", { type: "button", onclick: () => { draft.clear(); draw(); } }, w.draftDrop)));
    shown.hidden = !list?.length;
    morph(status, error ? failed(error, ask) : list === null ? waiting() : list.length === 0 && nothing(w.none, w.noneText, store.may("playback") && h("button.button.primary", { type: "button", onclick: () => go("/timeline") }, w.openTimeline)));
    view.show(list || []);
    if (!wanted || !list) return;
    const [id, there] = [wanted, list.some(x => x.id === wanted)];
    wanted = "";
    if (there) view.pick(id); else { missing = true; draw(); }
  }
  undo.on(store, "export", told);
  undo.on(store, "export-removed", ask);
  undo.on(store, "change", draw);
  undo.on(draft, "change", ask);
  undo.add(() => { gone = true; clearTimeout(timer); });
  ask();
  return { element, leave: () => undo.run() };
}
