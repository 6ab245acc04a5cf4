// What a camera keeps on a card of its own: what of it is missing here, and fetching that.
import { api, base, json } from "./api.js";
import { h, morph } from "./dom.js";
import { deedButton, facts, failed, progress, state, tick, waiting } from "./parts.js";
import { styled } from "./styles.js";
import { bytes, duration, when } from "./words.js";
import { cardWords as w } from "./words-card.js";

/**
 * @typedef {{from:string,to:string}} Stretch
 * @typedef {{stream:string,from:string,to:string,cause:string,state:"due"|"waiting"|"filling"|"given_up",why?:string}} Gap
 * @typedef {{stream:string,from:string,to:string,until:string,bytes:number,left:number}} Job
 * @typedef {{stream:string,from:string,to:string,seconds:number,bytes:number,why?:string,before:"pictures"|"clock",after:"pictures"|"clock",within:number}} Filled
 * @typedef {{token:string,name:string,source:string,from?:string,to?:string,running:boolean,own:boolean,spans:Stretch[]}} Recording
 * @typedef {{state:"off"|"none"|"idle"|"waiting"|"queued"|"filling",detail:string,recordings:Recording[],unasked?:string,gaps:Gap[],job?:Job,ended:Filled[],reach:number,speed:number}} Card
 */

await styled("/card.css");

/** How often what is known is asked for anew, ms. The camera is asked too. */
const period = 3000;
/** How many stretches of a recording are listed. */
const most = 4;
/** @type {Record<string, import("./parts.js").Tone>} */
const tones = { off: "none", none: "none", idle: "good", waiting: "warn", queued: "busy", filling: "busy" };
/** @type {Record<string, import("./parts.js").Tone>} */
const gapTones = { due: "busy", waiting: "warn", filling: "busy", given_up: "bad" };

/** @param {Stretch} s */
const length = s => (Date.parse(s.to) - Date.parse(s.from)) / 1000;

/** Shows what a camera keeps. @param {import("./api.js").Camera} c */
export function cardOf(c) {
  const path = `${base}/cameras/${encodeURIComponent(c.id)}/card`, body = h("div.card-body", null, waiting()), buttons = h("div.buttons");
  const fetches = tick(w.fetches, true, " "), settings = fetches.element;
  const d = /** @type {HTMLDialogElement} */ (h("dialog.wide", { "aria-labelledby": "card-title", onclose: () => { clearTimeout(next); gone = true; d.remove(); } }, h("div.dialog-body", null, h("h2", { id: "card-title" }, w.title(c.name)), h("p", null, w.lead), body, settings, buttons)));
  settings.hidden = true;
  let gone = false, next = 0;

  async function ask() {
    clearTimeout(next);
    try { show(/** @type {Card} */ (await json("GET", path))); } catch (e) { if (!gone) body.replaceChildren(failed(e, ask)); }
    if (!gone) next = setTimeout(ask, period);
  }

  /** @param {"POST"|"DELETE"} how */
  const deed = how => async () => { show(await json(how, path + "/fill")); await ask(); };
  const start = deedButton(w.fetch, deed("POST"), ".primary"), stop = deedButton(w.stop, deed("DELETE"));
  buttons.append(h("span.grow"), h("button.button", { type: "button", onclick: () => d.close() }, w.close), stop, start);

  /** @param {Card} k */
  function show(k) {
    const open = k.gaps.length > 0 && k.state !== "off" && k.state !== "none";
    start.hidden = !open || !!k.job;
    stop.hidden = !k.job;
    const note = fetches.element.querySelector(".field-note");
    if (note) note.textContent = c.source === "config" ? w.inFile : w.fetchesNote(duration(k.reach), k.speed);
    fetches.input.checked = k.state !== "off";
    fetches.input.disabled = c.source === "config";
    settings.hidden = k.state === "none";
    morph(body, h("p", { "data-key": "state", role: "status" }, state(tones[k.state], w.states[k.state]), k.detail && h("span.quiet", null, " " + k.detail)),
      k.job && job(k.job),
      k.state !== "none" && h("h3", { "data-key": "lost" }, w.lost), k.state !== "none" && lost(k.gaps),
      k.state !== "none" && h("h3", { "data-key": "card" }, w.onCard), k.state !== "none" && recordings(k),
      k.ended.length > 0 && h("h3", { "data-key": "done" }, w.done), k.ended.length > 0 && ended(k.ended));
  }

  fetches.input.addEventListener("change", async () => {
    fetches.input.disabled = true;
    try { const s = /** @type {any} */ (await api.record(c.id)); await api.setRecord(c.id, { ...s, fill: fetches.input.checked ? "card" : "off" }); } catch (e) { body.replaceChildren(failed(e, ask)); return; }
    await ask();
  });
  document.body.append(d);
  d.showModal();
  ask();
}

/** @param {Job} j */
function job(j) {
  const all = length(j), got = Math.max(0, (Date.parse(j.until) - Date.parse(j.from)) / 1000), text = w.job(duration(got), duration(all), bytes(j.bytes)) + (j.left > 0 ? ", " + w.left(duration(j.left)) : "");
  return h("div", { "data-key": "job" }, progress(w.progress, all > 0 ? got / all : null, text), h("p.quiet.num", null, text));
}

/** @param {Gap[]} list */
function lost(list) {
  if (list.length === 0) return h("p.quiet", { "data-key": "gaps" }, w.nothingLost);
  return h("table.list", { "data-key": "gaps" }, h("thead", null, h("tr", null, ...w.columns.map(t => h("th", { scope: "col" }, t)))), h("tbody", null, ...list.map(g => h("tr", { "data-key": g.stream + g.to },
    h("td.num", { "data-label": w.columns[0] }, when(g.from)), h("td.num", { "data-label": w.columns[1] }, duration(length(g))), h("td", { "data-label": w.columns[2] }, g.cause), h("td", { "data-label": w.columns[3] }, state(gapTones[g.state], w.gapStates[g.state]), g.why && h("div.quiet", null, g.why))))));
}

/** @param {Card} k */
function recordings(k) {
  if (k.unasked) return h("p.quiet", { "data-key": "recordings" }, `${w.unasked}: ${k.unasked}`);
  if (k.recordings.length === 0) return h("p.quiet", { "data-key": "recordings" }, w.nothingOnCard);
  return h("div", { "data-key": "recordings" }, facts(k.recordings.map(r => [r.name || r.token, r.own ? h("span", null, ...r.spans.slice(-most).map((s, i) => h("div.num", null, `${when(s.from)} – ${r.running && i === Math.min(r.spans.length, most) - 1 ? w.goesOn : when(s.to)}`)), r.spans.length > most && h("div.quiet", null, w.spansMore(r.spans.length - most))) : h("span.quiet", null, w.ofOther)])));
}

/** @param {Filled[]} list */
function ended(list) {
  return h("ul.plain-list", { "data-key": "ended" }, ...list.map(f => h("li", { "data-key": f.stream + f.from + f.to }, h("span.num", null, `${when(f.from)}: ${w.of(duration(f.seconds), duration(length(f)))}, ${bytes(f.bytes)}`), h("div.quiet", null, [f.why, f.seconds > 0 && how(f)].filter(Boolean).join(" ")))));
}

/** @param {Filled} f */
function how(f) {
  if (f.before === "pictures" && f.after === "pictures") return w.exact;
  return f.before === "clock" && f.after === "clock" ? w.byClock(duration(f.within)) : w.oneSide;
}
