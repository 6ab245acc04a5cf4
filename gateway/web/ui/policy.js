// Rules of the site: what takes two people, who must have a second factor, and the token of the running program.
import { people } from "./api-people.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { failed, tick, waiting } from "./parts.js";
import { cameraChoice, saysCameras } from "./choose.js";
import { words } from "./words.js";
import { peopleWords as w } from "./words-people.js";

/** @typedef {import("./api-people.js").Policy} Policy */
/** What can take two people, and its words. @type {[string, string][]} */
const shows = [["playback", w.twoPlayback], ["export", w.twoExport]];

/** @param {import("./dom.js").Undo} undo */
export function rulesPart(undo) {
  let gone = false;
  const status = h("div"), body = h("div.narrow");

  async function ask() {
    try {
      const [policy, roles, groups] = await Promise.all([people.policy(), people.roles(), people.groups()]);
      if (!gone) { morph(status); body.replaceChildren(form(policy, roles, groups)); }
    } catch (e) { if (!gone) morph(status, failed(e, ask)); }
  }

  /** @param {Policy} p @param {import("./api-people.js").Role[]} roles @param {import("./api-people.js").Group[]} groups */
  function form(p, roles, groups) {
    const two = p.two_people.map(t => ({ ...t })), need = new Set(p.second_factor);
    const error = h("p.form-error", { role: "alert" }), said = h("span.form-said", { role: "status" }), button = h("button.button.primary", { type: "submit", disabled: true }, w.saveRules);
    const touch = () => { button.disabled = false; said.textContent = w.unsaved; };
    const process = tick(w.processOn, p.process_token);
    process.input.addEventListener("change", touch);
    const rules = h("div.grants");

    /** @param {{permissions:string[],cameras:string[]}} t */
    const says = t => w.twoOf(shows.filter(([id]) => t.permissions.includes(id)).map(x => x[1]).join(", "), saysCameras(t.cameras, groups));
    function edit() {
      const picked = new Set(["playback", "export"]), cameras = cameraChoice(["*"], groups, check), ok = h("button.button.primary", { type: "button", onclick: () => { two.push({ permissions: [...picked], cameras: cameras.value }); touch(); draw(); } }, w.apply);
      function check() { ok.disabled = picked.size === 0 || !cameras.ready; }
      return h("div.grant.editing", null, h("div.grant-form", null, h("div.field.pickables", null, ...shows.map(([id, text]) => h("label.pickable", null, h("input", { type: "checkbox", checked: true, onchange: (/** @type {any} */ e) => { if (e.target.checked) picked.add(id); else picked.delete(id); check(); } }), h("span.grow", null, text)))), cameras.element), h("div.buttons", null, ok, h("button.button", { type: "button", onclick: () => draw() }, words.cancel)));
    }
    /** @param {boolean} [adding] */
    function draw(adding = false) {
      rules.replaceChildren(...two.map((t, i) => h("div.grant", null, h("div.grow", null, h("b", null, says(t))), h("button.icon-button", { type: "button", title: words.remove, "aria-label": `${words.remove}: ${says(t)}`, onclick: () => { two.splice(i, 1); touch(); draw(); } }, icon("close")))),
        ...(two.length === 0 && !adding ? [h("p.quiet", null, w.twoNone)] : []), adding ? edit() : h("button.button.small", { type: "button", onclick: () => draw(true) }, icon("plus"), w.twoAdd));
    }
    draw();

    return h("form.rules", { onsubmit: async (/** @type {Event} */ e) => {
      e.preventDefault();
      error.textContent = "";
      button.disabled = true;
      try { await people.setPolicy({ two_people: two, second_factor: [...need], process_token: process.input.checked }); said.textContent = w.rulesSaved; } catch (x) { error.textContent = /** @type {import("./api.js").Problem} */ (x).says; button.disabled = false; }
    } },
    h("section", null, h("h2", null, w.twoTitle), h("p.lead", null, w.twoText), rules, h("p.quiet", null, w.approverNeeded)),
    h("section", null, h("h2", null, w.factorTitle), h("p.lead", null, w.factorText), h("div.pickables.open", null, ...roles.map(r => h("label.pickable", null, h("input", { type: "checkbox", checked: need.has(r.id), onchange: (/** @type {any} */ e) => { if (e.target.checked) need.add(r.id); else need.delete(r.id); touch(); } }), h("span.grow", null, r.name), h("span.quiet", null, w.holders(r.holders)))))),
    h("section", null, h("h2", null, w.processTitle), h("p.lead", null, w.processText), process.element), error, h("div.row.keep", null, button, said));
  }

  undo.add(() => { gone = true; });
  morph(status, waiting());
  ask();
  return { element: h("div", null, status, body), action: null };
}
