// A list whose details open beside it; on a phone they take its place. Arrows move, Enter opens, Escape closes. It can be sorted by
// its columns and filtered.
import { h, morph } from "./dom.js";
import { beside } from "./parts.js";
import { words } from "./words.js";

/** From how many rows on there is a filter. */
const many = 6;

/**
 * @template T
 * @param {{label:string, cls?:string, columns:string[], key:(t:T) => string, cells:(t:T) => any[], title:(t:T) => string, details?:(t:T) => any[], panel?:(t:T) => HTMLElement, below?:Node[],
 *   sorts?:(((t:T) => string|number)|null)[], by?:number, text?:(t:T) => string, tools?:Node[], closed?:() => void}} o
 * cells are what the columns show, in their order; details what is known of the one that is picked, drawn anew with the list; panel is made once for it
 * instead, since people write in it; sorts what the columns are sorted by, by the one that is first, -1 for none; text what a filter looks in
 */
export function listing(o) {
  let picked = "", by = o.sorts ? o.by ?? 0 : -1, down = false;
  /** @type {T[]} */
  let list = [];
  const body = h("tbody");
  const heads = o.columns.map((t, i) => h("th", { scope: "col" }, o.sorts?.[i] ? h("button.sort", { type: "button", onclick: () => { down = by === i && !down; by = i; draw(); } }, t) : t));
  const table = h("table.list" + (o.cls ? "." + o.cls : ""), { "aria-label": o.label }, h("thead", null, h("tr", null, ...heads)), body);
  const side = h("aside.side", { hidden: true, "aria-label": o.label, onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "Escape" && !e.defaultPrevented) { e.stopPropagation(); pick(picked); } } });
  const filter = h("input", { type: "search", placeholder: words.filter, "aria-label": words.filter, hidden: true, oninput: () => draw() });
  const none = h("p.quiet", { role: "status", hidden: true }, words.noMatch);
  const tools = o.text || o.tools ? h("div.tools", null, filter, ...(o.tools || [])) : null;
  const element = h("div.split" + (o.panel ? ".paneled" : ""), null, h("div.grow", null, tools, table, none, ...(o.below || [])), side);
  const find = (/** @type {string} */ id) => list.find(t => o.key(t) === id);
  const row = (/** @type {string} */ id) => [...body.children].find(r => r.getAttribute("data-key") === id);
  let made = ""; // whose panel is shown

  /** Shows the details of one, or of none when it is shown already. @param {string} id */
  function pick(id) {
    const was = picked;
    picked = picked === id ? "" : id;
    made = "";
    draw();
    if (picked) /** @type {HTMLElement|null} */ (side.querySelector("button"))?.focus(); else /** @type {HTMLElement|undefined} */ (row(was))?.focus();
    if (!picked) o.closed?.();
  }

  /** @param {KeyboardEvent} e */
  function key(e) {
    const r = /** @type {HTMLElement} */ (e.currentTarget);
    if (e.target !== r) return;
    if (e.key === "Enter") { e.preventDefault(); pick(r.getAttribute("data-key") || ""); } // else the button that takes the focus is pressed too
    const next = e.key === "ArrowDown" ? r.nextElementSibling : e.key === "ArrowUp" ? r.previousElementSibling : null;
    if (next) { e.preventDefault(); /** @type {HTMLElement} */ (next).focus(); }
  }

  /** @param {T} t */
  const line = t => h("tr", { tabindex: "0", "data-key": o.key(t), "aria-selected": String(o.key(t) === picked), onclick: () => pick(o.key(t)), onkeydown: key },
    ...o.cells(t).map((c, i) => h("td", { "data-label": o.columns[i] }, ...(Array.isArray(c) ? c : [c]))));

  /** What the filter leaves, in the order that is wished. */
  function shown() {
    const wanted = filter.hidden ? "" : filter.value.trim().toLowerCase(), sort = o.sorts?.[by];
    const some = wanted && o.text ? list.filter(t => (o.text?.(t) || "").toLowerCase().includes(wanted)) : list.slice();
    if (sort) some.sort((a, b) => { const x = sort(a), y = sort(b); return (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true })) * (down ? -1 : 1); });
    return some;
  }

  function draw() {
    const t = find(picked);
    filter.hidden = !o.text || list.length < many;
    const some = shown();
    heads.forEach((th, i) => { if (o.sorts?.[i]) th.setAttribute("aria-sort", i === by ? down ? "descending" : "ascending" : "none"); });
    morph(body, ...some.map(line));
    none.hidden = some.length > 0 || list.length === 0;
    table.hidden = !none.hidden;
    side.hidden = !t;
    element.classList.toggle("open", !!t);
    if (!t) { made = ""; return; }
    if (!o.panel) { morph(side, h("div", { "data-key": picked }, ...beside(o.title(t), () => pick(o.key(t)), ...(o.details?.(t) || [])))); return; }
    if (made === picked) return;
    made = picked;
    side.replaceChildren(h("div", null, ...beside(o.title(t), () => pick(picked), o.panel(t))));
  }

  return {
    element,
    pick,
    get picked() { return picked; },
    /** Makes the panel anew, of what has changed. */
    renew() { made = ""; draw(); },
    /** @param {T[]} now */
    show(now) { list = now; draw(); },
  };
}
