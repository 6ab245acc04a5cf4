// Approvals: who asks another person to watch or take away footage; saying yes or no.
import { approvals } from "./api-people.js";
import { h, morph, Undo } from "./dom.js";
import { listing } from "./listing.js";
import { facts, failed, nothing, state, waiting } from "./parts.js";
import { store } from "./store.js";
import { wishes } from "./wishes.js";
import { words, duration, when } from "./words.js";
import { approvalWords as w } from "./words-approvals.js";
import { spell } from "./words-keeping.js";

/** @typedef {import("./api-people.js").Approval} Approval */
/** A stretch of time, to the tenth: never less than it is. @param {number} s */
const seconds = s => `${(Math.ceil(s * 10) / 10).toFixed(1)} s`;
/** @type {Record<Approval["state"], import("./parts.js").Tone>} */
const tones = { asked: "busy", given: "good", declined: "bad", over: "none" };
/** What comes first in the list. */
const order = ["asked", "given", "declined", "over"];

/** @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function approvalsPage(go) {
  const undo = new Undo();
  let wanted = new URLSearchParams(location.search).get("id") || "";
  /** What was refused last, and of which. */
  let refused = { id: "", says: "" };
  const status = h("div");
  const camera = (/** @type {Approval} */ a) => store.nameOf(a.camera);
  const view = listing({ label: words.approvals, cls: "tight.wishes", columns: w.columns, key: (/** @type {Approval} */ a) => a.id, title: a => `${w.permissions[/** @type {"playback"} */ (a.permission)] || a.permission}, ${camera(a)}`, cells, details, text: a => [a.by_name, camera(a), a.reason].join(" "),
    sorts: [a => a.by_name, camera, a => a.reason, a => -Date.parse(a.asked), a => order.indexOf(a.state) * 1e13 - Date.parse(a.asked) / 1e3], by: 4 });
  const shown = h("div", { hidden: true }, view.element);
  const element = h("section.page.wide", null, h("header", null, h("h1", null, words.approvals)), status, shown);

  /** @param {Approval} a */
  function cells(a) { return [h("b", null, a.mine ? w.you : a.by_name), [camera(a), h("span.quiet.beside.num", null, spell(a.from, a.to))], h("span.clip", { title: a.reason }, a.reason), h("span.num", null, when(a.asked)), state(tones[a.state], w.states[a.state])]; }

  /** @param {Approval} a */
  function details(a) {
    const f = w.facts, id = a.id;
    /** @param {(id: string) => Promise<unknown>} what */
    const act = what => async () => {
      refused = { id, says: "" };
      try { await what(id); } catch (x) { const p = /** @type {import("./api.js").Problem} */ (x); refused.says = p.slug === "in-use" ? w.decidedLate : p.says; }
      wishes.ask();
    };
    const open = a.state === "asked" || a.state === "given";
    return [
      h("p.lead.said", null, `“${a.reason}”`),
      facts([[f.who, a.mine ? w.you : a.by_name], [f.what, w.permissions[/** @type {"playback"} */ (a.permission)] || a.permission], [f.camera, camera(a)], [f.range, spell(a.from, a.to)], [f.length, duration((Date.parse(a.to) - Date.parse(a.from)) / 1000)], [f.asked, when(a.asked)], [f.decided, a.decided && `${w.states[a.state]}, ${when(a.decided)}`], [f.until, open && when(a.until)]]),
      a.before + a.after > 0 && h("p.quiet.num", { "data-key": "reach" }, w.reach(seconds(a.before), seconds(a.after))),
      a.state === "asked" && a.mine && h("p.quiet", { "data-key": "own" }, w.ownWaits), h("p.form-error", { role: "alert" }, refused.id === id && refused.says),
      h("div.buttons.wrap-buttons", null, a.decidable && a.state === "asked" && h("button.button.primary", { type: "button", "data-key": "give", onclick: act(approvals.give) }, w.give), a.decidable && a.state === "asked" && h("button.button", { type: "button", "data-key": "decline", onclick: act(approvals.decline) }, w.decline),
        open && (a.mine || a.decidable && a.state === "given") && h("button.button", { type: "button", "data-key": "end", onclick: act(approvals.end) }, a.state === "asked" ? w.takeBack : w.giveBack), store.can(a.camera, "playback") && h("button.button", { type: "button", "data-key": "show", onclick: () => go(`/timeline/${encodeURIComponent(a.camera)}?at=${a.from}`) }, w.show)),
    ];
  }

  function draw() {
    shown.hidden = !wishes.list.length;
    morph(status, wishes.error ? failed(wishes.error, () => wishes.ask()) : !wishes.known ? waiting() : wishes.list.length === 0 && nothing(w.none, w.noneText, store.may("people") && h("button.button", { type: "button", onclick: () => go("/people/rules") }, w.rules)));
    view.show(wishes.list);
    if (wanted && wishes.list.some(a => a.id === wanted)) { view.pick(wanted); wanted = ""; }
  }
  undo.on(wishes, "change", draw);
  undo.on(store, "change", draw);
  draw();
  return { element, leave: () => undo.run() };
}
