// In which language the viewer speaks. The sentences are in English in words*.js; language-XX.js has them in another, topic by topic.
// start.js learns the language before anything else is loaded, so that a table has its words from its first use on.

/** All that is said, by topic: what each language has. @typedef {{approvals: typeof import("./words-approvals.js").approvalWords, actions: typeof import("./words-audit.js").actionWords, audit: typeof import("./words-audit.js").auditWords, cameras: typeof import("./words-cameras.js").camerasWords, card: typeof import("./words-card.js").cardWords, connections: typeof import("./words-connections.js").connectionWords, device: typeof import("./words-device.js").deviceWords, events: typeof import("./words-events.js").eventWords, exports: typeof import("./words-exports.js").exportWords, health: typeof import("./words-health.js").healthWords, keeping: typeof import("./words-keeping.js").keepingWords, keys: typeof import("./words-keys.js").keyWords, keynames: typeof import("./words-keys.js").keyNames, live: typeof import("./words-live.js").liveWords, look: typeof import("./words-look.js").lookWords, map: typeof import("./words-map.js").mapWords, me: typeof import("./words-me.js").meWords, people: typeof import("./words-people.js").peopleWords, player: typeof import("./words-player.js").playerWords, ptz: typeof import("./words-ptz.js").ptzWords, scene: typeof import("./words-scene.js").sceneWords, storage: typeof import("./words-storage.js").storageWords, talk: typeof import("./words-talk.js").talkWords, timeline: typeof import("./words-timeline.js").timelineWords, main: typeof import("./words.js").words}} Tables */

/** The languages that there are, in their own words. */
export const languages = /** @type {Record<string, string>} */ ({ en: "English", de: "Deutsch", es: "Español" });

/** The language that no person speaks: each sentence lengthened and marked, to find what is not in a table and what has no room. */
const pseudo = "qps";
const kept = "holdfast.language";

/** @type {Record<string, any>} */
let translation = {};
let chosen = "en";

/** What this browser was told to speak; "" when it follows its own settings. */
export function choice() {
  try { return localStorage.getItem(kept) || ""; } catch { return ""; }
}

/** Has this browser speak a language from the next load on. @param {string} language "" to follow the browser's settings */
export function choose(language) {
  try { if (language) localStorage.setItem(kept, language); else localStorage.removeItem(kept); } catch { /* private windows */ }
}

/** The language in which dates and numbers are written: the one that is spoken, in the manner of the country that the browser names for it. */
export const tongue = () => chosen === pseudo ? undefined : navigator.languages.find(l => l.slice(0, 2) === chosen) || chosen;

/** The language of the browser's own settings, of those that there are. */
export const follows = () => navigator.languages.map(l => l.slice(0, 2)).find(l => languages[l]) || "en";

/** @type {Map<number, Intl.NumberFormat>} */
const digits = new Map();
/** A number with so many decimals, as it is written in this language. @param {number} n @param {number} [decimals] */
export function number(n, decimals = 0) {
  let f = digits.get(decimals);
  if (!f) digits.set(decimals, f = new Intl.NumberFormat(tongue(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  return f.format(n);
}

/** Where temperatures are told in Fahrenheit: by the browser's region, and its clock, since English of the United States is what many browsers elsewhere speak. */
const fahrenheit = () => /-(US|LR|BS|BZ|KY|PW|FM|MH)$/.test(navigator.language) && /^(America|Pacific)\//.test(Intl.DateTimeFormat().resolvedOptions().timeZone || "");

/** A temperature in the unit of the place. @param {number} kelvin */
export const temperature = kelvin => (fahrenheit() ? `${number((kelvin - 273.15) * 1.8 + 32, 1)} °F` : `${number(kelvin - 273.15, 1)} °C`);

/** Finds out which language to speak, and fetches its words. */
export async function learn() {
  const wanted = choice();
  chosen = wanted === pseudo || languages[wanted] ? wanted : follows();
  document.documentElement.lang = chosen === pseudo ? "en" : chosen;
  if (chosen !== "en" && chosen !== pseudo) try { translation = (await import(`./language-${chosen}.js`)).default; } catch { chosen = document.documentElement.lang = "en"; }
  document.cookie = `holdfast_language=${chosen}; path=/; samesite=strict`; // the gateway's own sentences come in the same language
}

/** A table of words in the language that is spoken; what is not translated stays English. @template {object} T @param {string} topic @param {T} english @returns {T} */
export function spoken(topic, english) {
  if (chosen === pseudo) return stretched(english);
  return translation[topic] ? over(english, translation[topic]) : english;
}

/** @param {any} english @param {any} other @returns {any} */
function over(english, other) {
  if (other === undefined) return english;
  if (typeof english !== "object" || english === null || Array.isArray(english)) return other;
  return Object.fromEntries(Object.keys(english).map(k => [k, over(english[k], other[k])]));
}

const odd = /** @type {Record<string, string>} */ ({ a: "á", e: "é", i: "í", o: "ó", u: "ú", A: "Á", E: "É", I: "Í", O: "Ó", U: "Ú" });

/** @param {any} v @returns {any} */
function stretched(v) {
  if (typeof v === "string") return v && `[${v.replace(/[aeiouAEIOU]/g, c => odd[c])}${"~".repeat(Math.ceil(v.length / 3)).replace(/~{6}(?=~)/g, "$& ")}]`;
  if (typeof v === "function") return (/** @type {any[]} */ ...a) => stretched(v(...a));
  if (Array.isArray(v)) return v.map(stretched);
  return v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, stretched(x)])) : v;
}
