// Sessions: who is signed in, from where, and ending it.
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { listing } from "./listing.js";
import { dialog, facts, failed, nothing, waiting } from "./parts.js";
import { browser } from "./person.js";
import { when } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").SessionEntry} SessionEntry */
/** How often the list is asked for, ms. */
const period = 10000;

/** @param {import("./dom.js").Undo} undo */
export function sessionsPart(undo) {
  /** @type {SessionEntry[]|undefined} */
  let list;
  /** @type {unknown} */
  let error = null;
  let gone = false;
  const status = h("div"), [who, from, agent, begun, used] = w.sessionColumns;
  /** @param {SessionEntry} s */
  const kind = s => /** @type {any} */ (w.kinds)[s.kind || ""] || "";
  const view = listing({ label: w.parts.sessions, cls: "tight", columns: w.sessionColumns, key: (/** @type {SessionEntry} */ s) => s.id, title: s => s.user, text: s => [s.user, s.from, s.agent].join(" "),
    sorts: [s => s.user, s => s.from, s => browser(s.agent), s => -Date.parse(s.created), s => -Date.parse(s.seen)], by: 4,
    cells: s => [[h("b", null, s.user), (s.own || kind(s)) && h("span.quiet.beside", null, s.own ? w.own : kind(s))], h("span.num", null, s.from || "–"), browser(s.agent), h("span.num", null, when(s.created)), h("span.num", null, when(s.seen))],
    details: s => [facts([[who, s.user], [from, s.from], [agent, s.agent || w.unknownBrowser], [begun, when(s.created)], [used, when(s.seen)]]), s.own ? h("p.quiet", null, w.own) : h("div.buttons", null, h("button.button.danger", { type: "button", "data-key": "end", onclick: () => end(s.id) }, w.end))] });
  const shown = h("div", { hidden: true }, view.element);

  async function ask() {
    try { list = await people.sessions(); error = null; } catch (e) { error = e; }
    if (gone) return;
    shown.hidden = !!error || !list?.length;
    morph(status, error ? failed(error, ask) : !list ? waiting() : list.length === 0 && nothing(w.noSessions2, ""));
    if (list) view.show(list);
  }
  /** @param {string} id */
  function end(id) {
    const s = list?.find(x => x.id === id);
    if (s) dialog({ title: w.endTitle(s.user), text: [w.endText], button: w.end, danger: true, act: async () => { await people.endSession(id); await ask(); } });
  }

  undo.every(ask, period);
  undo.add(() => { gone = true; });
  ask();
  return { element: h("div", null, status, shown), action: null };
}
