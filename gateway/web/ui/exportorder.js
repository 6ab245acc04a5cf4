// Ordering an export: clips of several cameras and ranges, why and for whom, as recorded or redacted.
import { approvals } from "./api-people.js";
import { Problem } from "./api.js";
import { exportsApi } from "./api-exports.js";
import { h, iconButton, morph } from "./dom.js";
import { draft } from "./exportdraft.js";
import { icon } from "./icons.js";
import { choice, deedButton, dialog, notice, tick } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { styled } from "./styles.js";
import { wishes } from "./wishes.js";
import { duration, when, words } from "./words.js";
import { exportWords as w } from "./words-exports.js";
import { spell } from "./words-keeping.js";

await styled("/exports.css");

const cameraName = (/** @type {string} */ id) => store.nameOf(id);

/** Adds a range to the case, and asks what is to become of it. @param {string} camera @param {number} from @param {number} to @param {(path: string) => void} go @param {string} [run] alone */
export function exportRange(camera, from, to, go, run) {
  draft.add(camera, new Date(from).toISOString(), new Date(to).toISOString(), run);
  orderDialog(go);
}

/** @param {(path: string) => void} go */
export function orderDialog(go) {
  const said = draft.said;
  const title = field(w.caseTitle, { name: "title", maxlength: "400", value: said.title || "" }, w.caseNote);
  const reason = field(w.reason, { name: "reason", maxlength: "400", value: said.reason || "" }, w.reasonNote);
  const recipient = field(w.recipient, { name: "recipient", maxlength: "400", value: said.recipient || "" }, w.recipientNote);
  const noteId = "f-export-note", note = h("textarea", { id: noteId, rows: "2", maxlength: "4000", value: said.note || "" });
  const burn = tick(w.burn, said.burn === "1"), mute = tick(w.mute, said.mute === "1");
  const cover = choice(w.cover, { name: "cover" }, Object.entries(w.covers));
  cover.input.value = said.cover || "blur";
  const what = h("ul.order-clips"), more = h("div"), problem = h("div", { role: "alert" });
  const redacts = h("div.redacts", { hidden: true }, h("p.quiet", null, w.facesNot), cover.element, burn.element);
  const unheard = h("p.quiet", { hidden: true }), muteNote = h("p.field-note"), quiet = h("div.unsound", null, mute.element, muteNote, unheard);
  /** @param {"original"|"redacted"} form @param {string} says @param {string} text */
  const radio = (form, says, text) => h("label.level", null, h("input", { type: "radio", name: "form", value: form, checked: form === (said.form || "original"), onchange: () => { said.form = form; draw(); } }), h("span", null, h("b", null, says), h("span.field-note", null, text)));
  const form = h("fieldset.levels", null, h("legend", null, w.form), radio("original", w.original, w.originalNote), radio("redacted", w.redacted, w.redactedNote));
  const redacted = () => said.form === "redacted";

  const d = dialog({ title: w.orderTitle, wide: true, fields: [reason, recipient, title], button: w.order,
    text: [h("h3", null, w.what), what, more],
    more: [h("div.field", null, h("label", { for: noteId }, w.note), note, h("p.field-note", null, w.noteNote)), form, redacts, quiet, problem],
    ready: () => draft.clips.length > 0 && reason.input.value.trim() !== "" && recipient.input.value.trim() !== "",
    act: async () => {
      keep();
      problem.replaceChildren();
      /** @param {import("./exportdraft.js").DraftClip} c @returns {import("./api-exports.js").ClipOrder} */
      const clip = c => ({ camera: c.camera, from: c.from, to: c.to, ...(c.run ? { run: c.run } : {}), ...(redacted() ? { cover: /** @type {"blur"|"fill"} */ (cover.input.value), masks: c.masks || [] } : {}) });
      const order = { title: title.input.value.trim(), reason: reason.input.value.trim(), recipient: recipient.input.value.trim(), form: /** @type {"original"|"redacted"} */ (redacted() ? "redacted" : "original"),
        clips: draft.clips.map(clip), stills: draft.stills.map(s => ({ camera: s.camera, at: s.at, ...(s.run ? { run: s.run } : {}) })), notes: note.value.trim() ? [note.value.trim()] : [], mute: mute.input.checked, ...(redacted() ? { burn_time: burn.input.checked } : {}) };
      try {
        const x = await exportsApi.create(order);
        d.removeEventListener("close", keep);
        d.close();
        draft.clear();
        go(`/exports/${encodeURIComponent(x.id)}`);
      } catch (x) {
        const p = /** @type {Problem} */ (x);
        if (p.slug === "approval-needed") { needsApproval(order.reason); return false; }
        throw p;
      }
    } });
  d.classList.add("order");
  d.addEventListener("close", keep);
  d.addEventListener("input", keep);

  function keep() { Object.assign(said, { title: title.input.value, reason: reason.input.value, recipient: recipient.input.value, note: note.value, burn: burn.input.checked ? "1" : "", mute: mute.input.checked ? "1" : "", cover: cover.input.value }); draft.keep(); }

  /** @param {string} why */
  function needsApproval(why) {
    problem.replaceChildren(notice("warn", w.approve, deedButton(w.askApproval, async () => {
      for (const c of draft.clips) await approvals.ask({ permission: "export", camera: c.camera, from: c.from, to: c.to, reason: why });
      await wishes.ask();
      problem.replaceChildren(notice("good", w.asked));
    })));
    problem.scrollIntoView({ block: "nearest" });
  }

  /** @param {import("./exportdraft.js").DraftClip} c */
  async function look(c) {
    keep();
    const { lookAt } = await import("./exportmask.js");
    lookAt(c, redacted(), draw);
  }

  function draw() {
    redacts.hidden = !redacted();
    muteNote.textContent = redacted() ? w.muteRedacted : w.muteNote;
    const unhearable = [...new Set(draft.clips.map(c => c.camera))].filter(id => !store.can(id, "audio"));
    unheard.hidden = unhearable.length === 0;
    unheard.textContent = w.unheard(unhearable.map(cameraName).join(", "));
    const length = (/** @type {{from:string,to:string}} */ c) => duration((Date.parse(c.to) - Date.parse(c.from)) / 1000);
    morph(what, ...draft.clips.map(c => h("li", { "data-key": `c${c.key}` }, h("span.grow", null, h("b", null, cameraName(c.camera)), h("span.quiet.beside.num", null, `${spell(c.from, c.to)} · ${length(c)}`), c.run && h("span.quiet.beside", null, w.oneOfTwo, " ", h("button.link", { type: "button", onclick: () => { c.run = undefined; draft.keep(); draw(); } }, w.takeBoth)), redacted() && c.masks?.length ? h("span.quiet.beside", null, w.masks(c.masks.length)) : null),
      store.can(c.camera, "playback") && h("button.button.small", { type: "button", "data-key": "look", onclick: () => look(c) }, redacted() ? w.lookMask : w.lookStill), iconButton(icon("close"), w.removeClip(cameraName(c.camera)), () => { draft.drop(c.key); draw(); }))),
      ...draft.stills.map(s => h("li", { "data-key": `s${s.key}` }, h("span.grow", null, w.stillOf(cameraName(s.camera), when(s.at))), iconButton(icon("close"), w.removeClip(w.stillOf(cameraName(s.camera), when(s.at))), () => { draft.drop(s.key); draw(); }))),
      draft.clips.length === 0 && h("li.quiet", { "data-key": "none" }, w.noClips));
    // The same time of other cameras, one by one.
    const last = draft.clips.at(-1), taken = new Set(draft.clips.filter(c => last && c.from === last.from && c.to === last.to).map(c => c.camera)), others = [...store.list("export"), ...store.gone("export").map(c => ({ id: c.id, name: words.removedCamera(c.name) }))].filter(c => !taken.has(c.id));
    more.replaceChildren(h("div.buttons.order-more", null, last && others.length > 0 && h("select", { "aria-label": w.alsoCameras, onchange: (/** @type {Event} */ e) => { const id = /** @type {HTMLSelectElement} */ (e.target).value; if (id && last) { draft.add(id, last.from, last.to); draw(); } } }, h("option", { value: "" }, `${w.alsoCameras} …`), ...others.map(c => h("option", { value: c.id }, c.name))),
      h("button.link", { type: "button", title: w.anotherNote, onclick: () => { keep(); d.close(); } }, w.another),
      h("button.link", { type: "button", onclick: () => { d.removeEventListener("close", keep); d.close(); draft.clear(); } }, w.draftDrop)));
    d.querySelector("form")?.dispatchEvent(new Event("input"));
  }
  draw();
}
