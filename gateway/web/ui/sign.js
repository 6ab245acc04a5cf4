// Signing in, the one-time link, and set-up with the recovery key.
import { api, Problem } from "./api.js";
import { h } from "./dom.js";
import { words, duration } from "./words.js";

/** A secret behind # is read once and taken out of the address bar. @param {string} name */
export function fragment(name) {
  const v = new URLSearchParams(location.hash.slice(1)).get(name) || "";
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return v;
}

let ids = 0;
/** An id for a field of a name: a dialog may have one of the same name as the page below it. @param {string} name @param {boolean} [many] there may be others that are not shown yet */
export const fieldId = (name, many) => many || document.getElementById(`f-${name}`) ? `f-${name}-${++ids}` : `f-${name}`;

/** @param {string} label @param {Record<string, any>} props @param {string} [note] */
export function field(label, props, note) {
  const id = fieldId(props.name);
  const input = h("input", { id, autocomplete: "off", spellcheck: "false", autocapitalize: "none", ...props });
  const error = h("p.field-error", { role: "alert" });
  const element = h("div.field", null, h("label", { for: id }, label), input, note && h("p.field-note", null, note), error);
  return { element, input, error };
}

/**
 * A page that is one form. act may leave it as it is by answering false; what is refused is said at its field.
 * @param {{title:string, text?:string, more?:(Node|false)[], fields:ReturnType<typeof field>[], button:string, act:() => Promise<unknown>, message?:string, refused?:(p: Problem) => boolean, below?:Node[]}} o
 * @returns {HTMLElement}
 */
export function sheet(o) {
  const error = h("p.form-error", { role: "alert" }, o.message || "");
  const button = h("button.button.primary", { type: "submit", hidden: !o.button }, o.button);
  const form = h("form.sheet", { novalidate: true, onsubmit: submit }, h("img.mark", { src: "/icon.svg", alt: "" }), h("h1", null, o.title), o.text && h("p.quiet", null, o.text), ...(o.more || []), ...o.fields.map(f => f.element), error, button, ...(o.below || []));
  let wait = 0;
  /** Counts down until one may try again. @param {number} seconds */
  function count(seconds) {
    const end = Date.now() + seconds * 1000;
    clearInterval(wait);
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      button.disabled = left > 0;
      error.textContent = left > 0 ? words.wrongTries(duration(left)) : words.tryNow;
      if (left <= 0 || !form.isConnected) clearInterval(wait);
    };
    wait = setInterval(tick, 1000);
    tick();
  }
  /** @param {Event} e */
  async function submit(e) {
    e.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    error.textContent = "";
    for (const f of o.fields) f.error.textContent = "";
    try { await o.act(); } catch (x) {
      const p = /** @type {Problem} */ (x);
      if (p.slug === "throttled" && p.after > 0) { count(p.after); return; }
      if (!o.refused?.(p)) {
        const f = o.fields.find(v => v.input.name === p.field);
        (f ? f.error : error).textContent = p.says || words.error;
        (f || o.fields[0])?.input.focus();
      }
    }
    button.disabled = false;
  }
  requestAnimationFrame(() => o.fields.find(f => !f.input.value && !f.element.hidden)?.input.focus());
  return h("main.centre", null, form);
}

/** @param {(s: import("./api.js").Session) => void} done @param {string} [message] */
export function signIn(done, message) {
  const user = field(words.user, { name: "username", autocomplete: "username" });
  const pass = field(words.password, { name: "password", type: "password", autocomplete: "current-password" });
  const code = field(words.code, { name: "code", autocomplete: "one-time-code", maxlength: "24" }, words.codeNote);
  code.element.hidden = true;
  return sheet({
    title: words.signIn, fields: [user, pass, code], button: words.signIn, message,
    act: async () => done(await api.signIn(user.input.value, pass.input.value, code.element.hidden ? "" : code.input.value.trim())),
    refused: p => {
      if (p.slug === "second-factor") { // the password was right
        code.element.hidden = false;
        code.input.focus();
        return true;
      }
      if (code.element.hidden || p.status !== 401 && p.slug !== "codes-closed") return false;
      code.error.textContent = p.slug === "credentials" ? words.codeWrong : p.says;
      code.input.select();
      return true;
    },
  });
}

/** @param {string} token "": there is only the way to one to tell @param {(s: import("./api.js").Session) => void} done @param {boolean} [bare] somebody came without the link, and nobody has an account */
export function setUp(token, done, bare = false) {
  const user = field(words.user, { name: "username", autocomplete: "username" });
  const pass = field(words.password, { name: "password", type: "password", autocomplete: "new-password" }, words.setUpNote);
  return sheet({
    title: words.setUp, text: token ? words.setUpText : bare ? words.setUpFirst : words.setUpWhere, fields: token ? [user, pass] : [], button: token ? words.setUp : "",
    act: async () => {
      const s = await api.setUp(token, user.input.value, pass.input.value);
      done(s && s.csrf ? s : await api.signIn(user.input.value, pass.input.value));
    },
  });
}

/** Asks for the recovery key that set-up printed, until it is typed or put off. @param {() => void} done */
export function keepKey(done) {
  const key = field(words.recovery, { name: "recovery" }, words.recoveryNote);
  return sheet({
    title: words.keepKey, text: words.keepKeyText, fields: [key], button: words.confirm, below: [h("button.button", { type: "button", onclick: done }, words.later)],
    act: async () => { await api.confirmKey(key.input.value); done(); },
  });
}
