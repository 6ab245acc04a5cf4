// What a camera's pages are made of: parts that ask the camera when they are shown, and forms that say what it made of a change.
import { Problem } from "./api.js";
import { h } from "./dom.js";
import { failed, waiting } from "./parts.js";
import { Player } from "./player.js";
import { fieldId } from "./sign.js";
import { store } from "./store.js";
import { words } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** What every part is given. @typedef {{id: string, undo: import("./dom.js").Undo, go: (path: string) => void}} Here */
/** @typedef {Node|string|null|undefined|false} Kid */

/**
 * A part of a page. What the camera does not have is said quietly; what could not be asked can be asked again.
 * @template T
 * @param {string} title @param {() => Promise<T>} ask @param {(answer: T, again: () => void) => Kid[]} make @param {string} [note]
 */
export function part(title, ask, make, note) {
  const body = h("div.part-body", null, waiting());
  async function load() {
    try { body.replaceChildren(.../** @type {(Node|string)[]} */ (make(await ask(), load).filter(Boolean))); } catch (e) {
      const p = /** @type {Problem} */ (e);
      body.replaceChildren(p.slug === "refused" || p.slug === "not-found" ? lacking(p) : failed(p, load));
    }
  }
  load();
  return h("section.part", { "aria-label": title }, h("h2", null, title), note && h("p.field-note.part-note", null, note), body);
}

/** What the camera does not do, in a sentence; its own words for whoever asks its maker. @param {Problem} p */
const lacking = p => p.hint ? h("details.lacking", null, h("summary", null, p.hint), h("p.quiet", null, p.message)) : h("p.quiet", null, p.says);

/**
 * A form of a part. act gives a sentence to be said, if there is one; what is refused is said at its field.
 * @param {{input: HTMLInputElement, error: HTMLElement, element: HTMLElement}[]} fields @param {string} text of the button @param {() => Promise<string|void>} act @param {Kid[]} [more]
 */
export function form(fields, text, act, more = []) {
  const error = h("p.form-error", { role: "alert" }), said = h("p.good-text", { role: "status" }), button = h("button.button", { type: "submit" }, text);
  return h("form.device-form", { novalidate: true, onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    error.textContent = said.textContent = "";
    for (const f of fields) f.error.textContent = "";
    try { said.textContent = await act() || w.done; } catch (x) {
      const p = /** @type {Problem} */ (x), f = fields.find(v => v.input.name === p.field);
      (f ? f.error : error).textContent = p.says || words.error;
      f?.input.focus();
    }
    button.disabled = false;
  } }, h("div.fields", null, ...fields.map(f => f.element)), ...more, error, h("div.buttons", null, button, said));
}

/** A number between two ends, and what it is. @param {string} label @param {number} value @param {number} min @param {number} max @param {(v: number) => Promise<unknown>} set */
export function slider(label, value, min, max, set) {
  const wide = max - min, step = wide > 50 ? 1 : wide > 5 ? 0.1 : wide / 100, digits = wide > 50 ? 0 : wide > 5 ? 1 : 2;
  const id = fieldId("slider", true), out = h("span.num", { "aria-hidden": "true" }, value.toFixed(digits)), error = h("p.field-error", { role: "alert" });
  const input = h("input", { type: "range", min, max, step, value: String(value), id, oninput: () => { out.textContent = Number(input.value).toFixed(digits); }, onchange: async () => {
    error.textContent = "";
    try { await set(Number(input.value)); } catch (x) { error.textContent = /** @type {Problem} */ (x).says; }
  } });
  return h("div.field.slider", null, h("div.labelled", null, h("label", { for: id }, label), out), input, error);
}

/** A choice that counts at once. @param {string} label @param {string} value @param {[string, string][]} options @param {(v: string) => Promise<unknown>} set */
export function pick(label, value, options, set) {
  const error = h("p.field-error", { role: "alert" }), id = fieldId("pick", true);
  const all = options.some(o => o[0] === value) ? options : [/** @type {[string, string]} */ ([value, value || "–"]), ...options];
  const input = h("select", { id, onchange: async () => {
    error.textContent = "";
    try { await set(input.value); } catch (x) { error.textContent = /** @type {Problem} */ (x).says; input.value = value; }
  } }, ...all.map(([v, text]) => h("option", { value: v, selected: v === value }, text)));
  return h("div.field", null, h("label", { for: id }, label), input, error);
}

/** Something that is switched at once. @param {string} label @param {boolean} on @param {(on: boolean) => Promise<unknown>} set */
export function toggle(label, on, set) {
  const error = h("p.field-error", { role: "alert" });
  const input = h("input", { type: "checkbox", checked: on, onchange: async () => {
    error.textContent = "";
    input.disabled = true;
    try { await set(input.checked); } catch (x) { error.textContent = /** @type {Problem} */ (x).says; input.checked = !input.checked; }
    input.disabled = false;
  } });
  return h("div.check", null, h("label.switch", null, input, h("span", null, label)), error);
}

/** A live picture beside what changes it; nothing for whoever may not watch the camera. @param {Here} here @param {string} [stream] */
export function picture(here, stream = "sub") {
  const c = store.cameras.get(here.id), frame = h("div.picture", { hidden: !store.can(here.id, "live") });
  if (!c || frame.hidden) return { element: frame, video: null };
  const player = new Player(), show = () => { const now = store.cameras.get(here.id); if (now) player.show(now, stream); };
  frame.append(player.video);
  here.undo.on(store, "change", show);
  here.undo.add(() => player.end());
  show();
  return { element: frame, video: player.video };
}

/** What a file is sent to the camera for, with a way to stop while it is under way. @param {string} label @param {string} text of the button @param {(file: File, signal: AbortSignal) => Promise<string>} send @param {string} [accept] */
export function fileForm(label, text, send, accept) {
  const input = h("input", { type: "file", "aria-label": label, accept, onchange: () => { button.disabled = !input.files?.length; said.textContent = error.textContent = ""; } });
  const error = h("p.form-error", { role: "alert" }), said = h("p.good-text", { role: "status" });
  /** @type {AbortController|null} */
  let under = null;
  const stop = h("button.button", { type: "button", hidden: true, onclick: () => under?.abort() }, words.stop);
  const button = h("button.button", { type: "button", disabled: true, onclick: async () => {
    const file = input.files?.[0];
    if (!file) return;
    const mine = under = new AbortController();
    button.disabled = true;
    stop.hidden = false;
    error.textContent = "";
    said.textContent = w.sending(file.name);
    try { said.textContent = await send(file, mine.signal); } catch (x) { said.textContent = ""; error.textContent = mine.signal.aborted ? w.stopped : /** @type {Problem} */ (x).says; }
    stop.hidden = true;
    button.disabled = false;
  } }, text);
  return h("div.file-form", null, h("div.buttons", null, input, button, stop), error, said);
}
