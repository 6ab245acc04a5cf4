// A camera's encoders, what else its streams carry, and the modes of its video source.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { form, part, toggle } from "./device-parts.js";
import { number as spelled } from "./language.js";
import { choice, dialog, state, tick } from "./parts.js";
import { field } from "./sign.js";
import { words } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** @param {import("./device-parts.js").Here} here */
export function videoPart(here) {
  const { id } = here;
  return h("div.parts", null,
    part(w.encoders, () => device.get(id, "encoders"), (list, again) => list.map((/** @type {import("./api-device.js").Encoder} */ e) => encoder(id, e, again)), w.encodersNote),
    part(w.modes, () => device.get(id, "modes"), (list, again) => modes(id, list, again), w.modesNote),
    part(w.metadata, () => device.get(id, "device"), d => d.metadata.length === 0 ? [h("p.quiet", null, w.metadataNone)] : d.metadata.map((/** @type {import("./api-device.js").Metadata} */ m) => metadata(id, m)), w.metadataNote));
}

/** @param {import("./api-device.js").Bounds} b @param {string} [unit] */
const within = (b, unit = "") => b.max > 0 ? w.within(b.min, b.max, unit) : "";

/** @param {string} id @param {import("./api-device.js").Encoder} e @param {() => void} again */
function encoder(id, e, again) {
  const box = h("article.box"), name = e.roles.map(r => /** @type {any} */ (w.roles)[r] || r).join(", ") || e.name || e.token;
  /** @param {string} codec @param {string} [said] */
  function draw(codec, said = "") {
    const o = e.options.find(x => x.codec === codec) || e.options[0];
    const same = codec === e.codec;
    const codecs = choice(w.codec, { name: "codec" }, [...new Set([e.codec, ...e.options.map(x => x.codec)])].map(c => [c, c.replace("H26", "H.26")]));
    codecs.input.value = codec;
    codecs.input.addEventListener("change", () => draw(codecs.input.value));
    const sizes = o?.sizes?.length ? o.sizes : [{ width: e.width, height: e.height }];
    const size = choice(w.size, { name: "width" }, sizes.map(s => [`${s.width}x${s.height}`, `${s.width} × ${s.height}`]));
    size.input.value = `${e.width}x${e.height}`;
    if (!size.input.value) size.input.value = `${sizes[0].width}x${sizes[0].height}`;
    const profile = choice(w.codecProfile, { name: "profile" }, (o?.profiles || []).map(p => [p, p]));
    profile.element.hidden = !o?.profiles?.length;
    if (same && e.profile) profile.input.value = e.profile;
    const rates = o?.rates?.length ? choice(w.fps, { name: "fps" }, [...new Set([...o.rates, ...(same ? [e.fps] : [])])].sort((a, b) => b - a).map(r => [String(r), String(r)])) : field(w.fps, { name: "fps", inputmode: "decimal" }, o && within(o.rate));
    rates.input.value = String(e.fps);
    const bitrate = field(w.bitrate, { name: "bitrate", inputmode: "numeric", value: String(e.bitrate || "") }, o && within(o.bitrate, " kbit/s"));
    const gop = field(w.gop, { name: "gop", inputmode: "numeric", value: String(e.gop || "") }, [o && within(o.gop), e.fps && e.gop ? w.gopIs(spelled(e.gop / e.fps, 1)) : ""].filter(Boolean).join(" · "));
    const quality = field(w.quality, { name: "quality", inputmode: "decimal", value: String(e.quality || "") }, o && within(o.quality));
    quality.element.hidden = !o?.quality.max;
    const constant = tick(w.constant, e.constant, w.constantNote);
    constant.element.hidden = !o?.constant && !e.constant;
    const number = (/** @type {{input: HTMLInputElement}} */ f) => Number(f.input.value.replace(",", ".")) || undefined;
    box.replaceChildren(h("h3", null, name, h("span.quiet.num", null, ` ${e.codec.replace("H26", "H.26")} ${e.width}×${e.height} · ${e.fps} fps · ${e.bitrate} kbit/s`)),
      form([codecs, profile, size, rates, bitrate, gop, quality], w.change, async () => {
        const [width, height] = size.input.value.split("x").map(Number);
        const wanted = { codec, profile: profile.element.hidden ? undefined : profile.input.value, width, height, fps: number(rates), bitrate: number(bitrate), gop: number(gop), quality: quality.element.hidden ? undefined : number(quality), constant: constant.element.hidden ? undefined : constant.input.checked };
        // What is as it was is not asked for: some devices have settings that they do not offer.
        const change = Object.fromEntries(Object.entries(wanted).filter(([k, v]) => v !== undefined && v !== /** @type {any} */ (e)[k]));
        if (Object.keys(change).length === 0) return w.nothingChanged;
        if (change.width || change.height) Object.assign(change, { width, height });
        const ch = await device.put(id, `encoders/${encodeURIComponent(e.token)}`, change);
        if (ch.differences.length === 0) { Object.assign(e, ch.now); draw(ch.now.codec, w.tookAll); return; }
        again();
        dialog({ title: w.tookSome, text: ch.differences, button: words.close, act: async () => {} });
        return "";
      }, [constant.element]), h("p.good-text", { role: "status" }, said));
  }
  draw(e.codec);
  return box;
}

/** @param {string} id @param {any[]} list @param {() => void} again */
function modes(id, list, again) {
  if (list.length < 2) return [h("p.quiet", null, w.modesNone)];
  return [h("ul.plain-list", null, ...list.map(m => h("li", null, h("div.grow", null, h("b", null, m.description || m.token), h("div.quiet.num", null, `${m.width}×${m.height} · ${m.fps} fps · ${m.codecs.join(", ").replaceAll("H26", "H.26")}`)),
    m.enabled ? state("good", w.modeOn) : h("button.button", { type: "button", onclick: () => dialog({ title: w.modeTitle(m.description || m.token), text: [m.reboot ? w.modeReboots : w.modeText], button: w.modeSet, danger: m.reboot, act: async () => { await device.put(id, `modes/${encodeURIComponent(m.token)}`); again(); } }) }, w.modeSet))))];
}

/** @param {string} id @param {import("./api-device.js").Metadata} m */
function metadata(id, m) {
  const box = h("article.box");
  /** @param {import("./api-device.js").Metadata} now */
  function draw(now) {
    const set = async (/** @type {string} */ key, /** @type {boolean} */ on) => { draw(await device.put(id, `metadata/${encodeURIComponent(now.token)}`, { analytics: now.analytics, events: now.events, ptz_status: now.ptz_status, ptz_position: now.ptz_position, [key]: on })); };
    box.replaceChildren(h("h3", null, now.name || now.token), ...Object.entries(w.metadataFlags).map(([key, label]) => toggle(label, !!(/** @type {any} */ (now)[key]), on => set(key, on))));
  }
  draw(m);
  return box;
}
