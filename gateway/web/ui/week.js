// Hours of the week: reading and writing them, saying them in words, and a grid of seven days and twenty-four hours to paint them in.
import { h } from "./dom.js";
import { store } from "./store.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Hours} Hours */
/** The stretches of each day, Monday first, in minutes: in order, and apart from one another. @typedef {[number, number][][]} Week */

const names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], day = 1440, hour = 60;

/** @param {string} t "08:30" */
const minuteOf = t => Number(t.slice(0, 2)) * 60 + Number(t.slice(3, 5));
/** @param {number} m */
const timeOf = m => `${String(Math.floor(m / 60)).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`;

/** @param {[number, number][]} list */
function tidy(list) {
  /** @type {[number, number][]} */
  const out = [];
  for (const [a, b] of list.filter(s => s[1] > s[0]).sort((x, y) => x[0] - y[0])) {
    const last = out[out.length - 1];
    if (last && a <= last[1]) last[1] = Math.max(last[1], b); else out.push([a, b]);
  }
  return out;
}

/** Reads hours. @param {Hours[]} hours @returns {Week} */
export function weekOf(hours) {
  /** @type {Week} */
  const week = names.map(() => []);
  for (const s of hours) for (const n of s.days) {
    const d = names.indexOf(n), from = minuteOf(s.from), to = minuteOf(s.to);
    if (d < 0) continue;
    week[d].push([from, to > from ? to : day]);
    if (to <= from) week[(d + 1) % 7].push([0, to]);
  }
  return week.map(tidy);
}

/** Writes hours: stretches that are alike are one with several days, and one over midnight is one. @param {Week} week @returns {Hours[]} */
export function hoursOf(week) {
  const left = week.map(l => l.map(s => /** @type {[number, number]} */ ([...s])));
  /** @type {Map<string, Hours>} */
  const out = new Map();
  const morning = left.map(l => l[0] && l[0][0] === 0 && l[0][1] < day ? l[0] : null);
  left.forEach((l, d) => {
    for (const s of l) {
      const next = morning[(d + 1) % 7];
      if (s === morning[d] && left[(d + 6) % 7].some(x => over(x, s))) continue; // the day before has it
      const to = s[1] === day && next && over(s, next) ? next[1] : s[1];
      const key = `${s[0]} ${to}`, had = out.get(key);
      if (had) had.days.push(names[d]); else out.set(key, { days: [names[d]], from: timeOf(s[0]), to: timeOf(to) });
    }
  });
  return [...out.values()];
}

/** Whether an evening goes on into a morning as one stretch, which may not be longer than a day. @param {[number, number]} s @param {[number, number]} next */
const over = (s, next) => s[1] === day && s[0] > 0 && next[0] === 0 && next[1] <= s[0];

/** @param {Week} week */
export const emptyWeek = week => week.every(l => l.length === 0);
/** @param {Week} week */
export const wholeWeek = week => week.every(l => l.length === 1 && l[0][0] === 0 && l[0][1] === day);

/** Hours in words. @param {Hours[]|undefined} hours */
export const saysHours = hours => hours?.length ? hours.map(s => `${saysDays(s.days)} ${s.from === "00:00" && s.to === "24:00" ? w.allDay : `${s.from}–${s.to}`}`).join(", ") : w.always;

/** @param {string[]} list */
function saysDays(list) {
  const at = list.map(n => names.indexOf(n)).sort((a, b) => a - b);
  if (at.length === 7) return w.everyDay;
  const runs = at.reduce((/** @type {number[][]} */ all, d) => { const r = all[all.length - 1]; if (r && r[r.length - 1] === d - 1) r.push(d); else all.push([d]); return all; }, []);
  return runs.map(r => r.length > 2 ? `${w.dayShort[r[0]]}–${w.dayShort[r[r.length - 1]]}` : r.map(d => w.dayShort[d]).join(", ")).join(", ");
}

/** How much of an hour is in a day's stretches: 0 to 60 minutes. @param {[number, number][]} list @param {number} at */
const within = (list, at) => list.reduce((n, [a, b]) => n + Math.max(0, Math.min(b, at * hour + hour) - Math.max(a, at * hour)), 0);

/**
 * A grid to paint hours in. changed is called whenever they have.
 * @param {Week} week @param {() => void} changed
 */
export function weekGrid(week, changed) {
  let at = [0, 8];
  /** @type {HTMLElement[][]} */
  const cells = names.map((_, d) => Array.from({ length: 24 }, (_, t) => h("div.cell", { role: "gridcell", tabindex: d === at[0] && t === at[1] ? "0" : "-1", "data-at": `${d} ${t}` })));
  const hours = Array.from({ length: 24 }, (_, t) => h("button.hour" + (t % 3 ? ".minor" : ""), { type: "button", tabindex: "-1", title: timeOf(t * 60), "aria-label": timeOf(t * 60), onclick: () => { const on = !cells.every((_, d) => within(week[d], t) === hour); fill(0, 6, t, t, on); paint(); changed(); } }, t % 3 ? "" : String(t)));
  const days = names.map((_, d) => h("button.day", { type: "button", tabindex: "-1", title: w.days[d], onclick: () => { const on = within(week[d], 0) < hour || !cells[d].every((_, t) => within(week[d], t) === hour); fill(d, d, 0, 23, on); paint(); changed(); } }, w.dayShort[d]));
  const element = h("div.week", { role: "grid", "aria-label": w.week, onkeydown: key }, h("div.week-row", { role: "row" }, h("span"), ...hours), ...cells.map((row, d) => h("div.week-row", { role: "row" }, days[d], ...row)));

  /** @param {number} d1 @param {number} d2 @param {number} t1 @param {number} t2 @param {boolean} on */
  function fill(d1, d2, t1, t2, on) {
    const [a, b] = [Math.min(t1, t2) * hour, Math.max(t1, t2) * hour + hour];
    for (let d = Math.min(d1, d2); d <= Math.max(d1, d2); d++) week[d] = on ? tidy([...week[d], [a, b]]) : week[d].flatMap(([x, y]) => tidy([[x, Math.min(y, a)], [Math.max(x, b), y]]));
  }

  function paint() {
    cells.forEach((row, d) => row.forEach((c, t) => {
      const n = within(week[d], t), says = n === hour ? w.allowed : n > 0 ? w.partly : w.notAllowed;
      c.className = "cell" + (n === hour ? " on" : n > 0 ? " part" : "");
      c.setAttribute("aria-label", `${w.days[d]} ${timeOf(t * 60)}: ${says}`);
      c.setAttribute("aria-selected", String(n === hour));
    }));
  }

  // ---- by hand: what lies between where it began and where it is takes what the first became
  /** @type {{d:number,t:number,on:boolean,was:Week}|null} */
  let drag = null;
  /** @param {PointerEvent} e */
  function under(e) { const c = document.elementFromPoint(e.clientX, e.clientY)?.closest(".cell"); return c && element.contains(c) ? (c.getAttribute("data-at") || "").split(" ").map(Number) : null; }
  /** @param {number} d @param {number} t */
  function stretch(d, t) {
    if (!drag) return;
    drag.was.forEach((l, i) => { week[i] = l.slice(); });
    fill(drag.d, d, drag.t, t, drag.on);
    paint();
    changed();
  }
  element.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => {
    const c = under(e);
    if (!c || e.button) return;
    e.preventDefault();
    element.setPointerCapture(e.pointerId);
    drag = { d: c[0], t: c[1], on: within(week[c[0]], c[1]) < hour, was: week.map(l => l.slice()) };
    stretch(c[0], c[1]);
    move(c[0], c[1]);
  });
  element.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => { const c = drag && under(e); if (c) stretch(c[0], c[1]); });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => { drag = null; });

  // ---- by keyboard
  /** @type {{d:number,t:number,on:boolean,was:Week}|null} */
  let held = null;
  /** @param {number} d @param {number} t */
  function move(d, t) { cells[at[0]][at[1]].tabIndex = -1; at = [d, t]; cells[d][t].tabIndex = 0; cells[d][t].focus(); }
  /** @param {KeyboardEvent} e */
  function key(e) {
    if (!(e.target instanceof HTMLElement) || !e.target.classList.contains("cell")) return;
    const [d, t] = at;
    const to = /** @type {Record<string, number[]>} */ ({ ArrowLeft: [d, t - 1], ArrowRight: [d, t + 1], ArrowUp: [d - 1, t], ArrowDown: [d + 1, t], Home: [d, 0], End: [d, 23] })[e.key];
    if (e.key === " " || e.key === "Enter") { e.preventDefault(); held = null; fill(d, d, t, t, within(week[d], t) < hour); paint(); changed(); return; }
    if (!to) return;
    e.preventDefault();
    if (to[0] < 0 || to[0] > 6 || to[1] < 0 || to[1] > 23) return;
    if (e.shiftKey) { // as a hand would drag, from where shift was first held
      drag = held ||= { d, t, on: within(week[d], t) === hour, was: week.map(l => l.slice()) };
      stretch(to[0], to[1]);
      drag = null;
    } else held = null;
    move(to[0], to[1]);
  }

  paint();
  return {
    element,
    /** Takes other hours. @param {Week} now */
    set(now) { now.forEach((l, d) => { week[d] = l; }); paint(); changed(); },
  };
}

/**
 * A choice of hours: always, or those that are painted.
 * @param {Hours[]} hours @param {() => void} changed
 */
export function hoursChoice(hours, changed) {
  const week = hours.length ? weekOf(hours) : weekOf([{ days: names.slice(0, 5), from: "08:00", to: "18:00" }]);
  let always = !hours.length;
  const says = h("p.quiet.week-says", { "aria-live": "polite" });
  const grid = weekGrid(week, () => tell());
  /** @param {string} text @param {Hours[]} to */
  const preset = (text, to) => h("button.button.small", { type: "button", onclick: () => grid.set(weekOf(to)) }, text);
  const six = names.slice(0, 6), five = names.slice(0, 5), p = w.presets;
  const body = h("div.week-box", null, h("div.presets", null, preset(p.shop, [{ days: six, from: "08:00", to: "20:00" }]), preset(p.office, [{ days: five, from: "08:00", to: "18:00" }]), preset(p.night, [{ days: names, from: "20:00", to: "06:00" }]), preset(p.clear, [])),
    grid.element, says, h("p.field-note", null, `${w.zone(store.session?.time_zone || "")} ${w.gridHow}`));
  const group = `hours-${Math.random().toString(36).slice(2)}`;
  /** @param {boolean} is @param {string} text */
  const radio = (is, text) => h("label.radio", null, h("input", { type: "radio", name: group, checked: always === is, onchange: () => { always = is; tell(); } }), text);
  const element = h("fieldset.field", null, h("legend.label", null, w.hours), h("div.radios", null, radio(true, w.always), radio(false, w.atHours)), body);
  function tell() {
    body.hidden = always;
    says.textContent = emptyWeek(week) ? w.pickHours : wholeWeek(week) ? w.always : saysHours(hoursOf(week));
    says.classList.toggle("warn-text", emptyWeek(week));
    changed();
  }
  body.hidden = always;
  says.textContent = saysHours(hoursOf(week));
  return { element, get ready() { return always || !emptyWeek(week); }, get value() { return always || wholeWeek(week) ? [] : hoursOf(week); } };
}
