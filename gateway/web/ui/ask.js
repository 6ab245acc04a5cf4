// On the timeline, where footage takes two people: asking for it, waiting, and what became of it.
import { approvals } from "./api-people.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { deedButton, dialog, state } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { wishes } from "./wishes.js";
import { clock } from "./words.js";
import { approvalWords as w } from "./words-approvals.js";
import { spell } from "./words-keeping.js";

/** How much footage around a moment is asked for unless somebody says otherwise, ms. */
const around = 15 * 60e3;

/** A moment as a field of local time has it. @param {number} t */
const local = t => new Date(t - new Date(t).getTimezoneOffset() * 60e3).toISOString().slice(0, 19);

/**
 * What stands where the picture would be.
 * @param {string} camera @param {number} at the moment that is wished for @param {[number, number]|null} range that is picked on the timeline
 */
export function secondPerson(camera, at, range) {
  const name = store.nameOf(camera), waits = wishes.waiting("playback", camera, at);
  const declined = !waits && wishes.list.find(a => a.mine && a.state === "declined" && a.camera === camera && Date.parse(a.from) <= at && Date.parse(a.to) > at);
  if (waits) return h("div.second-box", { role: "status" }, h("h2", null, state("busy", w.waitTitle)), h("p", null, w.waitText(spell(waits.from, waits.to), waits.reason, clock(waits.asked, false))), deedButton(w.takeBack, async () => { await approvals.end(waits.id); await wishes.ask(); }));
  const edge = wishes.list.some(a => a.mine && a.state === "given" && a.camera === camera && Date.parse(a.until) > Date.now());
  return h("div.second-box", { role: "status" }, icon("approvals"), h("h2", null, declined ? w.declinedTitle : w.title), h("p", null, declined ? w.declinedText : w.text(name)), edge && h("p", null, w.edge),
    h("button.button.primary", { type: "button", onclick: () => ask(camera, name, range || [at - around / 3, Math.min(at + around, Date.now())]) }, w.ask));
}

/** @param {string} camera @param {string} name @param {[number, number]} range */
function ask(camera, name, [a, b]) {
  const from = field(w.from, { name: "from", type: "datetime-local", step: "1", value: local(a) }), to = field(w.to, { name: "to", type: "datetime-local", step: "1", value: local(b) });
  const reason = field(w.reason, { name: "reason", maxlength: "400" }, w.reasonNote);
  const time = (/** @type {{input: HTMLInputElement}} */ f) => new Date(f.input.value);
  dialog({ title: w.askTitle(name), fields: [reason, from, to], button: w.send, ready: () => reason.input.value.trim() !== "" && time(to) > time(from), act: async () => {
    await approvals.ask({ permission: "playback", camera, from: time(from).toISOString(), to: time(to).toISOString(), reason: reason.input.value.trim() });
    await wishes.ask();
  } });
}
