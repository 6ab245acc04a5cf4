// Making elements.

/**
 * @param {string} tag "div.class.class"
 * @param {Record<string, any>|null} [props] attributes; functions under onX are listeners
 * @param {...(Node|string|null|undefined|false)} kids
 * @returns {any}
 */
export function h(tag, props, ...kids) {
  const [name, ...classes] = tag.split(".");
  const e = document.createElement(name);
  if (classes.length) e.className = classes.join(" ");
  for (const [k, v] of Object.entries(props || {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (k === "value" || k === "checked" || k === "muted") /** @type {any} */ (e)[k] = v;
    else e.setAttribute(k, v === true ? "" : String(v));
  }
  e.append(.../** @type {(Node|string)[]} */ (kids.filter(x => x !== null && x !== undefined && x !== false)));
  return e;
}

/** @param {SVGElement} icon @param {string} label @param {(e: MouseEvent) => void} f @param {string} [cls] */
export function iconButton(icon, label, f, cls = "") {
  return h("button.icon-button" + cls, { type: "button", title: label, "aria-label": label, onclick: f }, icon);
}

/** A page: its element, and what to do when it is left. @typedef {{element: HTMLElement, leave: () => void, key?: (e: KeyboardEvent) => boolean}} Page */

/** Collects what must be undone when a page is left. */
export class Undo {
  /** @type {(() => void)[]} */
  list = [];
  /** @param {() => void} f */
  add(f) { this.list.push(f); }
  /** @param {EventTarget} t @param {string} type @param {(e: any) => void} f @param {AddEventListenerOptions} [o] */
  on(t, type, f, o) { t.addEventListener(type, f, o); this.add(() => t.removeEventListener(type, f, o)); }
  /** @param {() => void} f @param {number} ms */
  every(f, ms) { const t = setInterval(f, ms); this.add(() => clearInterval(t)); }
  run() { for (const f of this.list.splice(0).reverse()) f(); }
}
