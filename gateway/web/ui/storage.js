// Storage: alarms first, then its parts. Each part is a module and an address of its own.
import { store } from "./store.js";
import { h, morph, Undo } from "./dom.js";
import { words, when } from "./words.js";
import { camerasWords as cameras } from "./words-cameras.js";
import { storageWords as w } from "./words-storage.js";
import { volumesPart } from "./volumes.js";
import { healthPart } from "./health.js";
import { keptPart } from "./kept.js";
import { plannerPart } from "./planner.js";
import { lockedPart } from "./locked.js";
import { erasedPart } from "./erased.js";
import { encryptionPart } from "./encryption.js";
import { certificatePart } from "./certificate.js";
import { checkPart } from "./check.js";
import { connectionsPart } from "./connections.js";

/** The parts in their order: which permission each needs, and what makes it. */
const parts = /** @type {const} */ ([["", "maintain", volumesPart], ["health", "see", healthPart], ["kept", "see", keptPart], ["plan", "maintain", plannerPart], ["locked", "lock", lockedPart], ["erased", "erase", erasedPart], ["encryption", "keys", encryptionPart], ["certificate", "maintain", certificatePart], ["check", "maintain", checkPart], ["connections", "maintain", connectionsPart]]);

/** @param {string} part @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function storagePage(part, go) {
  const undo = new Undo();
  let all = false;
  const summary = h("p.quiet.summary");
  const alarms = h("section.alarms", { "aria-label": words.alarms, "aria-live": "polite" });
  const mine = parts.filter(p => store.may(p[1]));
  const [here, , make] = mine.find(p => p[0] === part) || parts[0];
  const shown = here ? 1 : 3; // of the alarms: what is below must stay in sight
  const made = make(undo, go);
  const tabs = h("nav.tabs", { "aria-label": words.storage }, ...mine.map(([n]) => h("a.tab", { href: "/storage" + (n && "/" + n), "aria-current": n === here ? "page" : "false", onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go("/storage" + (n && "/" + n)); } }, w.parts[n])));
  const element = h("section.page.wide", null, h("header", null, h("h1", null, words.storage), summary, h("span.grow"), made.action), alarms, tabs, made.element);

  function draw() {
    const hl = store.health;
    if (!hl) return;
    summary.textContent = hl.alarms.length ? cameras.counted(...store.counts()) : hl.summary; // alarms are said below
    const list = [...hl.alarms].sort((a, b) => Number(b.severity === "alarm") - Number(a.severity === "alarm"));
    morph(alarms, ...(list.length ? list.slice(0, all ? list.length : shown).map(here && here !== "health" || phone.matches ? folded : alarm) : [store.health && store.health.state !== "ok" ? h("p.well.warn", { "data-key": "unwell" }, h("i.shape", { "aria-hidden": "true" }), w.notAll) : h("p.well", { "data-key": "well" }, h("i.shape.good", { "aria-hidden": "true" }), w.quietAll)]),
      list.length > shown && h("button.link", { type: "button", "data-key": "more", onclick: () => { all = !all; draw(); } }, all ? w.fewer : w.moreAlarms(list.length - shown)));
  }
  undo.on(store, "change", draw);
  draw();
  requestAnimationFrame(() => tabs.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" })); // on a phone they do not all fit
  return { element, leave: () => undo.run() };
}

/** There is room for little more than the alarms. */
const phone = matchMedia("(max-width: 700px)");

/** Alarms that were unfolded, by id. @type {Set<string>} */
const unfolded = new Set();

/** An alarm on a page about something else: what it means is there when it is asked for. @param {import("./api.js").Alarm} a */
function folded(a) {
  const bad = a.severity === "alarm";
  return h("details.alarm-line.folded." + (bad ? "bad" : "warn"), { "data-key": a.id, open: unfolded.has(a.id), ontoggle: kept }, h("summary", null, h("i.shape", { role: "img", "aria-label": bad ? w.alarmNames.alarm : w.alarmNames.warning }), h("b.grow", null, a.what), h("time.quiet.num", { datetime: a.since, title: a.since }, `${words.since} ${when(a.since)}`)),
    h("p", null, a.means), h("p.todo", null, a.do));
}

/** Keeps what was unfolded so when the list is drawn anew. @param {Event} e */
function kept(e) {
  const d = /** @type {HTMLDetailsElement} */ (e.currentTarget);
  unfolded[d.open ? "add" : "delete"](d.dataset.key || "");
}

/** @param {import("./api.js").Alarm} a */
function alarm(a) {
  const bad = a.severity === "alarm";
  return h("article.alarm-line." + (bad ? "bad" : "warn"), { "data-key": a.id }, h("i.shape", { role: "img", "aria-label": bad ? w.alarmNames.alarm : w.alarmNames.warning }),
    h("div.grow", null, h("h3", null, a.what), h("p", null, a.means), h("p.todo", null, a.do)), h("time.quiet.num", { datetime: a.since, title: a.since }, `${words.since} ${when(a.since)}`));
}
