// Parts that pages are made of: states, bars, notices, tabs, and dialogs that ask.
import { Problem } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { field, fieldId } from "./sign.js";
import { words } from "./words.js";

/** How bad a state is, which is its colour and its shape. @typedef {"good"|"busy"|"warn"|"bad"|"none"} Tone */

/** A word with its shape. @param {Tone} tone @param {string} word */
export const state = (tone, word) => h("span.tone." + tone, null, h("i.shape", { "aria-hidden": "true" }), h("span", null, word));

/**
 * A bar that parts fill from the left; the rest of the whole stays empty.
 * @param {string} label @param {string} text what it says in words @param {number} whole @param {[string, number][]} parts class and size
 */
export function bar(label, text, whole, parts) {
  const full = parts.reduce((n, p) => n + p[1], 0);
  const e = h("div.meter", { role: "meter", "aria-label": label, "aria-valuetext": text, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": whole > 0 ? String(Math.round(100 * full / whole)) : "0" },
    ...parts.map(([cls]) => h("i." + cls)));
  parts.forEach(([, n], i) => e.children[i].style.setProperty("width", whole > 0 ? `${Math.min(100, Math.max(n > 0 ? 0.6 : 0, 100 * n / whole))}%` : "0"));
  return e;
}

/** How far long work is. @param {string} label @param {number|null} part 0 to 1; null while that is not known @param {string} text */
export function progress(label, part, text) {
  const e = h("div.progress" + (part === null ? ".unknown" : ""), { role: "progressbar", "aria-label": label, "aria-valuetext": text, ...(part === null ? {} : { "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.floor(100 * part)) }) }, h("i"));
  if (part !== null) e.firstChild.style.setProperty("width", `${100 * Math.min(1, Math.max(0, part))}%`);
  return e;
}

/** Names and values, one under the other. @param {[string, Node|string|null|undefined|false][]} rows rows without a value are left out */
export const facts = rows => h("dl.rows", null, ...rows.filter(r => r[1]).flatMap(([k, v]) => [h("dt", null, k), h("dd", null, v)]));

/** What happened, what it means and what to do. @param {Tone} tone @param {string} what @param {...(Node|string|null|undefined|false)} more */
export const notice = (tone, what, ...more) => h("article.notice." + tone, null, h("i.shape", { "aria-hidden": "true" }), h("div.grow", null, h("h3", null, what), ...more.map(m => typeof m === "string" ? h("p", null, m) : m)));

/** A line for what could not be asked of the gateway. @param {unknown} e @param {() => void} again */
export function failed(e, again) {
  const p = /** @type {Problem} */ (e);
  return h("div.notice.bad", { role: "alert" }, h("i.shape", { "aria-hidden": "true" }), h("div.grow", null, h("h3", null, p.message || words.error), p.hint && h("p", null, p.hint)), h("button.button", { type: "button", onclick: again }, words.again));
}

/** Nothing to show, and the one thing to do about it. @param {string} title @param {string} text @param {Node|null|false} [act] */
export const nothing = (title, text, act) => h("div.nothing", null, h("h2", null, title), h("p.quiet", null, text), act);

/** What is shown while the first answer is on its way: quiet, and only after a moment. */
export const waiting = () => h("p.quiet.wait", { role: "status" }, words.loading);

/**
 * Details beside a list. On a phone they take the list's place.
 * @param {string} title @param {() => void} close @param {...(Node|string|null|undefined|false)} kids
 */
export const beside = (title, close, ...kids) => [h("header.side-head", null, h("h2", null, title), h("button.icon-button", { type: "button", title: words.close, "aria-label": words.close, onclick: close }, icon("close"))), ...kids];

/**
 * A field that offers a choice. An empty value has nothing chosen.
 * @param {string} label @param {{name:string}} props @param {[string, string][]} options value and words @param {string} [note]
 * @returns {ReturnType<typeof field>}
 */
export function choice(label, props, options, note) {
  const id = fieldId(props.name), input = h("select", { id, ...props }, ...options.map(([value, text]) => h("option", { value }, text))), error = h("p.field-error", { role: "alert" });
  return { element: h("div.field", null, h("label", { for: id }, label), input, note && h("p.field-note", null, note), error), input, error };
}

/** Something that is so or not. @param {string} label @param {boolean} checked @param {string} [note] */
export function tick(label, checked, note) {
  const id = fieldId("tick", true), input = h("input", { type: "checkbox", id, checked });
  return { element: h("div.check", null, input, h("label", { for: id }, label, note && h("span.field-note", null, note))), input };
}

/**
 * Tabs of a page: each has an address of its own.
 * @param {string} label @param {string} base of the addresses @param {[string, string][]} list last part of the address and words @param {string} here @param {(path: string) => void} go
 */
export function tabbed(label, base, list, here, go) {
  const nav = h("nav.tabs", { "aria-label": label }, ...list.map(([n, says]) => { const to = base + (n && "/" + n); return h("a.tab", { href: to, "aria-current": n === here ? "page" : "false", onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go(to); } }, says); }));
  requestAnimationFrame(() => nav.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" })); // on a phone they do not all fit
  return nav;
}

/** A secret that is shown once, with a button that copies it. @param {string} label @param {string} value @param {string} [note] */
export function secret(label, value, note) {
  const id = fieldId("secret", true), input = h("input.num", { id, readonly: true, value, spellcheck: "false", onfocus: () => input.select() }), said = h("span.good-text", { role: "status" });
  const copy = async () => {
    input.select();
    // Without HTTPS a page may only copy what is selected.
    try { if (navigator.clipboard) await navigator.clipboard.writeText(value); else document.execCommand("copy"); said.textContent = words.copied; } catch { said.textContent = words.copyYourself; }
  };
  return h("div.secret", null, h("label", { for: id }, label), h("div.row", null, input, h("button.button", { type: "button", onclick: copy }, icon("copy"), words.copy)), note && h("p.field-note", null, note), said);
}

/**
 * Does something when a button is pressed, and says beside it what is refused.
 * @param {string} text @param {() => Promise<unknown>} act @param {string} [cls]
 */
export function deedButton(text, act, cls = "") {
  const error = h("p.form-error", { role: "alert" }), button = h("button.button" + cls, { type: "button", onclick: async () => {
    button.disabled = true;
    error.textContent = "";
    try { await act(); } catch (x) { error.textContent = /** @type {Problem} */ (x).says || words.error; }
    button.disabled = false;
  } }, text);
  return h("div.deed-button", null, button, error);
}

/**
 * A form over the page. It closes when act has succeeded, unless with false; what act refuses is said at its field.
 * @param {{title:string, text?:(Node|string)[], fields?:(ReturnType<typeof field>)[], more?:Node[], button:string, danger?:boolean, wide?:boolean, act:() => Promise<unknown>, ready?:() => boolean}} o
 * ready tells whether the button may be pressed, and is asked whenever something is typed
 * @returns {HTMLDialogElement}
 */
export function dialog(o) {
  const fields = o.fields || [];
  const error = h("p.form-error", { role: "alert" });
  const button = h("button.button" + (o.danger ? ".danger" : ".primary"), { type: "submit" }, o.button);
  const cancel = h("button.button", { type: "button", onclick: () => d.close() }, words.cancel);
  const title = h("h2", { id: "dialog-title" }, o.title);
  const form = h("form", { novalidate: true, onsubmit: submit, oninput: check }, title, ...(o.text || []).map(t => typeof t === "string" ? h("p", null, t) : t),
    ...fields.map(f => f.element), ...(o.more || []), error, h("div.buttons", null, h("span.grow"), cancel, button));
  const d = /** @type {HTMLDialogElement} */ (h("dialog" + (o.wide ? ".wide" : ""), { "aria-labelledby": "dialog-title", onclose: () => d.remove() }, form));
  function check() { button.disabled = !!o.ready && !o.ready(); }
  /** @param {Event} e */
  async function submit(e) {
    e.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    error.textContent = "";
    for (const f of fields) f.error.textContent = "";
    try { if (await o.act() !== false) { d.close(); return; } } catch (x) {
      const p = /** @type {Problem} */ (x), f = fields.find(v => v.input.name === p.field);
      (f ? f.error : error).textContent = p.says;
      if (!f) error.scrollIntoView({ block: "nearest" }); // a long form has its end out of sight
      f?.input.focus();
    }
    check();
  }
  document.body.append(d);
  check();
  d.showModal();
  fields[0]?.input.focus();
  return d;
}

/**
 * What a dialog has come to, in place of its form: something that is shown once.
 * @param {HTMLDialogElement|undefined} d @param {string} title @param {Node} body @param {string} button @param {() => void} [then]
 */
export function concluded(d, title, body, button, then) {
  d?.querySelector("form")?.replaceChildren(h("h2", { id: "dialog-title" }, title), body, h("div.buttons", null, h("span.grow"), h("button.button.primary", { type: "button", onclick: () => { d.close(); then?.(); } }, button)));
  /** @type {HTMLElement|null|undefined} */ (d?.querySelector(".secret input, .buttons .primary"))?.focus();
}
