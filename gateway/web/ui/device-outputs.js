// What a camera switches and says: relays, inputs, lamps and wipers, clips.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { fileForm, form, part } from "./device-parts.js";
import { choice, deedButton, dialog, state } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { bytes, clock } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** @param {import("./device-parts.js").Here} here */
export function outputsPart(here) {
  const { id } = here, sets = store.may("configure");
  return h("div.parts", null, ...[
    part(w.relays, () => device.get(id, "relays"), list => list.length === 0 ? [h("p.quiet", null, w.relaysNone)] : list.map((/** @type {import("./api-device.js").Relay} */ r) => relay(id, r, sets)), w.relaysNote),
    part(w.inputs, () => device.get(id, "inputs"), list => list.length === 0 ? [h("p.quiet", null, w.inputsNone)] : [h("ul.plain-list", null, ...list.map(input))], w.inputsNote),
    store.can(id, "talk") && part(w.clips, () => device.get(id, "clips"), (c, again) => clips(id, c, sets, again), w.clipsNote),
    part(w.auxiliary, () => device.get(id, "auxiliary"), list => list.length === 0 ? [h("p.quiet", null, w.auxiliaryNone)] : [h("div.buttons.many", null, ...list.map((/** @type {string} */ c) => deedButton(w.command(c), () => device.post(id, "auxiliary", { command: c }))))], w.auxiliaryNote)].filter(Boolean));
}

/** @param {import("./api-device.js").Input} i */
const input = i => h("li", null, h("b.grow", null, i.token), i.active === undefined || i.active === null ? h("span.quiet", null, w.inputUnknown) : h("span", null, state(i.active ? "warn" : "none", i.active ? w.inputActive : w.inputIdle), i.since && h("span.quiet.num", null, ` ${clock(i.since)}`)), i.idle && h("span.quiet", null, w.idleIs(/** @type {any} */ (w.contacts)[i.idle] || i.idle)));

/** @param {string} id @param {import("./api-device.js").Relay} given @param {boolean} sets */
function relay(id, given, sets) {
  const box = h("article.box"), path = `relays/${encodeURIComponent(given.token)}`;
  /** @param {import("./api-device.js").Relay} r */
  function draw(r) {
    const go = (/** @type {boolean} */ active) => async () => draw(await device.put(id, path, { active }));
    const mode = choice(w.relayMode, { name: "mode" }, (r.modes.length ? r.modes : ["Monostable", "Bistable"]).map(m => [m, /** @type {any} */ (w.relayModes)[m] || m])), idle = choice(w.relayIdle, { name: "idle" }, [["open", w.contacts.open], ["closed", w.contacts.closed]]), delay = field(w.relayDelay, { name: "delay", inputmode: "decimal", value: String(r.delay) }, w.relayDelayNote);
    mode.input.value = r.mode; idle.input.value = r.idle;
    box.replaceChildren(h("h3", null, r.token, " ", r.active === null ? h("span.quiet", null, w.relayUnknown) : state(r.active ? "warn" : "none", r.active ? w.relayOn : w.relayOff)),
      h("div.buttons", null, deedButton(w.switchOn, go(true), ".primary"), r.mode === "Bistable" && deedButton(w.switchOff, go(false)), r.mode !== "Bistable" && h("span.quiet", null, w.falls(r.delay))),
      .../** @type {Node[]} */ (sets ? [h("details", null, h("summary", null, w.relaySet), form([mode, delay, idle], w.change, async () => draw(await device.put(id, `${path}/settings`, { mode: mode.input.value, delay: Number(delay.input.value.replace(",", ".")) || 0, idle: idle.input.value }))))] : []));
  }
  draw(given);
  return box;
}

/** Sounds that the camera keeps. @param {string} id @param {{clips:{token:string,name:string,type:string,enabled:boolean,repeats:number,playing:boolean}[],most:number,bytes:number,formats:string[]}} c @param {boolean} sets @param {() => void} again */
function clips(id, c, sets, again) {
  const at = (/** @type {string} */ token) => `clips/${encodeURIComponent(token)}`, full = c.most > 0 && c.clips.length >= c.most;
  const name = field(w.clipName, { name: "name", maxlength: "64" });
  return [c.clips.length === 0 && h("p.quiet", null, w.clipsNone), h("ul.plain-list", null, ...c.clips.map(k => h("li", null, h("div.grow", null, h("b", null, k.name), " ", k.playing && state("busy", w.clipPlays)),
    k.playing ? deedButton(w.clipStop, async () => { await device.post(id, `${at(k.token)}/play`, { stop: true }); again(); }) : deedButton(w.clipPlay, async () => { await device.post(id, `${at(k.token)}/play`, {}); again(); }),
    sets && h("button.button", { type: "button", "aria-label": `${w.remove}: ${k.name}`, onclick: () => dialog({ title: w.clipRemove(k.name), text: [w.clipRemoveText], button: w.remove, danger: true, act: async () => { await device.remove(id, at(k.token)); again(); } }) }, w.remove)))),
    sets && (full ? h("p.quiet", null, w.clipsFull(c.most)) : h("div.box", null, name.element, c.formats.length > 0 && h("p.field-note", null, w.clipTakes(c.formats.map(f => /** @type {any} */ (w.clipFormats)[f] || f).join(", "), c.bytes ? bytes(c.bytes) : "")),
      fileForm(w.clipFile, w.clipAdd, async (f, signal) => { await device.send(id, `clips?name=${encodeURIComponent(name.input.value.trim() || f.name.replace(/\.[^.]*$/, "").slice(0, 40))}`, f, signal); again(); return w.clipAdded; }, "audio/*")))];
}
