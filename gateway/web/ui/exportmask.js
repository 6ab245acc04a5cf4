// Looking at a clip that is to be exported: areas that are covered, fixed or moving, and single pictures that go with it.
import { exportsApi } from "./api-exports.js";
import { h, iconButton, morph } from "./dom.js";
import { draft } from "./exportdraft.js";
import { icon } from "./icons.js";
import { tick } from "./parts.js";
import { store } from "./store.js";
import { clock } from "./words.js";
import { exportWords as w } from "./words-exports.js";

/** @typedef {import("./api-exports.js").ClipMask} ClipMask */
/** @typedef {[number, number][]} Points */

const svgNS = "http://www.w3.org/2000/svg";
/** Two moments that are one, ms: less than two pictures. */
const same = 70;
/** How far a key of the keyboard moves a mask, in shares of the picture. */
const nudge = 0.01;

const clamp = (/** @type {number} */ v) => Math.round(Math.min(1, Math.max(0, v)) * 1e4) / 1e4;
const copy = (/** @type {Points} */ p) => p.map(c => /** @type {[number, number]} */ ([c[0], c[1]]));

/** Where a mask is at a wall time. @param {ClipMask} m @param {number} t @returns {Points} */
export function shapeAt(m, t) {
  const keys = m.keys, i = keys.findIndex(k => Date.parse(k.at || "") >= t);
  if (keys.length === 1 || i === 0) return keys[0].points;
  if (i < 0) return keys[keys.length - 1].points;
  const a = keys[i - 1], b = keys[i], from = Date.parse(a.at || ""), share = (t - from) / (Date.parse(b.at || "") - from);
  return a.points.map((p, k) => [p[0] + share * (b.points[k][0] - p[0]), p[1] + share * (b.points[k][1] - p[1])]);
}

/** A moment to the tenth of a second. @param {string} t */
const fine = t => `${clock(t)}.${Math.floor(new Date(t).getMilliseconds() / 100)}`;

/** Whether a mask covers at a wall time. @param {ClipMask} m @param {number} t */
const covers = (m, t) => !(m.from && t < Date.parse(m.from)) && !(m.to && t > Date.parse(m.to));

/**
 * @param {import("./exportdraft.js").DraftClip} clip whose masks are changed @param {boolean} masking else stills are picked @param {() => void} done
 */
export function lookAt(clip, masking, done) {
  const name = store.nameOf(clip.camera), masks = clip.masks ||= [];
  /** @type {Set<ClipMask>} */
  const moving = new Set(masks.filter(m => m.keys.length > 1));
  /** @type {import("./api.js").VideoMap|null} */
  let times = null;
  let chosen = masks.length ? 0 : -1;
  const video = h("video", { src: exportsApi.clip(clip.camera, clip.from, clip.to, clip.run), preload: "auto", playsinline: true, "aria-label": w.picture });
  video.muted = true;
  const svg = /** @type {SVGSVGElement} */ (document.createElementNS(svgNS, "svg"));
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  const frame = h("div.look-frame", null, video, svg), says = h("p.quiet.num", { role: "status" }), tools = h("div.look-tools");
  const seek = h("input", { type: "range", min: "0", max: "1000", value: "0", "aria-label": w.position, oninput: () => { video.currentTime = Number(seek.value) / 1000 * (video.duration || 0); } });
  const play = iconButton(icon("play"), w.playPause, () => { if (video.paused) video.play().catch(() => {}); else video.pause(); });
  const step = (/** @type {number} */ s) => { video.pause(); video.currentTime = Math.min(Math.max(0, video.currentTime + s), video.duration || 0); };
  const bar = h("div.look-bar", null, iconButton(icon("stepBack"), w.back, () => step(-1)), play, iconButton(icon("step"), w.on, () => step(1)), seek, says);
  const close = h("button.button.primary", { type: "button", onclick: () => d.close() }, w.done);
  const d = /** @type {HTMLDialogElement} */ (h("dialog.look", { "aria-labelledby": "look-title", onclose: () => { video.removeAttribute("src"); video.load(); d.remove(); done(); }, onkeydown: keys },
    h("h2", { id: "look-title" }, masking ? w.lookTitle(name) : w.stillTitle(name)), frame, bar, tools, h("div.buttons", null, h("span.grow"), close)));

  /** The wall time that is shown, ms. */
  function now() {
    const t = video.currentTime || 0, list = times?.map || [];
    if (!list.length) return Date.parse(clip.from) + t * 1000;
    let last = list[0];
    for (const p of list.slice(1)) {
      if (t < p.media) return Date.parse(last.wall) + (t - last.media) / Math.max(1e-6, p.media - last.media) * (Date.parse(p.wall) - Date.parse(last.wall));
      last = p;
    }
    return Date.parse(last.wall);
  }

  /** Has a mask be somewhere at the moment that is shown. @param {ClipMask} m @param {Points} points */
  function put(m, points) {
    const clean = points.map(p => /** @type {[number, number]} */ ([clamp(p[0]), clamp(p[1])]));
    if (!moving.has(m)) { m.keys = [{ points: clean }]; draw(); return; }
    const t = now(), near = m.keys.find(k => Math.abs(Date.parse(k.at || "") - t) < same);
    if (near) near.points = clean; else m.keys.push({ at: new Date(t).toISOString(), points: clean });
    m.keys.sort((a, b) => Date.parse(a.at || "") - Date.parse(b.at || ""));
    draw();
  }

  function add() {
    masks.push({ keys: [{ points: [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]] }] });
    chosen = masks.length - 1;
    draw();
    /** @type {SVGElement|null} */ (svg.querySelector("[data-mask]:last-of-type"))?.focus();
  }

  /** A corner in the middle of the longest edge, in all keys. @param {ClipMask} m */
  function corner(m) {
    const p = shapeAt(m, now());
    if (p.length >= 32) return;
    const far = (/** @type {number} */ i) => Math.hypot(p[i][0] - p[(i + 1) % p.length][0], p[i][1] - p[(i + 1) % p.length][1]);
    const at = p.map((_, i) => i).reduce((a, b) => far(b) > far(a) ? b : a);
    for (const k of m.keys) { const a = k.points[at], b = k.points[(at + 1) % k.points.length]; k.points.splice(at + 1, 0, [clamp((a[0] + b[0]) / 2), clamp((a[1] + b[1]) / 2)]); }
    draw();
  }

  /** @param {PointerEvent} e @returns {[number, number]} */
  const place = e => { const r = svg.getBoundingClientRect(); return [(e.clientX - r.left) / r.width, (e.clientY - r.top) / r.height]; };

  /** Follows a hand. @param {PointerEvent} e @param {ClipMask} m @param {number} which corner, or -1 for the whole */
  function drag(e, m, which) {
    e.preventDefault();
    video.pause();
    chosen = masks.indexOf(m);
    const begun = place(e), was = copy(shapeAt(m, now()));
    draw();
    const move = (/** @type {PointerEvent} */ x) => {
      const p = place(x), dx = p[0] - begun[0], dy = p[1] - begun[1];
      put(m, was.map((c, i) => which < 0 || which === i ? [c[0] + dx, c[1] + dy] : c));
    };
    const end = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", end); removeEventListener("pointercancel", end); };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  /** @param {KeyboardEvent} e */
  function keys(e) {
    const m = masks[chosen], way = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[e.key];
    if (!m || !way || !(e.target instanceof SVGElement)) return;
    e.preventDefault();
    video.pause();
    const p = shapeAt(m, now()), left = Math.min(...p.map(c => c[0])), top = Math.min(...p.map(c => c[1])), wide = Math.max(...p.map(c => c[0])) - left || 1, high = Math.max(...p.map(c => c[1])) - top || 1;
    put(m, p.map(c => e.shiftKey ? [left + (c[0] - left) * (1 + way[0] * nudge / wide), top + (c[1] - top) * (1 + way[1] * nudge / high)] : [c[0] + way[0] * nudge, c[1] + way[1] * nudge]));
  }

  /** @param {string} tag @param {Record<string, string>} attributes */
  function shape(tag, attributes) { const e = document.createElementNS(svgNS, tag); for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v); return e; }

  function drawMasks() {
    const t = now(), held = /** @type {Element|null} */ (document.activeElement)?.getAttribute("data-mask");
    svg.replaceChildren(...masks.flatMap((m, n) => {
      if (!covers(m, t) && n !== chosen) return [];
      const p = shapeAt(m, t), e = shape("polygon", { points: p.map(c => c.join(",")).join(" "), class: (n === chosen ? "chosen" : "") + (covers(m, t) ? "" : " away"), tabindex: "0", role: "img", "aria-label": w.mask(n + 1), "data-mask": String(n) });
      e.addEventListener("pointerdown", x => drag(/** @type {PointerEvent} */ (x), m, -1));
      e.addEventListener("focus", () => { if (chosen !== n) { chosen = n; draw(); } });
      const r = svg.getBoundingClientRect(), corners = n !== chosen ? [] : p.map((c, i) => {
        const o = shape("ellipse", { cx: String(c[0]), cy: String(c[1]), rx: String(8 / (r.width || 640)), ry: String(8 / (r.height || 360)), class: "corner" });
        o.addEventListener("pointerdown", x => drag(/** @type {PointerEvent} */ (x), m, i));
        return o;
      });
      return [e, ...corners];
    }));
    if (held) /** @type {SVGElement|null} */ (svg.querySelector(`[data-mask="${held}"]`))?.focus();
  }

  function drawTools() {
    const m = masks[chosen], button = (/** @type {string} */ text, /** @type {() => void} */ f, /** @type {string} */ cls = "") => h("button.button.small" + cls, { type: "button", "data-key": text, onclick: f }, text);
    if (!masking) { morph(tools, h("div.row", null, button(w.takeStill, () => { draft.still(clip.camera, new Date(now()).toISOString(), clip.run); draw(); }), h("span.quiet", { role: "status" }, draft.stills.length > 0 && w.taken(draft.stills.length)))); return; }
    tools.replaceChildren(h("div.row.look-row", null, button(w.addMask, add, masks.length ? "" : ".primary"), ...masks.map((_, n) => h("button.button.small", { type: "button", "aria-pressed": String(n === chosen), onclick: () => { chosen = n; draw(); } }, w.mask(n + 1)))));
    if (!m) return;
    const moves = tick(w.moves, moving.has(m), w.movesNote);
    moves.input.addEventListener("change", () => {
      const points = copy(shapeAt(m, now()));
      if (moves.input.checked) { moving.add(m); m.keys = [{ at: new Date(now()).toISOString(), points }]; } else { moving.delete(m); m.keys = [{ points }]; }
      draw();
    });
    const at = () => new Date(now()).toISOString();
    /** @param {...(Node|string|false|undefined)} kids */
    const append = (...kids) => tools.append(.../** @type {(Node|string)[]} */ (kids.filter(Boolean)));
    append(h("div.row.look-row", null, button(w.addCorner, () => corner(m)), button(w.begins, () => { m.from = at(); if (m.to && m.to <= m.from) delete m.to; draw(); }), button(w.ends, () => { m.to = at(); if (m.from && m.from >= m.to) delete m.from; draw(); }),
      (m.from || m.to) && button(w.whole, () => { delete m.from; delete m.to; draw(); }), button(w.removeMask, () => { masks.splice(chosen, 1); moving.delete(m); chosen = masks.length - 1; draw(); }),
      h("span.quiet.num", null, [m.from && w.maskFrom(clock(m.from)), m.to && w.maskTo(clock(m.to))].filter(Boolean).join(" "))), moves.element,
    moving.has(m) && h("div.row.look-row", { role: "group", "aria-label": w.keys }, ...m.keys.map(k => { const t = fine(k.at || ""); return h("span.key", null, h("button.link.num", { type: "button", onclick: () => go(Date.parse(k.at || "")) }, t), m.keys.length > 1 && iconButton(icon("close"), w.removeKey(t), () => { m.keys.splice(m.keys.indexOf(k), 1); draw(); })); })),
    h("p.quiet", null, w.maskHelp));
  }

  /** Shows the picture of a wall time. @param {number} t */
  function go(t) {
    const list = times?.map || [];
    for (let i = 1; i < list.length; i++) {
      const a = Date.parse(list[i - 1].wall), b = Date.parse(list[i].wall);
      if (t <= b) { video.currentTime = list[i - 1].media + Math.max(0, t - a) / Math.max(1, b - a) * (list[i].media - list[i - 1].media); return; }
    }
  }

  function tell() {
    says.textContent = clock(now());
    if (document.activeElement !== seek) seek.value = String(Math.round(1000 * video.currentTime / (video.duration || 1)));
    play.replaceChildren(icon(video.paused ? "play" : "pause"));
  }
  function draw() { drawMasks(); drawTools(); tell(); }
  const shows = () => { if (!d.isConnected) return; drawMasks(); tell(); if (!video.paused) requestAnimationFrame(shows); };
  video.addEventListener("loadedmetadata", () => { frame.style.setProperty("aspect-ratio", `${video.videoWidth || 16} / ${video.videoHeight || 9}`); frame.style.setProperty("--ratio", String((video.videoWidth || 16) / (video.videoHeight || 9))); draw(); });
  for (const e of ["seeked", "timeupdate", "pause", "play"]) video.addEventListener(e, shows);
  video.addEventListener("error", () => { if (video.getAttribute("src")) says.textContent = w.noPicture; });
  exportsApi.times(clip.camera, clip.from, clip.to, clip.run).then(m => { times = m; draw(); }, () => {});
  document.body.append(d);
  draw();
  d.showModal();
}
