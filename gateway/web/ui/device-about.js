// What a camera is: as it says itself, what was understood of it, how it is known, and where it stands.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { part, form } from "./device-parts.js";
import { deedButton, dialog, facts, notice, state } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { deviceWords as w } from "./words-device.js";

/** @param {import("./device-parts.js").Here} here */
export function aboutPart(here) {
  const { id } = here, c = store.cameras.get(id);
  return h("div.parts", null,
    part(w.what, () => device.get(id, "device"), (/** @type {import("./api-device.js").DeviceFacts} */ d, again) => [
      ...d.warnings.map(t => notice("warn", t)),
      facts([[w.facts.maker, [d.manufacturer, d.model].filter(Boolean).join(" ")], [w.facts.firmware, d.firmware], [w.facts.serial, d.serial], [w.facts.hardware, d.hardware], [w.facts.address, c?.address],
        [w.facts.clock, w.ahead(d.skew_seconds)], [w.facts.has, w.has(d).join(", ")], [w.facts.services, d.services.join(", ")]]),
      h("div.buttons", null, deedButton(w.askAnew, async () => { await device.get(id, "device?fresh=1"); again(); }))]),
    part(w.sources, () => device.get(id, "device"), d => [h("table.list.tight.sources-table", null, h("thead", null, h("tr", null, ...w.sourceColumns.map(t => h("th", { scope: "col" }, t)))), h("tbody", null, ...d.sources.flatMap((/** @type {any} */ s) => s.profiles.map((/** @type {any} */ p, /** @type {number} */ i) =>
      h("tr", null, h("td", null, i === 0 && h("b", null, s.name || s.token)), h("td", null, p.role ? /** @type {any} */ (w.roles)[p.role] : h("span.quiet", { title: p.why }, "–")), h("td.num", null, `${p.codec.replace("H26", "H.26")} ${p.width}×${p.height}`), h("td.num", null, `${p.fps} fps`), h("td", null, p.audio || "–"), h("td", null, i === 0 && cameras(s, here)))))))]),
    part(w.trust, () => device.get(id, "certificate"), (t, again) => t.keys.length === 0 ? [h("p.quiet", null, w.trustNone)] : [
      facts(t.keys.map((/** @type {any} */ k) => [k.protocol, h("code.id", null, k.sha256)])),
      h("button.button", { type: "button", onclick: () => dialog({ title: w.forget, text: [w.forgetText], button: w.forgetDo, danger: true, act: async () => { await device.remove(id, "certificate"); again(); } }) }, w.forget)], w.trustNote),
    part(w.place, () => device.get(id, "position"), place(here), w.placeNote));
}

/** Which cameras here a source is. @param {any} s @param {import("./device-parts.js").Here} here */
function cameras(s, here) {
  return s.cameras.length === 0 ? h("span.quiet", null, w.notAdded) : h("span", null, ...s.cameras.map((/** @type {string} */ id) => id === here.id ? state("good", w.thisOne) : h("a.link-line", { href: `/camera/${encodeURIComponent(id)}`, onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); here.go(`/camera/${encodeURIComponent(id)}`); } }, store.nameOf(id))));
}

/** @param {import("./device-parts.js").Here} here */
const place = here => (/** @type {any[]} */ list, /** @type {() => void} */ again) => {
  const p = list[0] || {}, fixed = !!p.fixed;
  const number = (/** @type {string} */ key) => field(/** @type {any} */ (w.placeFields)[key], { name: key, inputmode: "decimal", value: p[key] ?? "", disabled: fixed });
  const fields = ["lat", "lon", "elevation", "yaw", "pitch", "roll"].map(number);
  const read = (/** @type {ReturnType<typeof field>} */ f) => f.input.value.trim() === "" ? undefined : Number(f.input.value.replace(",", "."));
  return [list.length === 0 && h("p.quiet", null, w.placeNone), form(fields, w.placeSet, async () => {
    await device.put(here.id, "position", Object.fromEntries([...fields.map(f => [f.input.name, read(f)]).filter(f => f[1] !== undefined), ...(p.entity ? [["entity", p.entity], ["token", p.token]] : [])]));
    again();
  }), list.length > 0 && !fixed && deedButton(w.placeForget, async () => { await device.remove(here.id, "position"); again(); }, ".quiet-button"), fixed && h("p.quiet", null, w.placeFixed)];
};
