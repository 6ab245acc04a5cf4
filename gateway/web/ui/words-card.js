// What people read of what a camera keeps on a card of its own.
import { spoken } from "./language.js";

export const cardWords = spoken("card", {
  card: "Memory card", title: (/** @type {string} */ n) => `${n}: what it keeps itself`,
  lead: "What is lost while the camera cannot be reached is fetched from its own card once it is back, and put where it was lost.",
  fetches: "Fetch what was lost from the card", fetchesNote: (/** @type {string} */ days, /** @type {number} */ speed) => `Up to ${days} back, at most ${speed} times as fast as it happened, the picture without sound. Recording comes first. What was erased never comes back.`, inFile: "Whether it is fetched stands in the configuration file.",
  states: { off: "Not fetched", none: "No card that can be asked", idle: "Nothing waits to be fetched", waiting: "Waiting", queued: "Other cameras are fetched first", filling: "Fetching" },
  onCard: "On the card", nothingOnCard: "The camera tells of no recording.", ofOther: "of something else", goesOn: "until now", unasked: "The camera could not be asked what it keeps", spansMore: (/** @type {number} */ n) => `and ${n} more stretches`,
  lost: "Lost", nothingLost: "Nothing was lost that it could have.", columns: ["When", "Length", "Why", "State"], gapStates: { due: "To be fetched", waiting: "Tried again", filling: "Being fetched", given_up: "Not fetched any more" },
  done: "Fetched", doneNone: "Nothing was fetched since the gateway started.", of: (/** @type {string} */ got, /** @type {string} */ all) => `${got} of ${all}`, exact: "Joined at the very picture on both sides", byClock: (/** @type {string} */ within) => `Placed by the camera's clock, right to ${within}`, oneSide: "Joined at the very picture on one side",
  job: (/** @type {string} */ got, /** @type {string} */ all, /** @type {string} */ bytes) => `${got} of ${all} fetched, ${bytes}`, left: (/** @type {string} */ t) => `about ${t} left`, progress: "Fetching from the card",
  fetch: "Fetch now", stop: "Stop", close: "Close",
});
