// Encryption: whether footage is encrypted, what it is worth, who has the recovery key, what is still to be destroyed; confirming
// and changing the root key, and opening what is sealed under another.
import { api, Problem } from "./api.js";
import { h, morph } from "./dom.js";
import { number } from "./language.js";
import { store } from "./store.js";
import { field } from "./sign.js";
import { dialog, facts, failed, notice, state, waiting } from "./parts.js";
import { when } from "./words.js";
import { storageWords as w } from "./words-storage.js";

/** How often the keyring's state is asked for, ms, and within what time after an erasure the keys are destroyed. */
const period = 10000, sweep = 3600e3;
/** @type {Record<string, import("./parts.js").Tone>} */
const tones = { current: "good", lagging: "warn", failing: "bad", away: "warn" };

/** @param {import("./dom.js").Undo} undo */
export function encryptionPart(undo) {
  /** @type {import("./api.js").KeyStatus|undefined} */
  let keys;
  /** @type {unknown} */
  let error = null;
  let gone = false;
  const said = h("p.good-text", { role: "status" });
  const code = field(w.recovery, { name: "recovery" }, w.confirmNote);
  const form = h("form.inline", { novalidate: true, onsubmit: confirm }, code.element, h("button.button.primary", { type: "submit" }, w.confirm));
  const unconfirmed = h("section", { hidden: true }, notice("warn", w.unconfirmed, w.unconfirmedText, h("p", null, w.unconfirmedDo[0], h("code", null, w.unconfirmedDo[1]), w.unconfirmedDo[2]), form));
  const body = h("div.paragraphs");
  const closed = h("section");
  const deeds = h("section.deeds", { hidden: true });
  const element = h("div.narrow", null, closed, unconfirmed, said, body, deeds);

  async function ask() {
    try { keys = await api.keys(); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }

  function draw() {
    unconfirmed.hidden = !keys || keys.confirmed;
    const open = () => h("div.buttons", null, h("button.button", { type: "button", onclick: unlock }, w.unlock));
    morph(closed, keys?.sealed && notice("bad", w.sealed, w.sealedText(keys.sealed.join(w.or)), open()), ...(keys?.locked || []).map(l => notice("bad", w.locked, w.lockedText(l.roots.join(w.or)), open())));
    morph(body, ...(error ? [failed(error, ask)] : keys === undefined ? [waiting()] : shown(keys)));
    deeds.hidden = !!error || !keys;
    if (keys) morph(deeds, deed(w.backup, [w.backupText, " ", h("code", null, w.backupCommand)]), deed(w.rotate, [keys.strength === "file" ? w.rotateText : w.rotateElsewhere], keys.strength === "file" && h("button.button", { type: "button", onclick: rotate }, w.rotate)));
  }

  /** Something that can be done with the keys. @param {string} title @param {(Node|string)[]} text @param {Node|false} [button] */
  const deed = (title, text, button) => h("div.deed", null, h("div.grow", null, h("h3", null, title), h("p", null, ...text)), button);

  /** @param {import("./api.js").KeyStatus} k */
  function shown(k) {
    const [name, means] = w.strengths[k.strength] || [k.strength, ""], f = w.keyFacts;
    const root = /** @type {[string, Node][]} */ ([[f.recovery, k.confirmed ? state("good", w.isConfirmed) : state("warn", w.unconfirmed)], [f.root, h("span.id", null, k.root)]]);
    if (!k.footage) return [notice("warn", w.clear, w.clearText), h("p.lead", null, h("b", null, name + ". "), means), facts(root)];
    return [
      h("section", { "data-key": "state" }, h("h2", null, state("good", w.on)), h("p.lead", null, h("b", null, name + ". "), means)),
      facts([...root,
        [f.due, k.due ? w.due(k.due, when(Date.parse(k.dueSince || "") + sweep)) : w.nothingDue], [f.last, k.last ? w.destroyed(k.last.keys, when(k.last.at)) : w.never2], [f.days, number(k.cameraDays)], [f.generation, String(k.generation)]]),
      h("h2", { "data-key": "copies" }, w.copies),
      h("ul.plain-list", null, ...k.copies.map(c => h("li", { "data-key": c.volume || "data" }, h("b.path", null, c.volume ? place(c.volume) : w.dataDir), state(tones[c.state] || "none", /** @type {any} */ (w.copyStates)[c.state] || c.state), c.cause && h("div.quiet", null, c.cause)))),
    ];
  }

  /** A volume's path, where its id is known. @param {string} id */
  const place = id => store.health?.volumes.find(v => v.id === id)?.path || id;

  /** @param {Event} e */
  async function confirm(e) {
    e.preventDefault();
    code.error.textContent = "";
    try { await api.confirmKey(code.input.value); said.textContent = w.confirmed; code.input.value = ""; await ask(); } catch (x) { const p = /** @type {Problem} */ (x); code.error.textContent = p.says; code.input.focus(); }
  }

  function rotate() {
    dialog({ title: w.rotateTitle, text: [w.rotateMeans, w.rotateThen], button: w.rotate, danger: true, act: async () => { await api.rotateKey(); said.textContent = ""; await ask(); } });
  }

  function unlock() {
    const key = field(w.recovery, { name: "recovery" }, w.confirmNote);
    dialog({ title: w.unlockTitle, fields: [key], button: w.unlock, ready: () => key.input.value.trim() !== "", act: async () => { await api.unlockKeys(key.input.value); said.textContent = w.unlocked; await ask(); } });
  }

  undo.every(ask, period);
  undo.add(() => { gone = true; });
  ask();
  return { element, action: null };
}
