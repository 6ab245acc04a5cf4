// What is done with one camera that was added here: naming it, switching it, putting another device in its place, removing it.
import { api } from "./api.js";
import { camerasApi } from "./api-cameras.js";
import { h } from "./dom.js";
import { field } from "./sign.js";
import { concluded, dialog, tick } from "./parts.js";
import { words } from "./words.js";
import { camerasWords as w } from "./words-cameras.js";

/** @typedef {import("./api.js").Camera} Camera */

/** @param {Camera} c */
export function rename(c) {
  const name = field(w.name, { name: "name", value: c.name }), purpose = field(w.purpose, { name: "purpose", value: c.purpose }, w.purposeNote), basis = field(w.basis, { name: "legal_basis", value: c.legal_basis }, w.basisNote);
  const sound = tick(w.sound, c.audio, w.soundNote);
  dialog({ title: w.renameTitle(c.name), fields: [name, purpose, basis], more: [sound.element], button: w.save, act: () => camerasApi.change(c.id, { name: name.input.value.trim(), purpose: purpose.input.value.trim(), legal_basis: basis.input.value.trim(), ...(sound.input.checked === c.audio ? {} : { audio: sound.input.checked }) }) });
}

/** @param {Camera} c @param {boolean} on @param {(text: string) => void} say */
export function switchTo(c, on, say) {
  if (on) { camerasApi.change(c.id, { disabled: false }).catch(e => say(e.says || e.message)); return; }
  dialog({ title: w.offTitle(c.name), text: [w.offText], button: w.switchOff, danger: true, act: () => camerasApi.change(c.id, { disabled: true }) });
}

/** @param {Camera} c */
export function remove(c) {
  const typed = field(w.typeName(c.name), { name: "confirm" });
  dialog({ title: w.removeTitle(c.name), text: [w.removeText, w.removeKeeps], fields: [typed], button: w.remove, danger: true, ready: () => typed.input.value.trim() === c.name.trim(), act: () => camerasApi.remove(c.id) });
}

/** @param {import("./api-cameras.js").Identity} i */
const device = i => [i.manufacturer, i.model, i.serial].filter(Boolean).join(" ") || w.unknownDevice;

/** @param {Camera} c @param {(text: string) => void} say */
export function replace(c, say) {
  const at = field(w.replaceAddress, { name: "address" }, words.addressNote), user = field(words.user, { name: "username" }), pass = field(words.password, { name: "password", type: "password" }), source = field(w.source, { name: "source" }, w.sourceNote);
  const search = new AbortController(), looking = h("p.quiet", { role: "status" }, w.looking), list = h("ul.plain-list.answers", { "aria-label": w.pickFound });
  let endpoint = "", of = "";
  const d = dialog({
    title: w.replaceTitle(c.name), text: [w.replaceText], fields: [at, user, pass, source], more: [h("h3", null, w.pickFound), looking, list], button: w.replaceDo, wide: true, ready: () => at.input.value.trim() !== "",
    act: async () => {
      const address = at.input.value.trim();
      const now = await camerasApi.replace(c.id, { address, username: user.input.value, password: pass.input.value, ...(endpoint && of === address ? { endpoint } : {}), ...(source.input.value.trim() ? { source: source.input.value.trim() } : {}) });
      const text = w.replaced(device(now.before), device(now.after));
      concluded(d, w.replaceTitle(c.name), h("div", null, h("p", null, text), ...now.notes.map(n => h("p", null, n))), w.close, () => say(text));
      return false;
    },
  });
  d.addEventListener("close", () => search.abort());
  /** @type {Set<string>} */
  const seen = new Set();
  api.discover([], search.signal, f => {
    if (!f.found || f.found.adopted || seen.has(f.found.key)) return;
    const found = f.found;
    seen.add(found.key);
    list.append(h("li", null, h("b", null, found.name || found.address, h("span.quiet.num", null, ` ${found.maker} ${found.model} · ${found.address.replace(/^http:\/\//, "").replace(/\/onvif\/device_service$/, "")}`)),
      h("button.button.small", { type: "button", onclick: () => { at.input.value = of = found.address; endpoint = found.shared ? "" : found.id; at.input.dispatchEvent(new Event("input", { bubbles: true })); user.input.focus(); } }, w.choose(found.name || found.address))));
  }).then(() => { looking.textContent = seen.size ? "" : w.noneFound; }).catch(() => { looking.textContent = w.noneFound; });
}
