// The bar under the tiles: which view, in which layout, and what is done with it.
import { h, iconButton, morph } from "./dom.js";
import { icon } from "./icons.js";
import { lay, layouts } from "./live-layout.js";
import { store } from "./store.js";
import { words } from "./words.js";
import { liveWords as w } from "./words-live.js";

/** A small drawing of a layout. @param {string} layout */
function drawing(layout) {
  const ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg");
  const l = layout === "free" ? { cols: 10, rows: 10, cells: [{ x: 0, y: 0, w: 6, h: 10 }, { x: 6, y: 0, w: 4, h: 4 }, { x: 6, y: 4, w: 4, h: 6 }] } : layout === "auto" ? { cols: 4, rows: 2, cells: [{ x: 0, y: 0, w: 2, h: 1 }, { x: 2, y: 0, w: 2, h: 1 }, { x: 1, y: 1, w: 2, h: 1 }] } : lay(layout, [], 16, 9);
  svg.setAttribute("viewBox", "0 0 24 16");
  svg.setAttribute("class", "layout-icon");
  svg.setAttribute("aria-hidden", "true");
  for (const c of l.cells) {
    const r = document.createElementNS(ns, "rect"), gap = 0.7;
    for (const [k, v] of /** @type {[string, number][]} */ ([["x", c.x * 24 / l.cols + gap], ["y", c.y * 16 / l.rows + gap], ["width", c.w * 24 / l.cols - 2 * gap], ["height", c.h * 16 / l.rows - 2 * gap]])) r.setAttribute(k, v.toFixed(2));
    svg.append(r);
  }
  return svg;
}

export class ViewBar {
  /** @param {import("./live.js").LivePage} page */
  constructor(page) {
    this.page = page;
    this.says = h("p.arrange-says", { hidden: true });
    this.views = h("select.view-pick", { "aria-label": w.view, title: w.view, onchange: (/** @type {any} */ e) => { const v = page.views.find(e.target.value); if (v) page.choose(v); } });
    this.layouts = h("div.layouts", { role: "group", "aria-label": w.layout }, ...layouts.map(l => h("button.layout", { type: "button", "data-layout": l, title: /** @type {any} */ (w.layouts)[l], "aria-label": /** @type {any} */ (w.layouts)[l], onclick: () => page.arrange.layout(l) }, drawing(l))));
    this.pages = h("span.pages");
    this.arrange = iconButton(icon("arrange"), w.arrange, () => { if (page.arrange.on) page.arrange.stop(); else page.arrange.start(); }, ".arrange-button");
    this.reset = h("button.button", { type: "button", hidden: true, onclick: () => page.arrange.reset() }, w.arrangeReset);
    this.done = h("button.button.primary", { type: "button", hidden: true, onclick: () => page.arrange.stop() }, w.arrangeDone);
    this.tour = iconButton(icon("tour"), w.tourOn, () => { if (page.tour.on) page.tour.stop(); else this.ask("tour"); });
    this.bell = iconButton(icon("bell"), w.alarms, () => this.ask("alarms"));
    this.save = iconButton(icon("keep"), w.saveAs, () => this.ask("view"));
    this.window = iconButton(icon("window"), w.window, () => this.ask("window"));
    this.element = h("div.bar.view-bar", { role: "toolbar", "aria-label": w.views, hidden: page.wall }, this.views, this.layouts, this.pages, h("span.grow"), this.reset, this.done, this.arrange, this.save, this.tour, this.bell, this.window, iconButton(icon("full"), words.full, () => page.full()));
  }

  /** Opens what is asked in a dialog, which is fetched when it is first needed. @param {"tour"|"alarms"|"view"|"window"} what */
  async ask(what) { (await import("./live-edit.js"))[what](this.page); }

  /** The keyboard goes to the choice of views. */
  pick() { this.views.focus(); try { this.views.showPicker(); } catch { /* it has the focus at least */ } }

  paint() {
    const p = this.page, v = p.views.now, all = p.views.list(), many = store.list("live").length > 1;
    this.element.hidden = p.wall || !!p.large || !store.list("live").length;
    this.views.hidden = !many && all.length < 2;
    for (const e of [this.layouts, this.arrange, this.save]) e.hidden = !many;
    const option = (/** @type {import("./live-views.js").View} */ x) => h("option", { value: x.id, "data-key": x.id }, x.name || w.view);
    if (document.activeElement !== this.views || this.views.options.length !== all.length) morph(this.views, ...all.map(option));
    this.views.value = v.id;
    for (const b of this.layouts.children) b.setAttribute("aria-pressed", String(b.dataset.layout === v.layout));
    morph(this.pages, ...(p.pages > 1 ? Array.from({ length: p.pages }, (_, i) => h("button.page" + (i === p.page ? ".on" : ""), { type: "button", "data-key": String(i), "aria-label": w.page(i + 1), "aria-current": i === p.page ? "page" : null, onclick: () => { p.page = i; p.draw(); } }, String(i + 1))) : []));
    this.arrange.setAttribute("aria-pressed", String(p.arrange.on));
    this.reset.hidden = this.done.hidden = !p.arrange.on;
    this.says.hidden = !p.arrange.on;
    this.says.textContent = v.layout === "free" ? w.arrangeFree : w.arrangeText;
    this.tour.setAttribute("aria-pressed", String(p.tour.on));
    this.tour.title = p.tour.on ? w.tourOff : w.tourOn;
    this.tour.setAttribute("aria-label", this.tour.title);
    this.bell.setAttribute("aria-pressed", String(p.alarms.kinds.length > 0));
  }
}
