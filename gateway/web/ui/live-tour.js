// A tour: the pages of a view, or several views, one after the other. Whoever touches something has it wait.
import { h } from "./dom.js";
import { keep, kept } from "./live-views.js";
import { liveWords as w } from "./words-live.js";

/** For how long a touch pauses it, ms. */
const pause = 60000;
/** How long before they are shown the next pictures are fetched, ms. */
const ahead = 3000;

export class Tour {
  /** @param {import("./live.js").LivePage} page */
  constructor(page) {
    this.page = page;
    const asked = page.views.tour, was = kept("tour", {});
    /** Seconds of each view. */
    this.seconds = asked || Number(was.seconds) || 15;
    /** Ids of the views that it goes through; none: the pages of the present one. @type {string[]} */
    this.views = page.views.addressed ? page.views.own.map(v => v.id) : was.views || [];
    this.on = asked > 0 || !page.views.addressed && !!was.on;
    this.since = Date.now();
    this.waits = 0; // until when
    this.says = h("span");
    this.element = h("div.tour-says", { role: "status", hidden: true }, this.says, h("button.button", { type: "button", onclick: (/** @type {Event} */ e) => { e.stopPropagation(); this.waits = 0; this.since = Date.now(); this.paint(); } }, w.tourGoesOn));
  }

  /** @param {number} seconds @param {string[]} views */
  start(seconds, views) {
    this.seconds = seconds;
    this.views = views;
    this.on = true;
    this.waits = 0;
    this.since = Date.now();
    keep("tour", { on: true, seconds, views });
    const first = views.length && this.page.views.find(views[0]);
    if (first) this.page.choose(first); else this.page.draw();
    this.paint();
  }

  stop() { this.on = false; keep("tour", { on: false, seconds: this.seconds, views: this.views }); this.paint(); this.page.draw(); }

  wait() { if (this.on) { this.waits = Date.now() + pause; this.paint(); } }

  /** Whether there is anything to go through. */
  get goes() { return this.page.pages > 1 || this.views.filter(v => this.page.views.find(v)).length > 1; }

  tick() {
    if (!this.on) return;
    if (this.page.large || this.page.arrange.on || Date.now() < this.waits) this.since = Date.now();
    else if (this.goes) {
      const left = this.since + this.seconds * 1000 - Date.now();
      if (left <= 0) { this.since = Date.now(); this.go(...this.next()); } else if (left <= ahead && !this.page.ahead.length) { this.page.ahead = this.page.pageOf(...this.next()); this.page.draw(); }
    }
    this.paint();
  }

  /** What comes next: a view, and which page of it. @returns {[import("./live-views.js").View, number]} */
  next() {
    const p = this.page, now = p.views.now, list = /** @type {import("./live-views.js").View[]} */ (this.views.map(v => p.views.find(v)).filter(Boolean));
    if (p.page + 1 < p.pages || list.length < 2) return [now, (p.page + 1) % p.pages];
    return [list[(list.findIndex(v => v.id === now.id) + 1) % list.length], 0];
  }

  /** What is chosen stays chosen. @param {import("./live-views.js").View} v @param {number} n */
  go(v, n) { const p = this.page; p.views.now = v; p.page = n; p.ahead = []; p.draw(); }

  paint() {
    const left = Math.ceil((this.waits - Date.now()) / 1000);
    this.element.hidden = !this.on || left <= 0 || !!this.page.large || this.page.wall;
    if (!this.element.hidden) this.says.textContent = w.tourPaused(left);
  }
}
