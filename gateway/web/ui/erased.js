// Erased: every erasure, the newest first, with its receipt.
import { api } from "./api.js";
import { h, morph } from "./dom.js";
import { listing } from "./listing.js";
import { failed, nothing, waiting } from "./parts.js";
import { erasureState, receipt, unfinished } from "./receipt.js";
import { cameraName } from "./unlock.js";
import { bytes, duration, when } from "./words.js";
import { keepingWords as w, spell } from "./words-keeping.js";

/** @typedef {import("./api.js").Erasure} Erasure */

/** How often erasures are asked for while one is under way, and otherwise, ms. */
const often = 1500, seldom = 15000;

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function erasedPart(undo, go) {
  /** @type {Erasure[]|undefined} */
  let list;
  /** @type {unknown} */
  let error = null;
  let gone = false, timer = 0;
  const view = listing({ label: w.erased, cls: "erasures", columns: w.erasedColumns, key: (/** @type {Erasure} */ e) => e.id, title: () => w.receipt, cells, details: e => [receipt(e, ask)] });
  const status = h("div"), shown = h("div", { hidden: true }, view.element);
  let wanted = new URLSearchParams(location.search).get("id") || "";

  async function ask() {
    clearTimeout(timer);
    try { list = await api.erasures(); error = null; } catch (e) { error = e; }
    if (gone) return;
    draw();
    timer = setTimeout(ask, list?.some(unfinished) ? often : seldom);
  }

  function draw() {
    shown.hidden = !!error || !list?.length;
    morph(status, error ? failed(error, ask) : list === undefined ? waiting() : list.length === 0 && nothing(w.noErasures, w.noErasuresText, h("button.button.primary", { type: "button", onclick: () => go("/timeline") }, w.openTimeline)));
    if (!list) return;
    view.show(list);
    if (wanted && list.some(e => e.id === wanted)) view.pick(wanted);
    wanted = "";
  }

  /** @param {Erasure} e */
  function cells(e) {
    const size = [duration((Date.parse(e.to) - Date.parse(e.from)) / 1000), e.bytes > 0 && bytes(e.bytes)].filter(Boolean).join(" · ");
    return [h("b", null, cameraName(e.camera)), [h("span.num", null, spell(e.from, e.to)), h("div.quiet.num", null, size)], h("span.wrap", null, /** @type {any} */ (w.grounds)[e.ground] || e.ground), h("span.num", null, when(e.requested)), erasureState(e)];
  }

  undo.add(() => { gone = true; clearTimeout(timer); });
  ask();
  return { element: h("div", null, status, shown), action: null };
}
