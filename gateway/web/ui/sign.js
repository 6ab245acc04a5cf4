// Signing in, the one-time link, and set-up.
import { api, Problem } from "./api.js";
import { h } from "./dom.js";
import { words } from "./words.js";

/** A secret behind # is read once and taken out of the address bar. @param {string} name */
export function fragment(name) {
  const v = new URLSearchParams(location.hash.slice(1)).get(name) || "";
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return v;
}

/** @param {string} label @param {Record<string, any>} props @param {string} [note] */
export function field(label, props, note) {
  const id = `f-${props.name}`;
  const input = h("input", { id, autocomplete: "off", spellcheck: "false", autocapitalize: "none", ...props });
  const error = h("p.field-error", { role: "alert" });
  const element = h("div.field", null, h("label", { for: id }, label), input, note && h("p.field-note", null, note), error);
  return { element, input, error };
}

/**
 * @param {{title:string, text?:string, fields:ReturnType<typeof field>[], button:string, act:() => Promise<void>, message?:string}} o
 * @returns {HTMLElement}
 */
function sheet(o) {
  const error = h("p.form-error", { role: "alert" }, o.message || "");
  const button = h("button.button.primary", { type: "submit" }, o.button);
  const form = h("form.sheet", { novalidate: true, onsubmit: submit }, h("img.mark", { src: "/icon.svg", alt: "" }), h("h1", null, o.title), o.text && h("p.quiet", null, o.text), ...o.fields.map(f => f.element), error, button);
  /** @param {Event} e */
  async function submit(e) {
    e.preventDefault();
    button.disabled = true;
    error.textContent = "";
    for (const f of o.fields) f.error.textContent = "";
    try { await o.act(); } catch (x) {
      const p = /** @type {Problem} */ (x);
      const f = o.fields.find(v => v.input.name === p.field);
      (f ? f.error : error).textContent = [p.message, p.hint].filter(Boolean).join(" ");
      (f || o.fields[0])?.input.focus();
    }
    button.disabled = false;
  }
  requestAnimationFrame(() => o.fields[0]?.input.focus());
  return h("main.centre", null, form);
}

/** @param {(s: import("./api.js").Session) => void} done @param {string} [message] */
export function signIn(done, message) {
  const user = field(words.user, { name: "username", autocomplete: "username" });
  const pass = field(words.password, { name: "password", type: "password", autocomplete: "current-password" });
  return sheet({ title: words.signIn, fields: [user, pass], button: words.signIn, message, act: async () => done(await api.signIn(user.input.value, pass.input.value)) });
}

/** @param {string} token @param {(s: import("./api.js").Session) => void} done */
export function setUp(token, done) {
  const user = field(words.user, { name: "username", autocomplete: "username" });
  const pass = field(words.password, { name: "password", type: "password", autocomplete: "new-password" }, words.setUpNote);
  return sheet({
    title: words.setUp, text: token ? words.setUpText : words.setUpWhere, fields: token ? [user, pass] : [], button: words.setUp,
    act: async () => {
      const s = await api.setUp(token, user.input.value, pass.input.value);
      done(s && s.csrf ? s : await api.signIn(user.input.value, pass.input.value));
    },
  });
}
