// How a camera makes its picture, beside the picture: light, focus, and of thermal ones colours and what temperatures are reckoned with.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { form, part, pick, picture, slider } from "./device-parts.js";
import { Overlay } from "./overlay.js";
import { facts, tick } from "./parts.js";
import { field } from "./sign.js";
import { clock } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** @param {import("./device-parts.js").Here} here */
export function picturePart(here) {
  const { id } = here, shown = picture(here, "main");
  if (shown.video) { const o = new Overlay(shown.video, id); here.undo.add(() => o.end()); }
  const hot = h("div");
  device.get(id, "device").then(d => { if (d.thermal) hot.append(part(w.thermal, () => device.get(id, "thermal"), (t, again) => thermal(id, t, again), w.thermalNote)); }).catch(() => {}); // whoever may not ask sees no thermal part
  return h("div.with-picture", null, h("div.parts", null, part(w.picture, () => device.get(id, "imaging"), (i, again) => imaging(id, i, again), w.pictureNote), hot), shown.element);
}

/** A setting by its name, such as exposure.gain. @param {any} from @param {string} name */
const valueOf = (from, name) => name.split(".").reduce((v, k) => v?.[k], from);
/** A change of one setting. @param {string} name @param {unknown} value */
const changeOf = (name, value) => name.split(".").reduceRight((/** @type {any} */ v, k) => ({ [k]: v }), value);

/** @param {string} name */
const named = name => /** @type {any} */ (w.settings)[name] || name.split(".").pop()?.replaceAll("_", " ") || name;
const spoken = (/** @type {string} */ mode) => /** @type {any} */ (w.modesOf)[mode] || mode;

/** @param {string} id @param {{settings:any,options:import("./api-device.js").Option[],focus:any,presets:{token:string,name:string}[],preset:string}} i @param {() => void} again */
function imaging(id, i, again) {
  const set = (/** @type {unknown} */ change) => device.put(id, "imaging", change).then(again);
  /** @type {Map<string, Node[]>} */
  const groups = new Map();
  for (const o of i.options) {
    const group = o.name.includes(".") ? o.name.split(".")[0] : "light", list = groups.get(group) || [];
    groups.set(group, list);
    const value = valueOf(i.settings, o.name);
    if (o.modes?.length && o.min !== undefined && o.max !== undefined) { // switched, and with a strength
      list.push(pick(named(o.name), value?.mode || "", o.modes.map(m => [m, spoken(m)]), v => set(changeOf(o.name, { ...value, mode: v }))));
      if (o.max > o.min) list.push(slider(w.strength(named(o.name)), Number(value?.level ?? o.min), o.min, o.max, v => set(changeOf(o.name, { ...value, level: v }))));
    } else if (o.modes?.length) {
      const whole = value !== null && typeof value === "object";
      list.push(pick(named(o.name), String((whole ? value.mode : value) ?? ""), o.modes.map(m => [m, spoken(m)]), v => set(changeOf(o.name, whole ? { mode: v } : v))));
    }
    else if (o.min !== undefined && o.max !== undefined && o.max > o.min) list.push(slider(named(o.name), Number(value ?? o.min), o.min, o.max, v => set(changeOf(o.name, v))));
  }
  return [i.presets.length > 0 && pick(w.preset, i.preset, i.presets.map(p => [p.token, p.name || p.token]), v => set({ preset: v })),
    ...[...groups].map(([name, list]) => h("fieldset.group", null, h("legend", null, /** @type {any} */ (w.groups)[name] || named(name)), h("div.fields", null, ...list))), i.focus && focus(id, i.focus)];
}

/** Moving the focus: by a button that is held, or to a position. @param {string} id @param {any} f */
function focus(id, f) {
  const error = h("p.field-error", { role: "alert" }), where = h("span.quiet.num", null, f.position !== null ? w.focusAt(f.position) : "");
  /** @param {unknown} v */
  async function move(v) { error.textContent = ""; try { const now = await device.post(id, "imaging/focus", v); where.textContent = now.position !== null ? w.focusAt(now.position) : ""; } catch (x) { error.textContent = /** @type {import("./api.js").Problem} */ (x).says; } }
  const goes = f.options.find((/** @type {any} */ o) => o.name === "velocity"), to = f.options.find((/** @type {any} */ o) => o.name === "position");
  const hold = (/** @type {string} */ label, /** @type {number} */ v) => {
    let held = false;
    const begin = () => { if (!held) { held = true; move({ velocity: v }); } }, end = () => { if (held) { held = false; move({ stop: true }); } };
    return h("button.button", { type: "button", onpointerdown: begin, onpointerup: end, onpointerleave: end, onpointercancel: end, onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === " " || e.key === "Enter") { e.preventDefault(); begin(); } }, onkeyup: end, onblur: end }, label);
  };
  return h("fieldset.group", null, h("legend", null, w.groups.focus, " ", where), h("div.fields", null, to && slider(w.focusPosition, f.position ?? to.min, to.min, to.max, v => move({ position: v }))), goes && h("div.buttons", null, hold(w.nearer, goes.min < 0 ? goes.min : -1), hold(w.farther, goes.max || 1)), error);
}

/** @param {number} k */
const celsius = k => Math.round((k - 273.15) * 10) / 10;
const hotNames = ["reflected_ambient_temperature", "atmospheric_temperature", "ext_optics_temperature"];

/** @param {string} id @param {any} t @param {() => void} again */
function thermal(id, t, again) {
  const set = (/** @type {unknown} */ change) => device.put(id, "thermal", change).then(again);
  const m = t.radiometry, fields = (m?.options || []).map((/** @type {import("./api-device.js").Option} */ o) => {
    const hot = hotNames.includes(o.name), ends = o.min !== undefined && o.max !== undefined ? w.within(hot ? celsius(o.min) : o.min, hot ? celsius(o.max) : o.max, hot ? " °C" : "") : "";
    return field(/** @type {any} */ (w.radiometry)[o.name] || o.name, { name: o.name, inputmode: "decimal", value: m[o.name] === undefined ? "" : String(hot ? celsius(m[o.name]) : m[o.name]) }, ends);
  });
  const cooler = tick(w.cooler, !!t.cooler);
  cooler.input.addEventListener("change", () => set({ cooler: cooler.input.checked }));
  return [h("div.fields", null, pick(w.palette, t.palette, t.palettes.map((/** @type {any} */ p) => [p.token, p.name || p.type]), v => set({ palette: v })), pick(w.polarity, t.polarity, [["WhiteHot", w.whiteHot], ["BlackHot", w.blackHot]], v => set({ polarity: v })),
    t.nuc_tables.length > 0 && pick(w.nuc, t.nuc_table, t.nuc_tables.map((/** @type {any} */ n) => [n.token, n.low ? `${n.name} (${w.within(celsius(n.low), celsius(n.high), " °C")})` : n.name]), v => set({ nuc_table: v }))), t.cooler !== null && cooler.element,
    t.readings.length > 0 && h("div", null, h("h3", null, w.readings), facts(t.readings.map((/** @type {import("./api-device.js").Reading} */ r) => [r.item, w.reading(r, celsius) + ` · ${clock(r.at)}`]))),
    m && h("div", null, h("h3", null, w.reckoned), form(fields, w.change, async () => {
      await set({ radiometry: Object.fromEntries(fields.filter((/** @type {any} */ f) => f.input.value.trim() !== "").map((/** @type {any} */ f) => [f.input.name, Number(f.input.value.replace(",", ".")) + (hotNames.includes(f.input.name) ? 273.15 : 0)])) });
    }))];
}
