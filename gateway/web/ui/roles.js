// Roles: a matrix of who may what, and the site's own roles.
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { beside, dialog, failed, waiting } from "./parts.js";
import { field } from "./sign.js";
import { words } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Role} Role */
/** @typedef {import("./api-people.js").Permission} Permission */

/** What everybody may who is known: it is no choice. */
const always = "self";

/** An id that a name gives, and that none of the others has. @param {string} name @param {string[]} taken */
export function idOf(name, taken) {
  const base = name.toLowerCase().normalize("NFD").replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "").slice(0, 56) || "own";
  for (let i = 1; ; i++) { const id = i === 1 ? base : `${base}-${i}`; if (!taken.includes(id)) return id; }
}

/** @param {import("./dom.js").Undo} undo */
export function rolesPart(undo) {
  /** @type {Role[]|undefined} */
  let roles;
  /** @type {Permission[]} */
  let permissions = [];
  /** @type {unknown} */
  let error = null;
  let gone = false, picked = "";
  const status = h("div"), table = h("table.matrix"), side = h("aside.side", { hidden: true, "aria-label": w.parts.roles, onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "Escape") close(); } });
  const split = h("div.split.paneled", { hidden: true }, h("div.grow.scrolls", null, table), side);
  const action = h("button.button.primary", { type: "button", hidden: true, onclick: () => open({ id: "", name: "", says: "", permissions: ["see"], ready: false, holders: 0 }) }, icon("plus"), w.newRole);

  async function ask() {
    try { [roles, permissions] = await Promise.all([people.roles(), people.permissions()]); permissions = permissions.filter(p => p.id !== always); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }

  function draw() {
    morph(status, error ? failed(error, ask) : roles ? null : waiting());
    action.hidden = split.hidden = !!error || !roles;
    if (!roles) return;
    const list = roles, half = (/** @type {boolean} */ of) => permissions.filter(p => p.of_cameras === of);
    const rows = (/** @type {boolean} */ of, /** @type {string} */ title) => [h("tr.group", null, h("th", { colspan: String(list.length + 1), scope: "colgroup" }, title)), ...half(of).map(p => h("tr", null, h("th", { scope: "row" }, h("span.clip", { title: p.says }, p.says)), ...list.map(r => h("td" + (r.id === picked ? ".picked" : ""), null, r.permissions.includes(p.id) ? h("span.has", { role: "img", "aria-label": w.may, title: `${r.name}: ${p.says}` }, icon("tick")) : h("span.hasnt", { role: "img", "aria-label": w.mayNot })))))];
    table.replaceChildren(h("thead", null, h("tr", null, h("th", { scope: "col" }, w.permission), ...list.map(r => h("th", { scope: "col" }, h("button.role-head", { type: "button", "aria-pressed": String(r.id === picked), title: r.says, onclick: () => open(r) }, h("b", null, r.name), h("span.quiet", null, w.held(r.holders))))))), h("tbody", null, ...rows(true, w.ofCameras), ...rows(false, w.ofSite)));
  }

  function close() { picked = ""; side.hidden = true; split.classList.remove("open"); draw(); }

  /** Shows a role beside the matrix, to be changed when it is the site's own. @param {Role} r */
  function open(r) {
    if (picked === r.id && r.id) { close(); return; }
    picked = r.id;
    side.hidden = false;
    split.classList.add("open");
    side.replaceChildren(h("div", null, ...beside(r.name || w.newRole, close, r.ready ? readOnly(r) : form(r))));
    draw();
    side.querySelector("input")?.focus();
  }

  /** @param {Role} r */
  const readOnly = r => h("div", null, h("p.lead", null, r.says), h("p.quiet", null, w.holders(r.holders)), h("p.quiet.lead", null, w.readyRole), h("div.buttons", null, h("button.button", { type: "button", onclick: () => open({ ...r, id: "", name: w.roleCopy(r.name), ready: false, holders: 0 }) }, icon("copy"), w.copyRole)));

  /** @param {Role} r */
  function form(r) {
    const name = field(w.roleName, { name: "name", value: r.name, maxlength: "80" }), says = field(w.roleSays, { name: "says", value: r.says, maxlength: "400" });
    const chosen = new Set(r.permissions), error = h("p.form-error", { role: "alert" }), said = h("span.good-text", { role: "status" });
    const boxes = (/** @type {boolean} */ of) => permissions.filter(p => p.of_cameras === of).map(p => h("label.pickable", null, h("input", { type: "checkbox", checked: chosen.has(p.id), onchange: (/** @type {any} */ e) => { if (e.target.checked) chosen.add(p.id); else chosen.delete(p.id); said.textContent = ""; } }), h("span.grow", null, p.says)));
    return h("form", { novalidate: true, onsubmit: async (/** @type {Event} */ e) => {
      e.preventDefault();
      error.textContent = said.textContent = name.error.textContent = "";
      try {
        const id = r.id || idOf(name.input.value, (roles || []).map(x => x.id));
        await people.putRole(id, { name: name.input.value.trim(), says: says.input.value.trim(), permissions: [...chosen] });
        r.id = picked = id;
        said.textContent = w.roleSaved;
        await ask();
      } catch (x) { const p = /** @type {import("./api.js").Problem} */ (x); (p.field === "name" || p.field === "id" ? name.error : error).textContent = p.says; }
    } }, name.element, says.element, h("fieldset.field", null, h("legend.label", null, w.ofCameras), ...boxes(true)), h("fieldset.field", null, h("legend.label", null, w.ofSite), ...boxes(false)), error,
    h("div.buttons", null, h("button.button.primary", { type: "submit" }, w.saveRole), r.id && h("button.button.danger", { type: "button", onclick: () => dialog({ title: w.removeRoleTitle(r.name), text: [w.removeRoleText], button: w.removeRole, danger: true, act: async () => { await people.removeRole(r.id); close(); await ask(); } }) }, w.removeRole)), said, r.id && h("p.quiet", null, w.holders(r.holders)));
  }

  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, split), action };
}
