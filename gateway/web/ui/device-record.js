// What of a camera is recorded, and for how long it is kept.
import { api } from "./api.js";
import { h } from "./dom.js";
import { form, part } from "./device-parts.js";
import { choice, notice, tick } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { words, why } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** @typedef {{days?:string[],from:string,to:string,mode:string}} Rule */
/** @typedef {{mode?:string,pre_roll?:string,post_roll?:string,schedule?:{rules?:Rule[],otherwise:string,exceptions?:any[]},streams?:string[],max_age?:string,event_max_age?:string,min_age?:string,volumes?:string[],mirror?:boolean}} Settings */

/** @param {import("./device-parts.js").Here} here */
export function recordPart(here) {
  const c = store.cameras.get(here.id);
  return h("div.parts", null, part(w.recording, () => api.record(here.id), (s, again) => [c && h("p", null, h("b", null, /** @type {any} */ (words.recStates)[c.record.state]), " ", why(c.record)),
    c?.source === "config" && notice("none", w.inFile, w.inFileText), settings(here.id, /** @type {Settings} */ (s), c?.source === "config", again)], w.recordingNote));
}

/** @param {string} id @param {Settings} s @param {boolean} fixed @param {() => void} again */
function settings(id, s, fixed, again) {
  const c = store.cameras.get(id), modes = /** @type {[string, string][]} */ (Object.entries(w.recordModes));
  const mode = choice(w.recordMode, { name: "mode" }, modes), pre = field(w.preRoll, { name: "pre_roll", value: s.pre_roll || "", placeholder: "5s", disabled: fixed }, w.preRollNote), post = field(w.postRoll, { name: "post_roll", value: s.post_roll || "", placeholder: "10s", disabled: fixed }, w.postRollNote);
  mode.input.value = s.mode || "continuous";
  mode.input.disabled = fixed;
  const rules = schedule(s.schedule, fixed);
  const ages = [field(w.maxAge, { name: "max_age", value: s.max_age || "", placeholder: w.siteAge, disabled: fixed }, w.ageNote), field(w.eventAge, { name: "event_max_age", value: s.event_max_age || "", placeholder: w.siteAge, disabled: fixed }), field(w.minAge, { name: "min_age", value: s.min_age || "", placeholder: w.siteAge, disabled: fixed }, w.minAgeNote)];
  const recorded = s.streams?.length ? s.streams : ["main"], streams = (c?.streams || []).map(x => ({ id: x.id, ...tick(w.recordStream(/** @type {any} */ (w.roles)[x.id] || x.id, x.width ? `${x.width}×${x.height}` : ""), recorded.includes(x.id)) }));
  for (const x of streams) x.input.disabled = fixed;
  const twice = tick(words.mirror, !!s.mirror, words.mirrorNote);
  twice.input.disabled = fixed;
  twice.element.hidden = !s.mirror && (store.health?.volumes.length || 0) < 2;
  const fit = () => { const m = mode.input.value; rules.element.hidden = m !== "schedule"; pre.element.hidden = post.element.hidden = m === "continuous" || m === "off"; };
  mode.input.addEventListener("change", fit);
  fit();
  const f = form([mode, pre, post, ...ages], w.saveRecording, async () => {
    const chosen = streams.filter(x => x.input.checked).map(x => x.id);
    await api.setRecord(id, { ...s, mode: mode.input.value, pre_roll: pre.input.value.trim(), post_roll: post.input.value.trim(), max_age: ages[0].input.value.trim(), event_max_age: ages[1].input.value.trim(), min_age: ages[2].input.value.trim(), streams: chosen, mirror: twice.input.checked, schedule: mode.input.value === "schedule" ? rules.value() : s.schedule });
    again();
    return w.saved;
  }, [rules.element, h("fieldset.group", null, h("legend", null, w.recordStreams), ...streams.map(x => x.element)), twice.element]);
  if (fixed) f.querySelector(".buttons")?.remove();
  return f;
}

/** Rules of the week, one a row; the first that fits holds. @param {Settings["schedule"]} given @param {boolean} fixed */
function schedule(given, fixed) {
  const modes = /** @type {[string, string][]} */ (Object.entries(w.recordModes).filter(m => m[0] !== "schedule"));
  const body = h("tbody"), otherwise = choice(w.otherwise, { name: "otherwise" }, modes);
  otherwise.input.value = given?.otherwise || "off";
  otherwise.input.disabled = fixed;
  const cell = (/** @type {string} */ label, /** @type {Record<string, any>} */ props) => h("input", { "aria-label": label, disabled: fixed, ...props });
  const select = (/** @type {string} */ mode) => { const s = h("select", { "aria-label": w.recordMode, disabled: fixed }, ...modes.map(([v, t]) => h("option", { value: v, selected: v === mode }, t))); return s; };
  /** @param {Rule} r */
  const add = r => { const row = h("tr", null, h("td", null, cell(w.days, { value: (r.days || []).join(", "), placeholder: w.everyDay, size: "12" })), h("td", null, cell(w.from, { type: "time", value: r.from })), h("td", null, cell(w.to, { type: "time", value: r.to })), h("td", null, select(r.mode)), h("td", null, !fixed && h("button.button", { type: "button", onclick: () => row.remove() }, w.remove))); body.append(row); };
  for (const r of given?.rules || []) add(r);
  const element = h("fieldset.group", null, h("legend", null, w.schedule), h("p.field-note", null, w.scheduleNote), h("table.list.schedule", null, h("thead", null, h("tr", null, ...w.scheduleColumns.map(t => h("th", { scope: "col" }, t)), h("th"))), body),
    !fixed && h("button.button", { type: "button", onclick: () => add({ days: ["mon-fri"], from: "08:00", to: "18:00", mode: "continuous" }) }, w.addRule), otherwise.element, given?.exceptions?.length ? h("p.field-note", null, w.exceptions(given.exceptions.length)) : null);
  return { element, value: () => ({ ...given, rules: [...body.rows].map((/** @type {HTMLTableRowElement} */ row) => {
    const [days, from, to] = /** @type {HTMLInputElement[]} */ ([...row.querySelectorAll("input")]), mode = /** @type {HTMLSelectElement} */ (row.querySelector("select"));
    const list = days.value.split(/[\s,]+/).filter(Boolean);
    return { ...(list.length ? { days: list } : {}), from: from.value, to: to.value, mode: mode.value };
  }), otherwise: otherwise.input.value }) };
}
