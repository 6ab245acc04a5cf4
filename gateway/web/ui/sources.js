// Which of a device's video sources become cameras.
import { h } from "./dom.js";
import { tick } from "./parts.js";
import { words } from "./words.js";

/**
 * The video sources of a device with several, to be chosen from: those that are no cameras yet and can be recorded are chosen.
 * @param {import("./api.js").Device} device
 */
export function chooseSources(device) {
  const choices = device.sources.map((s, i) => {
    const main = s.profiles.find(p => p.role === "main"), taken = s.cameras.length > 0;
    const says = [s.kind === "thermal" ? words.thermalSource : "", main ? `${main.codec.replace("H26", "H.26")} ${main.width}×${main.height}` : words.sourceUnfit, taken && words.addedAs(s.cameras.join(", "))].filter(Boolean).join(" · ");
    const box = tick(words.sourceNumber(i + 1, s.name), Boolean(main) && !taken, says);
    box.input.disabled = !main || taken;
    return { token: s.token, ...box };
  });
  const element = h("fieldset.sources", null, h("legend", null, words.sourcesTitle(device.sources.length)), h("p.field-note", null, words.sourcesNote), ...choices.map(c => c.element), ...device.warnings.map(w => h("p.quiet", null, w)));
  return { element, first: choices.find(c => !c.input.disabled)?.input, chosen: () => choices.filter(c => c.input.checked).map(c => c.token) };
}
