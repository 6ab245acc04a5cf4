// What people read about how the viewer looks and speaks on their device.
import { spoken } from "./language.js";

export const lookWords = spoken("look", {
  title: "This device", text: "Kept in this browser only.",
  theme: "Colours", themes: { "": "As the system", dark: "Dark", light: "Light" },
  language: "Language", follow: (/** @type {string} */ name) => `As the browser: ${name}`,
  skip: "Skip to the page", zone: (/** @type {string} */ z) => `Times in ${z}`, keys: "Keys of the viewer",
});
