// Erasing a range: what goes is said and its name asked for, then how far it is and the receipt. Locked footage is refused.
import { api, Problem } from "./api.js";
import { store } from "./store.js";
import { h, morph } from "./dom.js";
import { field } from "./sign.js";
import { choice, dialog, notice, state, waiting } from "./parts.js";
import { receipt, unfinished } from "./receipt.js";
import { cameraName } from "./unlock.js";
import { words, bytes, duration, when } from "./words.js";
import { keepingWords as w, spell } from "./words-keeping.js";

/** How often an erasure that is under way is asked for, ms; and of how long a range the files are listed for its size, ms. */
const often = 700, week = 7 * 86400e3;
/** From when on, and until when, a lock that is named is looked for. */
const ever = /** @type {const} */ ([new Date("1971-01-01T00:00:00Z"), new Date("2199-01-01T00:00:00Z")]);

/**
 * What was recorded in a range: seconds, about how many bytes, and whether some of it is in clear.
 * @param {string} camera @param {Date} from @param {Date} to
 */
async function inside(camera, from, to) {
  const within = (/** @type {{start:string,end:string}} */ s) => Math.max(0, Math.min(+to, Date.parse(s.end)) - Math.max(+from, Date.parse(s.start))) / 1000;
  const streams = +to - +from <= week ? store.streamsOf(camera) : [];
  const [spans, ...files] = await Promise.all([api.spans(camera, from, to), ...streams.map(s => api.segments(camera, s, from, to))]);
  const all = files.flat(), part = (/** @type {import("./api.js").SegmentFile} */ f) => within(f) / Math.max(0.001, (Date.parse(f.end) - Date.parse(f.start)) / 1000);
  return { seconds: spans.filter(s => s.kind === "recorded").reduce((n, s) => n + within(s), 0), bytes: all.reduce((n, f) => n + f.size * Math.min(1, part(f)), 0), clear: all.some(f => !f.encrypted) };
}

/** Names the locks in the way. @param {import("./api.js").Lock[]} locks */
const held = locks => notice("warn", locks.length ? w.held(locks.length) : w.heldOther, ...locks.map(l => h("div.held", null, h("b", null, l.reason || "–"), h("p.quiet.num", null, w.heldLine(spell(l.from, l.to), l.owner || w.unknown, when(l.until))))), h("p.todo", null, w.heldText));

/**
 * Asks whether a range is to be erased, erases it and shows the receipt. done is called once it is out of sight.
 * @param {string} camera @param {Date} from @param {Date} to @param {(path: string) => void} go @param {() => void} done
 */
export function erase(camera, from, to, go, done) {
  const name = cameraName(camera), says = h("div.goes", { "aria-live": "polite" }, waiting());
  const ground = choice(w.ground, { name: "ground" }, [["", w.pickGround], ...Object.entries(w.grounds)], w.groundNote);
  const typed = field(w.typeName(name), { name: "confirm" });
  let allowed = false;
  const d = dialog({ title: w.eraseTitle(duration((+to - +from) / 1000), name), text: [says], fields: [ground, typed], button: w.erase, danger: true,
    ready: () => allowed && ground.input.value !== "" && typed.input.value.trim() === name.trim(),
    act: async () => {
      try { const e = await api.erase({ camera, from: from.toISOString(), to: to.toISOString(), ground: ground.input.value }); done(); follow(e, go); } catch (x) {
        const p = /** @type {Problem} */ (x);
        if (p.slug !== "footage-held") throw p;
        refuse(await named(p));
        return false;
      }
    } });
  for (const f of [ground, typed]) f.element.hidden = true;

  /** The locks that a refusal names. @param {Problem} p */
  const named = p => api.locks(camera, ...ever).then(l => l.filter(x => p.locks.includes(x.id)), () => []);
  /** @param {import("./api.js").Lock[]} locks */
  function refuse(locks) {
    allowed = false;
    for (const e of [ground.element, typed.element, d.querySelector("[type=submit]")]) e?.toggleAttribute("hidden", true);
    morph(says, held(locks), h("button.link", { type: "button", onclick: () => { d.close(); go("/storage/locked"); } }, w.allLocks));
  }

  (async () => {
    const locks = store.may("lock") ? await api.locks(camera, from, to) : [];
    if (locks.length) { refuse(locks); return; }
    const is = await inside(camera, from, to);
    if (is.seconds === 0) { morph(says, h("p", null, w.nothingThere)); return; }
    morph(says, h("p", null, w.goes(duration(is.seconds), spell(+from, +to), is.bytes ? bytes(is.bytes) : "")), notice("bad", w.undone, is.clear ? w.undoneClear : w.undoneText, h("p.quiet", null, w.edges)));
    allowed = true;
    for (const f of [ground, typed]) f.element.hidden = false;
    ground.input.focus();
  })().catch(x => { morph(says, h("p.form-error", { role: "alert" }, /** @type {Problem} */ (x).says || words.error)); });
}

/** Shows how far an erasure is until it is done, and then its receipt. @param {import("./api.js").Erasure} e @param {(path: string) => void} go */
function follow(e, go) {
  let timer = 0;
  const body = h("div");
  const close = h("button.button.primary", { type: "button", onclick: () => d.close() }, words.close);
  const d = /** @type {HTMLDialogElement} */ (h("dialog.wide", { "aria-label": w.receipt, onclose: () => { clearTimeout(timer); d.remove(); } }, h("h2", null, w.receipt), body,
    h("div.buttons", null, h("button.link", { type: "button", onclick: () => { d.close(); go(`/storage/erased?id=${encodeURIComponent(e.id)}`); } }, w.allErasures), h("span.grow"), close)));
  /** @type {unknown} */
  let lost = null;
  async function ask() {
    clearTimeout(timer);
    try { e = await api.erasure(e.id); lost = null; } catch (x) { lost = x; }
    draw();
  }
  function draw() {
    morph(body, receipt(e, ask), lost ? h("p.form-error", { role: "alert" }, state("warn", /** @type {Problem} */ (lost).says)) : null);
    if (unfinished(e) && d.isConnected) timer = setTimeout(ask, e.done ? 5 * often : often);
  }
  document.body.append(d);
  draw();
  d.showModal();
  close.focus();
}
