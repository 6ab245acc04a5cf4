// One's own page: everything that is held about one, and all of it that can be changed.
import { mine, people } from "./api-people.js";
import { h, morph, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { store } from "./store.js";
import { deedButton, dialog, facts, failed, notice, nothing, state, tabbed, waiting } from "./parts.js";
import { field } from "./sign.js";
import { saysCameras } from "./choose.js";
import { cells, details } from "./entries.js";
import { dropFactor, newCodes, setUpFactor } from "./factor.js";
import { saysGrant } from "./grants.js";
import { newPassword } from "./join.js";
import { listing } from "./listing.js";
import { lookSection } from "./look.js";
import { newToken } from "./token.js";
import { browser } from "./person.js";
import { tokenEnd } from "./tokens.js";
import { words, when } from "./words.js";
import { auditWords } from "./words-audit.js";
import { meWords as w } from "./words-me.js";

/** @typedef {import("./api-people.js").Me} Me */
/** From how few recovery codes on it is said that there are few. */
const few = 3;

/** @param {string} part @param {(path: string) => void} go @param {() => void} signOut @returns {import("./dom.js").Page} */
export function mePage(part, go, signOut) {
  const undo = new Undo();
  let gone = false;
  const body = h("div", null, waiting());
  /** @type {import("./api-people.js").Group[]} */
  let groups = [];
  const parts = /** @type {[keyof typeof w.parts, (m: Me) => Node][]} */ ([["", you], ["access", access], ...(store.may("tokens") ? [["tokens", tokens]] : []), ["held", held], ["log", log]]);
  const [here, make] = parts.find(p => p[0] === part) || parts[0];
  const element = h("section.page.wide", null, h("header", null, h("h1", null, words.me), h("span.grow")), tabbed(words.me, "/me", parts.map(([n]) => [n, w.parts[n]]), here, go), body);

  async function ask() {
    try {
      const [m, g] = await Promise.all([mine.get(), store.may("see") ? people.groups().catch(() => []) : []]);
      groups = g;
      if (!gone) body.replaceChildren(make(m));
    } catch (e) { if (!gone) body.replaceChildren(failed(e, ask)); }
  }

  /** A form of fields with one button. @param {ReturnType<typeof field>[]} fields @param {string} button @param {() => Promise<string>} act gives what is said then */
  function form(fields, button, act) {
    const error = h("p.form-error", { role: "alert" }), said = h("span.good-text", { role: "status" }), b = h("button.button", { type: "submit" }, button);
    return h("form", { novalidate: true, onsubmit: async (/** @type {Event} */ e) => {
      e.preventDefault();
      b.disabled = true;
      error.textContent = said.textContent = "";
      for (const f of fields) f.error.textContent = "";
      try { said.textContent = await act(); } catch (x) { const p = /** @type {import("./api.js").Problem} */ (x), wrong = p.slug === "credentials", f = fields.find(v => v.input.name === (wrong ? "old" : p.field)); (f ? f.error : error).textContent = f && wrong ? w.wrongPassword : p.says; f?.input.focus(); }
      b.disabled = false;
    } }, ...fields.map(f => f.element), error, h("div.row", null, b, said));
  }

  /** @param {Me} m */
  function you(m) {
    const display = field(w.display, { name: "display", value: m.display, maxlength: "80", autocomplete: "name" }, w.displayNote), user = field(w.username, { name: "username", value: m.username, maxlength: "64", autocomplete: "username" }, w.usernameNote);
    return h("div.narrow.sections", null,
      m.wrong_codes > 0 && notice("warn", w.wrongCodes(m.wrong_codes), w.wrongText, h("div.buttons", null, h("button.button", { type: "button", onclick: () => go("/me/access") }, w.changePassword))),
      h("section", null, h("h2", null, w.names), form([display, user], w.saveNames, async () => { const now = await mine.change({ display: display.input.value.trim(), username: user.input.value.trim() }); if (store.session) { store.session.user = now.username; store.session.display = now.display; } return w.saved; })),
      h("section", null, h("h2", null, w.may), m.grants.length ? h("div.grants", null, ...m.grants.map(g => h("div.grant", null, h("div.grow", null, ...saysGrant(g, { roles: [], groups, permissions: [] }))))) : h("p.quiet", null, w.nothing), h("p.quiet", null, w.mayNote)),
      lookSection(),
      facts([[w.since, when(m.created)], [w.last, m.last_sign_in && when(m.last_sign_in)]]), h("button.button.out-here", { type: "button", onclick: signOut }, icon("out"), words.signOut));
  }

  /** @param {Me} m */
  function access(m) {
    const old = field(w.old, { name: "old", type: "password", autocomplete: "current-password" }), fresh = newPassword(w.fresh, "new");
    const low = m.recovery_codes < few;
    return h("div.narrow.sections", null,
      m.wrong_codes > 0 && notice("warn", w.wrongCodes(m.wrong_codes), w.wrongText),
      h("section", null, h("h2", null, w.factor), h("p.lead", null, w.factorText),
        m.second_factor ? h("div", null, h("p", null, state("good", w.factorOn), " ", h("span.beside", null, state(low ? "warn" : "none", w.codesLeft(m.recovery_codes)))), low && h("p.quiet", null, w.codesFew), h("div.buttons", null, h("button.button", { type: "button", onclick: () => newCodes(ask) }, w.newCodes), h("button.button.danger", { type: "button", onclick: () => dropFactor(ask) }, w.drop)))
          : h("div", null, h("p", null, state("none", w.factorOff)), h("div.buttons", null, h("button.button.primary", { type: "button", onclick: () => setUpFactor(ask) }, w.setUp)))),
      h("section", null, h("h2", null, w.password), m.password_changed && h("p.quiet.lead", null, `${w.passwordOf} ${when(m.password_changed)}`), form([old, fresh], w.changePassword, async () => { await mine.password(old.input.value, fresh.input.value); old.input.value = fresh.input.value = ""; fresh.input.dispatchEvent(new Event("input")); return w.changed; })),
      h("section", null, h("h2", null, w.sessions), h("ul.plain-list", null, ...m.sessions.map(s => h("li", null, h("b", null, browser(s.agent)), h("span.quiet.num", null, `${s.from} · ${when(s.seen)}`), s.own ? h("span.quiet", null, w.own) : deedButton(w.end, async () => { await mine.endSession(s.id); await ask(); }, ".small")))), h("p.quiet", null, w.phone)),
      h("section", null, h("h2", null, w.networks), h("p.lead.quiet", null, w.networksText), m.networks.length ? h("div", null, h("ul.plain-list", null, ...m.networks.map(n => h("li", null, h("b.num", null, n.network), h("span.quiet.num", null, when(n.last))))), deedButton(w.forgetNetworks, async () => { await mine.forgetNetworks(); await ask(); })) : h("p.quiet", null, w.noNetworks)));
  }

  /** @param {Me} m */
  function tokens(m) {
    const make = (/** @type {boolean} */ first) => h("button.button" + (first ? ".primary" : ""), { type: "button", onclick: () => newToken(groups, ask) }, icon("plus"), w.makeToken);
    if (!m.tokens.length) return nothing(w.noTokens, w.noTokensText, make(true));
    return h("div.narrow.sections", null, h("section", null, h("p.lead", null, w.tokensText), h("ul.plain-list", null, ...m.tokens.map(t => h("li", null, h("div.grow", null, h("b", null, t.name), h("div.quiet", null, [t.permissions.join(", "), saysCameras(t.cameras, groups)].join(" · ")), h("div.quiet", null, tokenEnd(t), " · ", t.used ? w.used(when(t.used)) : w.neverUsed)), deedButton(w.revoke, async () => { await mine.endToken(t.id); await ask(); }, ".small.danger")))), h("div.buttons", null, make(false))));
  }

  /** @param {Me} m */
  function held(m) {
    return h("div.sections", null, h("section", null, h("p.lead", null, w.heldText), h("table.list.plain-table", null, h("thead", null, h("tr", null, ...w.heldColumns.map(c => h("th", { scope: "col" }, c)))), h("tbody", null, ...m.held.map(x => h("tr", null, ...[h("b", null, x.what), x.where, x.why, x.until].map((v, i) => h("td", { "data-label": w.heldColumns[i] }, v))))))),
      h("section", null, h("p", null, w.entries(m.audit_entries), " ", h("a", { href: "/me/log", onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go("/me/log"); } }, w.showLog)), h("div.row.lead", null, h("a.button", { href: mine.exported, download: `holdfast-${m.username}.json` }, icon("save"), w.export), h("span.quiet", null, w.exportNote))),
      h("section.deeds", null, h("div.deed", null, h("div.grow", null, h("h3", null, w.cancel), h("p", null, w.cancelText)), h("button.button.danger", { type: "button", onclick: () => cancel(m) }, w.cancel))));
  }

  /** @param {Me} m */
  function cancel(m) {
    const pass = field(w.old, { name: "password", type: "password", autocomplete: "current-password" }), code = field(w.code, { name: "code", autocomplete: "one-time-code", maxlength: "24" }, w.codeNote);
    dialog({ title: w.cancelTitle, text: [w.cancelText, w.cancelNote], fields: m.second_factor ? [pass, code] : [pass], button: w.cancel, danger: true, ready: () => pass.input.value !== "" && (!m.second_factor || code.input.value !== ""), act: async () => { await mine.cancel(pass.input.value, code.input.value.trim()); location.assign("/login"); } });
  }

  function log() {
    /** @type {import("./api-audit.js").Entry[]} */
    let entries = [];
    let cursor = "";
    const [at, , what, camera, more] = auditWords.columns;
    const view = listing({ label: w.parts.log, cls: "tight.entries.of-mine", columns: [at, what, camera, more], key: (/** @type {import("./api-audit.js").Entry} */ e) => String(e.seq), title: e => String(e.seq), cells: e => cells(e).filter((_, i) => i !== 1), details });
    const status = h("div", null, waiting()), next = h("div", { hidden: true }, deedButton(w.more, () => page()));
    const shown = h("div", { hidden: true }, h("p.lead.quiet", null, w.logText), view.element, next);
    async function page() {
      const p = await mine.log(cursor);
      entries = [...entries, ...p.entries];
      cursor = p.next || "";
      next.hidden = !cursor;
      shown.hidden = entries.length === 0;
      morph(status, entries.length === 0 && !cursor && nothing(w.noLog, ""));
      view.show(entries);
    }
    page().catch(e => morph(status, failed(e, () => page())));
    return h("div", null, status, shown);
  }

  undo.add(() => { gone = true; });
  ask();
  return { element, leave: () => undo.run() };
}

