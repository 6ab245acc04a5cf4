// A plan with cameras on it, as SVG over its picture: each a mark with its field of view. In editing they are moved and turned by pointer
// and keyboard.
import { mapApi } from "./api-map.js";
import { h } from "./dom.js";
import { placeNames } from "./mapnames.js";
import { store } from "./store.js";
import { words } from "./words.js";
import { mapWords as w } from "./words-map.js";

/** @typedef {import("./api-map.js").Plan} Plan @typedef {import("./api-map.js").Placement} Placement */

const ns = "http://www.w3.org/2000/svg";
/** Metres of a degree of latitude, and of longitude at the equator; the least that a map of the earth shows, metres. */
const perLat = 110540, perLon = 111320, least = 60;
/** How wide a map of the earth is drawn, in its own units, and how much more of it than what cameras see; and how far a key moves, turns and widens. */
const geoWidth = 1600, around = 1.25, step = 0.005, turn = 5, widen = 5;

/** @param {string} tag @param {Record<string, string|number>} a @param {...Node} kids */
function svg(tag, a, ...kids) {
  const e = document.createElementNS(ns, tag);
  for (const [k, v] of Object.entries(a)) e.setAttribute(k, String(v));
  e.append(...kids);
  return e;
}

/** How the places of a plan lie in the drawing. @param {Plan} p @param {number} [aspect] width by height of where a map of the earth is shown */
export function projection(p, aspect = 1.6) {
  if (p.kind === "floor") {
    const W = p.width || 1600, H = p.height || 1000;
    return { W, H, metre: 0, to: (/** @type {Placement} */ c) => [c.x * W, c.y * H], from: (/** @type {number} */ x, /** @type {number} */ y) => ({ x: clamp(x / W, 0, 1), y: clamp(y / H, 0, 1) }), reach: (/** @type {number} */ r) => r * W, range: (/** @type {number} */ px) => clamp(px / W, 0, 2) };
  }
  const lats = p.cameras.map(c => c.y), lons = p.cameras.map(c => c.x), lat0 = p.cameras.length ? (Math.min(...lats) + Math.max(...lats)) / 2 : 0, lon0 = p.cameras.length ? (Math.min(...lons) + Math.max(...lons)) / 2 : 0, k = perLon * Math.max(0.01, Math.cos(lat0 * Math.PI / 180));
  // Metres east and south of the middle of the cameras, of all that they see.
  const reached = p.cameras.flatMap(c => edge(c).map(([dx, dy]) => [(c.x - lon0) * k + c.range * dx, (lat0 - c.y) * perLat + c.range * dy])), [x0, x1, y0, y1] = bounds(reached);
  const scale = geoWidth / (around * Math.max(least, x1 - x0, (y1 - y0) * aspect)), H = geoWidth / aspect, cx = geoWidth / 2 - (x0 + x1) / 2 * scale, cy = H / 2 - (y0 + y1) / 2 * scale;
  return { W: geoWidth, H, metre: scale, to: (/** @type {Placement} */ c) => [cx + (c.x - lon0) * k * scale, cy + (lat0 - c.y) * perLat * scale], from: (/** @type {number} */ x, /** @type {number} */ y) => ({ x: lon0 + (x - cx) / k / scale, y: lat0 - (y - cy) / perLat / scale }), reach: (/** @type {number} */ r) => r * scale, range: (/** @type {number} */ px) => clamp(px / scale, 0, 10000) };
}

/** @param {number} v @param {number} a @param {number} b */
const clamp = (v, a, b) => Math.min(b, Math.max(a, v));
/** @param {number} deg clockwise from above */
const unit = deg => [Math.sin(deg * Math.PI / 180), -Math.cos(deg * Math.PI / 180)];

/** Where a camera stands, and the edge of what it sees, as parts of how far that is. @param {Placement} c */
function edge(c) {
  const list = [[0, 0]], half = Math.min(360, c.view) / 2;
  for (let a = -half; c.view > 0 && a <= half; a += Math.max(1, half / 12)) list.push(unit(c.direction + a));
  return list;
}

/** @param {number[][]} points @returns {[number, number, number, number]} the least and most of each */
function bounds(points) {
  if (!points.length) return [0, 0, 0, 0];
  const xs = points.map(p => p[0]), ys = points.map(p => p[1]);
  return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
}

/** The field of view as a path. @param {number} x @param {number} y @param {number} r @param {Placement} c */
function sector(x, y, r, c) {
  if (c.view >= 360) return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
  const [ax, ay] = unit(c.direction - c.view / 2), [bx, by] = unit(c.direction + c.view / 2);
  return `M${x} ${y}L${x + r * ax} ${y + r * ay}A${r} ${r} 0 ${c.view > 180 ? 1 : 0} 1 ${x + r * bx} ${y + r * by}z`;
}

/** A round number of metres near m. @param {number} m */
function round(m) { const p = 10 ** Math.floor(Math.log10(m)), d = m / p; return (d < 2 ? 1 : d < 5 ? 2 : 5) * p; }

/**
 * @param {{pick: (camera: string) => void, moved: (at: Placement) => void, removed: (camera: string) => void, busy: (camera: string) => string}} o
 * pick: one was pressed; moved: it was put elsewhere; busy: what happens before it now, "" for nothing
 */
export function mapView(o) {
  const picture = h("img.plan-picture", { alt: "", draggable: "false" }), drawing = /** @type {SVGSVGElement} */ (svg("svg", { class: "plan-drawing" }));
  const sheet = h("div.plan-sheet", null, picture, drawing), element = h("div.plan-stage", null, sheet);
  let plan = /** @type {Plan|null} */ (null), editing = false, picked = "", zoom = 1;
  let pr = /** @type {ReturnType<typeof projection>|null} */ (null);
  /** Where one is while it is being dragged. @type {Placement|null} */
  let held = null;

  /** @param {PointerEvent} e @returns {[number, number]} */
  function at(e) {
    const r = drawing.getBoundingClientRect();
    return [(e.clientX - r.left) / r.width * (pr?.W || 1), (e.clientY - r.top) / r.height * (pr?.H || 1)];
  }

  /** Fits the sheet into its stage, times the zoom. */
  function fit() {
    if (!pr) return;
    const w0 = element.clientWidth, h0 = element.clientHeight;
    if (plan?.kind === "geo" && !editing && w0 && h0) pr = projection(plan, w0 / h0); // it has no edge: it fills the page
    const k = Math.min(w0 / pr.W, h0 / pr.H) * zoom;
    sheet.style.setProperty("width", `${Math.max(1, pr.W * k)}px`);
    sheet.style.setProperty("height", `${Math.max(1, pr.H * k)}px`);
    drawing.style.setProperty("--u", String((innerWidth >= 2600 ? 1.6 : 1) / (k || 1))); // so that marks stay as large as fingers are, and on a wall can be read from across the room
    draw();
  }
  const watcher = new ResizeObserver(fit);
  watcher.observe(element);

  /** How long a pixel of the screen is in the drawing. */
  const unitOf = () => Number(drawing.style.getPropertyValue("--u")) || 1;

  /** What a camera is called on the plan, and while something happens before it what that is. @param {string} id */
  function calledOf(id) {
    const name = store.cameras.get(id)?.name || id, event = o.busy(id);
    return event ? `${name} · ${event}` : name;
  }

  /** @param {string} id */
  function stateOf(id) {
    const state = store.cameras.get(id)?.state;
    return o.busy(id) ? "event" : state === "online" ? "online" : state === "disabled" ? "off" : state === "starting" ? "starting" : "offline";
  }

  /** What a camera sees: under all marks, so that none is hidden by what another one sees. @param {Placement} c */
  function seen(c) {
    if (!pr) return svg("g", {});
    const [x, y] = pr.to(c), r = pr.reach(c.range);
    const g = svg("g", { class: `plan-camera is-${stateOf(c.camera)}`, "data-camera": c.camera, "aria-hidden": "true" });
    if (c.view > 0 && r > 0) g.append(svg("path", { class: "plan-view", d: sector(x, y, r, c) }));
    return g;
  }

  /** @param {Placement} c @param {import("./mapnames.js").Place} place of its name */
  function mark(c, place) {
    if (!pr) return svg("g", {});
    const cam = store.cameras.get(c.camera), name = cam?.name || c.camera, [x, y] = pr.to(c), u = unitOf(), event = o.busy(c.camera), r = pr.reach(c.range), state = stateOf(c.camera);
    const says = event || (/** @type {any} */ (words)[cam?.state || ""] ?? "");
    const g = svg("g", { class: `plan-camera is-${state}${picked === c.camera ? " is-picked" : ""}`, tabindex: 0, role: "button", "aria-label": w.of(name, says), "data-camera": c.camera });
    if (event) g.append(svg("circle", { class: "plan-ring", cx: x, cy: y, r: 19 * u }));
    g.append(state === "online" || state === "event" ? svg("circle", { class: "plan-mark", cx: x, cy: y, r: 12 * u }) : svg("rect", { class: "plan-mark", x: x - 11 * u, y: y - 11 * u, width: 22 * u, height: 22 * u, rx: 3 * u }));
    const [dx, dy] = unit(c.direction);
    g.append(svg("path", { class: "plan-nose", d: `M${x + 4 * u * dy} ${y - 4 * u * dx}L${x + 9 * u * dx} ${y + 9 * u * dy}L${x - 4 * u * dy} ${y + 4 * u * dx}z` }));
    const text = svg("text", { class: "plan-name", x: place.x, y: place.y, "font-size": 12 * u, "text-anchor": place.anchor });
    text.textContent = calledOf(c.camera);
    g.append(text);
    if (editing && picked === c.camera) g.append(svg("circle", { class: "plan-handle", cx: x + Math.max(r, 40 * u) * dx, cy: y + Math.max(r, 40 * u) * dy, r: 8 * u }));
    return g;
  }

  /** The lines of a map of the earth, its scale and where north is. */
  function grid() {
    if (!pr?.metre) return [];
    const every = round(pr.W / pr.metre / 8), px = every * pr.metre, u = Number(drawing.style.getPropertyValue("--u")) || 1, list = [];
    for (let x = pr.W / 2 % px; x < pr.W; x += px) list.push(svg("path", { class: "plan-grid", d: `M${x} 0V${pr.H}` }));
    for (let y = pr.H / 2 % px; y < pr.H; y += px) list.push(svg("path", { class: "plan-grid", d: `M0 ${y}H${pr.W}` }));
    const label = svg("text", { class: "plan-scale", x: 16 * u, y: pr.H - 22 * u, "font-size": 12 * u }), north = svg("text", { class: "plan-scale", x: pr.W - 24 * u, y: 34 * u, "font-size": 13 * u, "text-anchor": "middle" });
    label.textContent = every >= 1000 ? `${every / 1000} km` : `${every} m`;
    north.textContent = w.north;
    return [...list, svg("path", { class: "plan-rule", d: `M${16 * u} ${pr.H - 20 * u}v${6 * u}h${px}v${-6 * u}` }), label, svg("path", { class: "plan-rule", d: `M${pr.W - 24 * u} ${42 * u}v${22 * u}m0 ${-22 * u}l${-5 * u} ${8 * u}m${5 * u} ${-8 * u}l${5 * u} ${8 * u}` }), north];
  }

  function draw() {
    if (!plan || !pr) return;
    const focus = document.activeElement?.getAttribute("data-camera");
    drawing.setAttribute("viewBox", `0 0 ${pr.W} ${pr.H}`);
    const shown = plan.cameras.filter(c => store.cameras.has(c.camera)).map(c => held?.camera === c.camera ? held : c).sort((a, b) => Number(a.camera === picked) - Number(b.camera === picked));
    const { W, to } = pr, names = placeNames(shown.map(c => { const [x, y] = to(c); return { x, y, text: calledOf(c.camera) }; }), W, unitOf());
    drawing.replaceChildren(...grid(), ...shown.map(seen), ...shown.map((c, i) => mark(c, names[i])));
    if (focus) /** @type {SVGElement|null} */ (drawing.querySelector(`[data-camera="${CSS.escape(focus)}"][tabindex]`))?.focus();
  }

  /** @param {Event} e @returns {Placement|undefined} */
  const under = e => { const id = /** @type {Element} */ (e.target).closest("[data-camera]")?.getAttribute("data-camera"); return plan?.cameras.find(c => c.camera === id); };

  drawing.addEventListener("pointerdown", e => {
    const c = under(e);
    if (!c || e.button !== 0) return;
    if (!editing) return;
    e.preventDefault();
    const turning = /** @type {Element} */ (e.target).classList.contains("plan-handle"), [x0, y0] = at(e), begun = { ...c };
    if (picked !== c.camera) o.pick(c.camera);
    held = { ...c };
    const id = e.pointerId;
    const move = (/** @type {PointerEvent} */ m) => {
      if (m.pointerId !== id || !pr || !held) return;
      const [x, y] = at(m), [cx, cy] = pr.to(begun);
      if (turning) Object.assign(held, { direction: (Math.round(Math.atan2(x - cx, -(y - cy)) * 180 / Math.PI) + 360) % 360, range: pr.range(Math.hypot(x - cx, y - cy)), view: held.view || 60 });
      else Object.assign(held, pr.from(cx + x - x0, cy + y - y0));
      draw();
    };
    const end = (/** @type {PointerEvent} */ m) => {
      if (m.pointerId !== id) return;
      for (const t of ["pointermove", "pointerup", "pointercancel"]) removeEventListener(t, /** @type {any} */ (t === "pointermove" ? move : end));
      const now = held;
      held = null;
      if (now && m.type === "pointerup" && JSON.stringify(now) !== JSON.stringify(begun)) o.moved(now); else draw();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  });
  drawing.addEventListener("click", e => { const c = under(e); if (c && !(editing && picked === c.camera)) o.pick(c.camera); });
  drawing.addEventListener("keydown", e => {
    const c = under(e);
    if (!c || !pr) return;
    if (e.key === "Enter" || e.key === " ") { e.preventDefault(); o.pick(c.camera); return; }
    if (!editing) return;
    const far = step * (e.shiftKey ? 5 : 1) * pr.W, [x, y] = pr.to(c), by = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[e.key];
    const now = by ? { ...c, ...pr.from(x + by[0], y + by[1]) } : e.key === "[" || e.key === "]" ? { ...c, direction: (c.direction + (e.key === "]" ? turn : -turn) + 360) % 360 } : e.key === "+" || e.key === "-" || e.key === "−" ? { ...c, view: clamp(c.view + (e.key === "+" ? widen : -widen), 0, 360) } : null;
    if (now) { e.preventDefault(); o.moved(now); }
    if (e.key === "Delete") { e.preventDefault(); o.removed(c.camera); }
  });

  return {
    element, draw,
    leave: () => watcher.disconnect(),
    /** @param {Plan} p @param {boolean} edits @param {string} camera the one that is picked */
    show(p, edits, camera) {
      if (p.id !== plan?.id) zoom = 1;
      const src = p.picture ? mapApi.picture(p) : "";
      if (src && picture.getAttribute("src") !== src) picture.setAttribute("src", src);
      picture.hidden = !src;
      const same = plan && editing && edits && p.kind === "geo" && p.id === plan.id; // the map stays still while it is edited
      plan = p;
      if (!same || !pr) pr = projection(p);
      editing = edits;
      picked = camera;
      element.classList.toggle("is-editing", edits);
      fit();
    },
    /** @param {number} by */
    zoom(by) { zoom = clamp(zoom * by, 1, 8); fit(); },
    /** Where a new one is put: the middle of what is in sight. */
    middle: () => pr ? pr.from(pr.W * clamp((element.scrollLeft + element.clientWidth / 2) / Math.max(1, sheet.clientWidth), 0, 1), pr.H * clamp((element.scrollTop + element.clientHeight / 2) / Math.max(1, sheet.clientHeight), 0, 1)) : { x: .5, y: .5 },
  };
}
