// People: who there is and what they may do. Each part is a module and an address of its own.
import { h, Undo } from "./dom.js";
import { store } from "./store.js";
import { tabbed } from "./parts.js";
import { words } from "./words.js";
import { peopleWords as w } from "./words-people.js";
import { staffPart } from "./staff.js";
import { rolesPart } from "./roles.js";
import { groupsPart } from "./groups.js";
import { tokensPart } from "./tokens.js";
import { sessionsPart } from "./sessions.js";
import { rulesPart } from "./policy.js";
import { unusedPart } from "./unused.js";

/** The parts in their order, and what makes each. @type {[keyof typeof w.parts, (undo: Undo, go: (path: string) => void) => {element: HTMLElement, action: HTMLElement|null}][]} */
const parts = [["", staffPart], ["roles", rolesPart], ["groups", groupsPart], ["tokens", tokensPart], ["sessions", sessionsPart], ["rules", rulesPart], ["unused", unusedPart]];

/** @param {string} part @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function peoplePage(part, go) {
  const undo = new Undo(), [here, make] = parts.find(p => p[0] === part) || parts[0];
  const made = make(undo, go);
  const element = h("section.page.wide", null, h("header", null, h("h1", null, words.people), h("span.grow"), made.action), tabbed(words.people, "/people", parts.map(([n]) => [n, w.parts[n]]), here, go), made.element);
  undo.on(store, "rights", () => undo.run());
  return { element, leave: () => undo.run() };
}
