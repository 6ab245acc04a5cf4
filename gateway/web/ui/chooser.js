// Which cameras play together.
import { h } from "./dom.js";
import { words } from "./words.js";
import { timelineWords as w } from "./words-timeline.js";

/**
 * Opens, or closes, the list of cameras above the axis. A change takes effect at once.
 * @param {HTMLElement} place @param {HTMLElement} button @param {{id: string, name: string}[]} present @param {import("./api-footage.js").FormerCamera[]} former there no longer @param {string[]} chosen @param {number} most @param {(ids: string[]) => void} told
 */
export function chooser(place, button, present, former, chosen, most, told) {
  const open = place.querySelector(".chooser");
  if (open) { open.remove(); button.focus(); return; }
  let ids = [...chosen];
  const cameras = [...present, ...former];
  const boxes = cameras.map(c => h("input", { type: "checkbox", value: c.id, checked: ids.includes(c.id), onchange: (/** @type {any} */ e) => set(e.target.checked ? [...ids, c.id] : ids.filter(i => i !== c.id)) }));
  const says = h("p.quiet", { role: "status" });
  const rows = cameras.map((c, i) => h("label.chooser-row", "says" in c ? { title: c.says } : null, boxes[i], h("span", null, c.name)));
  const filter = h("input", { type: "search", placeholder: words.filter, "aria-label": words.filter, oninput: () => rows.forEach((r, i) => { r.hidden = !cameras[i].name.toLowerCase().includes(filter.value.toLowerCase()); }) });
  const close = () => { box.remove(); document.removeEventListener("pointerdown", away); button.focus(); };
  const away = (/** @type {Event} */ e) => { if (!box.contains(/** @type {Node} */ (e.target)) && !button.contains(/** @type {Node} */ (e.target))) close(); };
  const box = h("div.chooser", { role: "dialog", "aria-label": w.chooseCameras, onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "Escape") { close(); e.stopPropagation(); e.preventDefault(); } } },
    h("header", null, cameras.length > 8 ? filter : h("strong", null, w.chooseCameras), h("button.button", { type: "button", onclick: () => set(present.map(c => c.id)) }, w.all)), h("div.chooser-list", null, ...rows.slice(0, present.length), former.length > 0 && h("h3.chooser-removed", { title: w.removedNote }, w.removed), ...rows.slice(present.length).map((r, i) => h("div.chooser-gone", null, r, h("p.quiet", null, former[i].says)))), says);
  /** @param {string[]} next */
  function set(next) {
    says.textContent = next.length > most ? w.chooseMost(most) : "";
    ids = next.slice(0, most);
    if (!ids.length) ids = [chosen[0]];
    boxes.forEach(b => { b.checked = ids.includes(b.value); });
    told(ids);
  }
  place.append(box);
  document.addEventListener("pointerdown", away);
  (boxes.find(b => b.checked) || boxes[0])?.focus();
}
