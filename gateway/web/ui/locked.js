// Locked: the footage that is kept from deletion, whose it is and why, until when; and ending a lock.
import { api } from "./api.js";
import { h, morph } from "./dom.js";
import { listing } from "./listing.js";
import { facts, failed, nothing, waiting } from "./parts.js";
import { cameraName, unlock } from "./unlock.js";
import { bytes, duration, when } from "./words.js";
import { keepingWords as w, long, spell } from "./words-keeping.js";

/** @typedef {import("./api.js").Lock} Lock */

/** How often locks are asked for, ms; from when on, and how far into the future. */
const period = 15000, first = new Date("1971-01-01T00:00:00Z"), day = 86400e3;
/** From how many locks on they can be filtered. */
const many = 10;

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function lockedPart(undo, go) {
  /** @type {Lock[]|undefined} */
  let locks;
  /** @type {unknown} */
  let error = null;
  let gone = false, size = 0;
  const view = listing({ label: w.locks, cls: "locks", columns: w.lockColumns, key: (/** @type {Lock} */ l) => l.id, title: l => cameraName(l.camera), cells, details });
  const status = h("div"), sum = h("p.lead");
  const filter = h("input", { type: "search", placeholder: w.filter, "aria-label": w.filter, oninput: () => draw() });
  const shown = h("div", { hidden: true }, sum, filter, view.element);

  async function ask() {
    try {
      [locks, size] = await Promise.all([api.locks("", first, new Date(Date.now() + day)), api.retention().then(list => list.reduce((n, k) => n + k.locked, 0), () => 0)]);
      error = null;
    } catch (e) { error = e; }
    if (!gone) draw();
  }

  function draw() {
    shown.hidden = !!error || !locks?.length;
    morph(status, error ? failed(error, ask) : locks === undefined ? waiting() : locks.length === 0 && nothing(w.noLocks, w.noLocksText, h("button.button.primary", { type: "button", onclick: () => go("/timeline") }, w.openTimeline)));
    if (!locks) return;
    sum.textContent = size > 0 ? w.locksSum(locks.length, bytes(size)) : w.locksSumNew(locks.length);
    filter.hidden = locks.length < many;
    const text = filter.hidden ? "" : filter.value.trim().toLowerCase();
    const list = locks.filter(l => !text || [cameraName(l.camera), l.reason, l.owner].some(t => t.toLowerCase().includes(text)));
    if (locks.length && !list.length) morph(status, h("p.quiet", { role: "status" }, w.noMatch));
    view.show(list);
  }

  /** @param {Lock} l */
  const length = l => duration((Date.parse(l.to) - Date.parse(l.from)) / 1000);
  /** @param {Lock} l */
  const left = l => w.inTime(long((Date.parse(l.until) - Date.now()) / 1000));

  /** @param {Lock} l */
  function cells(l) {
    return [h("b", null, cameraName(l.camera)), [h("span.num", null, spell(l.from, l.to)), h("div.quiet", null, length(l))], h("span.wrap", null, l.reason || "–"), l.owner || h("span.quiet", null, w.unknown), [when(l.until), h("div.quiet", null, left(l))]];
  }

  /** @param {Lock} l */
  function details(l) {
    return [
      facts([[w.range, `${spell(l.from, l.to)} · ${length(l)}`], [w.reason, l.reason], [w.lockedBy, l.owner || w.unknown], [w.made, when(l.created)], [w.lockedTill, `${when(l.until)}, ${left(l)}`], [w.id, h("span.id", null, l.id)]]),
      h("div.buttons", null, h("button.button", { type: "button", "data-key": "show", onclick: () => go(`/timeline/${encodeURIComponent(l.camera)}?at=${l.from}`) }, w.show), h("button.button.danger", { type: "button", "data-key": "unlock", onclick: () => unlock(l, ask) }, w.unlock)),
    ];
  }

  undo.every(ask, period);
  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, shown), action: null };
}
