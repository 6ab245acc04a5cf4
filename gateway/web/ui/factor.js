// The second factor: setting it up with an authenticator, its recovery codes, and the page that a site shows which asks for one.
import { mine } from "./api-people.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { tongue } from "./language.js";
import { store } from "./store.js";
import { concluded, dialog, secret } from "./parts.js";
import { field, sheet } from "./sign.js";
import { words } from "./words.js";
import { meWords as w } from "./words-me.js";

const password = (/** @type {string} */ label) => field(label, { name: "password", type: "password", autocomplete: "current-password" });
const codeField = () => field(w.codeNow, { name: "code", autocomplete: "one-time-code", inputmode: "numeric", maxlength: "8" }, w.codeNowNote);

/** What is scanned. @param {{text:string,qr:string}} f */
const scanned = f => h("div.enrol", null, h("h3", null, w.scan), h("p.quiet", null, w.scanText), h("img.qr", { src: f.qr, alt: w.qr, width: "208", height: "208" }), secret(w.key, f.text));

/** Recovery codes, which are shown once. @param {string[]} codes */
function codesShown(codes) {
  const list = h("ul.codes", null, ...codes.map(c => h("li", null, h("code", null, c))));
  return h("div.recovery", null, h("p.quiet", null, w.codesText), list, h("div.buttons", null, copyButton(codes.join("\n")), h("button.button", { type: "button", onclick: () => print(codes) }, icon("print"), w.print)));
}

/** @param {string} text */
function copyButton(text) {
  const said = h("span", null, words.copy);
  return h("button.button", { type: "button", onclick: async () => {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text); else {
        const area = h("textarea", { readonly: true }, text);
        (document.querySelector("dialog[open]") || document.body).append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      said.textContent = words.copied;
    } catch { said.textContent = words.copyYourself; }
  } }, icon("copy"), said);
}

/** Prints the codes alone, with whose they are. @param {string[]} codes */
function print(codes) {
  const s = store.session, sheet = h("div.printed", null, h("h1", null, w.printed(s?.site || "", s?.user || "")), h("p", null, w.codesText), h("ul", null, ...codes.map(c => h("li", null, c))), h("p", null, new Date().toLocaleDateString(tongue())));
  document.body.append(sheet);
  document.body.classList.add("printing");
  window.print();
  document.body.classList.remove("printing");
  sheet.remove();
}

/** Sets a second factor up over the page. @param {() => void} done */
export function setUpFactor(done) {
  const pass = password(w.old);
  const d = dialog({ title: w.setUpTitle, text: [w.setUpPassword], fields: [pass], button: words.goOn, ready: () => pass.input.value !== "", act: async () => {
    const f = await mine.factor(pass.input.value), code = codeField();
    d.remove();
    const next = dialog({ title: w.setUpTitle, text: [scanned(f)], fields: [code], button: w.confirm, ready: () => code.input.value.trim().length >= 6, act: async () => {
      const { recovery_codes: codes } = await mine.confirmFactor(code.input.value.trim());
      done();
      concluded(next, w.codes, codesShown(codes), w.haveThem);
      return false;
    } });
    return false;
  } });
}

/** Makes new recovery codes. @param {() => void} done */
export function newCodes(done) {
  const pass = password(w.old), code = field(w.code, { name: "code", autocomplete: "one-time-code", maxlength: "24" }, w.codeNote);
  const d = dialog({ title: w.newCodesTitle, text: [w.newCodesText], fields: [pass, code], button: w.newCodes, ready: () => pass.input.value !== "" && code.input.value !== "", act: async () => {
    const { recovery_codes: codes } = await mine.recoveryCodes(pass.input.value, code.input.value.trim());
    done();
    concluded(d, w.codes, codesShown(codes), w.haveThem);
    return false;
  } });
}

/** Removes it. @param {() => void} done */
export function dropFactor(done) {
  const pass = password(w.old), code = field(w.code, { name: "code", autocomplete: "one-time-code", maxlength: "24" }, w.codeNote);
  dialog({ title: w.dropTitle, text: [w.dropText], fields: [pass, code], button: w.drop, danger: true, ready: () => pass.input.value !== "" && code.input.value !== "", act: async () => { await mine.dropFactor(pass.input.value, code.input.value.trim()); done(); } });
}

/**
 * The page of a site that asks for a second factor of somebody who has none.
 * @param {() => void} done @param {() => void} signOut
 */
export function enrolPage(done, signOut) {
  const out = h("button.link", { type: "button", onclick: signOut }, words.signOut), pass = password(w.old);
  const first = sheet({ title: w.enrolTitle, text: w.enrolText, fields: [pass], button: w.begin, below: [out], act: async () => {
    const f = await mine.factor(pass.input.value), code = codeField();
    first.replaceWith(sheet({ title: w.setUpTitle, more: [scanned(f)], fields: [code], button: w.confirm, below: [out], act: async () => {
      const { recovery_codes: codes } = await mine.confirmFactor(code.input.value.trim());
      document.querySelector("main.centre")?.replaceWith(h("main.centre", null, h("div.sheet", null, h("h1", null, w.codes), codesShown(codes), h("button.button.primary", { type: "button", onclick: done }, w.haveThem))));
    } }));
  } });
  return first;
}
