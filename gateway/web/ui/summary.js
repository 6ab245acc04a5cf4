// A month of the log: how much was done of what, by whom, and with which camera.
import { audit } from "./api-audit.js";
import { h, morph } from "./dom.js";
import { number, tongue } from "./language.js";
import { bar, failed, nothing, notice, waiting } from "./parts.js";
import { cameraOf } from "./entries.js";
import { duration, when } from "./words.js";
import { actionWords, auditWords as w } from "./words-audit.js";

/** How many months back can be picked, and how many lines a list has. */
const back = 24, most = 12;

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function summaryPart(undo, go) {
  let gone = false, turn = 0;
  const now = new Date();
  const months = Array.from({ length: back }, (_, i) => { const d = new Date(now.getFullYear(), now.getMonth() - i, 15); return /** @type {[string, string]} */ ([`${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}`, d.toLocaleDateString(tongue(), { month: "long", year: "numeric" })]); });
  const pick = h("select", { "aria-label": w.month, onchange: ask }, ...months.map(([v, t]) => h("option", { value: v, selected: v === (new URLSearchParams(location.search).get("month") || months[0][0]) }, t)));
  const body = h("div");
  const element = h("div", null, h("div.search", null, pick, h("span.quiet", null, w.monthText)), body);

  async function ask() {
    const mine = ++turn;
    morph(body, waiting());
    try {
      const s = await audit.summary(pick.value);
      if (mine === turn && !gone) morph(body, ...(s.entries ? shown(s) : [nothing(w.summaryNone, w.summaryNoneText)]));
    } catch (e) { if (mine === turn && !gone) morph(body, failed(e, ask)); }
  }

  /** @param {import("./api-audit.js").Summary} s */
  function shown(s) {
    const count = (/** @type {number} */ n) => n ? h("span.num", null, number(n)) : h("span.quiet", null, "–"), time = (/** @type {number} */ n) => n ? h("span.num", null, duration(n)) : h("span.quiet", null, "–");
    return [s.lost > 0 && notice("warn", w.lost(s.lost), w.lostText), s.pruned && h("p.quiet", null, w.notWhole),
      h("h2", null, w.byPerson), h("table.list.by-person", { "aria-label": w.byPerson }, h("thead", null, h("tr", null, ...w.summaryColumns.map(c => h("th", { scope: "col" }, c)))), h("tbody", null, ...s.persons.map(p => h("tr", null, ...[p.id.startsWith("p-") ? link(p) : h("span.quiet", null, p.name || p.id || w.kinds.nobody), count(p.entries), count(p.refused), time(p.live_seconds), time(p.playback_seconds), count(p.exports + p.snapshots), count(p.changes), h("span.num", null, when(p.last))].map((c, i) => h("td", { "data-label": w.summaryColumns[i] }, c)))))),
      h("div.summary-parts", null, shares(w.byAction, s.actions.map(a => [actionWords[a.action] || a.action, a.entries])), shares(w.byCamera, s.cameras.map(c => [cameraOf(c.id), c.entries]))), h("p.quiet", null, w.entriesOf(s.entries))];
  }
  /** @param {import("./api-audit.js").Sum} p */
  const link = p => h("a", { href: `/audit?person=${encodeURIComponent(p.id)}`, onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go(`/audit?person=${encodeURIComponent(p.id)}`); } }, p.name || w.forgotten);

  /** @param {string} title @param {[string, number][]} list */
  function shares(title, list) {
    const some = list.sort((a, b) => b[1] - a[1]).slice(0, most), top = Math.max(1, ...some.map(x => x[1]));
    return h("section", null, h("h2", null, title), h("div.shares", null, ...some.flatMap(([name, n]) => [h("span", null, name), bar(name, w.times(n), top, [["kept", n]]), h("span.num", null, number(n))])));
  }

  undo.add(() => { gone = true; });
  ask();
  return { element, action: null };
}
