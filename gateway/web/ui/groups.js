// Groups of cameras: a name for several, so that a right can be over all of them, and over those that come later.
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { listing } from "./listing.js";
import { dialog, failed, nothing, waiting } from "./parts.js";
import { field } from "./sign.js";
import { cameraChoice, saysCameras } from "./choose.js";
import { idOf } from "./roles.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Group} Group */

/** @param {import("./dom.js").Undo} undo */
export function groupsPart(undo) {
  /** @type {Group[]|undefined} */
  let list;
  /** @type {unknown} */
  let error = null;
  let gone = false;
  const status = h("div");
  const view = listing({ label: w.parts.groups, cls: "tight", columns: w.groupColumns, key: (/** @type {Group} */ g) => g.id, title: g => g.name, sorts: [g => g.name, g => g.cameras.length], text: g => g.name + " " + saysCameras(g.cameras, []),
    cells: g => [h("b", null, g.name), [h("span", null, w.camerasOf(g.cameras.length)), g.cameras.length > 0 && h("span.quiet.beside", null, saysCameras(g.cameras, []))]], panel });
  const shown = h("div", { hidden: true }, view.element);
  const action = h("button.button.primary", { type: "button", hidden: true, onclick: () => make() }, icon("plus"), w.newGroup);

  async function ask() {
    try { list = await people.groups(); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }
  function draw() {
    shown.hidden = !!error || !list?.length;
    action.hidden = !list?.length;
    morph(status, error ? failed(error, ask) : !list ? waiting() : list.length === 0 && nothing(w.noGroups, w.noGroupsText, h("button.button.primary", { type: "button", onclick: () => make() }, w.newGroup)));
    if (list) view.show(list);
  }

  /** @param {Group} g */
  function panel(g) {
    const name = field(w.groupName, { name: "name", value: g.name, maxlength: "80" }), cameras = cameraChoice(g.cameras, [], () => { said.textContent = ""; }, { whole: false, label: w.groupCameras });
    const error = h("p.form-error", { role: "alert" }), said = h("span.good-text", { role: "status" });
    return h("form", { novalidate: true, onsubmit: async (/** @type {Event} */ e) => {
      e.preventDefault();
      error.textContent = said.textContent = name.error.textContent = "";
      try { await people.putGroup(g.id, { name: name.input.value.trim(), cameras: cameras.value }); said.textContent = w.groupSaved; await ask(); } catch (x) { const p = /** @type {import("./api.js").Problem} */ (x); (p.field === "name" ? name.error : error).textContent = p.says; }
    } }, name.element, cameras.element, error, h("div.buttons", null, h("button.button.primary", { type: "submit" }, w.saveGroup), h("button.button.danger", { type: "button", onclick: () => remove(g) }, w.removeGroup)), said);
  }

  function make() {
    const name = field(w.groupName, { name: "name", maxlength: "80" }), cameras = cameraChoice([], [], () => {}, { whole: false, label: w.groupCameras });
    dialog({ title: w.newGroup, fields: [name], more: [cameras.element], button: w.newGroup, ready: () => name.input.value.trim() !== "", act: async () => {
      const id = idOf(name.input.value, (list || []).map(g => g.id));
      await people.putGroup(id, { name: name.input.value.trim(), cameras: cameras.value });
      await ask();
      view.pick(id);
    } });
  }

  /** @param {Group} g */
  function remove(g) { dialog({ title: w.removeGroupTitle(g.name), text: [w.removeGroupText], button: w.removeGroup, danger: true, act: async () => { await people.removeGroup(g.id); await ask(); } }); }

  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, shown), action };
}
