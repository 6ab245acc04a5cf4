// Ending a lock: what becomes of the footage is said first, and its name is asked for when it goes at once.
import { api } from "./api.js";
import { store } from "./store.js";
import { field } from "./sign.js";
import { dialog, facts } from "./parts.js";
import { duration, when } from "./words.js";
import { keepingWords as w, long, spell } from "./words-keeping.js";

/** @typedef {import("./api.js").Lock} Lock */

/** @param {string} id */
export const cameraName = id => store.nameOf(id);

/** Names and values of a lock. @param {Lock} l */
export const lockFacts = l => facts([[w.range, spell(l.from, l.to)], [w.reason, l.reason], [w.lockedBy, l.owner || w.unknown], [w.lockedTill, when(l.until)]]);

/**
 * Asks whether a lock is to end, and ends it.
 * @param {Lock} l @param {() => void} done @param {string} [title]
 */
export async function unlock(l, done, title) {
  const name = cameraName(l.camera), age = (Date.now() - Date.parse(l.to)) / 1000;
  // Where it cannot be known how long footage is kept, the lock can be ended all the same.
  const max = await api.retention().then(list => list.find(k => k.camera === l.camera)?.max_age || 0, () => 0);
  const goes = max > 0 && age > max;
  const typed = field(w.typeName(name), { name: "confirm" });
  dialog({ title: title || w.unlockTitle(duration((Date.parse(l.to) - Date.parse(l.from)) / 1000), name), text: [lockFacts(l), goes ? w.unlockGoes(long(age), long(max)) : w.unlockText], fields: goes ? [typed] : [], button: w.unlock, danger: true,
    ready: () => !goes || typed.input.value.trim() === name.trim(), act: async () => { await api.unlock(l.id); done(); } });
}
