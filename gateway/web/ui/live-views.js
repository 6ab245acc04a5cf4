// Views: which cameras are shown, in which order and layout. They are kept on this device, for each person, and an address can carry them.
import { base, json } from "./api.js";
import { layouts } from "./live-layout.js";
import { store } from "./store.js";
import { liveWords as w } from "./words-live.js";

/**
 * cameras are ids, or groups as "group:ID"; none of them stands for all cameras. cells are places in the free layout.
 * @typedef {{id:string,name:string,layout:string,cameras:string[],cells:Record<string, import("./live-layout.js").Cell>}} View
 * @typedef {{id:string,name:string,cameras:string[]}} Group
 */

/** Bounds of what is kept, and of what an address may say. */
export const maxViews = 32, maxOfView = 128, maxName = 80;

/** @param {string} what */
const key = what => `live:${store.session?.person || store.session?.user || ""}:${what}`;

/** What this device keeps. @param {string} what @param {any} otherwise */
export function kept(what, otherwise) {
  try { return JSON.parse(localStorage.getItem(key(what)) || "null") ?? otherwise; } catch { return otherwise; }
}
/** @param {string} what @param {unknown} value */
export function keep(what, value) { try { localStorage.setItem(key(what), JSON.stringify(value)); } catch { /* a browser that keeps nothing */ } }

/** @param {any} v @returns {View} */
export function sound(v) {
  /** @type {View["cells"]} */
  const cells = {};
  for (const [id, c] of Object.entries(v?.cells || {}).slice(0, maxOfView)) if ([c?.x, c?.y, c?.w, c?.h].every(Number.isFinite)) cells[id] = c;
  return { id: String(v?.id || ""), name: String(v?.name || "").slice(0, maxName), layout: layouts.includes(v?.layout) ? v.layout : "auto",
    cameras: Array.isArray(v?.cameras) ? v.cameras.map(String).slice(0, maxOfView) : [], cells };
}

/** A view as an address says it: LAYOUT;CAMERA,CAMERA@X.Y.W.H,…;NAME. @param {View} v */
export const spell = v => [v.layout, v.cameras.map(id => { const c = v.layout === "free" && v.cells[id]; return encodeURIComponent(id) + (c ? `@${c.x}.${c.y}.${c.w}.${c.h}` : ""); }).join(), encodeURIComponent(v.name)].join(";");

/** @param {string} text @param {number} i @returns {View} */
function read(text, i) {
  const [layout, list = "", name = ""] = text.split(";");
  /** @type {any} */
  const v = { id: `address-${i}`, name: plain(name), layout, cameras: [], cells: {} };
  for (const one of list.split(",").filter(Boolean).slice(0, maxOfView)) {
    const [id, at] = one.split("@"), camera = plain(id), n = (at || "").split(".").map(Number);
    v.cameras.push(camera);
    if (n.length === 4) v.cells[camera] = { x: n[0], y: n[1], w: n[2], h: n[3] };
  }
  return sound(v);
}
/** @param {string} s */
function plain(s) { try { return decodeURIComponent(s); } catch { return s; } }

/** What an address asks for: views, and after how many seconds the next of them is shown. @param {string} search @returns {{views:View[],tour:number}} */
export function fromAddress(search) {
  const q = new URLSearchParams(search);
  return { views: q.getAll("v").slice(0, maxViews).map(read), tour: Math.min(3600, Math.max(0, Number(q.get("tour")) || 0)) };
}

/** @param {View[]} views @param {number} [tour] */
export function toAddress(views, tour = 0) {
  const q = new URLSearchParams();
  for (const v of views) q.append("v", spell(v));
  if (tour) q.set("tour", String(tour));
  return String(q);
}

/** All the views that can be chosen. */
export class Views {
  constructor(search = location.search) {
    const asked = fromAddress(search);
    this.addressed = asked.views.length > 0;
    this.tour = asked.tour;
    /** @type {Group[]} */
    this.groups = [];
    /** @type {View[]} */
    this.own = this.addressed ? asked.views : kept("views", []).map(sound).slice(0, maxViews);
    /** Every camera, as this device shows them. @type {View} */
    this.all = sound({ ...kept("all", { layout: localStorage.getItem("layout") }), id: "all", name: w.all });
    this.now = this.addressed ? this.own[0] : this.find(kept("now", "all")) || this.all;
  }

  /** @param {string} id @returns {View|undefined} */
  find(id) {
    if (id === "all") return this.all;
    const g = this.groups.find(x => "group:" + x.id === id);
    if (g) { const was = kept(id, {}); return sound({ ...was, id, name: g.name, cameras: [...(was.cameras || []).filter((/** @type {string} */ c) => c !== id), id] }); } // in the order of this device, then as the group has them
    return this.own.find(v => v.id === id);
  }

  /** Asks for the groups of cameras; whoever sees a camera is told of those that it is in. */
  async ask() {
    try { this.groups = await json("GET", `${base}/camera-groups`); } catch { return; } // there are none to choose then
    if (!this.addressed && this.now.id !== kept("now", "all")) this.now = this.find(kept("now", "all")) || this.now;
  }

  /** Every view that can be chosen. @returns {View[]} */
  list() { return this.addressed ? this.own : [this.all, .../** @type {View[]} */ (this.groups.map(g => this.find("group:" + g.id))), ...this.own]; }

  /** What the address of these views says. */
  query() { return toAddress(this.own, this.tour); }

  /** @param {View} v */
  choose(v) { this.now = v; if (!this.addressed) keep("now", v.id); }

  /** Keeps what was changed of the present view on this device. */
  save() {
    if (this.addressed) return;
    if (this.now.id === "all" || this.now.id.startsWith("group:")) keep(this.now.id, this.now); else keep("views", this.own);
  }

  /** @param {View} v */
  put(v) {
    const at = this.own.findIndex(o => o.id === v.id);
    if (at < 0) this.own.push(v); else this.own[at] = v;
    keep("views", this.own);
    this.choose(v);
  }

  /** @param {View} v */
  remove(v) { this.own = this.own.filter(o => o.id !== v.id); keep("views", this.own); this.choose(this.all); }

  /** The ids of a view's cameras, in their order, of those that may be watched. @param {View} v */
  cameras(v) {
    const may = store.list("live").map(c => c.id), members = (/** @type {string} */ id) => this.groups.find(g => "group:" + g.id === id)?.cameras || [];
    const named = v.cameras.flatMap(id => id.startsWith("group:") ? members(id) : [id]), every = v.id === "all" || !v.cameras.length;
    const among = every ? may : v.id.startsWith("group:") ? members(v.id) : named;
    return [...new Set([...named, ...among])].filter(id => among.includes(id) && may.includes(id));
  }
}
