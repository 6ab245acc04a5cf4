// One camera as a device: what it is, and everything about it that can be set. Each part of it is fetched when it is first opened.
import { h, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { state, tabbed } from "./parts.js";
import { store } from "./store.js";
import { words } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** @typedef {(here: import("./device-parts.js").Here) => HTMLElement} Make */
/** The parts, and the permission that each needs of the camera. @type {[string, string, () => Promise<Make>][]} */
const parts = [
  ["", "configure", async () => (await import("./device-about.js")).aboutPart],
  ["video", "configure", async () => (await import("./device-video.js")).videoPart],
  ["picture", "control", async () => (await import("./device-picture.js")).picturePart],
  ["masks", "configure", async () => (await import("./device-masks.js")).masksPart],
  ["recording", "configure", async () => (await import("./device-record.js")).recordPart],
  ["events", "playback", async () => (await import("./device-events.js")).eventsPart],
  ["outputs", "control", async () => (await import("./device-outputs.js")).outputsPart],
  ["network", "configure", async () => (await import("./device-network.js")).networkPart],
  ["upkeep", "configure", async () => (await import("./device-upkeep.js")).upkeepPart],
];

/** The style of these pages, fetched with the first of them. */
let styled = /** @type {Promise<void>|null} */ (null);
const style = () => styled ||= new Promise(ok => { const l = h("link", { rel: "stylesheet", href: "/device.css", onload: () => ok(), onerror: () => ok() }); document.head.append(l); });

/** Whether somebody may open a camera's pages. @param {string} id */
export const mayOpenDevice = id => parts.some(p => allowed(id, p[1]) && p[1] !== "playback");

/** Setting cameras up is a right to all of them. @param {string} id @param {string} permission */
const allowed = (id, permission) => permission === "configure" ? store.may(permission) : store.can(id, permission);

/** @param {string} id @param {string} where which part @param {(path: string) => void} go @returns {Promise<import("./dom.js").Page>} */
export async function devicePage(id, where, go) {
  const undo = new Undo(), base = `/camera/${encodeURIComponent(id)}`;
  await Promise.all([style(), known(id)]);
  const c = store.cameras.get(id);
  const mine = parts.filter(p => allowed(id, p[1]));
  const one = mine.find(p => p[0] === where) || mine[0];
  if (!c || !one) return { element: h("section.empty", null, h("h1", null, words.notHere), h("p", null, words.notHereText), h("button.button.primary", { type: "button", onclick: () => go("/cameras") }, words.cameras)), leave: () => {} };
  const make = await one[2]();
  const says = h("span.device-state"), title = h("h1");
  const link = (/** @type {string} */ path, /** @type {import("./icons.js").IconName} */ of, /** @type {string} */ label) => h("a.icon-button", { href: path, title: label, "aria-label": label, onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go(path); } }, icon(of));
  const element = h("section.page.wide.device", null,
    h("header", null, link("/cameras", "back", words.cameras), h("div.device-title", null, title, says), h("span.grow"),
      store.can(id, "live") && link(`/live/${encodeURIComponent(id)}`, "live", words.live), store.can(id, "playback") && link(`/timeline/${encodeURIComponent(id)}`, "timeline", words.showTimeline)),
    tabbed(w.parts, base, mine.map(p => [p[0], /** @type {any} */ (w.partNames)[p[0] || "about"]]), one[0], go), make({ id, undo, go }));
  function paint() {
    const now = store.cameras.get(id);
    if (!now) return;
    title.textContent = now.name;
    says.replaceChildren(state(now.state === "online" ? "good" : now.state === "starting" ? "busy" : now.state === "disabled" ? "none" : "bad", /** @type {any} */ (words)[now.state] || now.state), [now.manufacturer, now.model].filter(Boolean).join(" "));
  }
  undo.on(store, "change", paint);
  paint();
  return { element, leave: () => undo.run(), key: e => { if (e.key === "Escape") { go("/cameras"); return true; } return false; } };
}

/** Waits until it is known what there is. @param {string} id */
function known(id) {
  if (store.ready || store.cameras.has(id)) return Promise.resolve();
  return new Promise(ok => { const done = () => { if (store.ready) { store.removeEventListener("change", done); ok(undefined); } }; store.addEventListener("change", done); });
}
