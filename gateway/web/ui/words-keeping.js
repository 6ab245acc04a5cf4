// What people read about how long footage is kept, locked and erased. It is fetched with the pages that show it.
import { number, spoken, tongue } from "./language.js";
import { clock } from "./words.js";

export const keepingWords = spoken("keeping", {
  // kept for
  kept: "Kept for", keptColumns: ["Camera", "Continuous", "Events", "Promised", "Forecast", "Oldest", "Locked"],
  none: "No camera is recorded yet", noneText: "How long footage is kept shows here once something is recorded.", cameras: "Cameras",
  gone: "No longer a camera here", aDay: (/** @type {string} */ n) => `${n} a day`, noRate: "Writes nothing", notMeasured: "Not measured yet",
  bySpace: "Until space is needed", asContinuous: "As continuous", noPromise: "Nothing", notKnown: "Not known yet", nothingKept: "Nothing kept",
  short: (/** @type {string} */ t, /** @type {string} */ less) => `${t}, ${less} short`, spaceDecides: "the space decides", ageDecides: "its maximum age", ago: (/** @type {string} */ t) => `${t} ago`,
  oldest: "Oldest", measured: "Measured over", rate: "Writes", keptFacts: { continuous: "Continuous footage", event: "Footage of events", locked: "Locked footage", promised: "Promised", forecast: "Forecast", copies: "Copies" },
  deletedAt: (/** @type {string} */ t) => `Deleted when ${t} old`, deletedForSpace: "Deleted when space is needed, the oldest first", lockedHeld: (/** @type {string} */ n) => `${n}, not deleted until its locks end`, lockedNone: "None", promise: (/** @type {string} */ t) => `Kept for ${t} at least`,
  breaks: "The promise will break", breaksText: (/** @type {string} */ keeps, /** @type {string} */ promised) => `At the present rate the oldest footage is deleted after ${keeps}; ${promised} are promised.`,
  breaksDo: (/** @type {string} */ room) => `Add about ${room} for this camera. Or record less: a lower bit rate, fewer streams, around events. Or promise less: min_age.`,
  broke: "The promise is broken", brokeText: (/** @type {string} */ t) => `Footage was deleted before its promised age, because space was needed. It would have been old enough ${t}.`, brokeDo: "Add a disk, record less, or promise less. This notice goes when that footage would have been old enough.",
  notSure: "The forecast becomes an alarm once it was measured for an hour.",
  where: "Ages are set in the configuration file: max_age, event_max_age and min_age under retention, or under record of one camera. Those of a camera that was added here are changed beside it.",
  inFile: "This camera is declared in the configuration file, and its ages are changed there.", change: "Change", agesTitle: (/** @type {string} */ name) => `How is footage of ${name} kept?`, asSite: "As for all cameras", saveAges: "Save",
  maxNote: "Older footage is deleted. Such as 30d or 12h; empty: as for all cameras.", eventNote: "At least as long as the rest.", minNote: "You are told before space makes it shorter. At most as long as footage is kept.",
  twoCopies: "On two volumes", oneCopy: "On one volume",
  agesMayGo: "What is older than the age for all cameras is deleted within minutes. This cannot be undone.",
  agesGo: (/** @type {string} */ more, /** @type {string} */ to) => `The oldest ${more} of footage are deleted within minutes: what is older than ${to}. This cannot be undone.`,
  keyOldest: "Kept now", keyForecast: "Forecast", keyPromise: "Promised", reach: (/** @type {string} */ oldest, /** @type {string} */ keeps, /** @type {string} */ promised) => `Kept now ${oldest}, forecast ${keeps}, promised ${promised}`,
  // locked
  locks: "Locked", lockColumns: ["Camera", "Footage", "Reason", "Locked by", "Until"], lock: "Lock", locked: "Locked", unlock: "End the lock",
  locksSum: (/** @type {number} */ n, /** @type {string} */ size) => `${n === 1 ? "1 lock holds" : `${number(n)} locks hold`} ${size} of footage. It is not deleted, however old it is and however full the disks are.`,
  locksSumNew: (/** @type {number} */ n) => `${n === 1 ? "1 lock holds" : `${number(n)} locks hold`} footage. It is not deleted, however old it is and however full the disks are.`,
  noLocks: "Nothing is locked", noLocksText: "Pick a range on a timeline and lock it, so that it stays until you say so: for the police, an insurer, an inquiry.", openTimeline: "Open the timeline",
  reason: "Reason", reasonNote: "Why it is kept, in one line. Only who may lock footage can read it.", unknown: "Unknown", from: "From", to: "To", made: "Locked on", id: "Id", show: "Show on the timeline", filter: "Filter", noMatch: "No lock matches.", lockedBy: "Locked by",
  lockTitle: (/** @type {string} */ len, /** @type {string} */ camera) => `Lock ${len} of ${camera}?`, lockText: (/** @type {string} */ who) => `Until the lock ends this footage is not deleted, however old it is and however full the disks are. The lock is ${who}'s.`,
  lockedTill: "Until", lockedTillNote: "After this day the footage is deleted when its age says so.", lockedUntil: (/** @type {string} */ t) => `Locked until ${t}`, inTime: (/** @type {string} */ t) => `in ${t}`,
  unlockTitle: (/** @type {string} */ len, /** @type {string} */ camera) => `End the lock on ${len} of ${camera}?`, unlockText: "Without the lock this footage is deleted when its age or need of space says so.",
  unlockGoes: (/** @type {string} */ age, /** @type {string} */ max) => `This footage is ${age} old, and is kept for ${max}: without the lock it is deleted within minutes. This cannot be undone.`,
  typeName: (/** @type {string} */ name) => `Type ${name} to confirm`,
  // a range of the timeline
  export: "Export", range: "Range", pickRange: "Pick a range", pickHow: "Pick a range. I and O set its ends at the playhead, shift and drag draws one.", rangeSays: (/** @type {string} */ len, /** @type {string} */ camera) => `${len} of ${camera}`,
  // erasing
  erase: "Erase", eraseTitle: (/** @type {string} */ len, /** @type {string} */ camera) => `Erase ${len} of ${camera}?`,
  goes: (/** @type {string} */ len, /** @type {string} */ range, /** @type {string} */ size) => `${len} of footage go, ${range}${size ? `: about ${size}` : ""}. All streams of the camera, with their sound.`,
  nothingThere: "Nothing was recorded then. There is nothing to erase.",
  undone: "This cannot be undone.", undoneText: "Nobody sees this footage again: its files are removed at once, and its keys are destroyed within the hour. The receipt says what that is worth against somebody who has the disks.",
  undoneClear: "Nobody sees this footage again here. It is not encrypted, or not all of it: its files are removed and not overwritten, so who takes the disk may find parts of them until they are.",
  edges: "Up to two seconds more may go at the beginning, and at the end what there is until the next key frame.",
  ground: "Ground", groundNote: "It is kept for ever, and in clear.", pickGround: "Choose why",
  grounds: { "subject request": "Somebody who was filmed asked for it", unlawful: "It should never have been recorded", "breach of agreement": "It breaks an agreement, with staff or others", "purpose ended": "Its purpose has ended", "legal order": "A court or authority ordered it", "test footage": "Test footage" },
  held: (/** @type {number} */ n) => n === 1 ? "A lock holds this footage" : `${n} locks hold this footage`, heldText: "Locked footage is not erased, nor what lies within a few minutes of it in the same file. End the lock first, or erase what lies farther off.",
  heldOther: "This footage is locked", heldLine: (/** @type {string} */ range, /** @type {string} */ owner, /** @type {string} */ until) => `${range} · ${owner}, until ${until}`, allLocks: "Show the locks",
  // erased
  erased: "Erased", erasedColumns: ["Camera", "Footage", "Ground", "Erased", "State"], noErasures: "Nothing was erased", noErasuresText: "Pick a range on a timeline and erase it. What went, on what ground and what that is worth is then listed here for ever.",
  erasing: "Erasing", states: { busy: "Under way", nothing: "Nothing was there", clear: "Removed, not encrypted", due: "Keys still to be destroyed", away: "Destroyed, a copy is away", good: "Destroyed" },
  destroyed: "Nobody can show this footage any more: its keys are destroyed.", awayText: "Nobody sees this footage any more. A copy of its keys is away and still holds them: they are destroyed there as soon as it is back.", keysBy: (/** @type {string} */ t) => `The keys are destroyed by ${t}.`, now: "Destroy the keys now", save: "Save the receipt", allErasures: "All erasures", receipt: "Receipt",
  erasedFacts: { footage: "Asked for", camera: "Camera", ground: "Ground", requested: "Ordered", done: "Files gone", keys: "Keys destroyed", strength: "Protection", clean: "Copies cleaned", away: "Copies away", went: "What went", size: "Size", files: "Files", id: "Erasure" },
  keysAt: (/** @type {number} */ n, /** @type {string} */ t) => `${n === 1 ? "1 key" : `${number(n)} keys`}, ${t}`, keysNone: "None: the footage was not encrypted", keysLater: "Not yet", dataDir: "Data directory",
  files: (/** @type {number} */ whole, /** @type {number} */ part, /** @type {number} */ clear) => [whole && `${whole} as a whole`, part && `${part} in part, the rest encrypted anew`, clear && `${clear} in clear`].filter(Boolean).join(", "),
  strengths: { file: "Root key in a file on this machine", host: "Root key sealed to this operating system", tpm: "Root key sealed by the security chip" }, spans: { days: (/** @type {number} */ n) => `${number(n)} days`, hours: (/** @type {number} */ n) => `${n} hours`, minutes: (/** @type {number} */ n) => `${n} minutes`, seconds: (/** @type {number} */ n) => `${n} seconds` }, stretch: (/** @type {string} */ stream, /** @type {string} */ range) => `${stream}: ${range}`, moreStretches: (/** @type {number} */ n) => `and ${n} more`,
});

/** How long something is, in whole days where it is some, else in hours or minutes. @param {number} s seconds */
export function long(s) {
  if (s >= 2 * 86400) return keepingWords.spans.days(Math.floor(s / 86400));
  if (s >= 2 * 3600) return keepingWords.spans.hours(Math.floor(s / 3600));
  if (s >= 120) return keepingWords.spans.minutes(Math.floor(s / 60));
  return keepingWords.spans.seconds(Math.max(0, Math.round(s)));
}

/** From when to when, to the second; the day where it is not today, or another one. @param {number|string} a @param {number|string} b */
export function spell(a, b) {
  const from = new Date(a), to = new Date(b);
  const day = (/** @type {Date} */ t) => t.toLocaleDateString(tongue(), { day: "numeric", month: "short", ...(t.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }) }), today = day(new Date());
  return `${day(from) === today && day(to) === today ? "" : day(from) + " "}${clock(from)} – ${day(to) === day(from) ? "" : day(to) + " "}${clock(to)}`;
}
