// The planner: what footage takes at the rates that were measured, with further cameras, for so many days; and what the volumes give.
import { healthApi } from "./api-health.js";
import { h, morph } from "./dom.js";
import { number } from "./language.js";
import { bar, choice, facts, failed, nothing, state, waiting } from "./parts.js";
import { field } from "./sign.js";
import { styled } from "./styles.js";
import { bytes } from "./words.js";
import { long } from "./words-keeping.js";
import { camerasWords } from "./words-cameras.js";
import { healthWords as w } from "./words-health.js";

/** How long after the last key it is reckoned, and how often anew, ms. */
const settles = 250, period = 20000;

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} _go */
export function plannerPart(undo, _go) {
  styled("/health.css");
  let plan = /** @type {import("./api-health.js").StoragePlan|null} */ (null), error = /** @type {any} */ (null), gone = false, timer = 0, turn = 0;
  const make = (/** @type {string} */ label, /** @type {string} */ name, /** @type {string} */ value) => field(label, { name, type: "number", min: "0", step: "any", value, oninput: later });
  const days = make(w.days, "days", "30"), more = make(w.further, "cameras", "0"), rate = field(w.bitrate, { name: "bitrate", type: "number", min: "0", step: "any", oninput: later }, w.bitrateNote), share = field(w.share, { name: "share", type: "number", min: "1", max: "100", step: "any", oninput: later }, w.shareNote), mirror = choice(w.mirror, { name: "mirror" }, [["", w.mirrors[""]], ["1", w.mirrors[1]], ["0", w.mirrors[0]]]);
  mirror.input.addEventListener("change", later);
  const fields = [days, more, rate, share, mirror], outcome = h("section.outcome", { "aria-live": "polite" });
  const element = h("div.columns.planner", null, h("form", { novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); ask(); } }, ...fields.map(f => f.element)), outcome);

  function later() { clearTimeout(timer); timer = setTimeout(ask, settles); }

  async function ask() {
    const mine = ++turn;
    for (const f of fields) f.error.textContent = "";
    try {
      const now = await healthApi.plan(Object.fromEntries(fields.map(f => [f.input.name, f.input.value.trim()])));
      if (mine !== turn) return;
      plan = now;
      error = null;
    } catch (e) {
      if (mine !== turn) return;
      const f = fields.find(x => x.input.name === /** @type {any} */ (e).field);
      if (f) { f.error.textContent = /** @type {any} */ (e).says; return; }
      error = e;
    }
    if (!gone) draw();
  }

  function draw() {
    const p = plan;
    if (error || !p) { morph(outcome, error ? failed(error, ask) : waiting()); return; }
    if (p.rate === 0) { morph(outcome, nothing(w.nothing, w.nothingText)); return; }
    const whole = Math.max(p.space, p.needed + p.locked);
    morph(outcome, h("h2", null, p.missing > 0 ? state("warn", w.lacks(bytes(p.missing))) : state("good", w.roomy)), h("p.lead", null, p.says),
      h("div.plan-bars", null, h("span", null, w.need), bar(w.need, bytes(p.needed), whole, [["need", p.needed]]), h("span.num", null, bytes(p.needed)), h("span", null, w.have), bar(w.have, bytes(p.space), whole, [["kept", p.space]]), h("span.num", null, bytes(p.space))),
      facts([[w.gives, w.givesDays(p.gives < 10 ? number(p.gives, 1) : number(p.gives))], [w.rate, bytes(p.rate * 86400)], [w.used, bytes(p.used)], [w.locked, p.locked > 0 && bytes(p.locked)]]), h("p.quiet", null, w.margin),
      h("h2", null, w.table), h("table.list", null, h("thead", null, h("tr", null, ...w.planColumns.map(t => h("th", { scope: "col" }, t)))), h("tbody", null, ...p.cameras.map(c => h("tr", { "data-key": c.camera }, h("td", null, h("b", null, c.name)), h("td", { "data-label": w.planColumns[1] }, `${/** @type {any} */ (camerasWords.modes)[c.mode] || c.mode}${c.mirror ? `, ${w.twice}` : ""}`), h("td.num", { "data-label": w.planColumns[2] }, c.rate > 0 ? bytes(c.rate * 86400) : "–"), h("td.quiet", { "data-label": w.planColumns[3] }, w.by[c.by], c.by === "day" && p.measured > 0 && p.measured < 86400 ? ` (${long(p.measured)})` : ""))))));
  }

  undo.every(ask, period);
  undo.add(() => { gone = true; clearTimeout(timer); });
  ask();
  draw();
  return { element, action: null };
}
