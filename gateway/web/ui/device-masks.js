// What a camera writes into its pictures, and what it hides in them: texts, and masks that are drawn over the picture itself.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { form, part, picture, toggle } from "./device-parts.js";
import { place } from "./overlay.js";
import { choice, deedButton, dialog } from "./parts.js";
import { field } from "./sign.js";
import { deviceWords as w } from "./words-device.js";

/** @typedef {import("./api-device.js").Mask} Mask */
/** @typedef {import("./api-device.js").Masks} Masks */
/** @typedef {import("./api-device.js").Point} Point */

/** @param {import("./device-parts.js").Here} here */
export function masksPart(here) {
  const { id } = here, shown = picture(here, "main"), board = new Board(shown.video);
  shown.element.append(board.element);
  here.undo.add(() => board.end());
  return h("div.with-picture", null, h("div.parts", null,
    part(w.masks, () => device.get(id, "masks"), (m, again) => masks(id, m, again, board), w.masksNote),
    part(w.texts, () => device.get(id, "osd"), (o, again) => texts(id, o, again), w.textsNote)), shown.element);
}

/** @param {number} v */
const round = v => Math.round(v * 1000) / 1000;

/** Lies over the picture: shows the masks, and has new ones drawn. */
class Board {
  /** @param {HTMLVideoElement|null} video */
  constructor(video) {
    this.video = video;
    this.element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.element.setAttribute("class", "board");
    this.element.setAttribute("viewBox", "-1 -1 2 2");
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("aria-hidden", "true"); // each mask stands in the list, too
    /** @type {Mask[]} */
    this.masks = [];
    /** What is being drawn. @type {{points: Point[], most: number, rectangle: boolean, done: (points: Point[]|null) => void}|null} */
    this.drawing = null;
    /** @type {Point|null} */
    this.pointer = null;
    this.sized = new ResizeObserver(() => this.fit());
    if (video) { this.sized.observe(video); video.addEventListener("resize", () => this.fit()); }
    for (const [type, f] of /** @type {[string, (e: any) => void][]} */ ([["pointerdown", e => this.press(e)], ["pointermove", e => this.move(e)], ["pointerup", e => this.lift(e)], ["dblclick", () => this.close()]])) this.element.addEventListener(type, f);
    this.keys = (/** @type {KeyboardEvent} */ e) => { if (!this.drawing) return; if (e.key === "Escape") { e.stopPropagation(); this.settle(null); } if (e.key === "Enter") this.close(); };
    document.addEventListener("keydown", this.keys, true);
  }

  /** Puts the board where the picture is in its element. */
  fit() {
    const v = this.video;
    if (!v) return;
    const at = place(v.clientWidth, v.clientHeight, v.videoWidth, v.videoHeight, "contain");
    for (const [k, n] of Object.entries({ left: v.offsetLeft + at.x, top: v.offsetTop + at.y, width: at.w, height: at.h })) this.element.style.setProperty(k, `${n}px`);
  }

  /** @param {Mask[]} list */
  show(list) { this.masks = list; this.draw(); }

  draw() {
    const shape = (/** @type {Point[]} */ points, /** @type {string} */ cls) => {
      const p = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
      p.setAttribute("points", points.map(a => `${a.x},${-a.y}`).join(" "));
      p.setAttribute("class", cls);
      p.setAttribute("vector-effect", "non-scaling-stroke");
      return p;
    };
    const d = this.drawing, now = d ? [...d.points, ...(this.pointer && (d.points.length > 0 && !d.rectangle) ? [this.pointer] : [])] : [];
    this.element.replaceChildren(...this.masks.map(m => shape(m.points, m.enabled ? "mask" : "mask off")), ...(now.length > 1 ? [shape(now, "mask new")] : []));
    this.element.classList.toggle("drawing", !!d);
  }

  /** Has a shape drawn; null when that is given up. @param {boolean} rectangle @param {number} most points @returns {Promise<Point[]|null>} */
  ask(rectangle, most) {
    this.settle(null);
    return new Promise(done => { this.drawing = { points: [], most, rectangle, done }; this.draw(); this.element.scrollIntoView({ block: "nearest" }); });
  }

  /** @param {Point[]|null} points */
  settle(points) { const d = this.drawing; this.drawing = null; this.draw(); d?.done(points); }

  /** @param {PointerEvent} e @returns {Point} */
  at(e) {
    const r = this.element.getBoundingClientRect(), clip = (/** @type {number} */ v) => round(Math.max(-1, Math.min(1, v)));
    return { x: clip((e.clientX - r.left) / r.width * 2 - 1), y: clip(1 - (e.clientY - r.top) / r.height * 2) };
  }

  /** @param {PointerEvent} e */
  press(e) {
    const d = this.drawing;
    if (!d) return;
    e.preventDefault();
    this.element.setPointerCapture(e.pointerId);
    const p = this.at(e);
    if (d.rectangle) { d.points = rectangle(p, p); this.pointer = p; } else if (e.detail < 2 && d.points.length < d.most) d.points.push(p);
    this.draw();
  }

  /** @param {PointerEvent} e */
  move(e) {
    const d = this.drawing;
    if (!d) return;
    const p = this.at(e);
    if (!d.rectangle) this.pointer = p; else if (d.points.length && this.pointer) d.points = rectangle(this.pointer, p);
    this.draw();
  }

  /** @param {PointerEvent} e */
  lift(e) {
    const d = this.drawing;
    if (!d?.rectangle || !d.points.length || !this.pointer) return;
    const p = this.at(e);
    if (Math.abs(p.x - this.pointer.x) < 0.02 || Math.abs(p.y - this.pointer.y) < 0.02) { d.points = []; this.draw(); return; } // a press is no mask
    this.settle(rectangle(this.pointer, p));
  }

  close() { if (this.drawing && this.drawing.points.length > 2) this.settle(this.drawing.points); }

  end() { this.settle(null); this.sized.disconnect(); document.removeEventListener("keydown", this.keys, true); }
}

/** @param {Point} a @param {Point} b @returns {Point[]} */
const rectangle = (a, b) => [{ x: Math.min(a.x, b.x), y: Math.max(a.y, b.y) }, { x: Math.max(a.x, b.x), y: Math.max(a.y, b.y) }, { x: Math.max(a.x, b.x), y: Math.min(a.y, b.y) }, { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y) }];

/** @param {string} id @param {Masks} m @param {() => void} again @param {Board} board */
function masks(id, m, again, board) {
  board.show(m.masks);
  const full = m.most > 0 && m.masks.length >= m.most, type = m.types[0] || "Color";
  const hint = h("p.quiet", { role: "status" });
  const make = async (/** @type {Point[]} */ points) => { await device.post(id, "masks", { points, type, enabled: true }); again(); };
  const draw = (/** @type {boolean} */ straight) => async () => {
    hint.textContent = straight ? w.drawRectangle : w.drawShape;
    const points = await board.ask(straight, m.most_points || 4);
    hint.textContent = "";
    if (points) await make(points);
  };
  return [m.masks.length === 0 && h("p.quiet", null, w.masksNone), h("ul.plain-list", null, ...m.masks.map((k, i) => mask(id, k, i, m, again))),
    full ? h("p.quiet", null, w.masksFull(m.most)) : h("div.buttons", null, board.video && deedButton(w.drawMask, draw(true), ".primary"), board.video && !m.rectangles_only && deedButton(w.drawPolygon, draw(false)), h("button.button", { type: "button", onclick: () => typed(w.maskBySize, make) }, w.maskBySize)), hint];
}

/** @param {string} id @param {Mask} k @param {number} i @param {Masks} m @param {() => void} again */
function mask(id, k, i, m, again) {
  const path = `masks/${encodeURIComponent(k.token || "")}`, name = w.mask(i + 1), xs = k.points.map(p => p.x), ys = k.points.map(p => p.y);
  const part = (/** @type {number} */ v) => Math.round((v + 1) * 50);
  const where = w.maskIs(part(Math.min(...xs)), part(Math.max(...xs)), part(-Math.max(...ys)), part(-Math.min(...ys)));
  const kind = choice(w.maskType, { name: "type" }, [...new Set([k.type, ...m.types])].map(t => [t, /** @type {any} */ (w.maskTypes)[t] || t]));
  kind.input.value = k.type;
  kind.input.addEventListener("change", async () => { try { await device.put(id, path, { ...k, type: kind.input.value }); again(); } catch (x) { kind.error.textContent = /** @type {import("./api.js").Problem} */ (x).says; } });
  return h("li", null, h("div.grow", null, h("b", null, name), h("div.quiet.num", null, where)), kind.element, toggle(w.shown, k.enabled, async on => { await device.put(id, path, { ...k, enabled: on }); again(); }),
    h("button.button", { type: "button", "aria-label": `${w.remove}: ${name}`, onclick: () => dialog({ title: w.maskRemove(name), text: [w.maskRemoveText], button: w.remove, danger: true, act: async () => { await device.remove(id, path); again(); } }) }, w.remove));
}

/** A rectangle in numbers, for whoever does not draw. @param {string} title @param {(points: Point[]) => Promise<void>} make */
function typed(title, make) {
  const fields = /** @type {const} */ (["left", "top", "right", "bottom"]).map((k, i) => field(w.edges[k], { name: k, inputmode: "numeric", value: String([25, 25, 75, 75][i]) }, i === 0 ? w.edgesNote : ""));
  const value = (/** @type {number} */ i) => Number(fields[i].input.value.replace(",", ".")) / 50 - 1;
  dialog({ title, fields, button: w.makeMask, ready: () => value(0) >= -1 && value(2) <= 1 && value(0) < value(2) && value(1) >= -1 && value(3) <= 1 && value(1) < value(3), act: () => make(rectangle({ x: value(0), y: -value(1) }, { x: value(2), y: -value(3) })) });
}

/** @param {string} id @param {import("./api-device.js").Displays} o @param {() => void} again */
function texts(id, o, again) {
  const full = o.most > 0 && o.displays.length >= o.most;
  return [o.displays.length === 0 && h("p.quiet", null, w.textsNone), ...o.displays.map(d => d.image ? h("article.box", null, h("h3", null, w.textImage), h("p.quiet", null, w.textImageNote), deedButton(w.remove, async () => { await device.remove(id, `osd/${encodeURIComponent(d.token || "")}`); again(); })) : text(id, d, o, again)),
    full ? h("p.quiet", null, w.textsFull(o.most)) : h("button.button", { type: "button", onclick: (/** @type {MouseEvent} */ e) => { const b = /** @type {HTMLElement} */ (e.currentTarget), made = text(id, { position: o.positions[0] || "UpperLeft", show: "Plain", text: "" }, o, again); b.replaceWith(made); made.querySelector("input")?.focus(); } }, w.addText)];
}

/** @param {string} id @param {import("./api-device.js").Display} d @param {import("./api-device.js").Displays} o @param {() => void} again */
function text(id, d, o, again) {
  const words = (/** @type {string} */ v) => /** @type {any} */ (w.osd)[v] || v;
  const list = (/** @type {string[]} */ all, /** @type {string} */ now) => /** @type {[string, string][]} */ ([...new Set([now, ...all])].filter(Boolean).map(v => [v, words(v)]));
  const show = choice(w.textShows, { name: "show" }, list(o.shows.length ? o.shows : ["Plain", "Date", "Time", "DateAndTime"], d.show)), says = field(w.text, { name: "text", value: d.text || "", maxlength: "256" });
  const where = choice(w.textWhere, { name: "position" }, list(o.positions, d.position)), date = choice(w.dateFormat, { name: "date_format" }, list(o.date_formats, d.date_format || "")), time = choice(w.timeFormat, { name: "time_format" }, list(o.time_formats, d.time_format || ""));
  show.input.value = d.show; where.input.value = d.position; date.input.value = d.date_format || date.input.value; time.input.value = d.time_format || time.input.value;
  const fit = () => { const v = show.input.value; says.element.hidden = v !== "Plain"; date.element.hidden = !v.startsWith("Date") || !o.date_formats.length; time.element.hidden = !v.includes("Time") || !o.time_formats.length; };
  show.input.addEventListener("change", fit);
  fit();
  const path = d.token ? `osd/${encodeURIComponent(d.token)}` : "osd";
  return h("article.box", null, form([show, says, where, date, time], d.token ? w.change : w.addText, async () => {
    const v = { ...d, show: show.input.value, position: where.input.value, text: says.element.hidden ? undefined : says.input.value, date_format: date.element.hidden ? undefined : date.input.value, time_format: time.element.hidden ? undefined : time.input.value };
    if (v.position !== "Custom") { delete v.x; delete v.y; }
    await (d.token ? device.put(id, path, v) : device.post(id, path, v));
    again();
  }), d.token && deedButton(w.remove, async () => { await device.remove(id, path); again(); }));
}
