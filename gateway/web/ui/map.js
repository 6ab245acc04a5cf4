// The map: floor plans and pieces of the earth, cameras on them with what they see and how they are; one press shows its live picture.
import { api } from "./api.js";
import { mapApi } from "./api-map.js";
import { h, iconButton, morph, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { mapView } from "./mapview.js";
import { choice, dialog, failed, nothing, waiting } from "./parts.js";
import { Player } from "./player.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { styled } from "./styles.js";
import { words, because } from "./words.js";
import { mapWords as w } from "./words-map.js";

/** @typedef {import("./api-map.js").Plan} Plan @typedef {import("./api-map.js").Placement} Placement */
await styled("/map.css");

/** How often plans are asked for, how long a camera stands still before its place is kept, and for how long a mark shows what happened, ms; what a new camera's view is like. */
const period = 20000, settles = 300, lasts = 15000, fresh = { direction: 0, view: 70, floorRange: 0.15, geoRange: 25 };

/** @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function mapPage(go) {
  const undo = new Undo(), may = store.may("configure");
  let plans = /** @type {Plan[]|null} */ (null), error = /** @type {unknown} */ (null), here = new URLSearchParams(location.search).get("plan") || "", editing = false, picked = "", gone = false;
  /** What happened before cameras, and until when that is shown. @type {Map<string, {kind:string,until:number}>} */
  const events = new Map();
  /** @type {Player|null} */
  let player = null;
  const view = mapView({ pick, moved, removed: camera => act(mapApi.unplace(here, camera)), busy: id => { const e = events.get(id); return e && e.until > Date.now() ? words.eventKind(e.kind) : ""; } });
  const tabs = h("nav.tabs", { "aria-label": w.plans }), side = h("aside.side.map-side", { hidden: true }), status = h("div.map-status"), said = h("p.form-error", { role: "alert" });
  const edit = h("button.button", { type: "button", "aria-pressed": "false", hidden: true, onclick: () => { editing = !editing; picked = ""; draw(); panel(); } }, w.edit), add = h("button.button", { type: "button", hidden: !may, onclick: addPlan }, icon("plus"), w.add);
  const zooms = h("div.map-zoom", null, iconButton(icon("plus"), w.zoomIn, () => view.zoom(1.5)), iconButton(icon("minus"), w.zoomOut, () => view.zoom(1 / 1.5)));
  const body = h("div.map-body", null, h("div.map-place", null, view.element, zooms, status), side);
  const element = h("section.map", null, h("header.map-head", null, h("h1", null, w.title), tabs, h("span.grow"), edit, add), said, body);
  const plan = () => plans?.find(p => p.id === here) || null;

  /** What is to be kept of a camera that is being moved; keys come faster than answers. @type {{plan:string,at:Placement,timer:number}|null} */
  let pending = null;
  /** @param {Placement} at */
  function moved(at) {
    if (pending && pending.at.camera !== at.camera) keep();
    clearTimeout(pending?.timer);
    const p = plan();
    if (p) p.cameras = p.cameras.map(c => c.camera === at.camera ? at : c);
    pending = { plan: here, at, timer: setTimeout(keep, settles) };
    draw();
  }
  function keep() {
    const one = pending;
    pending = null;
    clearTimeout(one?.timer);
    if (one) act(mapApi.place(one.plan, one.at));
  }

  async function ask() {
    if (pending) return;
    try { plans = await mapApi.plans(); error = null; } catch (e) { error = e; }
    if (gone) return;
    if (plans && !plan()) here = plans[0]?.id || "";
    draw();
    if (editing) panel();
  }

  /** Does something to a plan, and shows what it is now. @param {Promise<Plan>} done */
  async function act(done) {
    said.textContent = "";
    try {
      const now = await done;
      if (!pending) plans = (plans || []).map(p => p.id === now.id ? now : p); // what is moved meanwhile is newer
      if (picked && !now.cameras.some(c => c.camera === picked)) picked = "";
    } catch (e) { said.textContent = /** @type {import("./api.js").Problem} */ (e).says; }
    draw();
    panel();
  }

  function draw() {
    const p = plan();
    edit.hidden = !may || !p;
    edit.textContent = editing ? w.done : w.edit;
    edit.setAttribute("aria-pressed", String(editing));
    const choose = (/** @type {string} */ id) => { here = id; editing = false; picked = ""; history.replaceState(null, "", `/map?plan=${encodeURIComponent(id)}`); draw(); panel(); };
    morph(tabs, ...(plans || []).map(x => h("a.tab", { href: `/map?plan=${encodeURIComponent(x.id)}`, "data-key": x.id, "aria-current": x.id === here ? "page" : "false", onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); choose(x.id); } }, x.name)));
    const bare = p?.kind === "floor" && !p.picture, first = p?.kind === "geo" && p.cameras.length === 0;
    const button = (/** @type {string} */ text, /** @type {() => void} */ f) => h("button.button.primary", { type: "button", onclick: f }, text);
    status.replaceChildren(...(error ? [failed(error, ask)] : !plans ? [waiting()] : !p ? [nothing(w.none, may ? w.noneText : w.noneForYou, may && button(w.add, addPlan))] : bare ? [nothing(w.needsPicture, w.pictureNote, may && button(w.picture, () => pictureOf(p)))] : first && !editing ? [nothing(w.noPlace, "", may && button(w.edit, () => edit.click()))] : []));
    status.hidden = !status.firstChild;
    view.element.hidden = zooms.hidden = !p || bare || (first && !editing) || false;
    if (p && !view.element.hidden) view.show(p, editing, picked);
  }

  /** @param {string} camera */
  function pick(camera) {
    picked = picked === camera && !editing ? "" : camera;
    draw();
    panel();
  }

  /** What stands beside the plan: the live picture of the one that was pressed, or what can be edited. */
  function panel() {
    player?.end();
    player = null;
    const p = plan();
    side.hidden = !p || !editing && !picked;
    if (!p || side.hidden) { requestAnimationFrame(() => draw()); return; }
    side.replaceChildren(...(editing ? editor(p) : watching(picked)));
    requestAnimationFrame(() => draw());
  }

  /** @param {string} id */
  function watching(id) {
    const c = store.cameras.get(id);
    if (!c) return [];
    const picture = h("div.map-picture"), state = h("p.quiet", null, `${/** @type {any} */ (words)[c.state] || c.state}${because(c) ? `: ${because(c)}` : ""}`);
    if (store.can(id, "live") && c.state === "online") {
      player = new Player();
      player.show(c, "sub", false);
      picture.append(player.video);
    }
    return [h("header.side-head", null, h("h2", null, c.name), iconButton(icon("close"), w.close, () => pick(id))), picture, state,
      h("div.buttons", null, store.can(id, "live") && h("button.button", { type: "button", onclick: () => go(`/live/${encodeURIComponent(id)}`) }, w.live), store.can(id, "playback") && h("button.button", { type: "button", onclick: () => go(`/timeline/${encodeURIComponent(id)}`) }, w.timeline))];
  }

  /** @param {Plan} p */
  function editor(p) {
    const at = p.cameras.find(c => c.camera === picked), rest = store.list().filter(c => !p.cameras.some(x => x.camera === c.id)).sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    const put = (/** @type {string} */ camera) => { picked = camera; act(mapApi.place(p.id, { camera, ...(p.kind === "geo" && !p.cameras.length ? { x: 0, y: 0 } : view.middle()), direction: fresh.direction, view: fresh.view, range: p.kind === "geo" ? fresh.geoRange : fresh.floorRange })); };
    return [h("p.quiet", null, w.how), ...(at ? [placement(p, at)] : []), h("h2", null, w.unplaced),
      rest.length ? h("ul.plain-list", null, ...rest.map(c => h("li", null, h("b", null, c.name), h("button.button.small", { type: "button", "aria-label": w.place(c.name), onclick: () => put(c.id) }, icon("plus"))))) : h("p.quiet", null, w.allPlaced),
      h("div.deed-list", null, p.kind === "floor" && h("button.button", { type: "button", onclick: () => pictureOf(p) }, w.changePicture), h("button.button", { type: "button", onclick: () => renamePlan(p) }, w.rename), h("button.button.danger", { type: "button", onclick: () => removePlan(p) }, w.remove))];
  }

  /** Where the picked one is, in numbers. @param {Plan} p @param {Placement} at */
  function placement(p, at) {
    const geo = p.kind === "geo", k = geo ? 1 : 100;
    const make = (/** @type {string} */ label, /** @type {string} */ name, /** @type {number} */ value, /** @type {number} */ digits) => field(label, { name, type: "number", step: "any", value: String(Number(value.toFixed(digits))), onchange: save });
    const y = geo ? make(w.lat, "y", at.y, 6) : make(`${w.y} (%)`, "y", at.y * 100, 1), x = geo ? make(w.lon, "x", at.x, 6) : make(`${w.x} (%)`, "x", at.x * 100, 1);
    const direction = make(w.direction, "direction", at.direction, 0), wide = make(w.view, "view", at.view, 0), range = make(`${w.range} (${geo ? w.metres : w.part})`, "range", at.range * k, 1);
    function save() { act(mapApi.place(p.id, { camera: at.camera, x: Number(x.input.value) / k, y: Number(y.input.value) / k, direction: (Number(direction.input.value) % 360 + 360) % 360, view: Number(wide.input.value), range: Number(range.input.value) / k })); }
    return h("form.placement", { novalidate: true, onsubmit: (/** @type {Event} */ e) => e.preventDefault() }, h("h2", null, store.nameOf(at.camera)), h("div.pair", null, ...(geo ? [y, x] : [x, y]).map(f => f.element)), h("div.pair", null, direction.element, wide.element), range.element, h("button.button", { type: "button", onclick: () => act(mapApi.unplace(p.id, at.camera)) }, w.takeOff));
  }

  function addPlan() {
    const name = field(w.name, { name: "name" }), kind = choice(w.kind, { name: "kind" }, Object.entries(w.kinds)), file = field(w.picture, { name: "image", type: "file", accept: "image/png,image/jpeg" }, w.pictureNote);
    kind.input.addEventListener("change", () => { file.element.hidden = kind.input.value !== "floor"; });
    dialog({ title: w.addTitle, fields: [name, kind, file], button: w.add, ready: () => name.input.value.trim() !== "" && (kind.input.value === "geo" || !!file.input.files?.length), act: async () => {
      const p = await mapApi.add(name.input.value.trim(), kind.input.value);
      here = p.id;
      try { if (file.input.files?.[0] && p.kind === "floor") await mapApi.setPicture(p.id, file.input.files[0]); } catch (e) { await mapApi.remove(p.id).catch(() => {}); throw e; }
      editing = true;
      await ask();
    } });
  }

  /** @param {Plan} p */
  function pictureOf(p) {
    const file = field(w.picture, { name: "image", type: "file", accept: "image/png,image/jpeg" }, w.pictureNote);
    dialog({ title: w.changePicture, fields: [file], button: w.save, ready: () => !!file.input.files?.length, act: () => act(mapApi.setPicture(p.id, /** @type {File} */ (file.input.files?.[0]))) });
  }

  /** @param {Plan} p */
  function renamePlan(p) {
    const name = field(w.name, { name: "name", value: p.name });
    dialog({ title: w.renameTitle(p.name), fields: [name], button: w.save, ready: () => name.input.value.trim() !== "", act: () => act(mapApi.rename(p.id, name.input.value.trim())) });
  }

  /** @param {Plan} p */
  function removePlan(p) {
    dialog({ title: w.removeTitle(p.name), text: [w.removeText], button: w.remove, danger: true, act: async () => { await mapApi.remove(p.id); editing = false; picked = ""; await ask(); panel(); } });
  }

  undo.on(store, "events", async e => {
    const id = e.detail, now = Date.now();
    if (!plan()?.cameras.some(c => c.camera === id) || !store.can(id, "playback")) return;
    const list = await api.eventsOf(id, new Date(now - lasts), new Date(now + 1000)).catch(() => []), last = list.at(-1);
    if (!last || gone) return;
    events.set(id, { kind: last.kind, until: Math.max(now, last.end ? Date.parse(last.end) : now) + lasts });
    view.draw();
  });
  undo.on(store, "change", () => view.draw());
  undo.every(() => { for (const [id, e] of events) if (e.until < Date.now()) { events.delete(id); view.draw(); } }, 1000);
  undo.every(() => { if (!editing) ask(); }, period);
  undo.add(() => { keep(); gone = true; player?.end(); view.leave(); });
  ask();
  return { element, leave: () => undo.run(), key: e => { if (e.key !== "Escape" || !picked && !editing) return false; if (picked) picked = ""; else editing = false; draw(); panel(); return true; } };
}
