// The scenes of the browser tests. Each is played in a process and a network of its own, with its own gateway, cameras and browser, and makes
// what it needs: no test of one knows of another's.
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Part
 * @property {string} file whose function of the same name has the tests
 * @property {boolean} [chain] each test goes on from those before it: none can be run without them
 *
 * @typedef {object} Play
 * @property {string} name
 * @property {Part[]} parts
 * @property {boolean} [shop] the demo with three cameras is there, with an administrator signed in
 * @property {boolean} [settled] somebody has used it: there are marks, a lock, an erasure, an export, a group, people, a wall
 */

/** @param {string} list names of files */
const parts = list => list.split(" ").map(file => ({ file }));
/** @param {string} file */
const chain = file => [{ file, chain: true }];

/** In the order of their begin: the longest first, so that the lanes end together. @type {Play[]} */
export const scenes = [
  { name: "live", shop: true, parts: parts("live controls hands steering") },
  { name: "footage", shop: true, parts: parts("card footage exports keeping events timeline") },
  { name: "pages", shop: true, settled: true, parts: parts("storage pages quality dialogs") },
  { name: "people", parts: chain("people") },
  { name: "restarted", parts: chain("restarted") },
  { name: "awkward", parts: chain("awkward") },
  { name: "cameras", parts: chain("cameras") },
  { name: "removed", parts: parts("removed") },
  { name: "device", parts: parts("device") },
  { name: "watching", parts: parts("watching") },
  { name: "encryption", parts: chain("encryption") },
  { name: "certificate", parts: chain("certificate") },
  { name: "start", parts: chain("start") },
  { name: "talk", parts: parts("talk") },
];

/** The names of a part's tests in their order, read from its text: nothing is set up to know them. What is filled in when it runs is left out. @param {Part} part */
export function titles(part) {
  const text = readFileSync(new URL(`./${part.file}.js`, import.meta.url), "utf8");
  return [...text.matchAll(/\btest\(\s*(["`])((?:\\.|(?!\1).)*)\1/g)].map(m => m[2].replace(/\$\{[^}]*\}/g, ""));
}

/** Which tests of a part are run for a filter: those that have it in their names, and in a chain those before them. @param {Part} part @param {string} filter @returns {(name: string, place: number) => boolean} */
export function wanted(part, filter) {
  const last = titles(part).findLastIndex(t => t.includes(filter));
  return (name, place) => part.chain ? place <= last : name.includes(filter);
}
