// Cameras: the list, and adding one.
import { store } from "./store.js";
import { api, Problem } from "./api.js";
import { h, morph, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { field } from "./sign.js";
import { progress, state, tick } from "./parts.js";
import { chooseSources } from "./sources.js";
import { words, clock, bitrate, why } from "./words.js";

/** @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function camerasPage(go) {
  const undo = new Undo();
  const body = h("tbody");
  const side = h("aside.side", { hidden: true });
  const columns = [words.camera, words.state, words.streams, words.recordingColumn, words.recordedTo];
  const table = h("table.list.cameras", null, h("thead", null, h("tr", null, ...columns.map(t => h("th", { scope: "col" }, t)))), body);
  const empty = h("div.empty", { hidden: true }, h("h1", null, words.noCameras), h("p", null, words.noCamerasText), h("button.button.primary", { type: "button", onclick: () => find() }, words.find));
  const element = h("section.page", null, h("header", null, h("h1", null, words.cameras), h("span.grow"), h("button.button", { type: "button", onclick: () => find() }, icon("search"), words.find)), h("div.split", null, h("div.grow", null, table, empty), side));

  function draw() {
    const list = store.list();
    table.hidden = list.length === 0;
    empty.hidden = !store.ready || list.length > 0;
    morph(body, ...list.map(row));
  }

  /** @param {import("./api.js").Camera} c */
  function row(c) {
    const open = () => go(`/live/${encodeURIComponent(c.id)}`);
    const streams = c.streams.map(s => s.codec ? `${s.id} ${s.codec.replace("H26", "H.26")} ${s.width}×${s.height}${s.state === "online" ? ` · ${s.fps.toFixed(0)} fps · ${bitrate(s.bitrate)}` : ""}` : s.id);
    const trouble = c.state !== "online" && c.state !== "disabled";
    return h("tr", { tabindex: "0", "data-key": c.id, onclick: open, onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "Enter") open(); } },
      h("td", null, h("b", null, c.name), h("div.quiet", null, [c.manufacturer, c.model].filter(Boolean).join(" ") || c.address)),
      h("td", { "data-label": columns[1] }, h("span.state." + c.state, null, /** @type {any} */ (words)[c.state] || c.state), trouble && h("div.quiet", null, `${words.since} ${clock(c.since)} · ${c.cause}`), trouble && c.hint && h("div.quiet.hint", null, c.hint), !trouble && c.detail && h("div.quiet", null, c.detail)),
      h("td", { "data-label": columns[2] }, ...streams.map(s => h("div.num", null, s))),
      h("td", { "data-label": columns[3] }, h("span.state." + c.record.state, null, /** @type {any} */ (words.recStates)[c.record.state]), c.record.mode !== "off" && c.record.mode !== "continuous" && h("div.quiet", null, why(c.record)), c.record.last_synced && h("div.quiet.num", null, `${words.newest} ${clock(c.record.last_synced)}`)),
      h("td", { "data-label": columns[4] }, ...places(c)));
  }

  /** Where a camera is recorded to, and whether that is encrypted: once where all its streams are alike. @param {import("./api.js").Camera} c */
  function places(c) {
    const recorded = c.streams.filter(s => s.recording);
    if (recorded.length === 0) return [h("span.quiet", null, "–")];
    const path = (/** @type {string} */ id) => store.health?.volumes.find(v => v.id === id)?.path || words.volumeAway;
    const lines = recorded.map(s => s.recording?.volumes.map(path).join(", ") || words.nowhere), alike = lines.every(l => l === lines[0]);
    const clear = recorded.some(s => !s.recording?.encrypted);
    return [...(alike ? [h("div.path", null, lines[0])] : lines.map((l, i) => h("div.path", null, `${recorded[i].id}: ${l}`))), h("div.quiet", null, clear ? state("warn", words.inClear) : words.encrypted), c.record.mirror === "mirrored" && h("div.quiet", null, words.mirrored), c.record.mirror === "not_mirrored" && h("div.quiet", null, state("warn", words.notMirrored(c.record.mirror_why)))];
  }

  /** The search that is under way. @type {AbortController|null} */
  let search = null;

  /** Searches, and lists what answers as it does. @param {string[]} ranges none: the networks of the gateway */
  async function find(ranges = []) {
    search?.abort();
    const mine = search = new AbortController();
    const list = h("ul.found"), note = h("p.quiet.num", null, words.searching), bar = h("div", null, progress(words.find, null, words.searching)), end = h("p.quiet", { role: "status" }), failed = h("p.form-error", { role: "alert" });
    const stop = h("button.button", { type: "button", onclick: () => mine.abort() }, words.stop);
    const again = h("button.button", { type: "button", hidden: true, onclick: () => find(ranges) }, words.searchAgain);
    const at = field(words.ranges, { name: "ranges", value: ranges.join(" ") }, words.rangesNote);
    const form = h("form", { novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); find(at.input.value.split(/[\s,]+/).filter(Boolean)); } }, at.element, h("div.buttons", null, h("button.button", { type: "submit" }, words.searchRanges)));
    side.hidden = false;
    side.replaceChildren(h("h2", null, words.find), note, bar, end, failed, list, h("div.buttons", null, stop, again, h("button.button", { type: "button", onclick: () => add() }, words.addCamera)), form);
    /** @type {Map<string, import("./api.js").Found>} */
    const found = new Map();
    /** How far it is. @type {import("./api.js").SearchLine["progress"]} */
    let far;
    /** @param {import("./api.js").SearchLine} f */
    const take = f => {
      if (search !== mine) return;
      if (f.found) {
        found.set(f.found.key, f.found);
        morph(list, ...[...found.values()].map(answered));
      }
      far = f.progress || far;
      if (far) {
        note.textContent = (far.unit === "seconds" ? words.searchedSeconds : words.searchedAddresses)(found.size, far.done, far.of);
        bar.replaceChildren(progress(words.find, far.done / far.of, note.textContent));
      }
      if (f.error) failed.textContent = f.error;
    };
    try {
      await api.discover(ranges, mine.signal, take);
      if (!failed.textContent) end.textContent = found.size ? words.foundAll(found.size) : ranges.length ? words.foundNoneAt : words.foundNone;
    } catch (e) {
      const p = /** @type {Problem} */ (e);
      if (mine.signal.aborted) end.textContent = words.foundSome(found.size);
      else (p.field === "ranges" ? at.error : failed).textContent = [p.message, p.hint].filter(Boolean).join(" ");
    }
    for (const x of [note, bar, stop]) x.hidden = true;
    again.hidden = false;
  }

  /** One that answered. @param {import("./api.js").Found} f */
  function answered(f) {
    const as = f.camera ? store.list().find(c => c.id === f.camera)?.name || f.camera : "";
    return h("li", { "data-key": f.key }, h("div", null, h("b", null, f.name || f.address),
      h("div.quiet", null, [[f.maker, f.model].filter(Boolean).join(" "), f.location, f.profiles.length && `ONVIF ${f.profiles.join(" ")}`].filter(Boolean).join(" · ")), h("div.quiet.num", null, f.address.replace(/^http:\/\//, "").replace(/\/onvif\/device_service$/, "")), f.shared && h("div.quiet", null, words.sharedID)),
      f.adopted ? h("span.quiet", null, as && as !== f.name ? words.addedAs(as) : words.added) : h("button.button", { type: "button", onclick: () => add(f) }, words.add));
  }

  /** @param {import("./api.js").Found} [found] what answered, if it was not typed */
  function add(found) {
    search?.abort();
    const at = field(words.address, { name: "address", value: found?.address || "" }, words.addressNote);
    const title = field(words.name, { name: "name", value: found?.name || "" }, words.nameNote);
    const user = field(words.user, { name: "username" });
    const pass = field(words.password, { name: "password", type: "password" });
    const record = h("select", { id: "f-record", name: "record" }, h("option", { value: "continuous" }, words.recordOn), h("option", { value: "event" }, words.recordEvents), h("option", { value: "off" }, words.recordOff));
    const twice = tick(words.mirror, false, words.mirrorNote);
    twice.element.hidden = (store.health?.volumes.length || 0) < 2;
    const error = h("p.form-error", { role: "alert" });
    const button = h("button.button.primary", { type: "submit" }, words.addCamera);
    const fields = [at, title, user, pass];
    /** The video sources of the device, once they are known to be several. @type {ReturnType<typeof chooseSources>|null} */
    let several = null;
    const sources = h("div");
    for (const f of [at, user, pass]) f.input.addEventListener("input", () => { several = null; sources.replaceChildren(); button.textContent = words.addCamera; });
    side.replaceChildren(h("h2", null, words.addCamera), h("form", { novalidate: true, onsubmit: submit }, ...fields.map(f => f.element), h("div.field", null, h("label", { for: "f-record" }, words.record), record), twice.element, sources, error, h("div.buttons", null, button, h("button.button", { type: "button", onclick: () => find() }, words.cancel))));
    (found ? user : at).input.focus();
    /** @param {Event} e */
    async function submit(e) {
      e.preventDefault();
      button.disabled = true;
      error.textContent = "";
      for (const f of fields) f.error.textContent = "";
      button.textContent = words.adding;
      try {
        const address = at.input.value.trim();
        const endpoint = found && !found.shared && address === found.address ? found.id : "";
        if (!several && !/^rtsps?:/.test(address)) {
          const device = await api.probe({ address, username: user.input.value, password: pass.input.value });
          if (device.sources.length > 1) {
            several = chooseSources(device);
            sources.replaceChildren(several.element);
            several.first?.focus();
            return;
          }
        }
        if (several && several.chosen().length === 0) {
          error.textContent = words.sourcesNone;
          return;
        }
        await api.adopt({ address, ...(several ? { sources: several.chosen() } : {}), ...(endpoint ? { endpoint } : {}), username: user.input.value, password: pass.input.value, name: title.input.value.trim(), record: record.value, mirror: twice.input.checked });
        find();
      } catch (x) {
        const p = /** @type {Problem} */ (x);
        const f = fields.find(v => v.input.name === p.field);
        (f ? f.error : error).textContent = [p.message, p.hint].filter(Boolean).join(" ");
      } finally {
        button.disabled = false;
        button.textContent = several ? words.addChosen : words.addCamera;
      }
    }
  }

  undo.on(store, "change", draw);
  draw();
  if (new URLSearchParams(location.search).has("find")) find();
  return { element, leave: () => { search?.abort(); undo.run(); } };
}
