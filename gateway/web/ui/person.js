// One person beside the list: names, rights, sessions, second factor; inviting anew, disabling, deleting.
import { people } from "./api-people.js";
import { h } from "./dom.js";
import { store } from "./store.js";
import { deedButton, dialog, facts, state, tick } from "./parts.js";
import { field } from "./sign.js";
import { grantsEditor } from "./grants.js";
import { called, invitation, standing } from "./staff.js";
import { words, when } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Person} Person */

/**
 * @param {Person} p @param {import("./grants.js").Parts} parts @param {(path: string) => void} go
 * @param {(gone?: boolean) => Promise<void>} changed has the list asked for anew; gone: the person is no more
 */
export function personPanel(p, parts, go, changed) {
  const own = p.id === store.session?.person, f = w.facts;
  const link = h("div");
  const sessions = h("div");

  /** Sessions of the person, to be ended. */
  async function ask() {
    try {
      const list = await people.sessionsOf(p.id);
      sessions.replaceChildren(h("h3", null, w.sessionsOf), ...(list.length ? [h("ul.plain-list", null, ...list.map(s => h("li", null, h("b", null, browser(s.agent)), h("span.quiet.num", null, `${s.from} · ${when(s.seen)}`), s.own ? h("span.quiet", null, w.own) : h("button.button.small", { type: "button", onclick: async () => { await people.endSession(s.id).catch(() => {}); ask(); } }, w.end))))] : [h("p.quiet", null, w.noSessions)]));
    } catch { sessions.replaceChildren(); }
  }

  function rename() {
    const display = field(w.display, { name: "display", value: p.display, maxlength: "80" }, w.displayNote), username = field(w.username, { name: "username", value: p.username, maxlength: "64" }, w.usernameNote);
    dialog({ title: w.rename, fields: [display, username], button: words.save, ready: () => username.input.value.trim() !== "", act: async () => { await people.change(p.id, { display: display.input.value.trim(), username: username.input.value.trim() }); await changed(); } });
  }
  function disable() {
    dialog({ title: w.disableTitle(called(p)), text: [w.disableText], button: w.disable, danger: true, act: async () => { await people.change(p.id, { disabled: true }); await changed(); } });
  }
  function reset() {
    dialog({ title: w.resetTitle(called(p)), text: [w.resetText], button: w.resetFactor, danger: true, act: async () => { await people.change(p.id, { drop_second_factor: true }); await changed(); } });
  }
  function remove() {
    const forget = tick(w.forget, false, w.forgetNote);
    dialog({ title: w.removeTitle(called(p)), text: [w.removeText], more: [forget.element], button: w.remove, danger: true, act: async () => { await people.remove(p.id, forget.input.checked); await changed(true); } });
  }

  if (p.state !== "invited") ask();
  return h("div.person", null,
    facts([[f.state, h("span", null, standing(p), p.state === "invited" && p.invited_until && h("div.quiet", null, w.invitedUntil(when(p.invited_until))))], [w.username, p.username], [f.factor, p.second_factor ? h("span", null, state("good", w.on), h("div.quiet", null, w.codesLeft(p.recovery_codes))) : state("none", w.off)],
      [f.created, when(p.created)], [f.last, p.last_sign_in ? when(p.last_sign_in) : w.never], [f.password, p.password_changed && when(p.password_changed)]]),
    link,
    p.state === "invited" && deedButton(w.again, async () => { const i = await people.invite(p.id); link.replaceChildren(invitation(called(p), i)); /** @type {HTMLInputElement|null} */ (link.querySelector("input"))?.focus(); }),
    grantsEditor(p.grants, parts, async grants => { await people.change(p.id, { grants }); p.grants = grants; }),
    sessions,
    h("div.buttons.wrap-buttons", null, h("button.button.small", { type: "button", onclick: rename }, w.rename), store.may("audit") && h("button.button.small", { type: "button", onclick: () => go(`/audit?person=${encodeURIComponent(p.id)}`) }, w.showLog),
      p.second_factor && !own && h("button.button.small", { type: "button", onclick: reset }, w.resetFactor),
      p.state === "disabled" && h("button.button.small", { type: "button", onclick: () => people.change(p.id, { disabled: false }).then(() => changed(), () => {}) }, w.enable), p.state === "active" && !own && h("button.button.small.danger", { type: "button", onclick: disable }, w.disable),
      !own && h("button.button.small.danger", { type: "button", onclick: remove }, w.remove)));
}

/** What a browser calls itself, briefly. @param {string} agent */
export function browser(agent) {
  const name = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrom(e|ium)\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : agent.split(/[ /]/)[0];
  const on = /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iOS" : /Windows/.test(agent) ? "Windows" : /Mac OS/.test(agent) ? "macOS" : /Linux/.test(agent) ? "Linux" : "";
  return [name, on].filter(Boolean).join(", ") || w.unknownBrowser;
}
