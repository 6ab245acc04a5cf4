// How the viewer looks and speaks on this device: a part of one's own page.
import { h } from "./dom.js";
import { choice as language, choose, follows, languages } from "./language.js";
import { choice } from "./parts.js";
import { chooseTheme, theme, themes } from "./theme.js";
import { lookWords as w } from "./words-look.js";

export function lookSection() {
  const colours = choice(w.theme, { name: "theme" }, themes.map(t => [t, w.themes[t]]));
  colours.input.value = theme();
  colours.input.addEventListener("change", () => chooseTheme(colours.input.value));
  const speaks = choice(w.language, { name: "language" }, [["", w.follow(languages[follows()])], ...Object.entries(languages)]);
  speaks.input.value = language();
  speaks.input.addEventListener("change", () => { choose(speaks.input.value); location.reload(); });
  for (const o of speaks.input.options) if (o.value) o.lang = o.value;
  return h("section", null, h("h2", null, w.title), h("p.lead.quiet", null, w.text), colours.element, speaks.element, h("button.button", { type: "button", onclick: async () => { const { showKeys } = await import("./keys.js"); showKeys(); } }, w.keys));
}
