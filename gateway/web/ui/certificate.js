// Certificate: by what browsers know this gateway, until when, whether its renewal works, and renewing it now.
import { api } from "./api.js";
import { h, morph } from "./dom.js";
import { facts, failed, notice, state, waiting } from "./parts.js";
import { when } from "./words.js";
import { storageWords } from "./words-storage.js";

const w = storageWords.certificate;
/** How often it is asked for, ms, and what a day is. */
const period = 30000, day = 86400e3;

/** @param {import("./dom.js").Undo} undo */
export function certificatePart(undo) {
  /** @type {import("./api.js").Certificate|null|undefined} */
  let c;
  /** @type {unknown} */
  let error = null;
  let gone = false;
  const said = h("p.good-text", { role: "status" }), refusal = h("p.form-error", { role: "alert" });
  const body = h("div.paragraphs");
  const button = h("button.button", { type: "button", onclick: renew }, w.renew);
  const deeds = h("section.deeds", { hidden: true }, h("div.deed", null, h("div.grow", null, h("h3", null, w.renew), h("p", null, w.renewText)), button));
  const element = h("div.narrow", null, said, refusal, body, deeds);

  async function ask() {
    try { c = await api.certificate(); error = null; } catch (e) { error = e; }
    if (!gone) draw();
  }

  function draw() {
    morph(body, ...(error ? [failed(error, ask)] : c === undefined ? [waiting()] : c === null ? [notice("none", w.none, w.noneText)] : shown(c)));
    deeds.hidden = !!error || !c;
  }

  /** @param {import("./api.js").Certificate} k */
  function shown(k) {
    const f = w.facts, left = Date.parse(k.not_after) - Date.now(), standsIn = k.source !== k.wanted;
    const until = `${when(k.not_after)} · ${left > 2 * day ? w.days(Math.floor(left / day)) : left > 0 ? w.hours(Math.floor(left / 3600e3)) : w.over}`;
    return [
      ...(k.error ? [h("div", { "data-key": "error" }, notice(standsIn ? "bad" : "warn", standsIn ? w.standsIn(w.sources[k.wanted]) : w.failing, sentence(k.error), h("p.quiet", null, k.tried && w.tried(when(k.tried)), k.next && " " + w.next(when(k.next)))))]
        : standsIn ? [h("div", { "data-key": "error" }, notice("warn", w.notYet(w.sources[k.wanted]), w.notYetText))] : []),
      h("section", { "data-key": "state" }, h("h2", null, state(k.error || standsIn || left < 0 ? "warn" : "good", w.titles[k.source])), h("p.lead", null, w.texts[k.source]),
        k.source === "own" && h("p", null, h("a.button", { href: "/install-certificate" }, w.install))),
      facts([[f.subject, k.subject], [f.issuer, k.issuer], [f.from, k.from && h("span.path", null, k.from)], [f.names, k.names.join(", ")], [f.until, until],
        [f.renews, k.renews ? w.byItself(when(k.renews)) : w.byYou], [f.hsts, k.hsts ? w.strict : w.notStrict], [f.fingerprint, h("span.id", null, grouped(k.fingerprint_sha256))]]),
    ];
  }

  async function renew() {
    said.textContent = refusal.textContent = "";
    button.disabled = true;
    try { c = await api.renewCertificate(); error = null; said.textContent = w.renewed; } catch (x) { refusal.textContent = /** @type {import("./api.js").Problem} */ (x).says; }
    button.disabled = false;
    if (!gone && c) await ask();
    if (c?.error) refusal.textContent = ""; // the notice says it
  }

  undo.every(ask, period);
  undo.add(() => { gone = true; });
  ask();
  return { element, action: null };
}

/** As browsers show it: pairs that a line may break between. @param {string} hex */
const grouped = hex => hex.replace(/(..)(?=.)/g, "$1 ").toUpperCase();

/** @param {string} text */
const sentence = text => text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
