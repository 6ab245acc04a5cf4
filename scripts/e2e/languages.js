// The words of the viewer in all their languages, read as Node reads modules: is each language whole?
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ui = new URL("../../gateway/web/ui/", import.meta.url).pathname;

/** The tables of English, by topic. @returns {Promise<Record<string, any>>} */
async function english() {
  /** @type {Record<string, any>} */
  const topics = {};
  for (const file of readdirSync(ui).filter(f => f.endsWith(".js") && f !== "language.js")) {
    for (const [, name, topic] of readFileSync(join(ui, file), "utf8").matchAll(/export const (\w+) = spoken\("(\w+)"/g)) {
      if (topics[topic]) throw new Error(`two tables are of the topic ${topic}`);
      topics[topic] = (await import(join(ui, file)))[name];
    }
  }
  return topics;
}

/** @param {any} v */
const kind = v => Array.isArray(v) ? `list of ${v.length}` : typeof v === "function" ? `function of ${v.length}` : v === null ? "null" : typeof v;

/** What of a table is not alike in another language. @param {any} a @param {any} b @param {string} at @returns {string[]} */
function differ(a, b, at) {
  if (b === undefined) return [`${at} is missing`];
  if (a === undefined) return [`${at} is not in English`];
  if (kind(a) !== kind(b)) return [`${at}: ${kind(a)} in English, here ${kind(b)}`];
  if (typeof a === "string") return a && !b ? [`${at} is empty`] : [];
  if (typeof a !== "object") return [];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap(k => differ(a[k], b[k], `${at}.${k}`));
}

/** How many sentences there are, and what each language lacks or has too much. */
export async function languagesWhole() {
  const words = await english(), { languages } = await import(join(ui, "language.js"));
  /** @param {any} v @returns {number} */
  const count = v => v && typeof v === "object" ? Object.values(v).reduce((n, x) => n + count(x), 0) : 1;
  /** @type {string[]} */
  const faults = [];
  for (const l of Object.keys(languages).filter(l => l !== "en")) faults.push(...differ(words, (await import(join(ui, `language-${l}.js`))).default, l));
  return { sentences: count(words), topics: Object.keys(words).length, languages: Object.keys(languages).length, faults };
}
