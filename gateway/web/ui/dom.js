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

/**
 * Makes what is shown in e what kids are, and keeps the elements that stay: the focus, the hand's hover and the scroll survive a
 * list that is drawn anew every few seconds. Elements match by their place, tag and data-key. Listeners of kept elements are the
 * first ones, so they must look up what they act on by id; what people type into is left alone.
 * @param {Element} e @param {...(Node|string|null|undefined|false)} kids
 */
export function morph(e, ...kids) {
  const want = kids.filter(k => k !== null && k !== undefined && k !== false).map(k => typeof k === "string" ? document.createTextNode(k) : /** @type {Node} */ (k));
  want.forEach((k, i) => {
    const was = e.childNodes[i];
    if (!was) e.append(k);
    else if (was !== k && alike(was, k)) adopt(was, k);
    else if (was !== k) e.insertBefore(k, was);
  });
  while (e.childNodes.length > want.length) e.lastChild?.remove();
}

/** @param {Node} a @param {Node} b */
const alike = (a, b) => a.nodeName === b.nodeName && (!(a instanceof Element) || a.getAttribute("data-key") === /** @type {Element} */ (b).getAttribute("data-key"));

/** @param {Node} was @param {Node} k */
function adopt(was, k) {
  if (!(was instanceof Element) || !(k instanceof Element)) { if (was.nodeValue !== k.nodeValue) was.nodeValue = k.nodeValue; return; }
  // A style attribute may not be set under the content security policy; what it holds may, one by one.
  for (const a of [...was.attributes]) if (a.name !== "style" && !k.hasAttribute(a.name)) was.removeAttribute(a.name);
  for (const a of k.attributes) if (a.name !== "style" && was.getAttribute(a.name) !== a.value) was.setAttribute(a.name, a.value);
  if (was instanceof HTMLElement && k instanceof HTMLElement) for (const p of k.style) was.style.setProperty(p, k.style.getPropertyValue(p));
  if (!was.matches("input, select, textarea")) morph(was, ...k.childNodes);
}

/** A page: its element, and what to do when it is left. @typedef {{element: HTMLElement, leave: () => void, key?: (e: KeyboardEvent) => boolean, at?: (where: string, id: string) => boolean}} Page at takes another address without another page, where it can */

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
