// Marks a moment of a camera, and then takes a few words on what it is about. Fetched when the first mark is made.
import { api, Problem } from "./api.js";
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { clock, words } from "./words.js";
import { timelineWords as w } from "./words-timeline.js";

/** How long a text may be, and how many bytes. */
const most = 500;
/** How long the field stays when nobody writes, ms. */
const patience = 20e3;

/**
 * Marks a moment, and shows a field for words. The mark is kept whether any are written or not.
 * @param {string} camera @param {number} at the moment, ms since 1970; NaN: now @param {HTMLElement} place where the field stands @param {(text: string) => void} say
 * @param {Element|null} [back] what has the keyboard afterwards
 */
export async function mark(camera, at, place, say, back = document.activeElement) {
  const e = await api.raise(camera, { kind: "mark", source: "viewer", ...(Number.isNaN(at) ? {} : { at: new Date(at).toISOString() }) });
  say(`${words.marked} ${clock(e.start)}. ${words.footage(e.footage)}`);
  ask(e, place, say, back);
}

/** @param {import("./api.js").CameraEvent} e @param {HTMLElement} place @param {(text: string) => void} say @param {Element|null} back */
function ask(e, place, say, back) {
  place.querySelector("form.mark-note")?.remove();
  const close = () => { clearTimeout(quiet); form.remove(); if (back instanceof HTMLElement && back.isConnected) back.focus(); };
  const field = h("input", { type: "text", maxlength: String(most), placeholder: w.markAbout, "aria-label": w.markAbout, autocomplete: "off", oninput: () => clearTimeout(quiet) });
  const form = h("form.mark-note", { "aria-label": w.markAt(clock(e.start)),
    onkeydown: (/** @type {KeyboardEvent} */ k) => { k.stopPropagation(); if (k.key === "Escape") close(); },
    onsubmit: async (/** @type {SubmitEvent} */ s) => {
      s.preventDefault();
      const text = field.value.trim();
      if (!text) { close(); return; }
      if (new TextEncoder().encode(text).length > most) { say(w.markLong); return; }
      try { await api.raise(e.camera, { id: e.id, text }); say(w.markKept(text)); close(); } catch (x) { say(x instanceof Problem ? x.says : words.error); }
    } }, h("span.num", null, clock(e.start)), field, h("button.button", { type: "submit" }, w.markSave), iconButton(icon("close"), w.markSkip, close));
  const quiet = setTimeout(() => { if (!field.value) close(); }, patience);
  place.append(form);
  field.focus();
}
