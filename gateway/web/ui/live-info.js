// What is known of a live picture, in figures: what the camera sends, how it comes here and why so, and the other ways that there are.
import { h, morph } from "./dom.js";
import { words, bytes, why } from "./words.js";
import { liveWords as w } from "./words-live.js";
import { playerWords as p } from "./words-player.js";

/**
 * @param {import("./api.js").Camera} c @param {import("./player.js").Player} player
 * @returns {[string, string][]}
 */
function factsOf(c, player) {
  const st = player.stats(), s = c.streams.find(x => x.id === player.stream) || c.streams[0], f = w.facts;
  /** @type {[string, string|false|undefined|null][]} */
  const rows = [
    [f.state, /** @type {any} */ (words)[c.state] || c.state],
    [f.stream, s && p.stream(s.id)],
    [p.codec, (st?.codec || s?.codec || "").replace("H26", "H.26")],
    [p.picture, st?.width ? `${st.width} × ${st.height}` : s?.width ? `${s.width} × ${s.height}` : w.unknown],
    [p.frames, st ? p.fps(st.cameraFPS > 0 ? Math.min(st.fps, st.cameraFPS) : st.fps, st.cameraFPS) : w.unknown],
    [p.rate, st ? p.rateOf(st.bitrate, st.cameraBitrate) : w.unknown],
    [p.loss, st && p.lossOf(st.loss, st.lost)],
    [w.sent, s && w.lostByCamera(s.lost)],
    [p.latency, st && st.latency >= 0 && p.ms(st.latency)],
    [p.soundOf, st?.audio],
    [p.way, player.way && `${player.way}${st?.transport ? ` · ${st.transport.toUpperCase()}` : ""}`],
    [p.why, player.why],
    [f.memory, s && bytes(s.ring_bytes)],
    [f.recording, /** @type {any} */ (words.recStates)[c.record.state]],
    [f.mode, c.record.mode !== "off" && why(s?.recording || c.record)],
    [f.address, c.address],
    [f.device, `${c.manufacturer} ${c.model}`.trim() || w.unknown],
  ];
  return /** @type {[string, string][]} */ (rows.filter(r => r[1]));
}

export class InfoPanel {
  /** @param {import("./live-tile.js").Tile} tile */
  constructor(tile) {
    this.tile = tile;
    this.list = h("dl.facts-list");
    this.ways = h("select", { "aria-label": w.chooseWay, onchange: () => tile.player.choose(this.ways.value) });
    this.element = h("div.facts", { hidden: true }, this.list, h("label.facts-ways", null, p.others, this.ways));
  }

  get open() { return !this.element.hidden; }
  toggle() { this.element.hidden = !this.element.hidden; this.paint(); }

  paint() {
    const c = this.tile.camera, player = this.tile.player;
    if (!this.open || !c) return;
    morph(this.list, ...factsOf(c, player).flatMap(([k, v]) => [h("dt", null, k), h("dd", null, v)]));
    if (document.activeElement === this.ways) return;
    const all = player.choices();
    morph(this.ways, h("option", { value: "" }, p.automatic), ...all.map(x => h("option", { value: x.key, disabled: !x.possible, title: x.why }, x.name)));
    this.ways.value = player.chosen;
  }
}
