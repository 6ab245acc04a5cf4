// The rights of a person: each is a role over some cameras, at some hours, perhaps until some day.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { tongue } from "./language.js";
import { choice } from "./parts.js";
import { field } from "./sign.js";
import { cameraChoice, saysCameras } from "./choose.js";
import { hoursChoice, saysHours } from "./week.js";
import { words } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Grant} Grant */
/** What rights are made of. @typedef {{roles:import("./api-people.js").Role[],groups:import("./api-people.js").Group[],permissions:import("./api-people.js").Permission[]}} Parts */

/** The end of a day as a moment, and back. @param {string} day */
const endOf = day => new Date(day + "T23:59:59").toISOString();
/** @param {string} t */
const dayOf = t => { const d = new Date(t); return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`; };
/** @param {string} t */
export const spellDay = t => new Date(t).toLocaleDateString(tongue(), { day: "numeric", month: "long", year: "numeric" });

/** @param {string} id @param {Parts["roles"]} roles @param {string} [known] */
export const roleName = (id, roles, known) => roles.find(r => r.id === id)?.name || known || id;

/** A right in words. @param {Grant} g @param {Parts} p */
export function saysGrant(g, p) {
  return [h("b", null, roleName(g.role, p.roles, g.role_name)), h("div.quiet", null, saysCameras(g.cameras, p.groups)), h("div.quiet.num", null, [saysHours(g.hours), g.until && w.until(spellDay(g.until))].filter(Boolean).join(" · "))];
}

/** Rights in a line. @param {Grant[]} list @param {Parts} p */
export const briefly = (list, p) => list.map(g => w.grantSays(roleName(g.role, p.roles, g.role_name), saysCameras(g.cameras, p.groups)) + (g.hours?.length ? ` · ${saysHours(g.hours)}` : "")).join("; ");

/**
 * A form for one right.
 * @param {Grant} g @param {Parts} p @param {() => void} changed
 */
export function grantForm(g, p, changed) {
  const role = choice(w.role, { name: "role" }, p.roles.map(r => [r.id, r.name]));
  role.input.value = g.role;
  const says = h("p.field-note.role-says", { "aria-live": "polite" });
  role.element.append(says);
  const cameras = cameraChoice(g.cameras, p.groups, tell), hours = hoursChoice(g.hours || [], tell);
  const until = field(w.ends, { name: "until", type: "date", value: g.until ? dayOf(g.until) : "", min: dayOf(new Date().toISOString()) }, w.endsNote);
  function tell() {
    const r = p.roles.find(x => x.id === role.input.value), some = !cameras.value.includes("*");
    const lost = (r?.permissions || []).filter(id => p.permissions.some(x => x.id === id && !x.of_cameras && id !== "self")).map(id => p.permissions.find(x => x.id === id)?.says || id);
    says.textContent = [r?.says, some && lost.length && w.siteNeedsAll(lost.join(", "))].filter(Boolean).join(" ");
    changed();
  }
  role.input.addEventListener("change", tell);
  until.input.addEventListener("change", tell);
  const element = h("div.grant-form", null, role.element, cameras.element, hours.element, until.element);
  queueMicrotask(tell);
  return {
    element,
    get ready() { return cameras.ready && hours.ready && role.input.value !== ""; },
    /** @returns {Grant} */
    get value() { return { role: role.input.value, cameras: cameras.value, ...(hours.value.length ? { hours: hours.value } : {}), ...(until.input.value ? { until: endOf(until.input.value) } : {}) }; },
  };
}

/**
 * All rights of somebody, to be changed one by one and saved as a whole.
 * @param {Grant[]} had @param {Parts} p @param {(list: Grant[]) => Promise<unknown>} save
 */
export function grantsEditor(had, p, save) {
  let list = had.map(g => ({ ...g })), open = -1;
  const said = h("p.form-said", { role: "status" }), error = h("p.form-error", { role: "alert" }), rows = h("div.grants");
  const button = h("button.button.primary", { type: "button", hidden: true, onclick: keep }, w.saveRights);
  const element = h("section.rights", null, h("h3", null, w.rights), rows, error, h("div.row", null, button, said));

  async function keep() {
    button.disabled = true;
    error.textContent = "";
    try { await save(list.map(({ role_name, ...g }) => g)); button.hidden = true; said.textContent = w.saved; } catch (x) { error.textContent = /** @type {import("./api.js").Problem} */ (x).says; }
    button.disabled = false;
  }
  function touch() { button.hidden = false; said.textContent = w.unsaved; error.textContent = ""; draw(); }

  /** @param {number} i */
  function edit(i) {
    open = i;
    const fresh = i === list.length, form = grantForm(fresh ? { role: "viewer", cameras: [] } : list[i], p, () => { ok.disabled = !form.ready; });
    const ok = h("button.button.primary", { type: "button", onclick: () => { list[i] = form.value; open = -1; touch(); } }, w.apply);
    const cancel = h("button.button", { type: "button", onclick: () => { open = -1; draw(); } }, words.cancel);
    return h("div.grant.editing", { onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "Escape") { e.preventDefault(); open = -1; draw(); } } }, form.element, h("div.buttons", null, ok, cancel));
  }

  function draw() {
    rows.replaceChildren(...list.map((g, i) => i === open ? edit(i) : h("div.grant", null, h("div.grow", null, ...saysGrant(g, p)),
      h("button.button.small", { type: "button", onclick: () => { open = i; draw(); } }, w.editGrant), h("button.icon-button", { type: "button", title: w.removeGrant, "aria-label": w.removeGrant, onclick: () => { list.splice(i, 1); open = -1; touch(); } }, icon("close")))),
    ...(list.length === 0 && open < 0 ? [h("p.quiet", null, w.noRights)] : []),
    open === list.length ? edit(open) : h("button.button.small", { type: "button", onclick: () => { open = list.length; draw(); } }, icon("plus"), w.addGrant));
    if (open >= 0) rows.querySelector("select")?.focus();
  }
  draw();
  return element;
}
