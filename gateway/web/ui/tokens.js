// Walls and tokens: what gets in without a person at it. A wall's link is shown once.
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { listing } from "./listing.js";
import { concluded, dialog, facts, failed, nothing, secret, state, tick, waiting } from "./parts.js";
import { field } from "./sign.js";
import { cameraChoice, saysCameras } from "./choose.js";
import { spellDay } from "./grants.js";
import { when } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Token} Token */
/** How often the list is asked for, ms; how long a wall is good for unless somebody says otherwise, and from when on the end is near, ms. */
const period = 15000, year = 365 * 86400e3, soon = 14 * 86400e3;

/** When a token ends, and whether that is near. @param {Token} t */
export const tokenEnd = t => Date.parse(t.until) < Date.now() ? state("bad", w.expired) : Date.parse(t.until) < Date.now() + soon ? state("warn", spellDay(t.until)) : h("span.num", null, spellDay(t.until));

/** @param {number} ms from now */
export const dayFrom = ms => new Date(Date.now() + ms).toISOString().slice(0, 10);

/** @param {import("./dom.js").Undo} undo */
export function tokensPart(undo) {
  /** @type {Token[]|undefined} */
  let list;
  /** @type {import("./api-people.js").Group[]} */
  let groups = [];
  /** @type {unknown} */
  let error = null;
  let gone = false;
  const status = h("div");
  const view = listing({ label: w.parts.tokens, cls: "tight", columns: w.tokenColumns, key: (/** @type {Token} */ t) => t.id, title: t => t.name, cells, details, text: t => [t.name, t.person_name, w.tokenKinds[t.kind]].join(" "),
    sorts: [t => t.name, t => t.kind + (t.person_name || ""), t => saysCameras(t.cameras, groups), t => Date.parse(t.until), t => t.used ? -Date.parse(t.used) : 0] });
  const shown = h("div", { hidden: true }, view.element);
  const action = h("button.button.primary", { type: "button", hidden: true, onclick: () => make() }, icon("plus"), w.newWall);

  async function ask() {
    try { [list, groups] = await Promise.all([people.tokens(), people.groups()]); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }
  function draw() {
    shown.hidden = !!error || !list?.length;
    action.hidden = !list?.length;
    morph(status, error ? failed(error, ask) : !list ? waiting() : list.length === 0 && nothing(w.noTokens, w.noTokensText, h("button.button.primary", { type: "button", onclick: () => make() }, w.newWall)));
    if (list) view.show(list);
  }

  /** @param {Token} t */
  function cells(t) { return [h("b", null, t.name), [w.tokenKinds[t.kind], t.person_name && h("span.quiet.beside", null, t.person_name)], h("span.clip", null, saysCameras(t.cameras, groups)), tokenEnd(t), t.used ? h("span.num", null, when(t.used)) : h("span.quiet", null, w.never)]; }

  /** @param {Token} t */
  function details(t) {
    const f = w.tokenFacts, id = t.id;
    return [
      facts([[f.owner, t.person_name], [f.permissions, t.permissions.join(", ")], [f.cameras, saysCameras(t.cameras, groups)], [f.created, when(t.created)], [f.by, t.by], [f.until, tokenEnd(t)], [f.used, t.used ? t.from ? w.usedFrom(when(t.used), t.from) : when(t.used) : w.never], [f.id, h("span.id", null, id)]]),
      h("div.buttons", null, h("button.button.danger", { type: "button", "data-key": "revoke", onclick: () => revoke(id) }, w.revoke)),
    ];
  }
  /** @param {string} id */
  function revoke(id) {
    const t = list?.find(x => x.id === id);
    if (t) dialog({ title: w.revokeTitle(t.name), text: [w.revokeText], button: w.revoke, danger: true, act: async () => { await people.endToken(id); await ask(); } });
  }

  function make() {
    const name = field(w.wallName, { name: "name", maxlength: "80" }, w.wallNameNote), until = field(w.wallUntil, { name: "until", type: "date", value: dayFrom(year), min: dayFrom(0) });
    const sound = tick(w.wallSound, false), cameras = cameraChoice(["*"], groups, () => d?.querySelector("form")?.dispatchEvent(new Event("input")));
    /** @type {HTMLDialogElement|undefined} */
    let d;
    d = dialog({ title: w.wallTitle, text: [w.wallText], fields: [name, until], more: [cameras.element, sound.element], button: w.makeWall, wide: true, ready: () => name.input.value.trim() !== "" && until.input.value !== "" && cameras.ready, act: async () => {
      const t = await people.makeDevice({ name: name.input.value.trim(), permissions: ["see", "live", ...(sound.input.checked ? ["audio"] : [])], cameras: cameras.value, until: new Date(until.input.value + "T23:59:59").toISOString() });
      await ask();
      concluded(d, t.name, h("div.once", null, secret(w.wallLink, t.link), h("p.field-note", null, w.wallLinkText)), w.done);
      return false;
    } });
  }

  undo.every(ask, period);
  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, shown), action };
}
