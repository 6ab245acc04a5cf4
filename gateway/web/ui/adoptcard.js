// What a device is and has, before it is added: who it is, what it can, its pictures, and which of its streams is used for what.
import { camerasApi, shown } from "./api-cameras.js";
import { h } from "./dom.js";
import { number } from "./language.js";
import { field } from "./sign.js";
import { facts, notice, tick } from "./parts.js";
import { words, bitrate, duration } from "./words.js";
import { camerasWords as w } from "./words-cameras.js";

/** @typedef {import("./api-cameras.js").Device} Device @typedef {import("./api-cameras.js").Source} Source @typedef {import("./api-cameras.js").StreamChoice} StreamChoice */

/** From how far off on the camera's clock is worth a word, seconds. */
const slack = 2;
const codec = (/** @type {string} */ c) => c.replace("H26", "H.26");

/** @param {import("./api-cameras.js").TestPicture} p */
const told = p => w.tested(codec(p.codec), `${p.width}×${p.height}`, duration(p.seconds));
/** @param {number} s */
const clockOf = s => Math.abs(s) < slack ? w.clockRight : (s > 0 ? w.clockAhead : w.clockBehind)(duration(Math.abs(s)));

/**
 * A picture that a device sent, in place of what was there.
 * @param {HTMLElement} box @param {import("./api-cameras.js").TestPicture} p @param {string} label
 */
export function showPicture(box, p, label) {
  const { url, video } = shown(p), free = () => URL.revokeObjectURL(url);
  box.replaceChildren(video ? h("video", { src: url, muted: true, "aria-label": label, onloadeddata: free }) : h("img", { src: url, alt: label, onload: free }));
}

/**
 * @param {Device} device @param {import("./api-cameras.js").TestPicture|null} first what its first source has shown already @param {{address:string,username:string,password:string}} login @param {{name:string,sources:string[]|null,streams:StreamChoice[]}} choice what is chosen; it is written to
 * @param {() => void} changed
 */
export function deviceCard(device, first, login, choice, changed) {
  const can = [device.ptz && w.ptz, device.thermal && w.thermal, device.events && w.events].filter(Boolean).join(", ") || w.plain;
  const sound = [device.sound.inputs > 0 && w.hears, device.sound.back_channel && w.speaks].filter(Boolean).join(", ") || w.silent;
  const name = field(w.cameraName, { name: "camera-name", value: choice.name, oninput: () => { choice.name = name.input.value.trim(); changed(); } }, w.cameraNameNote);
  const taken = new Set(choice.sources || device.sources.filter((s, i) => i === 0 && s.cameras.length === 0).map(s => s.token));
  const several = device.sources.length > 1;
  return h("div.device-card", null, ...device.warnings.map(t => notice("warn", t)), Math.abs(device.skew_seconds) >= slack && notice("warn", `${w.facts.clock}: ${clockOf(device.skew_seconds)}`, w.clockNote),
    facts([[w.facts.device, `${device.manufacturer} ${device.model}`], [w.facts.firmware, device.firmware], [w.facts.serial, device.serial], [w.facts.clock, clockOf(device.skew_seconds)], [w.facts.can, can], [w.facts.sound, sound], [w.facts.io, device.inputs + device.relays > 0 && `${device.inputs}, ${device.relays}`]]),
    ...device.sources.map(source), name.element);

  /** @param {Source} s @param {number} i */
  function source(s, i) {
    const picture = h("div.test-picture", null, h("span.quiet", null, w.noPicture)), said = h("p.quiet.num", { role: "status" }), error = h("p.form-error", { role: "alert" });
    if (i === 0 && first) { showPicture(picture, first, w.pictureOf(s.name || device.model)); said.textContent = told(first); }
    /** @param {string} [profile] @param {HTMLButtonElement} [button] */
    const test = async (profile, button) => {
      said.textContent = w.testing;
      error.textContent = "";
      if (button) button.disabled = true;
      try {
        const p = await camerasApi.picture({ ...login, source: s.token, ...(profile ? { profile } : {}) });
        showPicture(picture, p, w.pictureOf(s.name || device.model));
        said.textContent = told(p);
      } catch (e) {
        said.textContent = "";
        error.textContent = w.testFailed(/** @type {import("./api.js").Problem} */ (e).says);
      }
      if (button) button.disabled = false;
    };
    const roles = s.profiles.map(p => h("select", { "aria-label": w.role(p.name || p.token), disabled: !/^H26[45]$/.test(p.codec), onchange: () => use() }, ...Object.entries(w.roles).map(([v, t]) => h("option", { value: v, ...(v === p.role ? { selected: true } : {}) }, t))));
    /** Takes over what the streams are used for, where it is other than what was proposed. */
    function use() {
      const list = s.profiles.map((p, n) => ({ id: roles[n].value, profile: p.token })).filter(c => c.id), ids = list.map(c => c.id);
      error.textContent = !ids.includes("main") ? w.noMain : new Set(ids).size < ids.length ? w.twice : "";
      const others = choice.streams.filter(c => !s.profiles.some(p => p.token === c.profile));
      const proposed = s.profiles.every((p, n) => roles[n].value === p.role);
      choice.streams = error.textContent || proposed ? others : [...others, ...list];
      changed();
    }
    const box = tick(w.takeSource, taken.has(s.token), s.cameras.length ? w.taken(s.cameras.join(", ")) : s.kind === "thermal" ? words.thermalSource : "");
    box.input.disabled = s.cameras.length > 0 || !s.profiles.some(p => p.role === "main");
    box.input.addEventListener("change", () => { if (box.input.checked) taken.add(s.token); else taken.delete(s.token); choice.sources = device.sources.map(x => x.token).filter(t => taken.has(t)); changed(); });
    const main = h("button.button", { type: "button", onclick: () => test("", main) }, w.test);
    const table = h("table.streams", null, h("thead", null, h("tr", null, ...w.streams.map(t => h("th", { scope: "col" }, t)), h("th"))), h("tbody", null, ...s.profiles.map((p, n) => { const button = h("button.button.small", { type: "button", disabled: !/^H26[45]$/.test(p.codec), "aria-label": `${w.test} ${p.name || p.token}`, onclick: () => test(p.token, button) }, w.test); return h("tr", null,
      h("td", { "data-label": w.streams[0] }, roles[n], h("div.quiet", null, p.name || p.token, !p.role && p.why && `: ${p.why}`)), h("td.num", { "data-label": w.streams[1] }, `${codec(p.codec)} ${p.width}×${p.height}`), h("td.num", { "data-label": w.streams[2] }, `${p.fps || "–"} fps${p.bitrate ? `, ${bitrate(p.bitrate)}` : ""}`),
      h("td.num", { "data-label": w.streams[3] }, p.gop && p.fps ? w.everyS(number(p.gop / p.fps, 1)) : "–"), h("td", { "data-label": w.streams[4] }, p.audio || "–"), h("td", null, button)); })));
    return h("section.device-source", null, several && h("h3", null, w.sourceTitle(i + 1, s.name)), several && box.element, h("div.source-parts", null, picture, h("div", null, main, said)), error, table);
  }
}
