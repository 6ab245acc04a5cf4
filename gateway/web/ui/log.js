// The log: entries by person, camera, time and action, with all that is known of the one that is picked beside it.
import { audit } from "./api-audit.js";
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { listing } from "./listing.js";
import { deedButton, failed, nothing, waiting } from "./parts.js";
import { store } from "./store.js";
import { cells, details, did } from "./entries.js";
import { words } from "./words.js";
import { auditWords as w } from "./words-audit.js";

/** @typedef {import("./api-audit.js").Entry} Entry */
/** How many entries are asked for at once, and how often it is gone on when a page had none, since only so much is read for one. */
const page = 100, tries = 20;

/** A moment as a field of local time has it. @param {number} t */
export const local = t => new Date(t - new Date(t).getTimezoneOffset() * 60e3).toISOString().slice(0, 16);

/** @param {import("./dom.js").Undo} undo */
export function logPart(undo) {
  const asked = new URLSearchParams(location.search);
  /** @type {Entry[]|undefined} */
  let entries;
  /** @type {unknown} */
  let error = null;
  let cursor = "", turn = 0, gone = false, pruned = 0;
  /** @param {string} name @param {string} label @param {[string, string][]} options */
  const select = (name, label, options) => h("select", { name, "aria-label": label, title: label, onchange: ask }, ...options.map(([v, t]) => h("option", { value: v, selected: asked.get(name) === v }, t)));
  const person = select("person", w.person, [["", w.anybody]]), camera = select("camera", w.camera, [["", w.anyCamera]]);
  const action = select("action", w.action, [["", w.anyAction], ...Object.entries(w.groupsOf)]), outcome = select("outcome", w.outcome, [["", w.anyOutcome], ...Object.entries(w.outcomes)]);
  /** @param {string} name @param {string} label */
  const time = (name, label) => h("label.edge", null, h("span", null, label), h("input", { type: "datetime-local", name, value: asked.get(name) ? local(Date.parse(asked.get(name) || "")) : "", onchange: ask }));
  const from = time("since", w.from), to = time("before", w.to);
  const clear = h("button.link", { type: "button", hidden: true, onclick: () => { for (const e of form.querySelectorAll("select, input")) /** @type {HTMLInputElement} */ (e).value = ""; ask(); } }, w.clear);
  const form = h("form.search", { role: "search", onsubmit: (/** @type {Event} */ e) => e.preventDefault() }, person, camera, action, outcome, from, to, clear);
  const status = h("div"), more = h("div", { hidden: true }, deedButton(w.more, () => next(turn))), view = listing({ label: w.label, cls: "tight.entries", columns: w.columns, key: (/** @type {Entry} */ e) => String(e.seq), title: did, cells, details });
  const old = h("p.quiet.lead", { hidden: true });
  const shown = h("div", { hidden: true }, view.element, more, old);
  const element = h("div", null, form, status, shown);

  /** What is looked for, as the fields say. @returns {import("./api-audit.js").Query} */
  function query() {
    const at = (/** @type {HTMLElement} */ f) => { const v = /** @type {HTMLInputElement} */ (f.querySelector("input")).value; return v ? new Date(v).toISOString() : undefined; };
    return { person: person.value || undefined, camera: camera.value || undefined, action: action.value || undefined, outcome: outcome.value || undefined, since: at(from), before: at(to) };
  }

  function ask() {
    entries = undefined;
    cursor = "";
    error = null;
    const q = query(), some = Object.entries(q).filter(x => x[1]);
    clear.hidden = some.length === 0;
    history.replaceState(null, "", "/audit" + (some.length ? "?" + new URLSearchParams(/** @type {[string, string][]} */ (some)) : ""));
    next(++turn);
    draw();
  }

  /** The next page. @param {number} mine */
  async function next(mine) {
    try {
      for (let i = 0; i < tries; i++) {
        const p = await audit.search(query(), cursor, page);
        if (mine !== turn || gone) return;
        entries = [...(entries || []), ...p.entries];
        cursor = p.next || "";
        pruned = p.pruned;
        error = null;
        if (p.entries.length || !cursor) break;
      }
    } catch (e) { if (mine === turn) error = e; }
    if (!gone && mine === turn) draw();
  }

  function draw() {
    shown.hidden = !!error || !entries?.length;
    more.hidden = !cursor;
    old.hidden = pruned === 0 || !!cursor;
    old.textContent = w.pruned(pruned);
    morph(status, error ? failed(error, ask) : !entries ? waiting() : entries.length === 0 && (cursor ? h("div.nothing", null, deedButton(w.more, () => next(turn))) : nothing(w.none, w.noneText)));
    view.show(entries || []);
  }

  /** Whom and what one can look for. */
  async function fill() {
    const cameras = [...store.list().map(c => /** @type {[string, string]} */ ([c.id, c.name])), ...store.gone().map(c => /** @type {[string, string]} */ ([c.id, words.removedCamera(c.name)]))];
    const all = store.may("people") ? await people.list().catch(() => []) : [];
    if (gone) return;
    add(camera, cameras, asked.get("camera"));
    add(person, all.map(p => /** @type {[string, string]} */ ([p.id, p.display || p.username])), asked.get("person"));
    if (asked.get("person") || asked.get("camera")) ask();
  }
  /** @param {HTMLSelectElement} s @param {[string, string][]} options @param {string|null} picked */
  function add(s, options, picked) {
    const list = options.sort((a, b) => a[1].localeCompare(b[1]));
    if (picked && !list.some(o => o[0] === picked)) list.push([picked, picked]);
    s.append(...list.map(([v, t]) => h("option", { value: v, selected: v === picked }, t)));
  }

  undo.add(() => { gone = true; });
  fill();
  if (!asked.get("person") && !asked.get("camera")) ask();
  const action2 = h("a.button", { href: audit.exported, download: "holdfast-audit.tar", title: w.exportNote }, icon("save"), w.export);
  return { element, action: action2 };
}
