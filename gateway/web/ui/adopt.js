// Finding cameras and adding many: the list fills while the network is asked, the chosen are asked once with one user name and password,
// and the gateway adds them, which goes on when the page is left.
import { api, Problem } from "./api.js";
import { camerasApi } from "./api-cameras.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { field } from "./sign.js";
import { choice, progress, state, tick } from "./parts.js";
import { store } from "./store.js";
import { words, duration } from "./words.js";
import { camerasWords as w } from "./words-cameras.js";
import { deviceCard, showPicture } from "./adoptcard.js";

/** @typedef {ReturnType<typeof adoptPage>} AdoptPage */
/**
 * @typedef {{key:string,address:string,endpoint:string,called:string,found:import("./api.js").Found|null,picked:boolean,state:keyof typeof w.states,says:string,device:import("./api-cameras.js").Device|null,tried:string,login:{username:string,password:string}|null,
 *   choice:{name:string,sources:string[]|null,streams:import("./api-cameras.js").StreamChoice[]},as:string,paint:()=>void,element:HTMLElement}} Row
 */

/** How many devices are asked at once, how often it is asked how far the gateway is, ms, and how many names are shown of a pattern. */
const atOnce = 4, period = 400, previewed = 3;
/** @type {Record<string, import("./parts.js").Tone>} */
const tones = { "": "none", asking: "busy", ready: "good", refused: "bad", failed: "bad", waiting: "none", adding: "busy", added: "good", stopped: "warn" };
const isStream = (/** @type {string} */ a) => /^rtsps?:/.test(a);
const short = (/** @type {string} */ a) => a.replace(/^http:\/\//, "").replace(/\/onvif\/device_service$/, "");

/** @param {(path: string) => void} go @param {() => void} back */
export function adoptPage(go, back) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** @type {AbortController|null} */
  let search = null;
  let gone = false, job = /** @type {import("./api-cameras.js").AdoptionJob|null} */ (null);
  const list = h("ul.found", { "aria-label": w.list }), note = h("p.quiet.num", null, words.searching), bar = h("div"), end = h("p.quiet", { role: "status" }), failed = h("p.form-error", { role: "alert" });
  const stopSearch = h("button.button", { type: "button", onclick: () => search?.abort() }, words.stop), again = h("button.button", { type: "button", hidden: true, onclick: () => find(ranges()) }, words.searchAgain);
  const all = tick(w.chooseAll, false);
  all.input.addEventListener("change", () => { for (const r of rows.values()) if (able(r)) { r.picked = all.input.checked; r.paint(); } count(); });
  const at = field(words.ranges, { name: "ranges" }, words.rangesNote), one = field(words.address, { name: "address" }, words.addressNote);
  const ranges = () => at.input.value.split(/[\s,]+/).filter(Boolean);
  const rangeForm = h("form", { novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); find(ranges()); } }, at.element, h("button.button", { type: "submit" }, words.searchRanges));
  const oneForm = h("form", { novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); const a = one.input.value.trim(); if (!a) return; const r = take(`typed ${a}`, a, null); r.picked = true; r.paint(); one.input.value = ""; count(); } }, one.element, h("button.button", { type: "submit" }, w.byAddress));
  const user = field(words.user, { name: "username" }), pass = field(words.password, { name: "password", type: "password" });
  const askSaid = h("p.quiet.num", { role: "status" }), askButton = h("button.button", { type: "submit" }, w.ask);
  const signIn = h("form", { novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); askAll(); } }, h("h2", null, w.signIn), h("p.quiet", null, w.signInText), user.element, pass.element, h("div.row", null, askButton, askSaid));
  const pattern = field(w.pattern, { name: "pattern", oninput: () => count() }, w.patternNote), preview = h("p.field-live"), first = field(w.first, { name: "first", type: "number", min: "0", value: "1", oninput: () => count() });
  const record = choice(words.record, { name: "record" }, [["continuous", words.recordOn], ["event", words.recordEvents], ["off", words.recordOff]]);
  const every = tick(w.sources, false, w.sourcesNote), twice = tick(words.mirror, false, words.mirrorNote);
  twice.element.hidden = (store.health?.volumes.length || 0) < 2;
  const error = h("p.form-error", { role: "alert" }), addButton = h("button.button.primary", { type: "submit" }, w.add(0)), how = h("p.quiet", null, w.nothing);
  const add = h("form", { novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); adopt(); } }, h("h2", null, w.setUp), pattern.element, preview, first.element, record.element, every.element, twice.element, error, addButton, how);
  const going = h("section.adopting", { "aria-live": "polite", hidden: true });
  const element = h("section.page.adopt", null, h("header", null, h("h1", null, w.title), h("span.grow"), h("button.button", { type: "button", onclick: back }, icon("back"), w.all)),
    h("div.adopt-parts", null, h("div.grow", null, h("div.scan", null, h("div.grow", null, note, bar, end, failed), stopSearch, again), all.element, list, h("section.ways", null, h("h2", null, w.otherWays), h("div.ways-parts", null, rangeForm, oneForm))), h("aside.side", { "aria-label": w.title }, going, signIn, add)));

  /** What is there already comes last; else by name, as numbers count. @param {Row} a @param {Row} b */
  const order = (a, b) => Number(!!a.found?.adopted) - Number(!!b.found?.adopted) || (a.called || a.address).localeCompare(b.called || b.address, undefined, { numeric: true });
  /** Whether something can be added. @param {Row} r */
  const able = r => r.state !== "added" && r.state !== "adding" && r.state !== "waiting" && r.state !== "asking" && !r.found?.adopted;
  const picked = () => [...rows.values()].filter(r => r.picked && able(r)).sort(order);
  const addable = () => picked().filter(r => r.state !== "refused" && r.state !== "failed");

  /** The row of a device, made when it is new. @param {string} key @param {string} address @param {import("./api.js").Found|null} found @returns {Row} */
  function take(key, address, found) {
    const was = [...rows.values()].find(r => r.key === key || r.address === address);
    if (was) { was.found = found || was.found; was.paint(); return was; }
    const r = makeRow({ key, address, found });
    rows.set(key, r);
    r.paint();
    list.insertBefore(r.element, [...rows.values()].filter(x => x.element.isConnected && order(r, x) < 0).sort(order)[0]?.element || null);
    return r;
  }

  /** @param {{key:string,address:string,found:import("./api.js").Found|null}} o @returns {Row} */
  function makeRow({ key, address, found }) {
    const box = h("input", { type: "checkbox", onchange: () => { r.picked = box.checked; count(); } }), thumb = h("div.thumb", null, icon("cameras"));
    const name = h("b"), what = h("div.quiet"), where = h("div.quiet.num"), tone = h("div"), says = h("div.quiet"), more = h("div.device-more", { hidden: true });
    const open = h("button.button.small", { type: "button", "aria-expanded": "false", onclick: () => { more.hidden = !more.hidden; open.setAttribute("aria-expanded", String(!more.hidden)); if (!more.hidden) fill(); } }, w.details);
    let shownFor = /** @type {unknown} */ (undefined);
    /** What is under Details: the card of the device, or a place for credentials of its own. */
    function fill() {
      if (shownFor === (r.device || r.state)) return;
      shownFor = r.device || r.state;
      const login = { address: r.address, ...(r.login || { username: user.input.value, password: pass.input.value }) };
      more.replaceChildren(...(r.device ? [deviceCard(r.device, pictured, login, r.choice, count)] : [own()]));
    }
    function own() {
      const u = field(words.user, { name: "own-user", value: r.login?.username || user.input.value }), p = field(words.password, { name: "own-password", type: "password" });
      return h("form.own", { novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); r.login = { username: u.input.value, password: p.input.value }; r.picked = true; ask(r).then(() => { fill(); count(); }); } }, h("h3", null, w.own), isStream(r.address) && h("p.quiet", null, w.rtspOnly), u.element, p.element, h("button.button", { type: "submit" }, w.ownAsk));
    }
    const element = h("li", { "data-key": key }, h("div.found-row", null, h("label.found-pick", null, box), thumb, h("div.grow", null, name, what, where), h("div.found-state", null, tone, says), open), more);
    /** @type {Row} */
    const r = { key, address, found, picked: false, state: "", says: "", device: null, tried: "", login: null, endpoint: found && !found.shared ? found.id : "", called: found?.name || "", as: "", choice: { name: "", sources: null, streams: [] }, element, paint };
    let pictured = /** @type {import("./api-cameras.js").TestPicture|null} */ (null);
    /** @param {import("./api-cameras.js").TestPicture} p */
    const picture = p => showPicture(thumb, p, w.pictureOf(name.textContent || ""));
    element.addEventListener("picture", (/** @type {any} */ e) => { pictured = e.detail; picture(e.detail); });
    function paint() {
      const f = r.found, here = f?.adopted || r.state === "added", label = f?.name || (r.device && `${r.device.manufacturer} ${r.device.model}`) || short(r.address);
      box.checked = r.picked && able(r);
      box.disabled = !able(r);
      box.setAttribute("aria-label", w.choose(label));
      name.textContent = label;
      what.textContent = f ? [[f.maker, f.model].filter(Boolean).join(" "), f.location, f.profiles.length && `ONVIF ${f.profiles.join(" ")}`].filter(Boolean).join(" · ") : r.device ? [r.device.manufacturer, r.device.model].join(" ") : w.typed;
      where.textContent = short(r.address) + (f?.shared ? ` · ${words.sharedID}` : "");
      const as = f?.camera ? store.nameOf(f.camera) : r.as;
      tone.replaceChildren(here ? state("good", as && as !== label ? words.addedAs(as) : words.added) : state(tones[r.state], w.states[r.state]));
      says.textContent = here ? "" : r.says;
      element.classList.toggle("is-added", !!here);
      if (here) more.hidden = true;
      if (!more.hidden) fill();
    }
    return r;
  }

  /** Searches, and lists what answers as it does. @param {string[]} [where] none: the networks of the gateway */
  async function find(where = []) {
    search?.abort();
    const mine = search = new AbortController();
    for (const e of [end, failed, at.error]) e.textContent = "";
    for (const x of [note, bar, stopSearch]) x.hidden = false;
    again.hidden = true;
    note.textContent = words.searching;
    bar.replaceChildren(progress(words.find, null, words.searching));
    let n = 0;
    /** @type {Set<string>} */
    const seen = new Set();
    /** @param {import("./api.js").SearchLine} f */
    const line = f => {
      if (search !== mine || gone) return;
      if (f.found) { take(f.found.key, f.found.address, f.found); seen.add(f.found.key); n = seen.size; count(); }
      if (f.progress) {
        note.textContent = (f.progress.unit === "seconds" ? words.searchedSeconds : words.searchedAddresses)(n, f.progress.done, f.progress.of);
        bar.replaceChildren(progress(words.find, f.progress.done / f.progress.of, note.textContent || ""));
      }
      if (f.error) failed.textContent = f.error;
    };
    try {
      await api.discover(where, mine.signal, line);
      if (search === mine && !failed.textContent) end.textContent = n ? words.foundAll(n) : where.length ? words.foundNoneAt : words.foundNone;
    } catch (e) {
      const p = /** @type {Problem} */ (e);
      if (search !== mine) return; // another search has taken its place
      if (mine.signal.aborted) end.textContent = words.foundSome(n);
      else (p.field === "ranges" ? at.error : failed).textContent = [p.message, p.hint].filter(Boolean).join(" ");
    }
    if (search !== mine) return;
    for (const x of [note, bar, stopSearch]) x.hidden = true;
    again.hidden = false;
  }

  /** Asks one device what it has: once with the same user name and password. @param {Row} r */
  async function ask(r) {
    const login = r.login || { username: user.input.value, password: pass.input.value }, key = `${login.username}\n${login.password}`;
    if (r.device || r.tried === key || !able(r)) return;
    r.tried = key;
    r.state = "asking";
    r.says = "";
    r.paint();
    try {
      if (!isStream(r.address)) r.device = await camerasApi.probe({ address: r.address, ...login });
      r.state = "ready";
      const main = r.device?.sources.flatMap(s => s.profiles).find(p => p.role === "main");
      r.says = main ? `${main.codec.replace("H26", "H.26")} ${main.width}×${main.height}${r.device && r.device.sources.length > 1 ? ` · ${words.sourcesTitle(r.device.sources.length)}` : ""}` : "";
      if (r.device?.warnings.length) r.says = [r.says, ...r.device.warnings].filter(Boolean).join(" · ");
      r.paint();
      const p = /** @type {import("./api-cameras.js").TestPicture|Error} */ (await camerasApi.picture({ address: r.address, ...login }).catch((/** @type {Error} */ e) => e));
      if (p instanceof Problem) r.says = [r.says, w.testFailed(p.says)].filter(Boolean).join(" · ");
      else if (!(p instanceof Error)) { r.element.dispatchEvent(new CustomEvent("picture", { detail: p })); if (!r.says) r.says = w.tested(p.codec.replace("H26", "H.26"), `${p.width}×${p.height}`, duration(p.seconds)); }
    } catch (e) {
      const p = /** @type {Problem} */ (e), refused = p.slug === "camera-password";
      r.state = refused ? "refused" : "failed";
      r.says = refused ? w.refusedDo : p.says;
    }
    if (!gone) { r.paint(); count(); }
  }

  async function askAll() {
    const todo = picked().filter(r => !r.device), of = todo.length;
    if (of === 0) { askSaid.textContent = w.nothing; return; }
    askButton.disabled = true;
    let done = 0;
    const work = async () => { for (let r = todo.shift(); r && !gone; r = todo.shift()) { await ask(r); askSaid.textContent = w.asked(++done, of); } };
    askSaid.textContent = w.asked(0, of);
    await Promise.all(Array.from({ length: atOnce }, work));
    askButton.disabled = false;
    count();
  }

  /** What would be added, in words. */
  function count() {
    const list = addable(), n = list.length, most = list.slice(0, previewed);
    addButton.textContent = w.add(n);
    addButton.disabled = n === 0 || job?.state === "running";
    how.hidden = n > 0;
    first.element.hidden = !/\{n+\}/.test(pattern.input.value);
    preview.textContent = pattern.input.value && n ? w.preview(most.map((r, i) => named(r, Number(first.input.value) + i)).join(", ") + (n > previewed ? ", …" : "")) : "";
    const can = [...rows.values()].filter(able);
    all.element.hidden = can.length < 2;
    all.input.checked = can.length > 0 && can.every(r => r.picked);
  }

  /** The name that a pattern makes, as the gateway does. @param {Row} r @param {number} n */
  const named = (r, n) => (r.choice.name || pattern.input.value).replace(/\{(n{1,4}|maker|model|host|name)\}/g, (/** @type {string} */ _, /** @type {string} */ k) => k === "maker" ? r.device?.manufacturer || r.found?.maker || "?" : k === "model" ? r.device?.model || r.found?.model || "?" : k === "host" ? short(r.address).replace(/[:/].*/, "") : k === "name" ? r.called : String(n).padStart(k.length, "0"));

  async function adopt() {
    const chosen = addable();
    error.textContent = "";
    addButton.disabled = true;
    try {
      const now = await camerasApi.adopt({ username: user.input.value, password: pass.input.value, name: pattern.input.value.trim(), first: Math.max(0, Number(first.input.value) || 1), record: record.input.value, mirror: twice.input.checked, devices: chosen.map(r => ({
        address: r.address, ...(r.endpoint ? { endpoint: r.endpoint } : {}), ...(r.login || {}), ...(r.choice.name ? { name: r.choice.name } : {}), called: r.called, ...(isStream(r.address) ? {} : r.choice.sources ? { sources: r.choice.sources } : every.input.checked ? { sources: ["all"] } : {}), ...(r.choice.streams.length ? { streams: r.choice.streams } : {}) })) });
      follow(now);
    } catch (e) { error.textContent = /** @type {Problem} */ (e).says; count(); }
  }

  /** Shows how far the gateway is, until it has done. @param {import("./api-cameras.js").AdoptionJob} now */
  async function follow(now) {
    for (;;) {
      job = now;
      for (const d of now.devices) {
        const r = [...rows.values()].find(x => x.address === d.address) || take(`job ${d.address}`, d.address, null);
        r.state = d.state === "asking" ? "adding" : d.state;
        r.says = d.state === "refused" ? w.refusedDo : [d.says, d.do].filter(Boolean).join(" ");
        r.as = d.name;
        r.paint();
      }
      const says = now.state === "running" ? w.adding(now.done, now.of, now.added) : now.state === "cancelled" ? w.cancelled(now.added) : w.done(now.added, now.of);
      going.hidden = false;
      going.replaceChildren(h("p.said", null, says), now.state === "running" ? progress(w.title, now.done / now.of, says) : "", now.state === "running" ? h("p.quiet", null, w.goesOn) : "", h("div.buttons", null, now.state === "running" ? h("button.button", { type: "button", onclick: () => camerasApi.stop().catch(() => {}) }, w.stop) : now.added > 0 && h("button.button", { type: "button", onclick: () => go("/live") }, now.added > 1 ? w.watchAll : w.watch)));
      count();
      if (now.state !== "running" || gone) return;
      await new Promise(ok => setTimeout(ok, period));
      if (gone) return;
      try { now = await camerasApi.adoption() || now; } catch { /* it is asked again */ }
    }
  }

  count();
  find();
  camerasApi.adoption().then(j => { if (j?.state === "running" && !gone) follow(j); }).catch(() => {});
  return { element, leave: () => { gone = true; search?.abort(); } };
}
