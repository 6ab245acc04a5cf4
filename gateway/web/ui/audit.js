// Audit: who did and saw what. Each part is a module and an address of its own.
import { h, Undo } from "./dom.js";
import { tabbed } from "./parts.js";
import { words } from "./words.js";
import { auditWords as w } from "./words-audit.js";
import { logPart } from "./log.js";
import { watchedPart } from "./watched.js";
import { summaryPart } from "./summary.js";
import { quietPart } from "./quiet.js";
import { proofPart } from "./proof.js";

/** The parts in their order, and what makes each. @type {[keyof typeof w.parts, (undo: Undo, go: (path: string) => void) => {element: HTMLElement, action: HTMLElement|null}][]} */
const parts = [["", logPart], ["watched", watchedPart], ["summary", summaryPart], ["unused", quietPart], ["proof", proofPart]];

/** @param {string} part @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function auditPage(part, go) {
  const undo = new Undo(), [here, make] = parts.find(p => p[0] === part) || parts[0];
  const made = make(undo, go);
  const element = h("section.page.wide", null, h("header", null, h("h1", null, words.audit), h("span.grow"), made.action), tabbed(words.audit, "/audit", parts.map(([n]) => [n, w.parts[n]]), here, go), made.element);
  return { element, leave: () => undo.run() };
}
