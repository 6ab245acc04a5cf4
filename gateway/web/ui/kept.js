// Kept for: how long the footage of each camera is kept by its kind, what was promised, and what to do when that will not hold.
import { changeAges } from "./ages.js";
import { api } from "./api.js";
import { h, morph } from "./dom.js";
import { listing } from "./listing.js";
import { store } from "./store.js";
import { facts, failed, notice, nothing, state, waiting } from "./parts.js";
import { words, bytes, when } from "./words.js";
import { keepingWords as w, long } from "./words-keeping.js";

/** @typedef {import("./api.js").Kept} Kept */

/** How often it is asked for, ms; and for how long a forecast must be measured to be an alarm, seconds. */
const period = 15000, sure = 3600;

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function keptPart(undo, go) {
  /** @type {Kept[]|undefined} */
  let kept;
  /** @type {unknown} */
  let error = null;
  let gone = false;
  const legend = h("p.legend.quiet", null, h("i.swatch.oldest"), w.keyOldest, h("i.swatch.forecast"), w.keyForecast, h("i.swatch.promise"), w.keyPromise);
  const view = listing({ label: w.kept, cls: "kept", columns: w.keptColumns, key: (/** @type {Kept} */ k) => k.camera, title: named, cells, details, below: [legend, h("p.quiet.lead", null, w.where)] });
  const status = h("div"), shown = h("div", { hidden: true }, view.element);

  async function ask() {
    try { kept = await api.retention(); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }

  function draw() {
    shown.hidden = !!error || !kept?.length;
    morph(status, error ? failed(error, ask) : kept === undefined ? waiting() : kept.length === 0 && nothing(w.none, w.noneText, h("button.button.primary", { type: "button", onclick: () => go("/cameras?find") }, w.cameras)));
    if (kept) view.show(kept);
  }

  /** @param {Kept} k */
  function named(k) { return k.name || k.camera; }
  /** @param {Kept} k age of the oldest, seconds */
  const age = k => k.oldest ? Math.max(0, (Date.now() - Date.parse(k.oldest)) / 1000) : 0;
  /** @param {Kept} k */
  const rate = k => k.rate > 0 ? w.aDay(bytes(k.rate * 86400)) : k.measured > 0 ? w.noRate : w.notMeasured;
  /** @param {number} s */
  const limit = s => s > 0 ? long(s) : h("span.quiet", null, w.bySpace);

  /** @param {Kept} k */
  function cells(k) {
    return [
      [h("b", null, named(k)), h("div.quiet.num", null, k.name ? rate(k) : w.gone)],
      limit(k.max_age), k.event_max_age > 0 ? long(k.event_max_age) : h("span.quiet", null, w.asContinuous), k.min_age > 0 ? long(k.min_age) : h("span.quiet", null, w.noPromise),
      [forecast(k), k.oldest && reach(k)],
      k.oldest ? [w.ago(long(age(k))), h("div.quiet.num", null, when(k.oldest))] : h("span.quiet", null, w.nothingKept),
      k.locked > 0 ? bytes(k.locked) : h("span.quiet", null, "–"),
    ];
  }

  /** On how many volumes what is recorded of a camera is kept. @param {string} id */
  function copies(id) {
    const r = store.cameras.get(id)?.record;
    if (!r) return null;
    return r.mirror === "not_mirrored" ? state("warn", words.notMirrored(r.mirror_why)) : r.mirror ? w.twoCopies : w.oneCopy;
  }

  /** @param {string} id */
  const change = id => () => { const k = kept?.find(x => x.camera === id); if (k) changeAges(k, ask).catch(e => { error = e; draw(); }); };

  /** @param {Kept} k */
  function forecast(k) {
    if (k.broken_until) return state("bad", w.broke);
    if (k.keeps <= 0) return state("none", w.notKnown);
    if (k.short) return state("warn", w.short(long(k.keeps), long(k.min_age - k.keeps)));
    return h("div", null, state("good", long(k.keeps)), h("span.quiet", null, ` · ${k.by_space ? w.spaceDecides : w.ageDecides}`));
  }

  /** How far what is kept, what is foretold and what was promised reach, all cameras on one scale. @param {Kept} k */
  function reach(k) {
    const whole = Math.max(1, ...(kept || []).map(x => Math.max(age(x), x.keeps, x.min_age)));
    const e = h("div.reach", { role: "img", "aria-label": w.reach(long(age(k)), k.keeps > 0 ? long(k.keeps) : w.notKnown, k.min_age > 0 ? long(k.min_age) : w.noPromise) }, h("i.forecast"), h("i.oldest"), k.min_age > 0 && h("i.promise" + (k.short || k.broken_until ? ".short" : "")));
    const share = (/** @type {number} */ s) => `${Math.min(100, 100 * s / whole)}%`;
    e.children[0].style.setProperty("width", share(k.keeps));
    e.children[1].style.setProperty("width", share(age(k)));
    e.children[2]?.style.setProperty("left", `min(${share(k.min_age)}, 100% - 2px)`);
    return e;
  }

  /** @param {Kept} k */
  function details(k) {
    const f = w.keptFacts, max = (/** @type {number} */ s) => s > 0 ? w.deletedAt(long(s)) : w.deletedForSpace;
    return [
      k.broken_until && notice("bad", w.broke, w.brokeText(when(k.broken_until)), h("p.todo", null, w.brokeDo)),
      k.short && notice("warn", w.breaks, w.breaksText(long(k.keeps), long(k.min_age)), h("p.todo", null, w.breaksDo(bytes(Math.max(1e9, k.rate * (k.min_age - k.keeps)))))),
      h("p.lead", null, k.says),
      k.oldest && reach(k),
      facts([[f.continuous, max(k.max_age)], [f.event, k.event_max_age > 0 ? w.deletedAt(long(k.event_max_age)) : w.asContinuous], [f.locked, k.locked > 0 ? w.lockedHeld(bytes(k.locked)) : w.lockedNone],
        [f.promised, k.min_age > 0 ? w.promise(long(k.min_age)) : w.noPromise], [f.forecast, forecast(k)], [w.oldest, k.oldest ? when(k.oldest) : w.nothingKept], [w.rate, rate(k)], [w.measured, k.measured > 0 && long(k.measured)], [f.copies, copies(k.camera)]]),
      k.min_age > 0 && k.measured < sure && h("p.quiet", null, w.notSure),
      store.cameras.get(k.camera)?.source === "config" && h("p.quiet", { "data-key": "file" }, w.inFile),
      store.cameras.get(k.camera)?.source === "adopted" && store.may("configure") && h("div.buttons", { "data-key": "change" }, h("button.button", { type: "button", onclick: change(k.camera) }, w.change)),
    ];
  }

  undo.every(ask, period);
  undo.on(store, "change", draw);
  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, shown), action: null };
}
