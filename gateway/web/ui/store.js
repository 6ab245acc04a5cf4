// What the gateway told last. Pages read it and listen to "change".
import { api } from "./api.js";

class Store extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, import("./api.js").Camera>} */
    this.cameras = new Map();
    /** @type {import("./api.js").Health|null} */
    this.health = null;
    /** Since when the event stream is down; null while it is up. @type {Date|null} */
    this.lost = null;
    this.ready = false;
    /** Who is signed in. @type {import("./api.js").Session|null} */
    this.session = null;
    /** @type {EventSource|null} */
    this.source = null;
  }

  /** Listens to the gateway until stop. The browser reconnects by itself; a closed source is opened again. */
  start() {
    this.stop();
    const s = this.source = new EventSource(api.events);
    s.addEventListener("camera", e => { const c = JSON.parse(e.data); this.cameras.set(c.id, c); this.told(c.id); });
    s.addEventListener("camera-removed", e => { const c = JSON.parse(e.data); this.cameras.delete(c.id); this.told(c.id); });
    s.addEventListener("events", e => { this.dispatchEvent(new CustomEvent("events", { detail: JSON.parse(e.data).id })); });
    s.addEventListener("health", e => { this.health = JSON.parse(e.data); this.told(""); });
    s.addEventListener("ready", () => { this.ready = true; this.lost = null; this.told(""); });
    s.onerror = () => {
      if (!this.lost) { this.lost = new Date(); this.told(""); }
      if (s.readyState === EventSource.CLOSED && s === this.source) setTimeout(() => this.check(s), 2000);
    };
  }

  /** A closed source means that the answer was no stream: the session may have ended. @param {EventSource} s */
  async check(s) {
    if (s !== this.source) return;
    try { await api.cameras(); } catch { /* api tells when the session has ended */ }
    if (s === this.source) this.start();
  }

  stop() { this.source?.close(); this.source = null; }

  /** @param {string} id */
  told(id) { this.dispatchEvent(new CustomEvent("change", { detail: id })); }

  /** Whether the person has a permission: what they have not is not shown. @param {string} permission */
  may(permission) { return !!this.session?.permissions.includes(permission); }

  list() { return [...this.cameras.values()]; }
}

export const store = new Store();
