// Live: the grid, and one camera large.
import { store } from "./store.js";
import { api } from "./api.js";
import { Player } from "./player.js";
import { Overlay, overlaysWanted, wantOverlays } from "./overlay.js";
import { sceneWords } from "./words-scene.js";
import { h, iconButton, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { words, clock, bytes, bitrate, why } from "./words.js";

/** @type {Record<string, number>} */
const sizes = { 1: 1, 4: 4, 6: 6, 9: 9, 16: 16 };

/** One picture with its words. */
class Tile {
  /** @param {string} id @param {string} stream */
  constructor(id, stream) {
    this.id = id;
    this.stream = stream;
    this.player = new Player();
    this.name = h("span.tile-name");
    this.dot = h("span.dot");
    this.label = h("div.tile-label", null, this.dot, this.name);
    this.note = h("div.tile-note");
    this.thumb = h("img.tile-thumb", { alt: "" });
    this.thumbTime = h("figcaption");
    this.figure = h("figure.tile-last", null, this.thumb, this.thumbTime);
    this.what = h("p.tile-what");
    this.why = h("p.tile-why");
    this.cover = h("div.tile-cover", null, this.figure, this.what, this.why);
    this.element = h("button.tile", { type: "button" }, this.player.video, this.cover, this.note, this.label);
    this.overlay = new Overlay(this.player.video, id, { smooth: stream === "main" });
    this.lastAt = /** @type {Date|null} */ (null);
    this.player.addEventListener("state", () => this.paint());
    this.keeper = setInterval(() => this.keep(), 10000);
    this.update();
  }

  camera() { return store.cameras.get(this.id); }

  update() {
    const c = this.camera();
    if (!c) return;
    this.player.show(c, this.stream, this.audio);
    this.paint();
  }

  /** Keeps a small copy of the newest picture, for the time when there is none. */
  keep() {
    const v = this.player.video;
    if (this.player.state !== "playing" || !v.videoWidth) return;
    const c = document.createElement("canvas");
    c.width = 240;
    c.height = Math.round(240 * v.videoHeight / v.videoWidth);
    c.getContext("2d")?.drawImage(v, 0, 0, c.width, c.height);
    this.thumb.src = c.toDataURL("image/jpeg", 0.6);
    this.lastAt = new Date();
  }

  paint() {
    const c = this.camera();
    if (!c) return;
    const playing = this.player.state === "playing" && c.state === "online";
    if (playing && !this.lastAt) this.keep();
    this.name.textContent = c.name;
    this.element.setAttribute("aria-label", `${c.name}, ${playing ? words.online : this.reason(c)}`);
    this.element.classList.toggle("playing", playing);
    this.dot.className = "dot " + (c.record.state === "recording" ? "rec" : c.record.state === "off" || c.record.state === "idle" ? "off" : "bad");
    this.dot.title = /** @type {any} */ (words.recStates)[c.record.state] || "";
    this.note.textContent = this.player.note;
    this.note.hidden = !this.player.note;
    this.cover.hidden = playing;
    if (playing) return;
    this.what.textContent = this.reason(c);
    this.why.textContent = this.because(c);
    this.figure.hidden = !this.lastAt;
    if (this.lastAt) this.thumbTime.textContent = `${words.lastPicture} ${clock(this.lastAt)}`;
  }

  /** @param {import("./api.js").Camera} c */
  reason(c) {
    if (c.state === "online") return this.player.state === "stopped" ? words.stopped : words.waiting;
    return /** @type {any} */ (words)[c.state] || c.state;
  }

  /** @param {import("./api.js").Camera} c */
  because(c) {
    if (c.state === "online") return "";
    const parts = [`${words.since} ${clock(c.since)}`];
    if (c.cause) parts.push(c.cause);
    if (c.retry_at) parts.push(words.retry(Math.max(0, Math.round((Date.parse(c.retry_at) - Date.now()) / 1000))));
    return parts.join(" · ");
  }

  end() { clearInterval(this.keeper); this.overlay.end(); this.player.end(); }
}
Tile.prototype.audio = false;

/** @param {number} n @param {number} w @param {number} hgt how many columns make 16:9 tiles largest */
function columns(n, w, hgt) {
  let best = 1, most = 0;
  for (let c = 1; c <= n; c++) {
    const r = Math.ceil(n / c);
    const tw = Math.min(w / c, hgt / r * 16 / 9);
    if (tw > most + 0.5) { most = tw; best = c; }
  }
  return best;
}

/** @param {(path: string) => void} go @param {boolean} [wall] there is nobody who presses anything @returns {import("./dom.js").Page} */
export function livePage(go, wall = false) {
  const undo = new Undo();
  /** @type {Map<string, Tile>} */
  const tiles = new Map();
  const grid = h("div.grid", { role: "list", "aria-label": words.live });
  const adds = store.may("configure");
  const empty = adds ? h("div.empty", { hidden: true }, h("h1", null, words.noCameras), h("p", null, words.noCamerasText), h("button.button.primary", { type: "button", onclick: () => go("/cameras?find") }, words.find))
    : h("div.empty", { hidden: true }, h("h1", null, wall ? words.noneForWall : words.noneForYou), !wall && h("p", null, words.noneForYouText));
  const banner = h("div.banner", { hidden: true }, words.allOffline);
  let layout = !wall && localStorage.getItem("layout") || "auto";
  let page = 0;
  const pages = h("span.pages");
  const choose = h("select", { "aria-label": words.layout, title: words.layout, onchange: (/** @type {any} */ e) => { layout = e.target.value; page = 0; localStorage.setItem("layout", layout); draw(); } },
    ...["auto", "1", "4", "6", "9", "16"].map(k => h("option", { value: k, selected: k === layout }, /** @type {any} */ (words.layouts)[k])));
  const bar = h("div.float", { hidden: wall }, pages, choose, iconButton(icon("full"), words.full, () => element.requestFullscreen?.()));
  const element = h("section.live", null, grid, empty, banner, bar);

  function draw() {
    const all = store.list("live");
    choose.hidden = all.length < 2;
    const size = sizes[layout] || all.length;
    const last = Math.max(0, Math.ceil(all.length / Math.max(1, size)) - 1);
    page = Math.min(page, last);
    const list = all.slice(page * size, page * size + size);
    empty.hidden = !store.ready || all.length > 0;
    banner.hidden = all.length === 0 || all.some(c => c.state === "online" || c.state === "starting");
    const ids = new Set(list.map(c => c.id));
    for (const [id, t] of tiles) if (!ids.has(id)) { t.end(); t.element.remove(); tiles.delete(id); }
    for (const c of list) {
      let t = tiles.get(c.id);
      if (!t) {
        t = new Tile(c.id, "sub");
        if (wall) t.element.tabIndex = -1; else t.element.addEventListener("click", () => go(`/live/${encodeURIComponent(c.id)}`));
        tiles.set(c.id, t);
        grid.append(t.element);
      }
      t.update();
    }
    grid.classList.toggle("one-five", layout === "6");
    const n = layout === "auto" ? list.length : layout === "6" ? 6 : sizes[layout];
    const cols = layout === "6" ? 3 : layout === "auto" ? columns(Math.max(1, n), grid.clientWidth || 1200, grid.clientHeight || 700) : Math.sqrt(n);
    grid.style.setProperty("--cols", String(cols));
    grid.style.setProperty("--rows", String(Math.max(1, Math.ceil((layout === "6" ? 9 : n) / cols))));
    pages.replaceChildren(...(last > 0 ? Array.from({ length: last + 1 }, (_, i) => h("button.page" + (i === page ? ".on" : ""), { type: "button", "aria-label": `${words.page} ${i + 1}`, onclick: () => { page = i; draw(); } }, String(i + 1))) : []));
  }
  undo.on(store, "change", draw);
  undo.on(window, "resize", draw);
  undo.every(() => { for (const t of tiles.values()) t.paint(); }, 1000);
  requestAnimationFrame(draw);

  /** @param {KeyboardEvent} e */
  function key(e) {
    const list = [...tiles.values()].map(t => t.element);
    const at = list.indexOf(/** @type {any} */ (document.activeElement));
    const cols = Number(grid.style.getPropertyValue("--cols")) || 1;
    const step = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: cols, ArrowUp: -cols })[e.key];
    if (step) { list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + step))]?.focus(); return true; }
    if (/^[1-9]$/.test(e.key) && list[Number(e.key) - 1]) { list[Number(e.key) - 1].click(); return true; }
    if (e.key === "t" || e.key === "T") { const id = [...tiles.keys()][Math.max(0, at)]; if (id && store.can(id, "playback")) go(`/timeline/${encodeURIComponent(id)}`); return true; }
    return false;
  }
  return { element, key, leave: () => { undo.run(); for (const t of tiles.values()) t.end(); } };
}

/** @param {string} id @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function cameraPage(id, go) {
  const undo = new Undo();
  const tile = new Tile(id, "main");
  tile.element.classList.add("large");
  const facts = h("dl.facts", { hidden: true });
  const soundButton = iconButton(icon("mute"), words.sound, () => {
    tile.audio = !tile.audio;
    tile.player.video.muted = !tile.audio;
    soundButton.replaceChildren(icon(tile.audio ? "sound" : "mute"));
    soundButton.setAttribute("aria-pressed", String(tile.audio));
    tile.update();
  });
  const boxesButton = iconButton(icon("boxes"), sceneWords.boxes, () => { wantOverlays(!overlaysWanted()); tile.overlay.on = overlaysWanted(); boxesButton.setAttribute("aria-pressed", String(tile.overlay.on)); });
  boxesButton.setAttribute("aria-pressed", String(tile.overlay.on));
  const markButton = h("button.button.mark-button", { type: "button", title: words.markNote, onclick: mark }, words.mark);
  const says = h("p.says", { role: "status", "aria-live": "polite" });
  /** Marks this moment: an event of the camera, kept as such. */
  async function mark() {
    markButton.disabled = true;
    try { const e = await api.raise(id, { kind: "mark", source: "viewer" }); says.textContent = `${words.marked} ${clock(e.start)}. ${words.footage(e.footage)}`; } catch (x) { const p = /** @type {import("./api.js").Problem} */ (x); says.textContent = [p.message, p.hint].filter(Boolean).join(" "); }
    setTimeout(() => { says.textContent = ""; }, 5000);
    markButton.disabled = false;
  }
  const timelineButton = iconButton(icon("timeline"), words.showTimeline, () => go(`/timeline/${encodeURIComponent(id)}`));
  const backButton = iconButton(icon("back"), words.back, () => go("/live"));
  const bar = h("div.bar", { role: "toolbar" }, backButton,
    h("span.bar-name"), h("span.grow"), soundButton, boxesButton,
    h("a.icon-button", { href: api.snapshot(id), download: `${id}.jpg`, title: words.snapshot, "aria-label": words.snapshot }, icon("snap")),
    markButton, timelineButton,
    iconButton(icon("info"), words.info, () => { facts.hidden = !facts.hidden; paint(); }),
    iconButton(icon("full"), words.full, full));
  const stage = h("div.stage", null, tile.element, facts, says);
  const element = h("section.single", null, stage, bar);

  function full() { if (document.fullscreenElement) document.exitFullscreen(); else stage.requestFullscreen?.(); }
  function paint() {
    const c = store.cameras.get(id);
    if (!c) return;
    tile.update();
    const name = bar.querySelector(".bar-name");
    if (name) name.textContent = c.name;
    soundButton.hidden = !c.may.includes("audio") || !c.streams.some(s => s.audio);
    markButton.hidden = !c.may.includes("raise");
    timelineButton.hidden = !c.may.includes("playback");
    if (facts.hidden) return;
    const s = c.streams.find(x => x.id === tile.player.stream) || c.streams[0];
    const rows = [[words.state, c.state], [words.streams, s ? `${s.id} · ${s.codec.replace("H26", "H.26")} ${s.width}×${s.height}` : "–"],
      ["fps", s ? `${tile.player.fps.toFixed(0)} ${words.of2} ${s.fps.toFixed(0)}` : "–"], ["Bitrate", s ? bitrate(s.bitrate) : "–"],
      ["Way", `${tile.player.way}${s?.transport ? ` · ${s.transport}` : ""}`], ["Lost", s ? `${s.lost} ${words.lostPackets}` : "–"],
      ...(Number.isFinite(tile.player.latency) ? [["Buffer", `${tile.player.latency.toFixed(1)} ${words.behind}`]] : []),
      ["Memory", s ? bytes(s.ring_bytes) : "–"], [words.recordingColumn, /** @type {any} */ (words.recStates)[c.record.state]], ...(c.record.mode === "off" ? [] : [[words.mode, why(s?.recording || c.record)]]), ...(c.address ? [[words.address, c.address]] : []), ["Device", `${c.manufacturer} ${c.model}`.trim() || "–"]];
    facts.replaceChildren(...rows.flatMap(([k, v]) => [h("dt", null, k), h("dd", null, v)]));
  }
  undo.on(store, "change", paint);
  undo.every(paint, 1000);
  paint();
  requestAnimationFrame(() => tile.element.focus());
  return {
    element,
    key: e => {
      if (e.key === "Escape" && !document.fullscreenElement) { go("/live"); return true; }
      if (e.key === "Enter" || e.key === "f") { full(); return true; }
      if ((e.key === "t" || e.key === "T") && store.can(id, "playback")) { go(`/timeline/${encodeURIComponent(id)}`); return true; }
      const list = store.list("live"), at = list.findIndex(c => c.id === id);
      const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
      if (step && list.length > 1) { go(`/live/${encodeURIComponent(list[(at + step + list.length) % list.length].id)}`); return true; }
      return false;
    },
    leave: () => { undo.run(); tile.end(); },
  };
}
