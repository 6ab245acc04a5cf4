// What people read on the page of events.
import { spoken } from "./language.js";

export const eventWords = spoken("events", {
  title: "Events", list: "Events, newest first", cameras: "Camera", allCameras: "All cameras", kinds: "Kind", allKinds: "All kinds", day: "Day", search: "Kind, source or words", unreviewed: "Not reviewed yet",
  none: "No events yet", noneText: "What cameras report, and what people mark, is listed here with a picture. Whether a camera reports, and what, is among its settings.", noMatch: "No event fits", noMatchText: "Nothing in the footage that is kept fits what is chosen above.", allSeen: "All reviewed", allSeenText: "You have reviewed every event that fits. New ones appear here by themselves.", clear: "Show all events", openTimeline: "Open the timeline",
  more: "Show older", back: (/** @type {string} */ when) => `Looked back to ${when}.`, end: "Nothing older is kept.", leftOut: (/** @type {number} */ n) => n === 1 ? "1 camera more is not looked at: choose it above." : `${n} cameras more are not looked at: choose one above.`,
  reviewed: "Reviewed", isNew: "not reviewed", chosen: (/** @type {number} */ n) => n === 1 ? "1 chosen" : `${n} chosen`, markReviewed: "Reviewed", markUnreviewed: "Not reviewed", chooseNone: "Choose none", choose: "Choose",
  marked: (/** @type {number} */ n) => n === 1 ? "1 event is reviewed." : `${n} events are reviewed.`, unmarked: (/** @type {number} */ n) => n === 1 ? "1 event is to be reviewed." : `${n} events are to be reviewed.`, lasts: "still going on",
  lockTitle: (/** @type {number} */ n) => n === 1 ? "Lock the footage of 1 event?" : `Lock the footage of ${n} events?`, locked: (/** @type {number} */ n) => n === 1 ? "The footage of 1 event is locked." : `The footage of ${n} events is locked.`, eraseOne: "Erasing names what is lost: choose one event at a time.", noPicture: "No picture", mostChosen: (/** @type {number} */ n) => `At most ${n} are chosen at once.`,
});
