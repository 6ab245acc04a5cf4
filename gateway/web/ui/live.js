// Live: the tiles of a view, and one camera large over them. Tiles stay while one is large, so that coming back is at once.
import { store } from "./store.js";
import { h, iconButton, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { words } from "./words.js";
import { liveWords as w } from "./words-live.js";
import { Arrange } from "./live-arrange.js";
import { Alarms } from "./live-alarm.js";
import { CameraBar } from "./live-bar.js";
import { lay, place, sizeOf, free } from "./live-layout.js";
import { Tile } from "./live-tile.js";
import { Tour } from "./live-tour.js";
import { ViewBar } from "./live-viewbar.js";
import { Views } from "./live-views.js";
import { Zoom } from "./live-zoom.js";

/** How long the other tiles go on while one camera is large, and how long one stays large on a wall after the last touch, ms. */
const rests = 10000, wallLarge = 60000;
/** From which width on, against that of the sub stream, a tile shows the main one, and of how many at most. */
const coarse = 1.25, fewTiles = 4;

export class LivePage {
  /** @param {string} id of the camera that is large, "" for none @param {(path: string) => void} go @param {boolean} wall whether it is a screen or window that shows nothing else */
  constructor(id, go, wall) {
    this.go = go;
    this.wall = wall;
    /** Nobody is signed in at it. */
    this.kiosk = wall && store.session?.kind === "device";
    this.undo = new Undo();
    this.views = new Views();
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    this.page = 0;
    this.pages = 1;
    /** The camera that is large; "" for none. */
    this.large = "";
    /** Cameras whose pictures are fetched already because they are shown next. @type {string[]} */
    this.ahead = [];
    /** Whether an alarm has made it so. */
    this.brought = false;
    this.resting = !!id;
    /** @type {CameraBar|null} */
    this.bar = null;
    /** @type {Zoom|null} */
    this.zoom = null;
    this.timer = 0;
    this.grid = h("div.grid", { role: "group", "aria-label": words.live });
    this.empty = h("div.empty", { hidden: true });
    this.banner = h("div.banner", { hidden: true, role: "status" }, words.allOffline);
    this.stage = h("div.stage", null, this.grid, this.empty, this.banner);
    this.arrange = new Arrange(this);
    this.tour = new Tour(this);
    this.alarms = new Alarms(this);
    this.viewBar = new ViewBar(this);
    this.element = h("section.live" + (wall ? ".on-wall" : ""), null, this.stage, this.viewBar.element);
    this.stage.append(this.alarms.element, this.tour.element, this.viewBar.says);
    this.views.ask().then(() => { if (!this.over) this.draw(); });
    this.undo.on(store, "change", e => { this.alarms.look(e.detail); this.draw(); });
    this.undo.on(window, "resize", () => this.draw());
    this.undo.every(() => this.tick(), 1000);
    this.undo.on(this.element, "pointerdown", () => this.touched());
    this.draw();
    if (id) this.enlarge(id);
    requestAnimationFrame(() => this.draw()); // now it has a size
  }

  /** Another address of the live page: the page stays. @param {string} where @param {string} id */
  at(where, id) {
    if (where !== "live" || this.wall || id && !store.can(id, "live")) return false;
    if (id !== this.large) this.enlarge(id);
    return true;
  }

  /** Shows one camera large, or none. @param {string} id @param {boolean} [brought] by an alarm */
  enlarge(id, brought = false) {
    clearTimeout(this.timer);
    const was = this.tiles.get(this.large);
    this.bar?.end();
    this.zoom?.end();
    this.bar = this.zoom = null;
    was?.element.classList.remove("large");
    was?.want(was.stream, false);
    this.large = id;
    this.brought = brought;
    if (id) {
      this.arrange.stop();
      const t = this.tile(id);
      t.element.classList.add("large");
      this.zoom = new Zoom(t.view, t.element, () => this.large === id && !this.bar?.panel?.aiming, () => this.bar?.paint());
      if (!this.wall) {
        const bar = this.bar = new CameraBar(t, this.zoom, { go: this.go, back: () => this.open(""), full: () => this.full() });
        this.stage.append(bar.facts.element, bar.side, bar.says);
        this.element.append(bar.element);
      }
      this.timer = setTimeout(() => { this.resting = true; this.draw(); }, rests);
    } else this.resting = false;
    this.element.classList.toggle("single", !!id);
    this.draw();
    const focus = this.tiles.get(id || was?.id || "");
    requestAnimationFrame(() => { if (!this.wall && focus?.element.isConnected && (id || document.activeElement === document.body || !document.activeElement?.isConnected)) focus.element.focus({ preventScroll: true }); });
  }

  /** What a person opens: its address is that of the page, but not on a wall. @param {string} id "" for all cameras */
  open(id) {
    if (!this.wall && !this.brought) { this.go(id ? `/live/${encodeURIComponent(id)}` : this.home()); return; }
    if (this.brought && id === "" && !this.wall) { this.enlarge(""); return; }
    this.enlarge(id);
  }

  /** The address of the grid. */
  home() { return "/live" + (this.views.addressed ? `?${this.views.query()}` : ""); }

  /** @param {string} id */
  tile(id) {
    let t = this.tiles.get(id);
    if (!t) {
      const made = t = new Tile(id, "");
      made.element.addEventListener("click", () => this.clicked(id));
      this.tiles.set(id, made);
      this.grid.append(made.element);
    }
    return t;
  }

  /** @param {string} id */
  clicked(id) {
    if (this.arrange.on || this.arrange.dragged) return;
    if (id !== this.large) this.open(id);
    else if (this.wall && !this.zoom?.moved) this.open("");
  }

  /** The cameras of the page that is shown now. */
  shown() {
    this.pages = this.pagesOf(this.views.now);
    this.page = Math.min(this.page, this.pages - 1);
    return this.pageOf(this.views.now, this.page);
  }

  /** @param {import("./live-views.js").View} v */
  pagesOf(v) { return Math.max(1, Math.ceil(this.views.cameras(v).length / (sizeOf(v.layout) || Infinity))); }
  /** @param {import("./live-views.js").View} v @param {number} n */
  pageOf(v, n) { const size = sizeOf(v.layout) || Infinity; return this.views.cameras(v).slice(n && n * size, (n + 1) * size); }

  draw() {
    if (this.over) return;
    const list = this.shown(), all = store.list("live"), keep = new Set([...list, this.large, ...this.ahead]);
    for (const [id, t] of this.tiles) if (!keep.has(id) || store.ready && !store.cameras.has(id)) { t.end(); t.element.remove(); this.tiles.delete(id); }
    this.nothing(all.length > 0 && list.length === 0);
    this.banner.hidden = all.length === 0 || !!this.large || all.some(c => c.state === "online" || c.state === "starting");
    list.forEach(id => this.tile(id));
    this.ahead.forEach(id => this.tile(id));
    this.lay(list);
    for (const [id, t] of this.tiles) {
      if (this.kiosk) t.element.tabIndex = -1;
      t.element.classList.toggle("ahead", id !== this.large && !list.includes(id));
      t.element.inert = !!this.large && id !== this.large;
      t.want(id === this.large ? "main" : this.large && this.resting ? "" : this.fits(t, list.length));
      t.update();
    }
    this.viewBar.paint();
    this.bar?.paint();
  }

  /** Which stream is enough for a tile. @param {Tile} t @param {number} n */
  fits(t, n) {
    const sub = t.camera?.streams.find(s => s.id === "sub");
    return n === 1 || n <= fewTiles && sub?.width && t.element.clientWidth * devicePixelRatio > sub.width * coarse ? "main" : "sub";
  }

  /** Puts the tiles in their places. @param {string[]} list */
  lay(list) {
    const v = this.views.now, tiles = list.map(id => this.tile(id));
    if (v.layout === "free") {
      for (const id of list) if (!v.cells[id]) v.cells[id] = place(list.filter(o => o !== id && v.cells[o]).map(o => v.cells[o]));
      this.grid.style.setProperty("--cols", String(free));
      this.grid.style.setProperty("--rows", String(free));
    } else {
      const l = lay(v.layout, tiles.map(t => t.shape), this.grid.clientWidth || 1200, this.grid.clientHeight || 700);
      this.grid.style.setProperty("--cols", String(l.cols));
      this.grid.style.setProperty("--rows", String(l.rows));
      this.laid = l;
    }
    this.grid.classList.toggle("free", v.layout === "free");
    tiles.forEach((t, i) => {
      const c = v.layout === "free" ? v.cells[t.id] : this.laid?.cells[i];
      if (c) t.element.style.setProperty("grid-area", `${c.y + 1} / ${c.x + 1} / span ${c.h} / span ${c.w}`);
      if (this.grid.children[i] !== t.element && !this.arrange.holding) this.grid.insertBefore(t.element, this.grid.children[i] || null);
    });
  }

  /** Says why there is nothing to see. @param {boolean} ofView */
  nothing(ofView) {
    const none = store.ready && !store.list("live").length;
    this.empty.hidden = !!this.large || !(none || store.ready && ofView);
    if (this.empty.hidden) return;
    const says = ofView ? [h("h1", null, w.emptyView), h("p", null, w.emptyViewText)] : store.may("configure") ? [h("h1", null, words.noCameras), h("p", null, words.noCamerasText), h("button.button.primary", { type: "button", onclick: () => this.go("/cameras?find") }, words.find)]
      : [h("h1", null, this.wall ? words.noneForWall : words.noneForYou), !this.wall && h("p", null, words.noneForYouText)].filter(Boolean);
    this.empty.replaceChildren(...says);
  }

  tick() {
    for (const t of this.tiles.values()) t.paint();
    this.bar?.paint();
    this.alarms.tick();
    this.tour.tick();
  }

  /** Somebody is there: what goes by itself waits. */
  touched() {
    this.tour.wait();
    if (this.brought) this.alarms.held();
    if (this.wall && this.large && !this.brought) { clearTimeout(this.timer); this.timer = setTimeout(() => this.enlarge(""), wallLarge); }
  }

  /** @param {import("./live-views.js").View} v */
  choose(v) { this.views.choose(v); this.page = 0; this.arrange.stop(); this.draw(); }

  full() { if (document.fullscreenElement) document.exitFullscreen(); else this.element.requestFullscreen?.(); }

  /** @param {KeyboardEvent} e */
  key(e) {
    this.touched();
    return this.large ? this.largeKey(e) : this.gridKey(e);
  }

  /** @param {KeyboardEvent} e */
  largeKey(e) {
    if (e.key === "Escape" && !document.fullscreenElement) { if (this.bar?.panel) this.bar.shut(); else this.open(""); return true; }
    if (this.bar?.key(e) || !this.bar && this.zoom?.key(e)) return true;
    if (e.key === "Enter" || e.key === "f") { this.full(); return true; }
    if (/^t$/i.test(e.key) && !this.wall && store.can(this.large, "playback")) { this.go(`/timeline/${encodeURIComponent(this.large)}`); return true; }
    const list = this.views.cameras(this.views.now), at = list.indexOf(this.large), step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
    if (step && list.length > 1) { this.open(list[(at + step + list.length) % list.length]); return true; }
    return false;
  }

  /** @param {KeyboardEvent} e */
  gridKey(e) {
    const list = this.shown().map(id => this.tile(id).element), at = list.indexOf(/** @type {any} */ (document.activeElement));
    if (this.arrange.key(e, at >= 0 ? this.shown()[at] : "")) return true;
    if (e.key.startsWith("Arrow")) { (at < 0 ? list[0] : this.beside(list, at, e.key))?.focus(); return true; }
    if (/^[1-9]$/.test(e.key) && list[Number(e.key) - 1]) { this.open(this.shown()[Number(e.key) - 1]); return true; }
    if (e.key === "Enter" && at >= 0) { this.open(this.shown()[at]); return true; }
    if (e.key === "f") { this.full(); return true; }
    if (/^g$/i.test(e.key) && !this.wall) { this.viewBar.pick(); return true; }
    if (e.key === "PageDown" || e.key === "PageUp") { this.turn(e.key === "PageDown" ? 1 : -1); return true; }
    if (/^t$/i.test(e.key) && !this.wall) { const id = this.shown()[Math.max(0, at)]; if (id && store.can(id, "playback")) { this.go(`/timeline/${encodeURIComponent(id)}`); return true; } }
    return false;
  }

  /** The tile that lies next in a direction. @param {HTMLElement[]} list @param {number} at @param {string} key */
  beside(list, at, key) {
    const across = key === "ArrowLeft" || key === "ArrowRight", sign = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
    const mid = (/** @type {HTMLElement} */ e) => { const r = e.getBoundingClientRect(); return across ? [r.x + r.width / 2, r.y + r.height / 2] : [r.y + r.height / 2, r.x + r.width / 2]; };
    const [a, b] = mid(list[at]);
    let best = list[at], least = Infinity;
    for (const e of list) {
      const [x, y] = mid(e), far = (x - a) * sign;
      if (far > 1 && far + 2 * Math.abs(y - b) < least - 4) { least = far + 2 * Math.abs(y - b); best = e; }
    }
    return best;
  }

  /** @param {number} by */
  turn(by) { this.ahead = []; this.page = (this.page + by + this.pages) % this.pages; this.draw(); }

  leave() {
    this.over = true;
    clearTimeout(this.timer);
    this.undo.run();
    this.arrange.stop();
    this.bar?.end();
    this.zoom?.end();
    for (const t of this.tiles.values()) t.end();
  }
}
LivePage.prototype.over = false;
/** @type {import("./live-layout.js").Laid|undefined} */
LivePage.prototype.laid = undefined;

/** @param {string} id @param {(path: string) => void} go @param {boolean} [wall] @returns {import("./dom.js").Page} */
export function livePage(id, go, wall = false) {
  const p = new LivePage(id, go, wall);
  return { element: p.element, key: e => p.key(e), leave: () => p.leave(), at: (where, camera) => p.at(where, camera) };
}
