// Making an API token for oneself: what it is for, what it may, on which cameras, until when. It is shown once.
import { mine, people } from "./api-people.js";
import { h } from "./dom.js";
import { concluded, dialog, secret } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { cameraChoice } from "./choose.js";
import { dayFrom } from "./tokens.js";
import { meWords as w } from "./words-me.js";

/** How long a token is good for unless somebody says otherwise, and at most, ms. */
const usual = 90 * 86400e3, longest = 365 * 86400e3;
/** What is offered first, and what a token cannot have. */
const first = ["see", "live"], never = ["self", "tokens"];

/** @param {import("./api-people.js").Group[]} groups @param {() => void} done */
export async function newToken(groups, done) {
  // Who may not read the list of permissions has them by their names.
  const all = await people.permissions().catch(() => (store.session?.permissions || []).map(id => ({ id, says: id, of_cameras: true })));
  const mineToGive = all.filter(p => store.may(p.id) && !never.includes(p.id)), chosen = new Set(first.filter(p => store.may(p)));
  const name = field(w.tokenName, { name: "name", maxlength: "80" }, w.tokenNameNote), until = field(w.tokenUntil, { name: "until", type: "date", value: dayFrom(usual), min: dayFrom(0), max: dayFrom(longest) });
  const again = () => d?.querySelector("form")?.dispatchEvent(new Event("input"));
  const boxes = h("fieldset.field", null, h("legend.label", null, w.tokenPermissions), h("div.pickables.open", null, ...mineToGive.map(p => h("label.pickable", null, h("input", { type: "checkbox", checked: chosen.has(p.id), onchange: (/** @type {any} */ e) => { if (e.target.checked) chosen.add(p.id); else chosen.delete(p.id); again(); } }), h("span.grow", null, p.says)))));
  const cameras = cameraChoice(["*"], groups, again);
  /** @type {HTMLDialogElement|undefined} */
  let d;
  d = dialog({ title: w.makeTitle, text: [w.tokensText], fields: [name, until], more: [boxes, cameras.element], button: w.makeToken, wide: true, ready: () => name.input.value.trim() !== "" && until.input.value !== "" && chosen.size > 0 && cameras.ready, act: async () => {
    const t = await mine.makeToken({ name: name.input.value.trim(), permissions: [...chosen], cameras: cameras.value, until: new Date(until.input.value + "T23:59:59").toISOString() });
    done();
    concluded(d, t.name, h("div.once", null, secret(w.tokenSecret, t.token, w.tokenSecretNote)), w.done);
    return false;
  } });
}
