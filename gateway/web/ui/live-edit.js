// The dialogs of the live page: views, tours, alarms, a window of one's own. Fetched when one is first opened.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { dialog, secret, tick } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { maxViews, sound, toAddress } from "./live-views.js";
import { words } from "./words.js";
import { liveWords as w } from "./words-live.js";

/** @typedef {import("./live.js").LivePage} LivePage */

/** Several things of which some are chosen. @param {string} label @param {[string, string][]} list value and words @param {string[]} chosen @param {() => void} [changed] */
function several(label, list, chosen, changed) {
  const boxes = list.map(([value, says]) => ({ value, ...tick(says, chosen.includes(value)) }));
  const element = h("fieldset.several", { onchange: () => changed?.() }, h("legend", null, label), ...boxes.map(b => b.element));
  return { element, get value() { return boxes.filter(b => b.input.checked).map(b => b.value); } };
}

/** Makes a view of one's own, or changes one. @param {LivePage} page */
export function view(page) {
  const now = page.views.now, own = page.views.own.includes(now) && !page.views.addressed;
  const shown = page.views.cameras(now);
  const name = field(w.viewName, { name: "name", maxlength: "80", value: own ? now.name : "" });
  /** @type {HTMLDialogElement|undefined} */
  let d;
  const again = () => d?.querySelector("form")?.dispatchEvent(new Event("input"));
  const cameras = several(w.cameras, store.list("live").map(c => [c.id, c.name]), shown, again);
  const more = /** @type {HTMLElement[]} */ ([cameras.element]);
  if (own) more.push(h("button.button.danger", { type: "button", onclick: () => { d?.close(); remove(page, now); } }, icon("erase"), w.removeView));
  d = dialog({ title: own ? w.editView : w.saveAsTitle, text: [w.saveAsText], fields: [name], more, button: w.saveView, ready: () => name.input.value.trim() !== "" && cameras.value.length > 0, act: async () => {
    const chosen = cameras.value, kept = shown.filter(id => chosen.includes(id));
    if (!own && page.views.own.length >= maxViews) { name.error.textContent = w.tooMany(maxViews); return false; }
    page.views.addressed = false;
    page.views.put(sound({ ...now, id: own ? now.id : `own-${Date.now().toString(36)}`, name: name.input.value.trim(), cameras: [...kept, ...chosen.filter(id => !kept.includes(id))], cells: { ...now.cells } }));
    page.choose(page.views.now);
  } });
}

/** @param {LivePage} page @param {import("./live-views.js").View} v */
function remove(page, v) { dialog({ title: w.removeViewTitle(v.name), text: [w.removeViewText], button: w.removeView, danger: true, act: async () => { page.views.remove(v); page.choose(page.views.now); } }); }

/** @param {LivePage} page */
export function tour(page) {
  const seconds = field(w.tourEvery, { name: "seconds", type: "number", min: "3", max: "3600", value: String(page.tour.seconds) }, w.tourShort);
  const views = several(w.tourViews, page.views.list().map(v => [v.id, v.name]), page.tour.views.length ? page.tour.views : [page.views.now.id]);
  dialog({ title: w.tourTitle, text: [w.tourText, w.tourPages], fields: [seconds], more: [views.element], button: w.tourStart, act: async () => {
    const n = Number(seconds.input.value), list = views.value;
    if (!(n >= 3 && n <= 3600)) { seconds.error.textContent = w.tourShort; return false; }
    if (list.length < 2 && page.pages < 2 && (!list[0] || list[0] === page.views.now.id)) { seconds.error.textContent = w.tourOne; return false; }
    page.tour.start(n, list);
  } });
}

/** @param {LivePage} page */
export function alarms(page) {
  const seen = [...store.cameras.values()].flatMap(c => c.happening || []).map(e => e.kind);
  const all = [...new Set([...Object.keys(w.kinds), ...page.alarms.kinds, ...seen])].filter(k => k !== "manual");
  const kinds = several(w.alarmKinds, all.map(k => { const says = w.kinds[k] || words.eventKind(k); return [k, says[0].toUpperCase() + says.slice(1)]; }), page.alarms.kinds);
  kinds.element.classList.add("two");
  const seconds = field(w.alarmSeconds, { name: "seconds", type: "number", min: "5", max: "120", value: String(page.alarms.seconds) });
  dialog({ title: w.alarms, text: [w.alarmsText], fields: [seconds], more: [kinds.element], button: w.alarmSave, act: async () => { page.alarms.set(kinds.value, Math.min(120, Math.max(5, Number(seconds.input.value) || 20))); page.draw(); } });
}

/** Where a view has an address: for a window of its own, and for a wall. @param {LivePage} page */
export function window(page) {
  const on = page.tour.on && page.tour.views.length > 1, views = on ? /** @type {import("./live-views.js").View[]} */ (page.tour.views.map(v => page.views.find(v)).filter(Boolean)) : [page.views.now];
  const q = new URLSearchParams(toAddress(views.map(v => ({ ...v, cameras: v.id === "all" && v.layout !== "free" ? v.cameras : v.id.startsWith("group:") ? v.cameras : page.views.cameras(v) })), page.tour.on ? page.tour.seconds : 0));
  if (page.alarms.kinds.length) { for (const k of page.alarms.kinds) q.append("alarm", k); q.set("alarm-seconds", String(page.alarms.seconds)); }
  const path = `/wall?${q}`;
  dialog({ title: w.window, more: [h("div", null, secret(w.address, location.origin + path, w.addressText))], button: w.window, wide: true, act: async () => { open(path, "_blank", "noopener,popup,width=1280,height=720"); } });
}
