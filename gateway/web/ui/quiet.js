// Accounts that nobody has used for a while, for who reads the log and does not look after people.
import { audit } from "./api-audit.js";
import { h, morph } from "./dom.js";
import { failed, nothing, waiting } from "./parts.js";
import { store } from "./store.js";
import { when } from "./words.js";
import { auditWords as w } from "./words-audit.js";

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function quietPart(undo, go) {
  let gone = false, days = 90, turn = 0;
  const body = h("div"), pick = h("select", { "aria-label": w.days, onchange: (/** @type {any} */ e) => { days = Number(e.target.value); ask(); } }, ...[30, 90, 180, 365].map(n => h("option", { value: String(n), selected: n === days }, w.daysOf(n))));

  async function ask() {
    const mine = ++turn;
    morph(body, waiting());
    try {
      const list = await audit.unused(days);
      if (mine !== turn || gone) return;
      morph(body, ...(list.length ? [h("p.lead.quiet", null, w.unusedText(w.daysOf(days))), h("table.list.tight", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, w.person), h("th", { scope: "col" }, w.lastUsed))), h("tbody", null, ...list.map(p => h("tr", null, h("td", null, h("b", null, p.name)), h("td", { "data-label": w.lastUsed }, p.last ? h("span.num", null, when(p.last)) : h("span.quiet", null, w.never)))))),
        store.may("people") && h("div.buttons", null, h("button.button", { type: "button", onclick: () => go("/people/unused") }, w.toPeople))] : [nothing(w.unusedNone, "")]));
    } catch (e) { if (mine === turn && !gone) morph(body, failed(e, ask)); }
  }

  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, h("label.edge.lead", null, h("span", null, w.days), pick), body), action: null };
}
