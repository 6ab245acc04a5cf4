// Choosing cameras: all of them, or some and whole groups; and saying such a choice in words.
import { h } from "./dom.js";
import { store } from "./store.js";
import { words } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Group} Group */

const group = "group:", all = "*";
/** From how many cameras on they can be filtered, and how many names are said. */
const many = 8, named = 3;

/** A choice in words. @param {string[]} list @param {Group[]} groups */
export function saysCameras(list, groups) {
  if (list.includes(all)) return w.allCameras;
  const names = list.map(c => c.startsWith(group) ? w.groupOf(groups.find(g => g.id === c.slice(group.length))?.name || c.slice(group.length)) : store.nameOf(c));
  if (!names.length) return w.noCamera;
  return names.slice(0, named).join(", ") + (names.length > named ? " " + w.and(names.length - named) : "");
}

/**
 * @param {string[]} chosen ids, "group:" and ids of groups, "*" @param {Group[]} groups @param {() => void} changed
 * @param {{whole?:boolean, label?:string}} [o] whole: all of them can be chosen too
 */
export function cameraChoice(chosen, groups, changed, { whole = true, label = w.cameras } = {}) {
  let everything = whole && chosen.includes(all);
  const picked = new Set(chosen.filter(c => c !== all));
  const id = `cameras-${Math.random().toString(36).slice(2)}`;
  /** @param {boolean} is @param {string} text @param {string} [note] */
  const radio = (is, text, note) => h("label.radio", null, h("input", { type: "radio", name: id, checked: everything === is, onchange: () => { everything = is; paint(); changed(); } }), h("span", null, text, note && h("span.field-note", null, note)));
  /** @param {string} value @param {string} text @param {string} [note] */
  const box = (value, text, note) => h("label.pickable", { "data-name": text.toLowerCase() }, h("input", { type: "checkbox", checked: picked.has(value), onchange: (/** @type {any} */ e) => { if (e.target.checked) picked.add(value); else picked.delete(value); changed(); } }), h("span.grow", null, text), note && h("span.quiet.num", null, note));
  const cameras = store.list().slice().sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const gone = [...picked].filter(c => c.startsWith(group) ? !groups.some(g => group + g.id === c) : !store.cameras.has(c));
  const boxes = [...(whole ? groups.map(g => box(group + g.id, w.groupOf(g.name), w.camerasOf(g.cameras.length))) : []), ...cameras.map(c => box(c.id, c.name)), ...gone.map(c => box(c, w.gone(c)))];
  const filter = h("input", { type: "search", placeholder: words.filter, "aria-label": words.filter, hidden: boxes.length < many, oninput: () => { const t = filter.value.trim().toLowerCase(); for (const b of boxes) b.hidden = !!t && !b.getAttribute("data-name").includes(t); } });
  const list = h("div.pickables", null, filter, ...boxes);
  const element = h("fieldset.field", null, h("legend.label", null, label), whole && h("div.radios", null, radio(true, w.allCameras, w.allNote), radio(false, w.someCameras)), list);
  function paint() { list.hidden = whole && everything; }
  paint();
  return { element, get ready() { return everything || picked.size > 0; }, get value() { return everything ? [all] : [...picked].sort(); } };
}
