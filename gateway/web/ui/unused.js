// Accounts that nobody uses: each is a door that nobody watches.
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { listing } from "./listing.js";
import { failed, nothing, state, waiting } from "./parts.js";
import { briefly } from "./grants.js";
import { personPanel } from "./person.js";
import { called, partsOfRights, standing } from "./staff.js";
import { when } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Person} Person */

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function unusedPart(undo, go) {
  /** @type {Person[]|undefined} */
  let list;
  /** @type {import("./grants.js").Parts} */
  let parts = { roles: [], groups: [], permissions: [] };
  /** @type {unknown} */
  let error = null;
  let gone = false, days = 90;
  const status = h("div"), says = h("p.lead.quiet");
  const pick = h("select", { "aria-label": w.unusedDays, onchange: (/** @type {any} */ e) => { days = Number(e.target.value); list = undefined; draw(); ask(); } }, ...[30, 90, 180, 365].map(n => h("option", { value: String(n), selected: n === days }, w.daysOf(n))));
  const view = listing({ label: w.parts.unused, cls: "tight.people", columns: w.columns, key: (/** @type {Person} */ p) => p.id, title: called, sorts: [called, p => p.username, p => briefly(p.grants, parts), p => Number(p.second_factor), p => Date.parse(p.last_sign_in || p.created)], by: 4,
    cells: p => [[h("b", null, called(p)), p.state !== "active" && h("span.beside", null, standing(p))], p.username, h("span.clip", null, briefly(p.grants, parts) || w.noRights), p.second_factor ? state("good", w.on) : h("span.quiet", null, w.off), p.last_sign_in ? h("span.num", null, when(p.last_sign_in)) : h("span.quiet", null, w.never)],
    panel: p => personPanel(p, parts, go, async out => { if (out && view.picked) view.pick(view.picked); await ask(); view.renew(); }) });
  const shown = h("div", { hidden: true }, says, view.element);

  async function ask() {
    const wanted = days;
    try { const [now, p] = await Promise.all([people.unused(wanted), partsOfRights()]); if (wanted !== days) return; list = now; parts = p; error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }
  function draw() {
    shown.hidden = !!error || !list?.length;
    says.textContent = w.unusedText(w.daysOf(days));
    morph(status, error ? failed(error, ask) : !list ? waiting() : list.length === 0 && nothing(w.unusedNone, w.unusedNoneText(w.daysOf(days))));
    if (list) view.show(list);
  }

  undo.add(() => { gone = true; });
  draw();
  ask();
  return { element: h("div", null, h("label.edge.lead", null, h("span", null, w.unusedDays), pick), status, shown), action: null };
}
