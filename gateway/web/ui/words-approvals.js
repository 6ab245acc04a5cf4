// What people read about what takes two people. It is fetched with the pages that show it.
import { spoken } from "./language.js";

export const approvalWords = spoken("approvals", {
  title: "Another person has to approve this first", text: (/** @type {string} */ camera) => `Footage of ${camera} takes two people on this site: you say what you want to see and why, and somebody else says yes.`, ask: "Ask for it", askTitle: (/** @type {string} */ camera) => `Ask to see footage of ${camera}`,
  from: "From", to: "To", reason: "Why", reasonNote: "Who decides reads it.", send: "Ask", sent: "Asked", waitTitle: "Asked. It waits for another person", waitText: (/** @type {string} */ range, /** @type {string} */ reason, /** @type {string} */ asked) => `${range}, “${reason}”, asked at ${asked}. This page goes on by itself once somebody has decided.`, takeBack: "Take it back",
  declinedTitle: "Somebody declined this", declinedText: "You can ask again, with another reason or a shorter range.", edge: "What was approved begins or ends here.",
  columns: ["Who", "For", "Why", "Asked", "State"], states: { asked: "Waiting", given: "Approved", declined: "Declined", over: "Over" }, permissions: { playback: "Playback", export: "Export" },
  give: "Approve", decline: "Decline", giveBack: "End it", none: "Nobody asks for anything", rules: "Choose cameras for that", noneText: "Where the site asks for two people, requests to watch or take away footage show here.", you: "You", show: "Show on the timeline",
  reach: (/** @type {string} */ before, /** @type {string} */ after) => `Bit-exact copies begin at the key frame before, ${before} earlier, and end with the last fragment, ${after} later. A redacted export is cut exactly.`,
  ownWaits: "Somebody else decides: nobody approves what they asked for themselves.", notYours: "This is not yours to decide.", givenUntil: (/** @type {string} */ t) => `Good until ${t}`, waitsUntil: (/** @type {string} */ t) => `Waits until ${t}`, facts: { who: "Who", what: "What", camera: "Camera", range: "Footage", length: "Length", why: "Why", asked: "Asked", until: "Until", decided: "Decided", id: "Id" },
  decidedLate: "It was decided already.",
});
