// The keys of a page, and of every page, in a dialog.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { words } from "./words.js";
import { keyNames, keyWords as w } from "./words-keys.js";

const arrows = ["←", "→", "↑", "↓"];
/** Keys of one line; a list within is pressed together, "…" is a stretch of keys. @typedef {(string|string[])[]} Keys */
/** @type {[keyof typeof w & string, [Keys, keyof typeof w & string][]][]} */
const everywhere = [["everywhere", [[["?"], "help"], [["/"], "find"], [["Tab"], "next"], [["Enter"], "use"], [["Escape"], "leave"]]]];
/** @type {Record<string, typeof everywhere>} */
const pages = {
  live: [
    ["live", [[arrows, "pick"], [["1", "…", "9"], "nth"], [["Enter"], "open"], [["G"], "views"], [["PageUp", "PageDown"], "pages"], [["F"], "full"], [["T"], "past"]]],
    ["single", [[["←", "→"], "others"], [["S"], "snapshot"], [["M"], "mark"], [["R"], "record"], [["A"], "sound"], [["P"], "ptz"], [["Space"], "speak"], [["O"], "boxes"], [["I"], "info"], [["B"], "ago"], [["+", "−"], "zoom"], [["0"], "whole"], [arrows, "move"], [["F"], "full"], [["T"], "past"]]],
    ["steering", [[arrows, "turn"], [["PageUp", "PageDown"], "optic"], [["1", "…", "9"], "preset"], [["H"], "home"], [["C"], "aim"]]],
    ["arranging", [[["Space"], "take"], [arrows, "shift"], [[["Shift", "→"], ["Shift", "↓"]], "size"]]],
  ],
  events: [["events", [[arrows, "row"], [["Space"], "choose"], [[["Shift", "→"], ["Shift", "↓"]], "chooseTo"], [["Enter"], "past"], [["R"], "reviewed"], [["Escape"], "chooseNone"]]]],
  timeline: [["timeline", [[["Space"], "play"], [["←", "→"], "seconds"], [[["Shift", "←"], ["Shift", "→"]], "minute"], [["PageUp", "PageDown"], "tenth"], [["Home"], "begin"], [["End"], "now"], [["J"], "back30"], [["R"], "reverse"], [["H", "L"], "faster"], [[",", "."], "frame"], [["P", "N"], "event"], [["+", "−"], "axis"], [["I"], "from"], [["O"], "until"], [["C"], "cameras"], [["D"], "day"], [["M"], "search"], [["A"], "sound"], [["B"], "mark"]]]],
};
const lists = /** @type {typeof everywhere} */ ([["lists", [[["↑", "↓"], "row"], [["Enter"], "details"]]]]);

/** @param {string} k */
const key = k => k === "…" ? h("span.quiet", null, w.to) : h("kbd", null, keyNames[k] || k);
/** @param {string|string[]} k */
const keys = k => typeof k === "string" ? [key(k)] : k.flatMap((x, i) => i ? [" + ", key(x)] : [key(x)]);

/** Opens the dialog. @param {string} [where] the page */
export function showKeys(where = "") {
  if (document.querySelector("dialog.keys")) return;
  const shut = h("button.icon-button", { type: "button", title: words.close, "aria-label": words.close, onclick: () => d.close() }, icon("close"));
  const d = /** @type {HTMLDialogElement} */ (h("dialog.keys", { "aria-labelledby": "keys-title", onclose: () => d.remove(), onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "?") { e.preventDefault(); e.stopPropagation(); d.close(); } } },
    h("header.side-head", null, h("h2", { id: "keys-title" }, w.title), shut),
    h("div.key-groups", null, ...[...(pages[where] || lists), ...everywhere].map(([title, list]) => h("section", null, h("h3", null, w[title]),
      h("dl", null, ...list.flatMap(([k, does]) => [h("dt", null, ...k.flatMap((x, i) => i ? [" ", ...keys(x)] : keys(x))), h("dd", null, w[does])])))))));
  document.body.append(d);
  d.showModal();
}
