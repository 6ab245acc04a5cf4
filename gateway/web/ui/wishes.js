// What takes two people: who asked for what, and what waits for a decision. It is asked for when the gateway says that it has changed.
import { approvals } from "./api-people.js";
import { store } from "./store.js";
import { words, clock, when } from "./words.js";

/** @typedef {import("./api-people.js").Approval} Approval */

/** How often it is asked for anyway, ms: some are over by themselves. */
const period = 60000;

class Wishes extends EventTarget {
  constructor() {
    super();
    /** @type {Approval[]} */
    this.list = [];
    /** @type {unknown} */
    this.error = null;
    this.known = false;
  }

  /** Keeps the list true until undone. @param {import("./dom.js").Undo} undo */
  follow(undo) {
    if (!store.may("see")) return;
    const ask = () => { this.ask(); };
    undo.on(store, "approvals", ask);
    undo.every(ask, period);
    ask();
  }

  async ask() {
    try { this.list = await approvals.list(); this.error = null; this.known = true; } catch (e) { this.error = e; }
    this.dispatchEvent(new Event("change"));
  }

  /** What waits for this person's decision. */
  toDecide() { return this.list.filter(a => a.decidable && a.state === "asked"); }

  /** The approval by which somebody may do to a moment of footage what a permission says. @param {string} permission @param {string} camera @param {number} at */
  given(permission, camera, at) { return this.list.find(a => a.mine && a.state === "given" && a.permission === permission && a.camera === camera && Date.parse(a.from) <= at && Date.parse(a.to) > at && Date.parse(a.until) > Date.now()); }

  /** One's own that waits for somebody else. @param {string} permission @param {string} camera @param {number} at */
  waiting(permission, camera, at) { return this.list.find(a => a.mine && a.state === "asked" && a.permission === permission && a.camera === camera && Date.parse(a.from) <= at && Date.parse(a.to) > at); }

  /** What is asked for: the camera and the range. @param {Approval} a */
  says(a) { return words.wishOf(store.nameOf(a.camera), `${when(a.from)} – ${new Date(a.from).toDateString() === new Date(a.to).toDateString() ? clock(a.to, false) : when(a.to)}`); }
}

export const wishes = new Wishes();
