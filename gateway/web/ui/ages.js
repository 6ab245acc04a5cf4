// Changing how long the footage of a camera is kept, and whether twice. What would be deleted at once is said, and the camera's name
// asked for.
import { api } from "./api.js";
import { h } from "./dom.js";
import { store } from "./store.js";
import { field } from "./sign.js";
import { dialog, tick } from "./parts.js";
import { words } from "./words.js";
import { keepingWords as w, long } from "./words-keeping.js";

/** Units of an age, seconds. @type {Record<string, number>} */
const units = { w: 7 * 86400, d: 86400, h: 3600, m: 60, s: 1 };

/** An age as the configuration file writes it, such as 30d or 1h30m, in seconds; NaN where it is none. @param {string} text */
function seconds(text) {
  if (!/^(\d+[wdhms])+$/.test(text)) return NaN;
  return [...text.matchAll(/(\d+)([wdhms])/g)].reduce((n, m) => n + Number(m[1]) * units[m[2]], 0);
}

/**
 * Asks how long the footage of a camera that was added here is to be kept, and sets it.
 * @param {import("./api.js").Kept} k @param {() => void} done
 */
export async function changeAges(k, done) {
  const settings = await api.record(k.camera), name = k.name || k.camera;
  const make = (/** @type {string} */ label, /** @type {"max_age"|"event_max_age"|"min_age"} */ key, /** @type {string} */ note) => field(label, { name: key, value: settings[key] || "", placeholder: w.asSite }, note);
  const max = make(w.keptFacts.continuous, "max_age", w.maxNote), event = make(w.keptFacts.event, "event_max_age", w.eventNote), min = make(w.keptFacts.promised, "min_age", w.minNote);
  const twice = tick(words.mirror, !!settings.mirror, words.mirrorNote);
  twice.element.hidden = !settings.mirror && (store.health?.volumes.length || 0) < 2;
  const goes = h("p.warn-text", { role: "status" }), typed = field(w.typeName(name), { name: "confirm" });
  const age = k.oldest ? (Date.now() - Date.parse(k.oldest)) / 1000 : 0;

  /** Says what is deleted at once, and whether the form may be sent. */
  function ready() {
    const text = max.input.value.trim(), to = seconds(text), cleared = !!settings.max_age && text === "";
    const loses = cleared || to > 0 && age > to;
    goes.textContent = cleared ? w.agesMayGo : loses ? w.agesGo(long(age - to), long(to)) : "";
    typed.element.hidden = !loses;
    return !loses || typed.input.value.trim() === name.trim();
  }
  dialog({ title: w.agesTitle(name), fields: [max, event, min], more: [twice.element, goes, typed.element], button: w.saveAges, ready, act: async () => {
    await api.setRecord(k.camera, { ...settings, max_age: max.input.value.trim(), event_max_age: event.input.value.trim(), min_age: min.input.value.trim(), mirror: twice.input.checked });
    done();
  } });
}
