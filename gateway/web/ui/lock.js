// Keeping ranges from deletion: why, and until when.
import { api } from "./api.js";
import { store } from "./store.js";
import { field } from "./sign.js";
import { dialog } from "./parts.js";
import { keepingWords as w } from "./words-keeping.js";

/** How long a lock lasts unless somebody says otherwise, ms. */
const month = 30 * 24 * 3600e3;

/**
 * Asks for the reason and locks. Each range that is locked is told: what fails leaves the others locked.
 * @param {string} title @param {{camera: string, from: number, to: number}[]} ranges @param {(r: {camera: string, from: number, to: number}) => void} locked @param {() => void} done
 */
export function lockDialog(title, ranges, locked, done) {
  const reason = field(w.reason, { name: "reason", maxlength: "500" }, w.reasonNote);
  const until = field(w.lockedTill, { name: "until", type: "date", value: new Date(Date.now() + month).toISOString().slice(0, 10), min: new Date().toISOString().slice(0, 10) }, w.lockedTillNote);
  const left = ranges.slice();
  dialog({ title, text: [w.lockText(store.session?.user || "")], fields: [reason, until], button: w.lock,
    ready: () => reason.input.value.trim() !== "" && until.input.value !== "",
    act: async () => {
      for (let r = left[0]; r; left.shift(), r = left[0]) {
        await api.lock({ camera: r.camera, from: new Date(r.from).toISOString(), to: new Date(r.to).toISOString(), until: new Date(until.input.value + "T23:59:59").toISOString(), reason: reason.input.value });
        locked(r);
      }
      done();
    } });
}
