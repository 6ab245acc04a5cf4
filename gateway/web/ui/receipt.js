// The receipt of an erasure: how far it is, what went, and what that is worth.
import { api } from "./api.js";
import { store } from "./store.js";
import { h } from "./dom.js";
import { facts, progress, state } from "./parts.js";
import { cameraName } from "./unlock.js";
import { bytes, clock, duration, when } from "./words.js";
import { keepingWords as w, spell } from "./words-keeping.js";

/** @typedef {import("./api.js").Erasure} Erasure */

/** Within what time after an erasure its keys are destroyed, ms, and how many stretches are listed. */
const sweep = 3600e3, most = 12;

/** Whether keys went, or are to. @param {Erasure} e */
const keyed = e => e.segments + e.rewritten > (e.in_clear || 0);
/** Whether something of an erasure is still to happen. @param {Erasure} e */
export const unfinished = e => !e.done || keyed(e) && !e.receipt;

/** How far an erasure is, as a word of w.states. @param {Erasure} e @returns {keyof typeof w.states} */
function standing(e) {
  if (!e.done) return "busy";
  if (e.segments + e.rewritten === 0) return "nothing";
  if (!keyed(e)) return "clear";
  if (!e.receipt) return "due";
  return e.receipt.away?.length ? "away" : "good";
}

/** @type {Record<string, import("./parts.js").Tone>} */
const tones = { busy: "busy", nothing: "none", clear: "warn", due: "busy", away: "warn", good: "good" };

/** @param {Erasure} e */
export const erasureState = e => state(tones[standing(e)], w.states[standing(e)]);

/**
 * All of a receipt. again is called when something was asked for that changes it.
 * @param {Erasure} e @param {() => void} again
 */
export function receipt(e, again) {
  const s = standing(e), f = w.erasedFacts, r = e.receipt, error = h("p.form-error", { role: "alert" });
  const now = async () => { try { await api.sweep(); again(); } catch (x) { error.textContent = /** @type {import("./api.js").Problem} */ (x).says; } };
  return h("div.receipt", { "data-key": e.id },
    h("p.big", { role: "status" }, erasureState(e)),
    s === "busy" && progress(w.erasing, null, e.waiting || w.erasing), s === "busy" && e.waiting && h("p.quiet", null, e.waiting),
    (s === "good" || s === "away") && h("p.means", null, s === "good" ? w.destroyed : w.awayText), h("p.means" + (r ? ".quiet" : ""), null, e.means), s === "due" && h("p.quiet", null, w.keysBy(clock(Date.parse(e.done || e.requested) + sweep, false))),
    facts([[f.camera, cameraName(e.camera)], [f.footage, `${spell(e.from, e.to)} · ${duration((Date.parse(e.to) - Date.parse(e.from)) / 1000)}`], [f.ground, /** @type {any} */ (w.grounds)[e.ground] || e.ground], [f.went, e.erased.length > 0 && stretches(e)],
      [f.size, e.bytes > 0 && bytes(e.bytes)], [f.files, w.files(e.segments, e.rewritten, e.in_clear || 0)], [f.requested, when(e.requested)], [f.done, e.done && when(e.done)],
      [f.keys, r ? w.keysAt(r.keys, when(r.at)) : s === "clear" ? w.keysNone : s === "nothing" ? null : w.keysLater], [f.strength, r && /** @type {any} */ (w.strengths)[r.strength]], [f.clean, r && names(r.clean)], [f.away, r?.away?.length && names(r.away.map(a => a.copy))], [f.id, h("span.id", null, e.id)]]),
    error, h("div.buttons", null, s === "due" && h("button.button", { type: "button", "data-key": "now", onclick: now }, w.now), e.done && h("a.button", { "data-key": "save", download: `erasure-${e.id}.json`, href: `/api/v1/erasures/${encodeURIComponent(e.id)}` }, w.save)));
}

/** What went, stretch by stretch. @param {Erasure} e */
const stretches = e => h("ul.bare", null, ...e.erased.slice(0, most).map(x => h("li.num", null, w.stretch(x.stream, spell(x.start, x.end)))), e.erased.length > most && h("li.quiet", null, w.moreStretches(e.erased.length - most)));

/** Where copies of the keys are, in words. @param {string[]|null} list */
const names = list => (list || []).map(id => id ? store.health?.volumes.find(v => v.id === id)?.path || id : w.dataDir).join(", ");
