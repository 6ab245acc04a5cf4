// Entries of the audit log as rows of a list, and all that is known of one.
import { h } from "./dom.js";
import { number } from "./language.js";
import { facts, state } from "./parts.js";
import { store } from "./store.js";
import { browser } from "./person.js";
import { clock, dated, when } from "./words.js";
import { actionWords, auditWords as w } from "./words-audit.js";
import { keepingWords, spell } from "./words-keeping.js";

/** @typedef {import("./api-audit.js").Entry} Entry */

/** @param {string} id */
export const cameraOf = id => store.nameOf(id);

/** What was done. @param {Entry} e */
export const did = e => actionWords[e.action] || e.action;

/** Who did it: by name; one who was forgotten has none any more. @param {Entry} e */
export const who = e => e.forgotten ? w.forgotten : e.name || (e.person ? w.forgotten : /** @type {any} */ (w.kinds)[e.kind || ""] || w.unknownPerson);

export const moment = dated;

/** Ids that tell people nothing: made by chance, or fingerprints of keys. */
const random = /^(?:[a-z]{1,4}[-/])?(?:[0-9a-f]{8,}|[0-9A-Z]{16,26})$|^SHA256:/;

/** Why it was so, as it is said; a ground of an erasure has words of its own. @param {Entry} e */
const reason = e => e.reason && (/** @type {any} */ (w.reasons)[e.reason] || /** @type {any} */ (keepingWords.grounds)[e.reason] || e.reason);

/** What it was about, in words where there are some: the name that the log keeps, of a camera, of a volume; nothing where there is only an id. @param {Entry} e */
function about(e) {
  const t = e.target || "";
  const volume = store.health?.volumes?.find(v => v.id === t)?.path;
  const said = e.subject || /** @type {any} */ (w.targets)[t] || (t && cameraOf(t) !== t && cameraOf(t)) || volume;
  return said || (random.test(t) || e.action === "access.refused" ? "" : t);
}

/** What is worth knowing in a line. @param {Entry} e */
function briefly(e) {
  const parts = [e.outcome !== "done" && state(e.outcome === "failed" ? "bad" : "warn", w.outcomes[e.outcome]), e.from && e.to && h("span.num", null, w.ranged(spell(e.from, e.to))), about(e), reason(e), e.before !== undefined && e.after !== undefined && w.changed];
  return parts.filter(Boolean).flatMap((p, i) => i ? [h("span.quiet", null, " · "), p] : [p]);
}

/** @param {Entry} e */
export const cells = e => [h("time.num", { datetime: e.time, title: e.time }, moment(e.time)), h("span" + (e.name && !e.forgotten ? "" : ".quiet"), null, who(e)), h("b", null, did(e)), e.camera ? cameraOf(e.camera) : h("span.quiet", null, "–"), h("span.clip", null, ...briefly(e))];

/** A setting as it was or is, line by line: names and values, what belongs to one below it. @param {unknown} v @param {string} [before] @returns {string} */
function lines(v, before = "") {
  if (Array.isArray(v)) return v.every(x => typeof x !== "object") ? v.join(", ") || "–" : v.map(x => lines(x, before)).join(`\n${before}–\n`);
  if (v === null || typeof v !== "object") return String(v ?? "–");
  return Object.entries(v).map(([k, x]) => { const deep = typeof x === "object" && x !== null && !(Array.isArray(x) && x.every(y => typeof y !== "object")); return `${before}${k.replaceAll("_", " ")}:${deep ? `\n${lines(x, before + "  ")}` : ` ${lines(x)}`}`; }).join("\n");
}
/** @param {unknown} v */
const setting = v => v === undefined || v === null ? null : h("pre.setting", null, lines(v));

/** @param {Entry} e */
export function details(e) {
  const f = w.facts;
  return [facts([[f.who, who(e)], [f.time, h("time.num", { datetime: e.time, title: e.time }, `${when(e.time).replace(/ [\d:]+$/, "").replace(/^[\d:]+$/, "")} ${clock(e.time)}`.trim())], [f.outcome, e.outcome !== "done" ? state(e.outcome === "failed" ? "bad" : "warn", w.outcomes[e.outcome]) : w.outcomes.done], [f.camera, e.camera && cameraOf(e.camera)], [f.stream, e.stream], [f.range, e.from && e.to && spell(e.from, e.to)], [f.target, about(e)], [f.id, e.target && e.target !== about(e) && h("span.id", null, e.target)], [f.reason, e.reason && h("span", { title: e.reason }, reason(e))],
    [f.before, setting(e.before)], [f.after, setting(e.after)], [f.kind, /** @type {any} */ (w.kinds)[e.kind || ""] || e.kind], [f.address, e.address], [f.agent, e.agent && h("span", { title: e.agent }, browser(e.agent))], [f.via, e.via && h("span.id", null, e.via)], [f.session, e.session && h("span.id", null, e.session)], [f.seq, number(e.seq)]])];
}
