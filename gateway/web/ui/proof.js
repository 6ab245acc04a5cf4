// The proof that the log is whole: its state, checkpoints and witnesses, and verifying all of it.
import { audit } from "./api-audit.js";
import { h, morph } from "./dom.js";
import { number } from "./language.js";
import { facts, failed, notice, progress, state, waiting } from "./parts.js";
import { store } from "./store.js";
import { when } from "./words.js";
import { auditWords as w } from "./words-audit.js";

/** How often a running verification is asked for, and the state, ms. */
const often = 500, seldom = 10000;

/** @param {import("./dom.js").Undo} undo */
export function proofPart(undo) {
  /** @type {import("./api-audit.js").Checkpoint|undefined} */
  let log;
  /** @type {import("./api-audit.js").Verification|null|undefined} */
  let job;
  /** @type {unknown} */
  let error = null;
  let gone = false, timer = 0;
  const left = h("section"), outcome = h("section.outcome", { "aria-live": "polite" }), refusal = h("p.form-error", { role: "alert" });
  const start = h("button.button.primary", { type: "button", onclick: verify }, w.verify);
  const element = h("div.columns", null, h("div.column", null, left), h("div.column", null, h("h2.first", null, w.verifyTitle), h("p.lead.quiet", null, w.verifyText), start, refusal, outcome));

  async function ask() {
    clearTimeout(timer);
    try { [log, job] = await Promise.all([audit.checkpoint(), audit.verification()]); error = null; } catch (e) { error = e; }
    if (gone) return;
    draw();
    timer = setTimeout(ask, job?.state === "running" ? often : seldom);
  }

  async function verify() {
    refusal.textContent = "";
    start.disabled = true;
    try { job = await audit.verify(); } catch (x) { refusal.textContent = /** @type {import("./api.js").Problem} */ (x).says; }
    ask();
  }

  function draw() {
    start.disabled = job?.state === "running";
    morph(left, ...(error ? [failed(error, ask)] : log ? shown(log) : [waiting()]));
    morph(outcome, job === null ? h("p.quiet", null, w.not) : job && (job.state === "running" ? runs(job) : ended(job)));
  }

  /** @param {import("./api-audit.js").Checkpoint} c */
  function shown(c) {
    const trouble = (store.health?.alarms || []).filter(a => a.id.startsWith("audit"));
    return [
      ...trouble.map(a => notice(a.severity === "alarm" ? "bad" : "warn", a.what, a.means, h("p.todo", null, a.do))),
      h("h2.first", null, w.stateTitle), trouble.length === 0 && h("p.lead", null, state("good", w.healthy)),
      facts([[w.entries, number(c.entries)], [w.checkpoint, c.size ? h("span", null, when(c.time), h("div.quiet.num", null, w.covers(c.size))) : w.noCheckpoint], [w.waiting, c.entries > c.size && number(c.entries - c.size)], [w.origin, c.origin], [w.signedBy, h("span.id", null, c.key)], [w.root, c.size > 0 && h("span.id", null, c.root)]]),
      h("p.quiet.lead", null, w.keepKey), h("h2", null, w.witnesses), h("p.quiet.lead", null, w.witnessText),
      c.witnesses.length === 0 ? h("p.lead", null, state("warn", w.noWitness)) : h("ul.plain-list", null, ...c.witnesses.map(v => h("li", { "data-key": v.dir }, h("span.id", null, v.dir), h("div", null, witnessed(v, c.size))))),
    ];
  }

  /** @param {import("./api-audit.js").Checkpoint["witnesses"][number]} v @param {number} size */
  function witnessed(v, size) {
    if (v.fault) return state("bad", w.witnessFault(v.fault));
    if (v.beside) return state("warn", w.witnessBeside);
    return v.size > 0 && v.size >= size ? state("good", w.witnessHas(v.size)) : h("span.quiet", null, v.size > 0 ? w.witnessHas(v.size) : w.witnessWaits);
  }

  /** @param {import("./api-audit.js").Verification} j */
  function runs(j) {
    const text = `${number(j.entries)} / ${number(j.of)}`;
    return h("div.running", { "data-key": "running" }, state("busy", w.verifying), progress(w.verifying, j.of > 0 ? j.entries / j.of : null, text), h("p.quiet.num", null, text));
  }

  /** @param {import("./api-audit.js").Verification} j */
  function ended(j) {
    const r = j.report, found = r?.findings || [];
    return h("div.ended", { "data-key": "ended" }, j.state === "failed" && notice("bad", w.broke, j.error),
      r && h("h2", null, j.sound ? state("good", w.good(number(r.entries))) : state("bad", w.bad(found.length + r.more))), r && h("p.quiet.num", null, w.verifiedAt(when(j.started)), " ", w.compared(r.checkpoints, r.witnessed)),
      h("div.findings", null, ...found.map(f => notice("bad", f.says, h("p.quiet", null, [w.entriesFrom(f.seq, f.to), f.file].filter(Boolean).join(" · "))))), r && r.more > 0 && h("p.quiet", null, w.moreFindings(r.more)));
  }

  undo.add(() => { gone = true; clearTimeout(timer); });
  ask();
  return { element, action: null };
}
