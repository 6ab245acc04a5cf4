// Arranging tiles: by dragging, or by keyboard: a tile is taken up, moved with the arrows and put down. In the free layout tiles are moved and resized in steps; in the others they change places.
import { h } from "./dom.js";
import { liveWords as w } from "./words-live.js";
import { free, lay, loosen, overlap, within } from "./live-layout.js";

/** How far a hand moves until it drags, px, and how near its corner a tile is resized. */
const slack = 6, corner = 28;

/** @typedef {import("./live-layout.js").Cell} Cell */

export class Arrange {
  /** @param {import("./live.js").LivePage} page */
  constructor(page) {
    this.page = page;
    this.on = false;
    /** A tile is being held. */
    this.holding = false;
    /** The last press was a drag, so that it is no click. */
    this.dragged = false;
    /** The tile that the keyboard has taken up; "" for none. */
    this.picked = "";
    this.says = h("p.visually-hidden", { role: "status", "aria-live": "polite" });
    page.stage.append(this.says);
    page.undo.on(page.grid, "pointerdown", e => this.down(e));
  }

  start() { this.on = true; this.page.element.classList.add("arranging"); this.page.viewBar.paint(); }
  stop() { if (!this.on) return; if (this.picked) this.pick(""); this.on = false; this.page.element.classList.remove("arranging"); this.page.views.save(); this.page.viewBar.paint(); }

  /** Takes a tile up with the keyboard, or puts it down. @param {string} id "" for none */
  pick(id) {
    const name = this.page.tiles.get(id || this.picked)?.camera?.name || "";
    this.page.tiles.get(this.picked)?.element.classList.remove("picked");
    this.picked = id;
    this.page.tiles.get(id)?.element.classList.add("picked");
    this.says.textContent = id ? w.picked(name) : w.putDown(name);
  }

  get view() { return this.page.views.now; }

  /** Takes another layout; the free one begins as the tiles lie. @param {string} layout */
  layout(layout) {
    const v = this.view, list = this.order(), grid = this.page.grid;
    if (layout === "free" && v.layout !== "free" && !list.every(id => v.cells[id])) {
      const all = list.length === this.page.shown().length && this.page.laid || lay("auto", list.map(() => 16 / 9), grid.clientWidth, grid.clientHeight);
      loosen(all).forEach((c, i) => { if (list[i]) v.cells[list[i]] = c; });
    }
    v.layout = layout;
    this.page.page = 0;
    this.page.views.save();
    this.page.draw();
  }

  /** The order of the view's cameras, as a list of their ids. */
  order() { return this.page.views.cameras(this.view); }

  /** Two cameras change places. @param {string} a @param {string} b */
  swap(a, b) {
    const v = this.view;
    if (v.layout === "free") [v.cells[a], v.cells[b]] = [v.cells[b], v.cells[a]];
    else {
      const list = this.order(), i = list.indexOf(a), j = list.indexOf(b);
      [list[i], list[j]] = [b, a];
      v.cameras = v.id.startsWith("group:") ? [...list, v.id] : list;
    }
  }

  /** Moves a free tile, where no other lies. @param {string} id @param {Cell} to */
  put(id, to) {
    const v = this.view, c = within(to);
    if (this.page.shown().some(o => o !== id && v.cells[o] && overlap(v.cells[o], c))) return false;
    v.cells[id] = c;
    return true;
  }

  /** @param {PointerEvent} e */
  down(e) {
    this.dragged = false;
    const tile = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (e.target).closest(".tile"));
    if (!tile || this.page.wall || this.page.large || e.button !== 0 || !this.on && e.pointerType !== "mouse") return;
    const id = String(tile.dataset.camera), r = tile.getBoundingClientRect(), g = this.page.grid.getBoundingClientRect(), was = { ...this.view.cells[id] };
    const sizes = this.on && this.view.layout === "free" && e.clientX > r.right - corner && e.clientY > r.bottom - corner;
    const move = (/** @type {PointerEvent} */ m) => {
      const dx = m.clientX - e.clientX, dy = m.clientY - e.clientY;
      if (!this.holding && Math.hypot(dx, dy) < slack) return;
      if (!this.holding) { this.holding = this.dragged = true; tile.classList.add("held"); tile.setPointerCapture(e.pointerId); }
      if (this.view.layout === "free" && this.on) {
        const sx = Math.round(dx * free / g.width), sy = Math.round(dy * free / g.height);
        this.put(id, sizes ? { ...was, w: was.w + sx, h: was.h + sy } : { ...was, x: was.x + sx, y: was.y + sy });
        this.page.lay(this.page.shown());
      } else tile.style.setProperty("translate", `${dx}px ${dy}px`);
    };
    const up = (/** @type {PointerEvent} */ u) => {
      tile.removeEventListener("pointermove", move);
      for (const t of ["pointerup", "pointercancel"]) tile.removeEventListener(t, /** @type {any} */ (up));
      tile.classList.remove("held");
      tile.style.removeProperty("translate");
      if (!this.holding) return;
      this.holding = false;
      const other = u.type === "pointerup" && !sizes && document.elementsFromPoint(u.clientX, u.clientY).map(x => /** @type {HTMLElement|null} */ (x.closest(".tile"))).find(t => t && t !== tile);
      const moved = this.view.layout === "free" && this.on && JSON.stringify(was) !== JSON.stringify(this.view.cells[id]);
      if (other && !moved) this.swap(id, String(other.dataset.camera));
      this.done(id);
      setTimeout(() => { this.dragged = false; }, 0); // the click of this press has come by then
    };
    tile.addEventListener("pointermove", move);
    for (const t of ["pointerup", "pointercancel"]) tile.addEventListener(t, /** @type {any} */ (up));
  }

  /** @param {KeyboardEvent} e @param {string} id of the tile with the focus */
  key(e, id) {
    if (e.key === "Escape" && this.on) { if (this.picked) this.pick(""); else this.stop(); return true; }
    if (this.on && id && (e.key === " " || e.key === "Enter")) { this.pick(this.picked === id ? "" : id); return true; }
    const d = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[e.key];
    if (!this.on || !d || !this.picked) return false;
    id = this.picked;
    const v = this.view, c = v.cells[id];
    if (v.layout === "free") this.put(id, e.shiftKey ? { ...c, w: c.w + d[0], h: c.h + d[1] } : { ...c, x: c.x + d[0], y: c.y + d[1] });
    else {
      const list = this.page.shown(), tiles = list.map(o => this.page.tile(o).element), next = tiles.indexOf(this.page.beside(tiles, list.indexOf(id), e.key));
      if (list[next] !== id) this.swap(id, list[next]);
    }
    this.done(id);
    return true;
  }

  /** @param {string} id */
  done(id) {
    this.page.views.save();
    this.page.draw();
    const t = this.page.tile(id), v = this.view, c = v.cells[id];
    if (document.activeElement !== t.element) t.element.focus();
    this.says.textContent = v.layout === "free" && c ? w.movedTo(t.camera?.name || id, c.x + 1, c.y + 1, c.w, c.h) : w.moved(t.camera?.name || id, this.order().indexOf(id) + 1, this.order().length);
  }

  /** Every camera in the order that the gateway gives. */
  reset() { const v = this.view; v.cells = {}; v.cameras = v.id === "all" ? [] : v.id.startsWith("group:") ? [v.id] : [...v.cameras].sort(); v.layout = "auto"; this.page.views.save(); this.page.draw(); }
}
