// Alarms on the live page: what happens before a camera brings it to the front, where this device is told to, and lets it go again.
import { store } from "./store.js";
import { h } from "./dom.js";
import { keep, kept } from "./live-views.js";
import { words, clock } from "./words.js";
import { liveWords as w } from "./words-live.js";

/** How old what happens may be to be told, ms, and how long it is shown at most, s. */
const fresh = 15000, longest = 120;

export class Alarms {
  /** @param {import("./live.js").LivePage} page */
  constructor(page) {
    this.page = page;
    const was = kept("alarms", {}), q = new URLSearchParams(page.views.addressed || page.wall ? location.search : "");
    /** The kinds of events that bring a camera to the front. @type {string[]} */
    this.kinds = q.has("alarm") ? q.getAll("alarm").slice(0, 64) : was.kinds || [];
    /** For how long, seconds. */
    this.seconds = Math.min(longest, Math.max(5, Number(q.get("alarm-seconds")) || Number(was.seconds) || 20));
    /** What was told already. @type {Set<string>} */
    this.seen = new Set();
    this.until = 0;
    /** The event that is shown. @type {{camera:string,id:string,kind:string,start:string}|null} */
    this.now = null;
    this.says = h("span.grow");
    this.stay = h("button.button", { type: "button", onclick: () => this.held() }, w.alarmKeep);
    this.show = h("button.button.primary", { type: "button", onclick: () => { const n = this.now; this.now = null; this.paint(); if (n) page.open(n.camera); } }, w.alarmShow);
    this.element = h("div.alarm-says", { role: "alert", hidden: true }, h("i.shape", { "aria-hidden": "true" }), this.says, this.stay, this.show);
  }

  /** @param {string[]} kinds @param {number} seconds */
  set(kinds, seconds) { this.kinds = kinds; this.seconds = seconds; keep("alarms", { kinds, seconds }); }

  /** Looks at what is told of a camera, of all for "". @param {string} id */
  look(id) {
    const first = !this.told;
    this.told = this.told || store.ready;
    for (const c of id ? [store.cameras.get(id)] : store.cameras.values()) {
      for (const e of c?.happening || []) {
        if (this.seen.has(e.id)) continue;
        this.seen.add(e.id);
        if (this.seen.size > 1000) this.seen.delete(this.seen.values().next().value || "");
        if (c && !first && this.kinds.includes(e.kind) && c.may.includes("live") && Date.now() - Date.parse(e.start) < fresh) this.bring(c.id, e);
      }
    }
  }

  /** @param {string} camera @param {{id:string,kind:string,start:string}} e */
  bring(camera, e) {
    const p = this.page;
    this.now = { camera, id: e.id, kind: e.kind, start: e.start };
    this.until = Date.now() + this.seconds * 1000;
    if ((!p.large || p.brought) && !p.arrange.on) p.enlarge(camera, true); // what a person opened stays
    this.paint();
  }

  /** Somebody wants to look at it for longer: it is theirs. */
  held() {
    const p = this.page, id = p.large;
    this.now = null;
    this.paint();
    if (!p.brought) return;
    p.brought = false;
    if (!p.wall && id) history.pushState(null, "", `/live/${encodeURIComponent(id)}`); // where Back leads
    p.touched();
  }

  tick() {
    const n = this.now, p = this.page;
    if (!n) return;
    const e = store.cameras.get(n.camera)?.happening?.find(x => x.id === n.id), lasts = !!e && !e.end && Date.now() - Date.parse(n.start) < longest * 1000;
    if (!lasts && Date.now() >= this.until) {
      this.now = null;
      if (p.brought) p.enlarge("");
    }
    this.paint();
  }

  paint() {
    const n = this.now, c = n && store.cameras.get(n.camera);
    this.element.hidden = !n || !c;
    if (!n || !c) return;
    this.says.textContent = w.alarmNow(w.kinds[n.kind] || words.eventKind(n.kind), c.name, clock(n.start));
    this.stay.hidden = !this.page.brought || this.page.wall;
    this.show.hidden = this.page.brought || this.page.large === n.camera;
  }
}
Alarms.prototype.told = false;
