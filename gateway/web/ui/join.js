// Accepting an invitation: who it is for, and a password.
import { api } from "./api.js";
import { h } from "./dom.js";
import { field, sheet } from "./sign.js";
import { meWords as w } from "./words-me.js";

/** How long a password is at least: the gateway says the rest. */
const shortest = 12;

/** A field for a new password that says while it is written how much is missing. @param {string} label @param {string} name */
export function newPassword(label, name) {
  const f = field(label, { name, type: "password", autocomplete: "new-password" }, w.passwordRules), live = h("p.field-live", { "aria-live": "polite" });
  f.input.after(live);
  f.input.addEventListener("input", () => {
    const n = [...f.input.value].length;
    live.textContent = n === 0 ? "" : n < shortest ? w.tooShort(shortest - n) : w.longEnough;
    live.className = "field-live" + (n >= shortest ? " good-text" : "");
    f.error.textContent = "";
  });
  return f;
}

/** @param {string} token @param {(s: import("./api.js").Session) => void} done @param {() => void} signIn */
export function joinPage(token, done, signIn) {
  const place = h("div.place", null, h("main.centre", null, h("p.quiet", { role: "status" }, w.looking)));
  /** @param {string} title @param {string} text */
  const fail = (title, text) => place.replaceChildren(sheet({ title, text, fields: [], button: w.toSignIn, act: async () => signIn() }));
  (async () => {
    if (!token) { fail(w.joinFailed, w.joinWhere); return; }
    try {
      const who = await api.joinLook(token);
      const user = field("", { name: "username", autocomplete: "username", value: who.username, type: "hidden" }), pass = newPassword(w.newPassword, "password");
      user.element.hidden = true; // for the browser's store of passwords
      place.replaceChildren(sheet({ title: w.joinTitle(who.display || who.username), text: w.joinText(who.username), fields: [user, pass], button: w.join, act: async () => done(await api.join(token, pass.input.value)),
        refused: p => { if (p.slug !== "one-time-link") return false; fail(w.joinFailed, w.joinFailedText); return true; } }));
    } catch (e) {
      const p = /** @type {import("./api.js").Problem} */ (e);
      fail(w.joinFailed, p.status === 401 || p.status === 404 ? w.joinFailedText : p.says);
    }
  })();
  return place;
}
