// Check: prove the footage at a level, watch it, and repair what was found; and how far the background reading is.
import { number } from "./language.js";
import { store } from "./store.js";
import { api } from "./api.js";
import { h, morph } from "./dom.js";
import { bar, dialog, failed, notice, progress, state, waiting } from "./parts.js";
import { words, bytes, duration, when } from "./words.js";
import { storageWords as w } from "./words-storage.js";

/** How often a running check is asked for, and one that rests, ms. */
const often = 700, seldom = 10000;
/** What a check that reads everything is reckoned to read, bytes a second. */
const readRate = 150e6;

/** @param {import("./dom.js").Undo} undo */
export function checkPart(undo) {
  /** @type {import("./api.js").CheckJob|null|undefined} */
  let job;
  /** @type {unknown} */
  let error = null;
  let timer = 0, gone = false, level = "files";
  const refusal = h("p.form-error", { role: "alert" });
  const start = h("button.button.primary", { type: "submit" }, w.start);
  const choices = h("fieldset.levels", null, h("legend", null, w.checkTitle), h("p.quiet", null, w.checkText));
  const form = h("form", { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); begin(false).catch(refused); } }, choices, refusal, h("div.buttons", null, start));
  const outcome = h("section.outcome", { "aria-live": "polite" });
  const behind = h("section.verify");
  const element = h("div.columns", null, h("div.column", null, form), h("div.column", null, outcome, behind));

  const size = () => (store.health?.volumes || []).reduce((n, v) => n + v.used, 0);
  function levels() {
    const read = size();
    choices.append(...Object.entries(w.levels).map(([id, [name, proves, takes]]) => h("label.level", null, h("input", { type: "radio", name: "level", value: id, checked: id === level, onchange: () => { level = id; } }),
      h("span", null, h("b", null, name), h("span.field-note", null, proves), h("span.field-note.num", null, takes ? w.about(takes) : w.aboutRead(bytes(read), duration(Math.max(1, read / readRate))))))));
  }

  async function ask() {
    clearTimeout(timer);
    try { job = await api.check(); error = null; } catch (e) { error = e; }
    if (gone) return;
    draw();
    timer = setTimeout(ask, job?.state === "running" ? often : seldom);
  }

  /** @param {boolean} repair */
  async function begin(repair) {
    refusal.textContent = "";
    job = await api.startCheck({ level: repair ? job?.report?.level || level : level, repair });
    ask();
  }
  /** @param {import("./api.js").Problem} p */
  function refused(p) { refusal.textContent = p.says; }

  function draw() {
    const running = job?.state === "running";
    start.disabled = running;
    for (const i of choices.querySelectorAll("input")) i.disabled = running;
    morph(outcome, ...(error ? [failed(error, ask)] : job === undefined ? [waiting()] : job === null ? [h("p.quiet", null, w.notYet)] : running ? runs(job) : ended(job)));
    morph(behind, h("h2", null, w.background), h("p.quiet", null, w.backgroundText), ...(store.health?.volumes || []).map(verifier));
  }

  /** @param {import("./api.js").CheckJob} j */
  function runs(j) {
    const part = j.of_bytes > 0 && j.bytes > 0 ? j.bytes / j.of_bytes : j.of > 0 ? j.segments / j.of : null;
    const text = `${w.running(number(j.segments), number(j.of))} · ${w.left(j.left_seconds)}`;
    return [h("div.running", { "data-key": "running" }, h("div.row", null, state("busy", words.checking), h("span.grow"), h("button.button", { type: "button", onclick: () => api.stopCheck().then(ask, ask) }, w.stop)), progress(words.checking, part, text), h("p.quiet.num", null, text))];
  }

  /** @param {import("./api.js").CheckJob} j */
  function ended(j) {
    const r = j.report, found = r?.findings || [], left = found.filter(f => !f.done), list = [...left, ...found.filter(f => f.done)];
    const more = r?.more || 0, looked = r ? r.segments - r.open - r.skipped : 0;
    return [h("div.ended", { "data-key": "ended" },
      j.state === "cancelled" && notice("warn", w.cancelled), j.state === "failed" && notice("bad", w.failed, j.error),
      r && h("h2", null, left.length + more === 0 && j.state === "done" ? state("good", looked > 0 ? w.sound2(number(looked), bytes(r.bytes)) : w.soundNone) : left.length + more > 0 ? state("bad", w.found(left.length + more)) : ""),
      r && h("p.quiet.num", null, w.took(when(r.started), duration(r.took_seconds)), r.skipped ? " " + w.skipped(r.skipped) : "", r.open ? " " + w.open(r.open) : "", r.known?.length ? " " + w.known(r.known.length) : ""),
      h("div.findings", null, ...list.map(finding)), more > 0 && h("p.quiet", null, w.moreFound(more)),
      ...(r?.notes || []).map(n => notice("warn", n.what, `${n.means} ${n.do}`)),
      left.some(f => f.repair) && h("div.buttons", null, h("button.button", { type: "button", onclick: repair }, w.repair)))];
  }

  /** @param {import("./api.js").Finding} f */
  const finding = f => h("article.notice." + (f.done ? "good" : "bad"), null, h("i.shape", { "aria-hidden": "true" }), h("div.grow", null, h("h3", null, f.what), f.path && h("p.path", null, h("code", null, f.path)), h("p", null, f.means), !f.done && h("p.todo", null, f.do),
    f.done ? h("p.quiet", null, `${w.repaired}: ${f.repair}`) : f.error ? h("p.form-error", null, `${w.notRepaired}: ${f.error}`) : h("p.quiet", null, f.repair ? `${w.willRepair}: ${f.repair}` : w.noRepair)));

  function repair() { dialog({ title: w.repairTitle, text: [w.repairText], button: w.repair, act: () => begin(true) }); }

  /** @param {import("./api.js").Volume} v */
  function verifier(v) {
    const y = v.verify, text = y.started ? w.reading(bytes(y.bytes), bytes(v.used)) : w.resting;
    return h("div.verifier", { "data-key": v.id }, h("b.path", null, v.path), y.damaged > 0 && state("bad", w.damagedFiles(y.damaged)),
      h("div.quiet.num", null, `${w.lastPass}: ${y.ended ? when(y.ended) : words.never} · ${w.now}: ${text}`), y.started && bar(w.background, text, v.used, [["kept", Math.min(y.bytes, v.used)]]));
  }

  undo.on(store, "change", draw);
  undo.add(() => { gone = true; clearTimeout(timer); });
  levels();
  ask();
  return { element, action: null };
}
