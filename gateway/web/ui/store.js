// What the gateway told last. Pages read it and listen to "change"; "rights" says that what the person may do has changed.
import { footage } from "./api-footage.js";
import { api, ended, Problem } from "./api.js";

/** Until a gateway that does not answer is asked again, and one that tells this person nothing, ms. */
const again = 2000, seldom = 10000;

/** Where a tab keeps the case that is being put together; see exportdraft.js. */
export const caseKey = "case";

class Store extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, import("./api.js").Camera>} */
    this.cameras = new Map();
    /** Cameras that are there no longer and whose footage may be played. @type {Map<string, import("./api-footage.js").FormerCamera>} */
    this.former = new Map();
    /** Whether those are known: not between a camera's removal and the answer to what is left of it. */
    this.looked = false;
    /** @type {import("./api.js").Health|null} */
    this.health = null;
    /** Since when the event stream is down; null while it is up. @type {Date|null} */
    this.lost = null;
    this.ready = false;
    /** Who is signed in. @type {import("./api.js").Session|null} */
    this.session = null;
    /** @type {EventSource|null} */
    this.source = null;
    this.timer = 0;
    this.turn = 0; // what was asked before the last start or stop is dropped
  }

  /** Listens to the gateway until stop. What the stream does not tell when it begins anew is not there any more. */
  start() {
    this.stop();
    if (this.session && !this.may("see")) { this.wait(); return; }
    const s = this.source = new EventSource(api.events);
    /** @type {Map<string, import("./api.js").Camera>|null} */
    let first = new Map();
    s.addEventListener("camera", e => { const c = JSON.parse(e.data); if (first) first.set(c.id, c); if (!first || !this.ready) { this.cameras.set(c.id, c); this.former.delete(c.id); this.told(c.id); } });
    s.addEventListener("camera-removed", e => { const c = JSON.parse(e.data); first?.delete(c.id); this.cameras.delete(c.id); this.looked = false; this.told(c.id); this.lookBack(); });
    s.addEventListener("events", e => { this.dispatchEvent(new CustomEvent("events", { detail: JSON.parse(e.data).id })); });
    s.addEventListener("ptz", e => { this.dispatchEvent(new CustomEvent("ptz", { detail: JSON.parse(e.data).id })); });
    for (const kind of ["export", "export-removed"]) s.addEventListener(kind, e => { this.dispatchEvent(new CustomEvent(kind, { detail: JSON.parse(/** @type {MessageEvent} */ (e).data) })); });
    s.addEventListener("approvals", () => { this.dispatchEvent(new Event("approvals")); });
    s.addEventListener("health", e => { this.health = JSON.parse(e.data); this.told(""); });
    s.addEventListener("ready", () => {
      const was = this.cameras, known = this.ready;
      if (first) this.cameras = first;
      first = null;
      this.ready = true;
      this.lost = null;
      this.lookBack();
      this.told("");
      if (known && [...this.cameras].some(([id, c]) => was.has(id) && String(was.get(id)?.may) !== String(c.may))) this.dispatchEvent(new Event("rights"));
    });
    s.onerror = () => { if (s === this.source) { s.close(); if (first) this.later(again); else this.check(); } };
  }

  /** Asks which cameras are there no longer. */
  async lookBack() {
    const turn = this.turn, list = this.may("playback") ? await footage.former().catch(() => null) : [];
    if (turn !== this.turn) return;
    if (list) this.former = new Map(list.filter(c => !this.cameras.has(c.id)).map(c => [c.id, c]));
    this.looked = true;
    this.told("");
  }

  /** Somebody who may not see any camera now, because of the hour perhaps: what was told is forgotten, and the session asked again. */
  wait() {
    this.cameras = new Map();
    this.former = new Map();
    this.health = null;
    this.ready = this.looked = true;
    this.lost = null;
    this.told("");
    this.later(seldom);
  }

  /** @param {number} ms */
  later(ms) { clearTimeout(this.timer); this.timer = setTimeout(() => this.check(), ms); }

  /**
   * The stream has ended: because the gateway is gone, because the session is over, or because the person's rights have changed, which is how
   * the gateway tells it. Whoever is still signed in listens anew at once.
   */
  async check() {
    const turn = this.turn;
    try {
      const was = this.session, now = await api.session();
      if (turn !== this.turn) return;
      this.session = now;
      this.start();
      if (was && (String(was.permissions) !== String(now.permissions) || was.enrol !== now.enrol || was.person !== now.person)) this.dispatchEvent(new Event("rights"));
    } catch (e) {
      if (turn !== this.turn) return;
      if (e instanceof Problem && e.status === 401) { ended(); return; }
      if (!this.lost) { this.lost = new Date(); this.told(""); }
      this.later(again);
    }
  }

  stop() { this.turn++; clearTimeout(this.timer); this.source?.close(); this.source = null; }

  /** Takes a case that somebody else left in this tab away. */
  dropCase() {
    try { if (JSON.parse(sessionStorage.getItem(caseKey) || "null")?.person !== caseOf()) sessionStorage.removeItem(caseKey); } catch { /* a browser that keeps nothing */ }
  }

  /** Forgets what was told, for the next who signs in. */
  clear() { try { sessionStorage.removeItem(caseKey); } catch { /* a browser that keeps nothing */ } this.dispatchEvent(new Event("forget")); this.stop(); this.cameras = new Map(); this.former = new Map(); this.health = null; this.ready = this.looked = false; this.lost = null; this.session = null; }

  /** @param {string} id */
  told(id) { this.dispatchEvent(new CustomEvent("change", { detail: id })); }

  /** Whether the person has a permission somewhere: what they have not is not shown. @param {string} permission */
  may(permission) { return !!this.session?.permissions.includes(permission); }

  /** Whether the person may do something with a camera. @param {string} id @param {string} permission */
  can(id, permission) { return !!(this.cameras.get(id) || this.former.get(id))?.may.includes(permission); }

  /** What a camera is called, or was; its id where that is not known. @param {string} id */
  nameOf(id) { return (this.cameras.get(id) || this.former.get(id))?.name || id; }

  /** The streams that are recorded of a camera, or were. @param {string} id */
  streamsOf(id) { return this.cameras.get(id)?.record.streams || this.former.get(id)?.streams || []; }

  /** The cameras that are there no longer, by name; of a permission, those whose footage it is given for. @param {string} [permission] */
  gone(permission) { return [...this.former.values()].filter(c => !permission || c.may.includes(permission)).sort((a, b) => a.name.localeCompare(b.name)); }

  /** The cameras; of a permission, those that it is given for. @param {string} [permission] */
  list(permission) { const all = [...this.cameras.values()]; return permission ? all.filter(c => c.may.includes(permission)) : all; }
  /** Whether a camera is not as it should be. @param {import("./api.js").Camera} c */
  troubled(c) { return c.state !== "online" && c.state !== "disabled"; }
  /** How many cameras there are, of them in trouble, and recording. @returns {[number, number, number]} */
  counts() { const all = this.list(); return [all.length, all.filter(c => this.troubled(c)).length, all.filter(c => c.record.state === "recording").length]; }
}

export const store = new Store();

/** Whose a case is that is put together now. */
export function caseOf() { return store.session?.person || store.session?.user || ""; }
