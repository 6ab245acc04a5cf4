// What people read about how cameras do, and about what footage takes. It is fetched with those pages.
import { number, spoken } from "./language.js";

export const healthWords = spoken("health", {
  label: "Health of cameras", columns: ["Camera", "Last seven days", "Missing", "Stream now", "To do"],
  well: "Nothing to do", whole: "Nothing is missing", gaps: (/** @type {number} */ n) => n === 1 ? "1 gap" : `${number(n)} gaps`, longest: (/** @type {string} */ t) => `longest ${t}`, notRecorded: "Not recorded", noWeek: "Not for you to see",
  strip: (/** @type {string} */ missing, /** @type {number} */ n) => n ? `Seven days: ${missing} missing in ${n === 1 ? "1 gap" : `${n} gaps`}` : "Seven days: nothing is missing",
  fps: (/** @type {string} */ n) => `${n} fps`, lost: (/** @type {number} */ n) => n === 0 ? "no packets lost" : `${number(n)} packets lost`, again: (/** @type {number} */ n) => n === 0 ? "never reconnected" : n === 1 ? "reconnected once" : `reconnected ${n} times`,
  ago: (/** @type {string} */ t) => `newest frame ${t} ago`, keys: (/** @type {string} */ t) => `key frame every ${t}`, silent: "Nothing comes", kept: "Kept for", more: (/** @type {number} */ n) => `and ${n} more`,
  causes: "Why it is missing", list: "What is missing", show: "Show it on the timeline", moreGaps: (/** @type {number} */ n) => `${n} older gaps are not listed.`, stream: (/** @type {string} */ s) => `Stream ${s}`, none: "No cameras", noneText: "Health is of cameras that were added.",
  volumes: "Volumes", free: (/** @type {string} */ a, /** @type {string} */ b) => `${a} free of ${b}`, sum: (/** @type {number} */ n, /** @type {string} */ t, /** @type {number} */ of) => n === 0 ? `Nothing of the last seven days is missing, of ${of} cameras.` : `${t} of the last seven days is missing, of ${n} of ${of} cameras.`,
  // planner
  days: "Keep for (days)", further: "Further cameras", bitrate: "Each of them (kbit/s)", bitrateNote: "Empty: the mean of those that there are.", share: "Recorded of the time (%)", shareNote: "Empty: as it is now.", mirror: "On two volumes", mirrors: { "": "As it is now", 1: "Every camera", 0: "None" },
  need: "Needed", have: "The volumes give footage", lacks: (/** @type {string} */ t) => `${t} are lacking`, roomy: "Room enough", gives: "They give, at this rate", givesDays: (/** @type {string} */ n) => `${n} days`, rate: "Written in a day", locked: "Of it locked", used: "Of it in use", table: "What each camera writes", planColumns: ["Camera", "Recorded", "A day", "Known from"], by: { day: "Measured over a day", now: "Its stream at present", none: "Not known yet" }, twice: "twice", margin: "With 5 % on top: bit rates vary with light and season.", nothing: "Nothing is recorded yet", nothingText: "The planner reckons from what cameras send. Add one first.",
});
