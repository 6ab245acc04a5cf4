// Every sentence that people read. A translation is another object of this shape.
import { number, spoken, tongue } from "./language.js";

/** What happens before a camera, by the kind of the event. @type {Record<string, string>} */
export const kinds = { motion: "motion", line: "line crossed", intrusion: "intrusion", loitering: "loitering", person: "person", vehicle: "vehicle", face: "face", "left-object": "object left or taken", tamper: "tampering", "signal-loss": "signal lost", "digital-input": "digital input", temperature: "temperature", audio: "sound", sensor: "sensor", mark: "mark" };

export const words = spoken("main", {
  cameraSettings: "Settings of the camera", settings: "Settings", live: "Live", timeline: "Timeline", events: "Events", exports: "Exports", cameras: "Cameras", map: "Map", storage: "Storage",
  approvals: "Approvals", people: "People", audit: "Audit", me: "Your page", more: "More", health: "The gateway",
  notSignedOut: "You are still signed in: the gateway did not take the signing out. Sign out again.",
  rightsChanged: "What you may do here has changed.", notHere: "There is no such camera here", notHereText: "It was removed, or it is not among those that you may watch now.", goOn: "Go on",
  wishesWait: (/** @type {number} */ n) => n === 1 ? "1 request waits for your decision" : `${n} requests wait for your decision`, wish: (/** @type {string} */ who, /** @type {string} */ what, /** @type {string} */ why) => `${who} asks for ${what}: “${why}”`, wishOf: (/** @type {string} */ camera, /** @type {string} */ range) => `${camera}, ${range}`, look: "Look",
  signOut: "Sign out", signIn: "Sign in", user: "User name", password: "Password",
  setUp: "Make the administrator", setUpText: "This gateway has no account yet. The one you make now may do everything; there is no other way in.",
  setUpNote: "At least 12 characters. A few words that you remember are better than a short riddle.",
  onceFailed: "This link has been used, or is too old. Sign in with your password, or restart the demo for a new link.",
  keepKey: "Keep the recovery key", keepKeyText: "holdfast setup printed it below the link; holdfast keys recovery on the gateway prints it again. It opens the footage, and the passwords of cameras and people, when this machine or its root key is lost. Write it down, keep it away from this machine, and type it here.",
  recovery: "Recovery key", recoveryNote: "14 groups of four letters and digits. Case, spaces and hyphens do not matter.", confirm: "Confirm", later: "Later",
  nag: "Nobody has confirmed the recovery key. If this machine or its root key is lost, so is all that is sealed under it.", nagDo: "Confirm it",
  setUpFirst: "This gateway has no account yet. holdfast setup on its machine prints the link that makes the first.",
  setUpWhere: "Open the set-up link that holdfast setup prints on the gateway itself.",
  ended: "Your session has ended: its time was over, or somebody ended it. Sign in to go on where you were.",
  code: "Code", codeNote: "Six digits from your authenticator, or one of your recovery codes.", codeWrong: "That was not accepted. Each code is good once, and for half a minute; check the password too.", wrongTries: (/** @type {string} */ t) => `Too many wrong tries. You can try again in ${t}.`, tryNow: "You can try again now.",
  wallShut: "This wall is not let in any more", wallShutText: "Its link was revoked, or its time is over. Open a new link here: People, Walls and tokens. It is tried again every few seconds.", wallAgain: "Trying again every few seconds. Recording goes on.", noneForWall: "No camera is open to this wall",
  noneForYou: "No camera is open to you now", noneForYouText: "Whoever looks after this site decides which cameras you may watch, and at which hours.",
  noLive: "Live pictures are not among your rights. Pick a moment of the past.", whoWatched: "Who watched this moment",
  lost: "Connection to the gateway lost", lostText: "The pictures below may be old. Recording does not depend on this page.", since: "since",
  removedCamera: (/** @type {string} */ n) => `${n} (removed)`, noCameras: "No cameras yet", noCamerasText: "Holdfast asks your network for cameras and lists who answers.", find: "Find cameras",
  searching: "Asking the network.", searchedSeconds: (/** @type {number} */ n, /** @type {number} */ s, /** @type {number} */ of) => `${n} answered. ${s} of ${of} seconds.`, searchedAddresses: (/** @type {number} */ n, /** @type {number} */ done, /** @type {number} */ of) => `${n} answered. ${done} of ${of} addresses asked.`,
  stop: "Stop", searchAgain: "Search again", foundAll: (/** @type {number} */ n) => n === 1 ? "1 camera answered." : `${n} cameras answered.`, foundSome: (/** @type {number} */ n) => `Stopped. ${n} answered until then.`, foundNoneAt: "Nothing answered at these addresses, neither to discovery nor to ONVIF.",
  ranges: "Addresses", rangesNote: "For networks that do not carry discovery: 192.168.1.0/24 or 192.168.1.10-50. Each address is asked, gently.", searchRanges: "Search addresses", sharedID: "Shares its identity with another device: it cannot be followed to a new address.", addedAs: (/** @type {string} */ name) => `Added as ${name}`,
  foundNone: "No camera answered. Cameras answer only on their own network segment and only when discovery is switched on in them. You can add one by its address.",
  found: "answered", add: "Add", added: "Added", address: "Address", addressNote: "Host name, IP address, or an rtsp:// address.",
  name: "Name", nameNote: "Empty: what the camera calls itself.", addCamera: "Add camera", adding: "Asking the camera who it is.",
  sourcesTitle: (/** @type {number} */ n) => `It has ${n} video sources`, sourcesNote: "Each that you choose becomes a camera of its own.", sourceNumber: (/** @type {number} */ n, /** @type {string} */ name) => name && name !== String(n) ? `${n}: ${name}` : `${n}`, thermalSource: "Thermal", sourceUnfit: "Nothing of it can be recorded", sourcesNone: "Choose at least one video source.", addChosen: "Add the chosen ones",
  record: "Record", recordOn: "All the time", recordEvents: "Around events", recordOff: "Live view only", cancel: "Cancel",
  allOffline: "No camera can be reached", offline: "Offline", plainlyOffline: "camera offline", starting: "Connecting", unauthorized: "Password refused", disabled: "Switched off", online: "Online",
  lastPicture: "last picture", retry: (/** @type {number} */ s) => s > 0 ? `retrying in ${s} s` : "retrying now",
  stopped: "No pictures arrive", cannotShow: "No picture in this browser", waiting: "Waiting for a picture", recording: "Recording", notRecorded: "Not recorded",
  recStates: { recording: "Recording", waiting: "Waiting for the camera", idle: "Nothing to record now", failing: "Cannot be written", off: "Live only" },
  back: "Back to all cameras", full: "Full screen", snapshot: "Snapshot", sound: "Sound", info: "Info", showTimeline: "Timeline at this moment",
  layouts: { auto: "Auto", 1: "1", 4: "2 × 2", 6: "1 + 5", 9: "3 × 3", 16: "4 × 4" }, layout: "Layout", page: "Page",
  noFootage: "No footage at this moment", liveHere: "LIVE", play: "Play", pause: "Pause", speed: "Speed", frameBack: "Frame back", frame: "Frame forward", day: "Day",
  mark: "Mark", markNote: "Mark this moment as an event", marked: "Marked", footage: (/** @type {string} */ f) => `Footage: ${f}.`, until: "until", mode: "Mode",
  eventKind: (/** @type {string} */ kind) => kinds[kind] || kind.replaceAll("-", " "),
  event: (/** @type {string} */ kind, /** @type {string} */ source, /** @type {string} */ len) => `${words.eventKind(kind)}${source ? ` (${source})` : ""}${len ? `, ${len}` : ""}`,
  unwanted: (/** @type {string} */ len, /** @type {string} */ cause) => `Not recorded for ${len}: ${cause}`, deleted: (/** @type {string} */ len, /** @type {string} */ cause) => `Deleted, ${len}: ${cause}`,
  gap: (/** @type {string} */ len, /** @type {string} */ cause) => `No footage for ${len}: ${cause}`, jumped: (/** @type {string} */ len, /** @type {string} */ cause) => `Nothing was recorded for ${len} (${cause}). Playing what follows.`,
  nothingLater: "There is no footage after this.", playFailed: "This footage cannot be played in this browser.",
  volume: "Volume", state: "State", free: "Free", of: "of", sync: "Sync", alarms: "Alarms", noAlarms: "No alarms. Everything that should be recorded is.", volumes: "Volumes",
  camera: "Camera", streams: "Streams", recordingColumn: "Recording", newest: "newest", recordedTo: "Recorded to", encrypted: "Encrypted", inClear: "In clear", volumeAway: "a volume", nowhere: "Nowhere at present", mirrored: "Mirrored", mirror: "Record to two volumes at once", mirrorNote: "Should one disk die, nothing of it is lost. Takes twice the space.", notMirrored: (/** @type {string} */ why) => `Not mirrored: ${why}`, means: "Means", todo: "Do", healthy: { ok: "All well", warning: "Needs attention", failing: "Footage at risk" },
  checking: "Checking", never: "never",
  loading: "Asking the gateway…",
  copy: "Copy", copied: "Copied", copyYourself: "Copy it from the field.", save: "Save", saved: "Saved", remove: "Remove", change: "Change", filter: "Filter", noMatch: "Nothing matches.",
  error: "Something went wrong", again: "Try again", close: "Close", lostPackets: "packets lost", behind: "s behind", of2: "of",
});

/** @param {number} s */
export function duration(s) {
  if (s < 10) return `${number(s, 1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  const all = Math.round(s / 60), minutes = all % 60;
  if (all < 60) return `${all} min`;
  return `${Math.floor(all / 60)} h${minutes ? ` ${minutes} min` : ""}`;
}

/** Why a camera is in its state, where that says more than the state does. @param {{state:string,cause:string}} c */
export const because = c => c.state === "offline" && c.cause === words.plainlyOffline ? "" : c.cause;

/** Why a camera is recorded now or not, and until when. @param {{why:string,until:string|null}} r */
export function why(r) {
  return r.why + (r.until ? ` ${words.until} ${clock(r.until)}` : "");
}

/** @param {number} n */
export function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++; }
  return `${n < 10 && i > 0 ? number(n, 1) : number(n)} ${units[i]}`;
}

/** @param {number} n bits a second */
export function bitrate(n) {
  return n < 1e6 ? `${Math.round(n / 1e3)} kbit/s` : `${number(n / 1e6, 1)} Mbit/s`;
}

/** A moment as briefly as it is still clear: the time today, else with the day, or the day alone. @param {Date|number|string} t @param {boolean} [time] */
export function when(t, time = true) {
  const d = new Date(t), now = new Date();
  if (d.toDateString() === now.toDateString()) return clock(d, false);
  return `${d.toLocaleDateString(tongue(), { day: "numeric", month: "short", ...(d.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) })}${time ? ` ${clock(d, false)}` : ""}`;
}

/** A moment to the second, with the day where it is not today. @param {string|number|Date} t */
export const dated = t => new Date(t).toDateString() === new Date().toDateString() ? clock(t) : `${when(t, false)} ${clock(t)}`;

/** Writers of times, by whether they write seconds: making one for each time took a tenth of the time in which the axis is drawn. @type {Map<boolean, Intl.DateTimeFormat>} */
const clocks = new Map();

/** @param {Date|number|string} t @param {boolean} [seconds] */
export function clock(t, seconds = true) {
  let c = clocks.get(seconds);
  if (!c) clocks.set(seconds, c = new Intl.DateTimeFormat(tongue(), { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hour12: false }));
  const d = new Date(t);
  return Number.isNaN(d.getTime()) ? "–" : c.format(d);
}
