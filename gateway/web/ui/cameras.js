// Cameras: the list, and adding one.
import { store } from "./store.js";
import { api, Problem } from "./api.js";
import { h, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { field } from "./sign.js";
import { words, clock, bitrate, why } from "./words.js";

/** @param {(path: string) => void} go @returns {import("./dom.js").Page} */
export function camerasPage(go) {
  const undo = new Undo();
  const body = h("tbody");
  const side = h("aside.side", { hidden: true });
  const table = h("table", null, h("thead", null, h("tr", null, ...[words.camera, words.state, words.streams, words.recordingColumn].map(t => h("th", { scope: "col" }, t)))), body);
  const empty = h("div.empty", { hidden: true }, h("h1", null, words.noCameras), h("p", null, words.noCamerasText), h("button.button.primary", { type: "button", onclick: find }, words.find));
  const element = h("section.page", null, h("header", null, h("h1", null, words.cameras), h("span.grow"), h("button.button", { type: "button", onclick: find }, icon("search"), words.find)), h("div.split", null, h("div.grow", null, table, empty), side));

  function draw() {
    const list = store.list();
    table.hidden = list.length === 0;
    empty.hidden = !store.ready || list.length > 0;
    body.replaceChildren(...list.map(row));
  }

  /** @param {import("./api.js").Camera} c */
  function row(c) {
    const state = /** @type {any} */ (words)[c.state] || c.state;
    const streams = c.streams.map(s => s.codec ? `${s.id} ${s.codec.replace("H26", "H.26")} ${s.width}×${s.height}${s.state === "online" ? ` · ${s.fps.toFixed(0)} fps · ${bitrate(s.bitrate)}` : ""}` : s.id);
    const trouble = c.state !== "online" && c.state !== "disabled";
    return h("tr", { tabindex: "0", onclick: () => go(`/live/${encodeURIComponent(c.id)}`), onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "Enter") go(`/live/${encodeURIComponent(c.id)}`); } },
      h("td", null, h("b", null, c.name), h("div.quiet", null, [c.manufacturer, c.model].filter(Boolean).join(" ") || c.address)),
      h("td", null, h("span.state." + c.state, null, state), trouble && h("div.quiet", null, `${words.since} ${clock(c.since)} · ${c.cause}`), trouble && c.hint && h("div.quiet.hint", null, c.hint)),
      h("td", null, ...streams.map(s => h("div.num", null, s))),
      h("td", null, h("span.state." + c.record.state, null, /** @type {any} */ (words.recStates)[c.record.state]), c.record.mode !== "off" && c.record.mode !== "continuous" && h("div.quiet", null, why(c.record)), c.record.last_synced && h("div.quiet.num", null, `${words.newest} ${clock(c.record.last_synced)}`)));
  }

  async function find() {
    side.hidden = false;
    side.replaceChildren(h("h2", null, words.find), h("p.quiet", { role: "status" }, words.searching));
    /** @type {import("./api.js").Found[]} */
    let found = [];
    let failed = "";
    try { found = await api.discover(); } catch (e) { failed = [/** @type {Problem} */ (e).message, /** @type {Problem} */ (e).hint].join(" "); }
    side.replaceChildren(h("h2", null, words.find), failed ? h("p.form-error", null, failed) : found.length === 0 ? h("p.quiet", null, words.foundNone) : h("ul.found", null, ...found.map(f =>
      h("li", null, h("div", null, h("b", null, f.name || f.address), h("div.quiet", null, [f.hardware, f.address].filter(Boolean).join(" · "))),
        f.adopted ? h("span.quiet", null, words.added) : h("button.button", { type: "button", onclick: () => add(f.address, f.name) }, words.add)))),
      h("button.button", { type: "button", onclick: () => add("", "") }, words.addCamera));
  }

  /** @param {string} address @param {string} name */
  function add(address, name) {
    const at = field(words.address, { name: "address", value: address }, words.addressNote);
    const title = field(words.name, { name: "name", value: name }, words.nameNote);
    const user = field(words.user, { name: "username" });
    const pass = field(words.password, { name: "password", type: "password" });
    const record = h("select", { id: "f-record", name: "record" }, h("option", { value: "continuous" }, words.recordOn), h("option", { value: "event" }, words.recordEvents), h("option", { value: "off" }, words.recordOff));
    const error = h("p.form-error", { role: "alert" });
    const button = h("button.button.primary", { type: "submit" }, words.addCamera);
    const fields = [at, title, user, pass];
    side.replaceChildren(h("h2", null, words.addCamera), h("form", { novalidate: true, onsubmit: submit }, ...fields.map(f => f.element), h("div.field", null, h("label", { for: "f-record" }, words.record), record), error, h("div.buttons", null, button, h("button.button", { type: "button", onclick: find }, words.cancel))));
    (address ? user : at).input.focus();
    /** @param {Event} e */
    async function submit(e) {
      e.preventDefault();
      button.disabled = true;
      error.textContent = "";
      for (const f of fields) f.error.textContent = "";
      button.textContent = words.adding;
      try {
        await api.adopt({ address: at.input.value.trim(), username: user.input.value, password: pass.input.value, name: title.input.value.trim(), record: record.value });
        find();
      } catch (x) {
        const p = /** @type {Problem} */ (x);
        const f = fields.find(v => v.input.name === p.field);
        (f ? f.error : error).textContent = [p.message, p.hint].filter(Boolean).join(" ");
      }
      button.disabled = false;
      button.textContent = words.addCamera;
    }
  }

  undo.on(store, "change", draw);
  draw();
  if (new URLSearchParams(location.search).has("find")) find();
  return { element, leave: () => undo.run() };
}
