// Parts that pages are made of: states, bars, notices, tabs, and dialogs that ask.
import { Problem } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { field } from "./sign.js";
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
 * A form over the page. It closes when act has succeeded; what act refuses is said at its field.
 * @param {{title:string, text?:(Node|string)[], fields?:(ReturnType<typeof field>)[], more?:Node[], button:string, danger?:boolean, act:() => Promise<unknown>, ready?:() => boolean}} o
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
  const d = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-labelledby": "dialog-title", onclose: () => d.remove() }, form));
  function check() { button.disabled = !!o.ready && !o.ready(); }
  /** @param {Event} e */
  async function submit(e) {
    e.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    error.textContent = "";
    for (const f of fields) f.error.textContent = "";
    try { await o.act(); d.close(); return; } catch (x) {
      const p = /** @type {Problem} */ (x), f = fields.find(v => v.input.name === p.field);
      (f ? f.error : error).textContent = p.says;
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

/** Says in words and colour who may: null when a person may not, so that what they cannot use is not there. @param {boolean} may @param {() => Node} make */
export const only = (may, make) => may ? make() : null;
