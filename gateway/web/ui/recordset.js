// What of a camera is recorded: all the time, around events, by a weekly schedule, or not at all. How long it is kept is set where that is
// shown (ages.js).
import { api } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { field } from "./sign.js";
import { choice, dialog, tick } from "./parts.js";
import { camerasWords as w } from "./words-cameras.js";

/** @typedef {{days?:string[],from:string,to:string,mode:string}} Rule @typedef {{rules?:Rule[],otherwise:string,exceptions?:unknown[]}} Schedule */

/** How a time of the week can be recorded. */
const kinds = /** @type {[string, string][]} */ ([["continuous", w.modes.continuous], ["event", w.modes.event], ["off", w.modes.off]]);

/** @param {Schedule|undefined} schedule */
function scheduler(schedule) {
  const rows = h("div.schedule-rules");
  const otherwise = choice(w.otherwise, { name: "otherwise" }, kinds);
  otherwise.input.value = schedule?.otherwise || "off";
  /** @param {Rule} r */
  function add(r) {
    const how = h("select", { name: "mode", "aria-label": w.how }, ...kinds.map(([v, t]) => h("option", { value: v }, t)));
    how.value = r.mode;
    const row = h("div.schedule-rule", null, h("input", { name: "days", value: (r.days || ["mon-sun"]).join(","), "aria-label": w.days, title: w.daysNote, placeholder: w.daysNote }), h("input.num", { name: "from", value: r.from, "aria-label": w.from, size: "5" }), h("input.num", { name: "to", value: r.to, "aria-label": w.to, size: "5" }), how,
      h("button.icon-button", { type: "button", title: w.removeRule, "aria-label": w.removeRule, onclick: () => row.remove() }, icon("close")));
    rows.append(row);
    return row;
  }
  for (const r of schedule?.rules || (schedule ? [] : [{ days: ["mon-fri"], from: "08:00", to: "18:00", mode: "continuous" }])) add(r);
  const n = schedule?.exceptions?.length || 0;
  const element = h("fieldset.field", null, h("legend.label", null, w.rules), h("p.field-note", null, w.rulesNote), rows, h("button.button.small", { type: "button", onclick: () => add({ days: ["mon-fri"], from: "08:00", to: "18:00", mode: "continuous" }).querySelector("input")?.focus() }, icon("plus"), w.addRule), otherwise.element, n > 0 && h("p.field-note", null, w.exceptions(n)));
  const value = () => ({ ...schedule, otherwise: otherwise.input.value, rules: [...rows.children].map(r => {
    const at = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (r.querySelector(`[name=${name}]`)).value.trim();
    return { days: at("days").split(/[\s,]+/).filter(Boolean), from: at("from"), to: at("to"), mode: at("mode") };
  }) });
  return { element, value };
}

/** Asks what of a camera is to be recorded, and sets it. @param {import("./api.js").Camera} c */
export async function recordingOf(c) {
  const s = /** @type {any} */ (await api.record(c.id));
  const mode = choice(w.mode, { name: "mode" }, Object.entries(w.modes)), pre = field(w.pre, { name: "pre_roll", value: s.pre_roll || "" }, w.preNote), post = field(w.post, { name: "post_roll", value: s.post_roll || "" });
  mode.input.value = s.mode || "continuous";
  const plan = scheduler(s.schedule), recorded = new Set(s.streams || ["main"]);
  const streams = c.streams.map(x => ({ id: x.id, ...tick(`${x.id}${x.codec ? `: ${x.codec.replace("H26", "H.26")} ${x.width}×${x.height}` : ""}`, recorded.has(x.id)) }));
  const which = h("fieldset.ticks", { hidden: streams.length < 2 }, h("legend.label", null, w.recStreams), ...streams.map(x => x.element), h("p.field-note", null, w.recStreamsNote));
  function fit() {
    plan.element.hidden = mode.input.value !== "schedule";
    pre.element.hidden = post.element.hidden = mode.input.value === "continuous" || mode.input.value === "off";
    which.hidden = mode.input.value === "off" || streams.length < 2;
  }
  mode.input.addEventListener("change", fit);
  fit();
  dialog({ title: w.recTitle(c.name), fields: [mode, pre, post], more: [plan.element, which], button: w.save, wide: true, ready: () => mode.input.value === "off" || streams.some(x => x.input.checked), act: () => {
    const { schedule, ...rest } = s;
    return api.setRecord(c.id, { ...rest, mode: mode.input.value, pre_roll: pre.input.value.trim(), post_roll: post.input.value.trim(), streams: streams.filter(x => x.input.checked).map(x => x.id), ...(mode.input.value === "schedule" ? { schedule: plan.value() } : {}) });
  } });
}
