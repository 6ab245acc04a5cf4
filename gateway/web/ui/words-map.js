// What people read on the map. It is fetched with the page.
import { spoken } from "./language.js";

export const mapWords = spoken("map", {
  title: "Map", plans: "Plans", edit: "Edit", done: "Done", add: "Add a plan", none: "No plan yet", noneText: "Put your cameras on a floor plan, and see at a glance where something happens.", noneForYou: "No camera that you may see is on a plan.",
  addTitle: "Add a plan", name: "Name", kind: "Kind", kinds: { floor: "A floor plan: a picture of the building", geo: "Outdoors: coordinates of the earth, without a map" }, picture: "Picture", pictureNote: "PNG or JPEG, at most 12 MB. Only its pixels are kept.",
  needsPicture: "This plan has no picture yet", changePicture: "Change the picture", rename: "Rename", renameTitle: (/** @type {string} */ n) => `Rename ${n}`, remove: "Remove the plan", removeTitle: (/** @type {string} */ n) => `Remove ${n}?`, removeText: "The plan goes, and where cameras are on it. Cameras and footage are not touched.", save: "Save",
  unplaced: "Not on this plan", place: (/** @type {string} */ n) => `Place ${n}`, allPlaced: "Every camera is on it.", how: "Drag a camera, or move it by the arrow keys; drag its end to turn it, or press [ and ]. + and − widen the view. Delete takes it off.",
  x: "Across", y: "Down", lat: "Latitude", lon: "Longitude", direction: "Looks to (degrees)", view: "Field of view (degrees)", range: "View drawn over", metres: "metres", part: "% of the width", takeOff: "Take it off",
  live: "Live", timeline: "Timeline", close: "Close", zoomIn: "Larger", zoomOut: "Smaller", of: (/** @type {string} */ n, /** @type {string} */ s) => `${n}: ${s}`, north: "N", scale: (/** @type {string} */ t) => t,
  noPlace: "Give the first camera's coordinates; the map is drawn around it.", happened: (/** @type {string} */ k) => k, legend: { online: "Online", offline: "Cannot be reached", event: "Something happens", off: "Switched off" },
});
