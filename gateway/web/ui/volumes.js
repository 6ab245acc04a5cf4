// Volumes: a table, and beside it what is known of the one that is picked, and what can be done with it.
import { number } from "./language.js";
import { store } from "./store.js";
import { api, Problem } from "./api.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { field } from "./sign.js";
import { listing } from "./listing.js";
import { bar, dialog, facts, notice, nothing, progress, state } from "./parts.js";
import { words, bytes, when } from "./words.js";
import { storageWords as w, millis } from "./words-storage.js";

/** @typedef {import("./api.js").Volume} Volume */
/** @type {Record<string, import("./parts.js").Tone>} */
const tones = { ok: "good", slow: "warn", full: "bad", "read-only": "bad", missing: "bad", failing: "bad" };
/** Of this wear a disk should be replaced, per cent. The gateway raises its alarm there too. */
const worn = 90;

/** @param {import("./dom.js").Undo} undo */
export function volumesPart(undo) {
  const view = listing({ label: w.parts[""], cls: "volumes", columns: [w.volume, w.state, w.space, w.writing, w.sync, w.disk], key: (/** @type {Volume} */ v) => v.id, title: v => v.path, cells, details });
  const second = h("div.second");
  const empty = h("div", { hidden: true }, nothing(w.none, w.noneText, h("button.button.primary", { type: "button", onclick: () => add() }, w.add)));
  const action = h("button.button", { type: "button", onclick: () => add() }, icon("plus"), w.add);
  const list = () => store.health?.volumes || [];
  /** @param {string} id */
  const find = id => list().find(v => v.id === id);

  function draw() {
    if (!store.health) return;
    view.element.hidden = list().length === 0;
    empty.hidden = !view.element.hidden;
    view.show(list());
    morph(second, ...copies(store.health.second_copies));
  }

  /** What of mirrored cameras has one copy yet. @param {import("./api.js").Copies|undefined} c */
  const copies = c => c && c.waiting > 0 ? [notice(c.waits || c.damaged ? "warn" : "busy", w.secondWaits(c.waiting), c.waits || w.secondGoes, c.damaged > 0 && h("p.todo", null, w.secondDamaged(c.damaged)))] : [];

  /** @param {Volume} v */
  function cells(v) {
    const away = v.total === 0 || v.state === "missing"; // what is under an empty mount point is another disk's
    return [
      [h("b.path", null, v.path), h("div.quiet", null, away ? "" : v.used === 0 && v.streams > 0 ? w.firstFiles : w.footage(bytes(v.used)))],
      [state(tones[v.state] || "none", /** @type {any} */ (w.states)[v.state] || v.state), v.cause && h("div.quiet", null, v.cause), v.draining && emptying(v.draining)],
      away ? h("span.quiet", null, w.unknownSpace) : space(v),
      [v.streams ? w.rate(bytes(v.write_rate)) : h("span.quiet", null, w.idle), v.streams > 0 && h("div.quiet", null, w.streams(v.streams))],
      sync(v), v.disks.length ? v.disks.map(disk) : h("span.quiet", null, w.noDisks),
    ];
  }

  /** @param {Volume} v */
  const sync = v => v.sync_p95_ms > 0 ? [millis(v.sync_median_ms), h("div.quiet", null, w.most(millis(v.sync_p95_ms)))] : [h("span.quiet", null, w.noSync)];

  /** @param {Volume} v */
  function space(v) {
    const other = Math.max(0, v.total - v.free - v.used);
    const text = w.freeOf(bytes(v.free), bytes(v.total));
    return h("div", null, h("div.num", null, text), bar(w.space, text, v.total, [["kept", v.used], ["other", other]]));
  }

  /** @param {import("./api.js").Draining} d */
  function emptying(d) {
    if (d.done) return h("div.emptying", null, state("good", w.drained), h("div.quiet", null, w.drainDone));
    const whole = d.bytes + d.moved_bytes;
    return h("div.emptying", null, state("busy", w.draining), progress(w.draining, whole > 0 ? d.moved_bytes / whole : null, w.drainLine(d.segments, bytes(d.bytes), w.left(d.left_seconds))),
      h("div.quiet.num", null, w.drainLine(d.segments, bytes(d.bytes), w.left(d.left_seconds))), d.waits && h("div.warn-text", null, d.waits), d.damaged > 0 && h("div.warn-text", null, w.drainDamaged(d.damaged)));
  }

  /** @param {import("./api.js").Disk} d */
  function disk(d) {
    const bad = d.state === "failing", old = (d.wear ?? 0) >= worn;
    return h("div", null, state(bad ? "bad" : old ? "warn" : d.state === "passed" ? "good" : "none", bad || !old ? /** @type {any} */ (w.disks)[d.state] || d.state : w.worn(d.wear || 0)), h("div.quiet", null, [d.model || d.name, !old && d.wear !== undefined && w.worn(d.wear)].filter(Boolean).join(" · ")));
  }

  /** @param {Volume} v */
  function details(v) {
    const id = v.id, f = w.facts, verify = v.verify;
    const pass = verify.started ? w.reading(bytes(verify.bytes), bytes(v.used)) : verify.ended ? when(verify.ended) : w.never;
    const busy = v.draining && !v.draining.done;
    return [
      v.state !== "ok" && notice(tones[v.state] === "bad" ? "bad" : "warn", /** @type {any} */ (w.states)[v.state] + (v.cause ? `: ${v.cause}` : ""), v.do),
      v.draining && emptying(v.draining),
      h("div.buttons", null, busy ? h("button.button", { type: "button", "data-key": "stop", onclick: () => act(() => api.stopDrain(id)) }, w.stop) : !v.draining && v.state !== "missing" && list().length > 1 && h("button.button", { type: "button", "data-key": "drain", onclick: () => drain(id) }, w.drain),
        v.source === "added" && h("button.button.danger", { type: "button", "data-key": "remove", onclick: () => remove(id) }, w.remove)),
      h("p.form-error", { role: "alert" }),
      facts([[f.space, v.total && v.state !== "missing" ? w.freeOf(bytes(v.free), bytes(v.total)) : w.unknownSpace], [f.footage, bytes(v.used)], [f.segments, number(v.segments)], [f.streams, w.streams(v.streams)],
        [w.sync, v.sync_p95_ms > 0 ? `${w.half(millis(v.sync_median_ms))}, ${w.most(millis(v.sync_p95_ms))}` : w.noSync], [f.interval, millis(v.interval_ms)], [f.written, bytes(v.written)],
        [f.read, pass + (verify.started || verify.ended ? ` · ${verify.damaged ? w.damagedFiles(verify.damaged) : w.sound}` : "")], [f.since, when(v.since)], [f.source, w.sources[v.source]], [f.id, h("span.id", null, id)]]),
      ...v.disks.map(d => h("section.disk", null, h("h3", null, d.model || d.name), disk(d), h("p.quiet", null, [d.temperature && w.degrees(d.temperature), d.hours && w.hours(d.hours), d.pending_sectors && w.pending(d.pending_sectors), d.reallocated_sectors && w.reallocated(d.reallocated_sectors)].filter(Boolean).join(" · ")))),
      v.disks.length === 0 && h("p.quiet", null, w.noDisksText),
      v.source === "config" && h("p.quiet", null, w.fromConfig),
    ];
  }

  /** Does something with the picked volume; what is refused is said beside it. @param {() => Promise<unknown>} f */
  async function act(f) {
    const error = view.element.querySelector(".side .form-error");
    try { await f(); } catch (e) { const p = /** @type {Problem} */ (e); if (error) error.textContent = p.says; }
  }

  function add() {
    const path = field(w.path, { name: "path", placeholder: "/srv/footage" }, w.pathNote);
    const adopt = h("input", { type: "checkbox", id: "f-adopt" });
    const offer = h("div.check", { hidden: true }, adopt, h("label", { for: "f-adopt" }, w.adopt, h("span.field-note", null, w.adoptNote)));
    dialog({ title: w.add, fields: [path], more: [offer], button: w.add, ready: () => path.input.value.trim().startsWith("/"), act: async () => {
      try { await api.addVolume(path.input.value.trim(), adopt.checked); } catch (e) {
        const p = /** @type {Problem} */ (e);
        // What a person must decide about is offered at once; the command that the hint names does the same.
        if (p.slug === "volume-adoptable") offer.hidden = false;
        if (!p.field) p.field = "path";
        throw p;
      }
    } });
  }

  /** @param {string} id */
  function drain(id) {
    const v = find(id);
    if (v) dialog({ title: w.drainTitle(v.path), text: [w.drainText(bytes(v.used), number(v.segments))], button: w.drain, act: () => api.drain(id) });
  }

  /** @param {string} id */
  function remove(id) {
    const v = find(id);
    if (!v) return;
    const loses = v.segments > 0;
    const typed = field(w.removeType, { name: "confirm" });
    dialog({ title: w.removeTitle(v.path), text: [loses ? w.removeText(bytes(v.used), number(v.segments)) : w.removeEmpty], fields: loses ? [typed] : [], button: w.remove, danger: true,
      ready: () => !loses || typed.input.value === v.path, act: () => api.removeVolume(id, loses) });
  }

  undo.on(store, "change", draw);
  draw();
  return { element: h("div", null, second, view.element, empty), action: store.may("maintain") ? action : null };
}
