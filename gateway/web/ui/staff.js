// The people: a list, and beside it the one that is picked, with what they may do. Inviting somebody.
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { listing } from "./listing.js";
import { concluded, dialog, failed, secret, state, waiting } from "./parts.js";
import { field } from "./sign.js";
import { briefly, grantForm } from "./grants.js";
import { personPanel } from "./person.js";
import { when } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Person} Person */
/** How often the list is asked for, ms. */
const period = 15000;

/** @param {Person} p */
export const called = p => p.display || p.username;

/** @param {Person} p */
export function standing(p) {
  if (p.state === "invited") return Date.parse(p.invited_until || "") < Date.now() ? state("warn", w.overdue) : state("busy", w.states.invited);
  return p.state === "disabled" ? state("none", w.states.disabled) : state("good", w.states.active);
}

/** The link of an invitation, which is shown once. @param {string} name @param {import("./api-people.js").Invitation} i */
export const invitation = (name, i) => h("div.once", null, secret(w.invitationFor(name), i.link), h("p.field-note", null, w.invitationText(when(i.until))));

/** What rights are made of, asked for together. @returns {Promise<import("./grants.js").Parts>} */
export const partsOfRights = async () => { const [roles, groups, permissions] = await Promise.all([people.roles(), people.groups(), people.permissions()]); return { roles, groups, permissions }; };

/** @param {import("./dom.js").Undo} undo @param {(path: string) => void} go */
export function staffPart(undo, go) {
  /** @type {Person[]|undefined} */
  let list;
  /** @type {import("./grants.js").Parts} */
  let parts = { roles: [], groups: [], permissions: [] };
  /** @type {unknown} */
  let error = null;
  let gone = false, wanted = new URLSearchParams(location.search).get("id") || "";
  const status = h("div");
  const view = listing({
    label: w.parts[""], cls: "tight.people", columns: w.columns, key: (/** @type {Person} */ p) => p.id, title: called, cells,
    sorts: [called, p => p.username, p => briefly(p.grants, parts), p => Number(p.second_factor), p => p.last_sign_in ? -Date.parse(p.last_sign_in) : 0], text: p => [p.display, p.username, briefly(p.grants, parts), w.states[p.state]].join(" "),
    panel: p => personPanel(p, parts, go, gone => { if (gone && view.picked) view.pick(view.picked); return ask(true); }),
  });
  const shown = h("div", { hidden: true }, view.element);
  const action = h("button.button.primary", { type: "button", hidden: true, onclick: () => invite() }, icon("plus"), w.invite);

  /** @param {boolean} [anew] the panel too */
  async function ask(anew = false) {
    try { [list, parts] = await Promise.all([people.list(), parts.roles.length && !anew ? parts : partsOfRights()]); error = null; } catch (e) { error = e; }
    if (gone) return;
    draw();
    if (anew) view.renew();
  }
  function draw() {
    shown.hidden = !!error || !list;
    action.hidden = shown.hidden;
    morph(status, error ? failed(error, () => ask()) : list ? null : waiting());
    if (!list || error) return;
    view.show(list);
    if (wanted && list.some(p => p.id === wanted)) { view.pick(wanted); wanted = ""; }
  }

  /** @param {Person} p */
  function cells(p) {
    return [
      [h("b", null, called(p)), p.state !== "active" && h("span.beside", null, standing(p))], p.username, h("span.clip", { title: briefly(p.grants, parts) }, briefly(p.grants, parts) || h("span.quiet", null, w.noRights)),
      p.second_factor ? state("good", w.on) : h("span.quiet", null, w.off), p.last_sign_in ? h("span.num", null, when(p.last_sign_in)) : h("span.quiet", null, p.state === "invited" ? w.notYet : w.never),
    ];
  }

  function invite() {
    const display = field(w.display, { name: "display", maxlength: "80" }, w.displayNote), username = field(w.username, { name: "username", maxlength: "64" }, w.usernameNote);
    const form = grantForm({ role: parts.roles.some(r => r.id === "viewer") ? "viewer" : parts.roles[0]?.id || "", cameras: ["*"] }, parts, () => d?.querySelector("form")?.dispatchEvent(new Event("input")));
    let own = false; // the name that one signs in by follows the other until it is written
    username.input.addEventListener("input", () => { own = true; });
    display.input.addEventListener("input", () => { if (!own) username.input.value = display.input.value.trim().toLowerCase().normalize("NFD").replace(/[^a-z0-9]+/g, ".").replace(/^\.|\.$/g, "").split(".")[0]; });
    /** @type {HTMLDialogElement|undefined} */
    let d;
    d = dialog({ title: w.inviteTitle, text: [w.inviteText], fields: [display, username], more: [form.element], button: w.makeInvitation, wide: true, ready: () => username.input.value.trim() !== "" && form.ready, act: async () => {
      const made = await people.create({ username: username.input.value.trim(), ...(display.input.value.trim() ? { display: display.input.value.trim() } : {}), grants: [form.value] });
      await ask();
      concluded(d, called(made.person), invitation(called(made.person), made.invitation), w.done, () => view.pick(made.person.id));
      return false;
    } });
  }

  undo.every(() => ask(), period);
  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, shown), action };
}

