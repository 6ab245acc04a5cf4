// The camera's own upkeep: restart, log, settings to a file and back, firmware, and as it was delivered.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { fileForm } from "./device-parts.js";
import { deedButton, dialog } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { deviceWords as w } from "./words-device.js";

/** @param {import("./device-parts.js").Here} here */
export function upkeepPart(here) {
  const { id } = here, name = store.nameOf(id), said = h("p.good-text", { role: "status" });
  const away = (/** @type {{says?:string,seconds?:number}|null} */ a) => [w.restarts, a?.seconds ? w.takes(Math.round(a.seconds)) : "", a?.says ? w.saysItself(a.says) : ""].filter(Boolean).join(" ");
  const section = (/** @type {string} */ title, /** @type {string} */ note, /** @type {(Node|null|false)[]} */ ...kids) => h("section.part", { "aria-label": title }, h("h2", null, title), h("p.field-note.part-note", null, note), h("div.part-body", null, .../** @type {Node[]} */ (kids.filter(Boolean))));
  const text = h("pre.log", { tabindex: "0", hidden: true, "aria-label": w.log });
  const show = (/** @type {string} */ kind) => async () => { text.textContent = await device.text(id, `device/log?kind=${kind}`) || w.logEmpty; text.hidden = false; };
  return h("div.parts", null,
    section(w.restart, w.restartNote, h("button.button", { type: "button", onclick: () => dialog({ title: w.restartTitle(name), text: [w.restartText], button: w.restart, danger: true, act: async () => { said.textContent = away(await device.post(id, "device/restart")); } }) }, w.restart), said),
    section(w.log, w.logNote, h("div.buttons", null, deedButton(w.logSystem, show("system")), deedButton(w.logAccess, show("access"))), text),
    section(w.backup, w.backupNote, h("div.buttons", null, h("a.button", { href: device.address(id, "device/backup"), download: `${id}.backup` }, w.backupDo)), fileForm(w.restoreFile, w.restore, async (f, signal) => away(await device.send(id, "device/restore", f, signal)))),
    section(w.firmware, w.firmwareNote, fileForm(w.firmwareFile, w.firmwareDo, async (f, signal) => away(await device.send(id, "device/firmware", f, signal)))),
    section(w.reset, w.resetNote, h("div.buttons", null, ...[false, true].map(hard => h("button.button.danger", { type: "button", onclick: () => reset(id, name, hard, said) }, hard ? w.resetHard : w.resetSoft)))));
}

/** @param {string} id @param {string} name @param {boolean} hard @param {HTMLElement} said */
function reset(id, name, hard, said) {
  const typed = field(w.typeName(name), { name: "confirm" });
  dialog({ title: hard ? w.resetHardTitle(name) : w.resetSoftTitle(name), text: [hard ? w.resetHardText : w.resetSoftText], fields: hard ? [typed] : [], button: w.reset, danger: true, ready: () => !hard || typed.input.value.trim() === name.trim(), act: async () => { await device.post(id, "device/reset", { hard }); said.textContent = w.restarts; } });
}
