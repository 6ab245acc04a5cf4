// A month with the days underlined of which there is footage.
import { footage } from "./api-footage.js";
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { footageIn } from "./history.js";
import { tongue } from "./language.js";
import { timelineWords as w } from "./words-timeline.js";

const hour = 3600e3;

export class Calendar {
  /** @param {() => string[]} cameras ids @param {(t: number) => void} pick told the first footage of a day, or its beginning */
  constructor(cameras, pick) {
    this.cameras = cameras;
    this.pick = pick;
    this.month = new Date();
    this.turn = 0;
    /** Day of the month → its first footage. @type {Map<number, number>} */
    this.days = new Map();
    this.element = h("div.calendar", { role: "dialog", "aria-label": w.calendar, hidden: true, onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) });
  }

  /** @param {number} at */
  show(at) {
    this.element.hidden = !this.element.hidden;
    if (this.element.hidden) return;
    this.at = at;
    this.go(new Date(new Date(at).getFullYear(), new Date(at).getMonth(), 1), new Date(at).getDate());
  }

  close() { this.element.hidden = true; }

  /** @param {Date} month @param {number} focus day */
  async go(month, focus) {
    const turn = ++this.turn;
    this.month = month;
    this.days = new Map();
    this.paint(focus);
    const end = new Date(month.getFullYear(), month.getMonth() + 1, 1), hours = Math.round((+end - +month) / hour);
    if (+month > Date.now()) return;
    const o = await footage.overview(+month, +end, hours, { cameras: this.cameras() }).catch(() => null);
    if (!o || turn !== this.turn) return;
    for (const c of o.cameras) {
      let slot = 0;
      for (const r of c.runs) {
        if (footageIn(r.class)) for (let i = slot; i < slot + r.n; i++) { const t = +month + i * hour, d = new Date(t).getDate(); this.days.set(d, Math.min(this.days.get(d) ?? t, t)); }
        slot += r.n;
      }
    }
    this.paint(0);
  }

  /** @param {number} focus day; 0: the focus stays */
  paint(focus) {
    const m = this.month, last = new Date(m.getFullYear(), m.getMonth() + 1, 0).getDate(), lead = (m.getDay() + 6) % 7, held = focus || Number(/** @type {HTMLElement} */ (document.activeElement)?.dataset?.day) || 0;
    const days = [...Array(7).keys()].map(i => h("span.calendar-head", { "aria-hidden": "true" }, new Date(2024, 0, 1 + i).toLocaleDateString(tongue(), { weekday: "narrow" })));
    const cells = Array.from({ length: last }, (_, i) => {
      const d = new Date(m.getFullYear(), m.getMonth(), i + 1), has = this.days.has(i + 1), name = d.toLocaleDateString(tongue(), { day: "numeric", month: "long" });
      const cell = h("button.calendar-day" + (has ? ".has" : "") + (d.toDateString() === new Date().toDateString() ? ".today" : ""), { type: "button", "data-day": String(i + 1), "aria-label": has ? w.hasFootage(name) : w.noFootageOn(name), disabled: +d > Date.now(),
        "aria-current": d.toDateString() === new Date(this.at || 0).toDateString() ? "date" : null, onclick: () => { this.close(); this.pick(Math.max(this.days.get(i + 1) ?? +d, +d)); } }, String(i + 1));
      if (i === 0) cell.style.setProperty("grid-column", String(lead + 1));
      return cell;
    });
    const turn = (/** @type {number} */ n) => this.go(new Date(m.getFullYear(), m.getMonth() + n, 1), 1);
    this.element.replaceChildren(h("header", null, iconButton(icon("back"), w.earlier, () => turn(-1)), h("strong", { "aria-live": "polite" }, w.month(m)), iconButton(icon("next"), w.later, () => turn(1))), h("div.calendar-days", null, ...days, ...cells));
    if (held) /** @type {HTMLElement|null} */ (this.element.querySelector(`[data-day="${Math.min(held, last)}"]`))?.focus();
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const day = Number(/** @type {HTMLElement} */ (e.target).dataset?.day), by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[e.key];
    if (e.key === "Escape") { this.close(); e.preventDefault(); e.stopPropagation(); return; }
    if (e.key === "PageUp" || e.key === "PageDown") { this.go(new Date(this.month.getFullYear(), this.month.getMonth() + (e.key === "PageUp" ? -1 : 1), 1), day || 1); e.preventDefault(); e.stopPropagation(); return; }
    if (!day || !by) return;
    /** @type {HTMLElement|null} */ (this.element.querySelector(`[data-day="${day + by}"]:not(:disabled)`))?.focus();
    e.preventDefault();
    e.stopPropagation();
  }
}
