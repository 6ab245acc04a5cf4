// What the live page says.
import { number, spoken } from "./language.js";
import { kinds } from "./words.js";

export const liveWords = spoken("live", {
  all: "All cameras", view: "View", views: "Views", groups: "Groups", layout: "Layout", page: (/** @type {number} */ n) => `Page ${n}`,
  layouts: { auto: "As many as there are", 1: "One", 4: "2 × 2", 6: "One large, five small", 9: "3 × 3", 16: "4 × 4", 25: "5 × 5", free: "Free" },
  lastFootage: (/** @type {string} */ t) => `last footage ${t}`,
  arrange: "Arrange", arrangeDone: "Done", arrangeText: "Drag a camera to another place. With the keyboard: Space takes it up, arrows move it, Space puts it down.", picked: (/** @type {string} */ camera) => `${camera} taken up`, putDown: (/** @type {string} */ camera) => `${camera} put down`, arrangeFree: "Drag a camera to move it, its corner to resize it. With the keyboard: Space takes it up, arrows move it, Shift with arrows resizes it, Space puts it down.", arrangeReset: "Start over",
  moved: (/** @type {string} */ camera, /** @type {number} */ at, /** @type {number} */ of) => `${camera}: place ${at} of ${of}`, movedTo: (/** @type {string} */ camera, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ wide, /** @type {number} */ high) => `${camera}: column ${x}, row ${y}, ${wide} by ${high} of 24`,
  saveAs: "Save as a view", saveAsTitle: "A view of your own", saveAsText: "It is kept on this device.", viewName: "Name", cameras: "Cameras", saveView: "Save", editView: "Change this view", removeView: "Remove this view", removeViewTitle: (/** @type {string} */ name) => `Remove the view “${name}”`, removeViewText: "The cameras and their footage stay as they are.", tooMany: (/** @type {number} */ n) => `This device keeps at most ${n} views. Remove one first.`,
  window: "Open in a window of its own", address: "Address of this view", addressText: "It opens this view for whoever may watch these cameras. For a screen without a person, put it in the place of “/wall” in a wall's link, before the “#”.",
  emptyView: "No camera of this view is open to you", emptyViewText: "Choose another view, or change this one.",
  tour: "Tour", tourOn: "Start the tour", tourOff: "End the tour", tourTitle: "Tour", tourText: "Shows views one after the other. A touch or a key pauses it for a minute.", tourEvery: "Seconds of each", tourViews: "Views", tourPages: "The tour goes through the pages of one view, or through several views.", tourStart: "Start", tourPaused: (/** @type {number} */ s) => `Tour paused, goes on in ${s} s`, tourGoesOn: "Go on",
  tourShort: "From 3 to 3600 seconds.", tourOne: "Choose a view with several pages, or two views.",
  alarms: "Bring alarms to the front", alarmsText: "When one of these begins, its camera is shown large, and goes back afterwards. This device only. A camera that you opened yourself stays.", alarmSeconds: "For how long, seconds", alarmKinds: "Events", alarmSave: "Save", alarmNow: (/** @type {string} */ kind, /** @type {string} */ camera, /** @type {string} */ t) => `${camera}: ${kind} since ${t}`, alarmShow: "Show", alarmKeep: "Stay here",
  kinds,
  talk: "Talk", ptz: "Turn and zoom",
  controls: (/** @type {string} */ camera) => `Controls of ${camera}`, ago: "30 seconds ago", pip: "Picture in picture", pipNot: "This browser did not allow it.", zoomed: (/** @type {string} */ n) => `${n} ×`, unzoom: "Whole picture",
  record: "Record now", recordStop: "Stop recording", recordBound: "Kept as an event until you stop it, 15 minutes at most", recording: (/** @type {string} */ t) => `Recording ${t}`, recordBegan: "Recording as an event, 15 minutes at most.", recordEnded: (/** @type {string} */ t) => `Recorded ${t}.`,
  saved: (/** @type {string} */ name) => `Saved ${name}`, soundOn: "Sound on", soundOff: "Sound off",
  facts: { state: "State", stream: "Stream", memory: "Memory", recording: "Recording", mode: "Mode", address: "Address", device: "Device" }, unknown: "–", lostByCamera: (/** @type {number} */ n) => `${number(n)} packets before the gateway`, sent: "Camera lost", chooseWay: "Way of this picture",
});
