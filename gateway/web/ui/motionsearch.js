// Looking for motion in a part of one camera's picture: draw the part, search, and click what was found.
import { footage } from "./api-footage.js";
import { Problem } from "./api.js";
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { progress } from "./parts.js";
import { Region, whole } from "./region.js";
import { Stills } from "./stills.js";
import { clock, duration, when, words } from "./words.js";
import { sceneWords } from "./words-scene.js";
import { timelineWords as w } from "./words-timeline.js";

/** The longest range that is searched at once, ms. */
const longest = 24 * 3600e3;
/** What a camera calls a thing, as people say it. @param {string|undefined} name */
const named = name => name && (/** @type {Record<string, string>} */ (sceneWords.classes)[name] || name);
/** @type {[keyof typeof w.places, import("./region.js").Box][]} */
const places = [["whole", whole], ["left", [-1, -1, 0, 1]], ["right", [0, -1, 1, 1]], ["upper", [-1, 0, 1, 1]], ["lower", [-1, -1, 1, 0]], ["middle", [-0.5, -0.5, 0.5, 0.5]]];
const leasts = /** @type {const} */ ([["much", 0.1], ["some", 0.01], ["little", 0.003]]);

export class MotionSearch {
  /** @param {import("./played.js").Played} played @param {{from: number, to: number}} range @param {(t: number) => void} go @param {() => void} closed */
  constructor(played, range, go, closed) {
    this.played = played;
    this.go = go;
    this.from = Math.max(range.from, range.to - longest);
    this.to = Math.min(range.to, Date.now());
    /** @type {AbortController|null} */
    this.stop = null;
    /** @type {Stills[]} */
    this.thumbs = [];
    this.region = new Region(played.element, () => played.size, () => { this.place.value = "drawn"; });
    this.place = h("select", { onchange: () => { const p = places.find(([k]) => k === this.place.value); if (p) this.region.set(p[1]); } }, ...places.map(([k]) => h("option", { value: k }, w.places[k])), h("option", { value: "drawn" }, w.places.drawn));
    this.least = h("select", null, ...leasts.map(([k, v]) => h("option", { value: String(v), selected: k === "some" }, w.leasts[k])));
    this.pictures = h("input", { type: "checkbox" });
    this.how = h("div.search-how");
    this.list = h("ul.search-hits");
    this.button = h("button.button.primary", { type: "button", onclick: () => this.stop ? this.stop.abort() : this.run() }, w.search);
    this.element = h("aside.moments.motion-search", { "aria-label": w.searchTitle }, h("header", null, h("h2", null, w.searchTitle), iconButton(icon("close"), words.close, () => { this.end(); closed(); })),
      h("p.quiet", null, w.searchText(played.camera?.name || played.id, this.to - this.from < 3600e3 ? `${clock(this.from)} – ${clock(this.to)}` : `${when(this.from)} – ${when(this.to)}`)), h("label.search-field", null, h("span", null, w.where), this.place), h("p.field-note", null, w.drawHow), h("label.search-field", null, h("span", null, w.howMuch), this.least), h("label.chooser-row", null, this.pictures, h("span", null, w.comparePictures)), this.button, this.how, this.list);
    this.seen = new IntersectionObserver(all => { for (const e of all) if (e.isIntersecting) { this.seen.unobserve(e.target); /** @type {any} */ (e.target).load?.(); } });
  }

  end() {
    this.stop?.abort();
    this.region.end();
    this.seen.disconnect();
    for (const t of this.thumbs) t.end();
  }

  async run() {
    const stop = this.stop = new AbortController();
    this.list.replaceChildren();
    this.button.textContent = words.stop;
    this.how.replaceChildren(progress(w.searchTitle, 0, w.searching));
    let found = 0, last = "", bare = false; // bare: so far there was no footage
    const over = (/** @type {string} */ text) => this.how.replaceChildren(h("p", { role: "status" }, text), last ? h("p.quiet", null, last) : "");
    try {
      await footage.motion(this.played.id, this.from, this.to, { region: this.region.box, least: Number(this.least.value), pictures: this.pictures.checked }, stop.signal, l => {
        if (l.hit) { found++; this.list.append(this.hit(l.hit)); }
        if (l.progress) {
          const p = l.progress;
          bare = p.by === "nothing" && (bare || !last);
          last = p.pictures ? w.byPictures(p.pictures, p.every, p.pace) : p.by === "boxes" ? w.byBoxes(p.pace) : "";
          this.how.replaceChildren(progress(w.searchTitle, p.part, w.searchPart(Math.round(p.part * 100))), h("p.quiet", null, [found ? w.hits(found) : "", last, p.left_seconds > 1 ? w.left(duration(p.left_seconds)) : ""].filter(Boolean).join(" ")));
        }
        if (l.done) over(l.more ? w.hitsMore(found) : found ? w.hits(found) : bare ? w.nothingThere : w.noHits);
        if (l.error) over(l.error);
      });
    } catch (e) { if (stop.signal.aborted) over(w.stoppedAt(found)); else over(e instanceof Problem ? e.says : words.error); }
    this.stop = null;
    this.button.textContent = w.search;
  }

  /** @param {import("./api-footage.js").MotionHit} m */
  hit(m) {
    const at = Date.parse(m.peak), long = (Date.parse(m.to) - Date.parse(m.from)) / 1000, canvas = h("canvas.search-thumb", { width: "160", height: "90" });
    const what = m.by === "boxes" ? named(m.class) || w.moved : w.changed(m.changed * 100);
    /** @type {any} */ (canvas).load = () => { const s = new Stills(this.played.id, this.played.stream, canvas, () => s.end()); this.thumbs.push(s); s.want(at); };
    this.seen.observe(canvas);
    return h("li", null, h("button.moment", { type: "button", onclick: () => this.go(Date.parse(m.from) - 1000) }, canvas, h("span.grow", null, h("b", null, this.to - this.from > 20 * 3600e3 ? when(m.from) + clock(m.from).slice(-3) : clock(m.from)), h("br"), long > 0.5 ? `${duration(long)} · ${what}` : what)));
  }
}
