// What people read on the timeline.
import { spoken } from "./language.js";

export const timelineWords = spoken("timeline", {
  axis: "Time axis", pictures: "Pictures", chooseCameras: "Choose cameras", chosen: (/** @type {number} */ n) => n === 1 ? "1 camera" : `${n} cameras`, chooseMost: (/** @type {number} */ n) => `At most ${n} play together.`, all: "All", none: "None", allOf: (/** @type {number} */ n) => `All ${n}`,
  backwards: "Play backwards", forwards: "Play forwards", ago: "30 s back", agoHow: "Thirty seconds ago (J)", calendar: "Days with footage", month: (/** @type {Date} */ d) => d.toLocaleDateString([], { month: "long", year: "numeric" }), earlier: "Month before", later: "Month after", today: "Today",
  hasFootage: (/** @type {string} */ day) => `${day}, footage`, noFootageOn: (/** @type {string} */ day) => `${day}, no footage`, copyLink: "Copy a link to this moment", copied: "Link to this moment copied.", copyFailed: "The browser did not let the link be copied. It is in the address.",
  moments: "What happened", momentsNone: "Nothing happened in the time that the axis shows.", momentsMore: (/** @type {number} */ n) => `Only the first ${n} are listed. Zoom in for the rest.`, jumpOver: "To the next footage",
  zoomIn: "Zoom in", zoomOut: "Zoom out", noneThen: "No footage", waits: "Waiting for the picture", failed: "This footage cannot be played here", locked: "Locked",
  facts: "How each picture goes", fact: (/** @type {string} */ stream, /** @type {number} */ w, /** @type {number} */ hgt, /** @type {string} */ codec, /** @type {number} */ ms) => `${stream} · ${w} × ${hgt} · ${codec}${Number.isNaN(ms) ? "" : ` · ${Math.abs(Math.round(ms))} ms ${ms < 0 ? "behind" : "ahead"}`}`,
  keysOnly: "Key frames", keysNote: "From 8×, and backwards, the key frames alone are shown.", filled: "Filled in from the camera's card",
  partly: (/** @type {string} */ cause) => `Something is missing here: ${cause}`, count: (/** @type {number} */ n, /** @type {string} */ kind) => n === 1 ? kind : `${n} events, ${kind} first`, at: (/** @type {string} */ when) => `At ${when}`, gapAt: (/** @type {string} */ when, /** @type {string} */ what) => `${when}. ${what}`, showHere: "Show this camera large",
});
