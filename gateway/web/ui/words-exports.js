// What people read about taking footage out.
import { spoken } from "./language.js";

export const exportWords = spoken("exports", {
  title: "Exports", intro: "Footage that was taken out, ready to be handed on. Each is a package that whoever gets it can check without this gateway.",
  none: "No exports", noneText: "Pick a range on a timeline and press Export. What you order is made in the background and waits here to be downloaded.", openTimeline: "Open the timeline",
  columns: ["Case", "For", "Footage", "Ordered", "State"], untitled: (/** @type {string} */ reason) => reason,
  states: { waiting: "Waiting", running: "Being made", done: "Ready", failed: "Failed", cancelled: "Cancelled" },
  clips: (/** @type {number} */ n, /** @type {number} */ stills) => [n && (n === 1 ? "1 clip" : `${n} clips`), stills && (stills === 1 ? "1 still" : `${stills} stills`)].filter(Boolean).join(", "),
  part: (/** @type {number} */ p) => `${p} %`, left: (/** @type {string} */ t) => `about ${t} left`, making: "Making the package",
  facts: { recipient: "For", reason: "Why", by: "Ordered by", ordered: "Ordered", form: "Form", size: "Size", parts: "Footage", gaps: "Gaps", expires: "Removed on", id: "Export", clip: "Clip", still: "Still", note: "Note" },
  forms: { original: "As recorded", redacted: "Redacted" }, files: (/** @type {number} */ n) => n === 1 ? "1 file" : `${n} files`, noGaps: "None", gaps: (/** @type {number} */ n) => n === 1 ? "1, declared in the package" : `${n}, declared in the package`,
  masks: (/** @type {number} */ n) => n === 1 ? "1 mask" : `${n} masks`,
  download: "Download", cancel: "Cancel the export", remove: "Remove", removeTitle: (/** @type {string} */ name) => `Remove the export “${name}”?`, removeText: "The package cannot be downloaded any more. The footage itself is not touched.",
  expiresIn: (/** @type {string} */ t) => `It is kept here until ${t}, and then removed by itself.`,
  failedDo: "Nothing of it is kept, and the footage is not touched. Order it again; if it fails again, the gateway's log says more.", notedUntil: (/** @type {string} */ t) => `This stays noted here until ${t}.`,
  aged: (/** @type {string} */ name, /** @type {string} */ t) => `“${name}” was kept until ${t} and is gone`, agedText: "Exports are removed by themselves when their time is over. The footage is not touched: while it is kept, the export can be ordered again.",
  away: (/** @type {string} */ name) => `“${name}” is not here any more`, awayText: "Somebody removed it, or footage that it had was erased. The audit log says who and when.",
  missing: "This export is not here any more", missingText: "Exports are removed by themselves when their time is over, and by hand; erasing footage takes those that have it. The audit log says what became of it.",
  check: "How it is checked", checkText: "Whoever gets it opens index.html in a browser, and checks the rest with Holdfast, on any machine and without this gateway:", checkMore: "Tell them the fingerprint by another way than the package: on paper, or by telephone. Without it they know that nothing was changed since somebody signed, and not who that was.",
  fingerprint: "Fingerprint of the key that signed",
  // ordering
  export: "Export", orderTitle: "Export footage", order: "Export", ordered: "It is being made. It waits on the Exports page.",
  what: "What is taken out", alsoCameras: "The same time of other cameras", another: "Add another range", anotherNote: "Keeps what is here: pick the next range on a timeline and press Export there.",
  reason: "Reason", reasonNote: "Why it is taken out. It stands in the package and in the audit log.", recipient: "Recipient", recipientNote: "Who gets it. It stands in the package.", caseTitle: "Title", caseNote: "Optional: the name of the case.", note: "Note", noteNote: "Optional: what whoever gets it should know.",
  form: "Form", original: "As recorded", originalNote: "Every picture and sound as the camera sent it, bit by bit. Proof that nothing was changed goes with it.", redacted: "Redacted", redactedNote: "Encoded anew with areas covered. For people who must not see everyone. Not proof of the recording: keep the original too.",
  burn: "Write the time into the picture", mute: "Leave the sound out", silent: "without sound", muteNote: "Originals keep their pictures as recorded; without the sound the recorder’s digests do not prove them, the signature does.", muteRedacted: "A voice can tell who somebody is as well as a face.", unheard: (/** @type {string} */ names) => `Without sound, which you may not hear: ${names}.`, cover: "Covered areas are", covers: { blur: "Blurred", fill: "Black" },
  oneOfTwo: "Only one of two recordings of these times.", takeBoth: "Take both", lookMask: "Look and cover", lookStill: "Look and pick stills", removeClip: (/** @type {string} */ name) => `Leave ${name} out`, noClips: "Nothing is picked.", stillOf: (/** @type {string} */ name, /** @type {string} */ t) => `Still of ${name}, ${t}`,
  facesNot: "Faces are not looked for: what you do not cover can be seen. Watch the whole clip before you hand it on.",
  needsMask: "Cover something, write the time in, or leave the sound out. Else export it as recorded.",
  approve: "Another person has to approve this export first.", askApproval: "Ask another person", asked: "Asked. When it is approved open the case on the Exports page and press Export again, within the hour.",
  draft: (/** @type {number} */ n) => n === 1 ? "A case is being put together: 1 clip" : `A case is being put together: ${n} clips`, draftGo: "Go on with it", draftDrop: "Discard it",
  // looking at a clip
  lookTitle: (/** @type {string} */ name) => `Cover areas of ${name}`, stillTitle: (/** @type {string} */ name) => `Pick stills of ${name}`, done: "Done", picture: "The picture", noPicture: "The clip cannot be played here. Its masks can be set all the same.",
  addMask: "Add a mask", addCorner: "Add a corner", removeMask: "Remove the mask", moves: "It moves", movesNote: "Each change is kept for the moment that the clip shows, and between two the mask moves evenly.", mask: (/** @type {number} */ n) => `Mask ${n}`,
  keys: "Where it is, when", removeKey: (/** @type {string} */ t) => `Forget where it is at ${t}`, begins: "Only from here", ends: "Only until here", whole: "The whole clip", maskHelp: "Drag a mask or its corners. With the keyboard: arrows move it, with shift they change its size.", takeStill: "Take this picture", taken: (/** @type {number} */ n) => n === 1 ? "1 still" : `${n} stills`, back: "A second back", on: "A second on", playPause: "Play or pause", position: "Position", maskFrom: (/** @type {string} */ t) => `from ${t}`, maskTo: (/** @type {string} */ t) => `until ${t}`,
});
