// What people read where cameras are found, added, changed and taken away. It is fetched with the pages that show it.
import { spoken } from "./language.js";

export const camerasWords = spoken("cameras", {
  // finding
  title: "Find cameras", all: "All cameras", answered: (/** @type {number} */ n) => n === 1 ? "1 device" : `${n} devices`, chooseAll: "Choose all", choose: (/** @type {string} */ n) => `Choose ${n}`,
  otherWays: "Not listed?", byAddress: "Add an address", typed: "Typed in", list: "Devices that answered",
  states: { "": "Not asked yet", asking: "Asking…", ready: "Ready to add", refused: "Password refused", failed: "Cannot be added", waiting: "Waiting for its turn", adding: "Being added…", added: "Added", stopped: "Not added: stopped" },
  refusedDo: "It was asked once, and is not asked again by itself, so that its account is not locked. Give it its own user name and password under Details.",
  details: "Details", noPicture: "No picture yet", testing: "Testing the picture…", tested: (/** @type {string} */ c, /** @type {string} */ s, /** @type {string} */ t) => `${c} ${s}, first picture after ${t}`, test: "Test", testFailed: (/** @type {string} */ why) => `No picture: ${why}`,
  pictureOf: (/** @type {string} */ n) => `Test picture of ${n}`,
  signIn: "1  Sign in to the chosen", signInText: "One user name and password for all of them. Each is asked once.", ask: "Ask the chosen", asked: (/** @type {number} */ n, /** @type {number} */ of) => `${n} of ${of} asked.`,
  setUp: "2  Name and record", pattern: "Names", patternNote: "Empty: what each calls itself. {nn} counts 01, 02, …; {maker}, {model} and {host} are what it is and where.", preview: (/** @type {string} */ names) => `Such as ${names}`, first: "Number of the first",
  sources: "Every video source of each device", sourcesNote: "Encoders, recorders and cameras with several lenses: each source becomes a camera. Else the first, or those that you choose under Details.",
  add: (/** @type {number} */ n) => n === 0 ? "Add cameras" : n === 1 ? "Add 1 camera" : `Add ${n} cameras`, nothing: "Choose what to add in the list.",
  adding: (/** @type {number} */ n, /** @type {number} */ of, /** @type {number} */ added) => `${n} of ${of} asked, ${added} added.`, goesOn: "It goes on when you leave this page.", stop: "Stop", done: (/** @type {number} */ n, /** @type {number} */ of) => n === of ? n === 1 ? "Added. It is being recorded." : `All ${n} added.` : `${n} of ${of} added. The list says why the others were not.`, cancelled: (/** @type {number} */ n) => `Stopped. ${n} were added, and stay.`,
  watch: "Watch live", watchAll: "Watch them live",
  // the card
  facts: { device: "Device", firmware: "Firmware", serial: "Serial number", clock: "Clock", can: "Can", sound: "Sound", io: "Inputs, relays" },
  clockRight: "As the gateway's", clockAhead: (/** @type {string} */ t) => `${t} ahead of the gateway`, clockBehind: (/** @type {string} */ t) => `${t} behind the gateway`, clockNote: "Footage is timed by the gateway; only the time in its picture is wrong.",
  ptz: "Turns and zooms", thermal: "Thermal", events: "Reports events", plain: "A fixed picture", hears: "Has a microphone", speaks: "Can be spoken through", silent: "None",
  sourceTitle: (/** @type {number} */ n, /** @type {string} */ name) => name ? `Source ${n}: ${name}` : `Source ${n}`, takeSource: "Add this source", taken: (/** @type {string} */ c) => `Is camera ${c} already`,
  streams: ["Stream", "Picture", "Rate", "Key frames", "Sound"], role: (/** @type {string} */ p) => `What ${p} is used for`, roles: { "": "Not used", main: "Main", sub: "Sub", third: "Third" }, everyS: (/** @type {string} */ s) => `every ${s} s`,
  noMain: "One stream has to be the main one.", twice: "Two streams cannot have the same use.", own: "Its own user name and password", ownAsk: "Ask it", cameraName: "Name", cameraNameNote: "Empty: as the pattern makes it.",
  rtspOnly: "An RTSP stream: there is no device to ask. Its picture is tested instead.",
  // the list of cameras
  live: "Live", timeline: "Timeline", rename: "Name and purpose", recording: "Recording", replace: "Replace the device", remove: "Remove", switchOff: "Switch off", switchOn: "Switch on",
  counted: (/** @type {number} */ all, /** @type {number} */ bad, /** @type {number} */ recording) => [all === 1 ? "1 camera" : `${all} cameras`, `${recording} recording`, bad && `${bad} in trouble`].filter(Boolean).join(" · "),
  inFile: "It stands in the configuration file, and is changed there.", is: "Device", where: "Address", since: "Since", recorded: "Recorded", purpose: "Purpose", basis: "Legal basis", soundOn: "Recorded and heard", soundOff: "Off", sound: "Sound", noneSaid: "Not stated",
  renameTitle: (/** @type {string} */ n) => `${n}: name and purpose`, name: "Name", purposeNote: "What it is there for. People who ask are told.", basisNote: "On what ground it records.", soundNote: "Off unless there is a ground for it. The camera is connected anew.",
  offTitle: (/** @type {string} */ n) => `Switch ${n} off?`, offText: "No connection and no recording until it is switched on again. Its footage stays as long as it would.",
  removeTitle: (/** @type {string} */ n) => `Remove ${n}?`, removeText: "Nothing of it is recorded any more, and nobody sees it any more.", removeKeeps: "Its footage stays on the disks until its age ends, and is in view again when the same device is added again. Where another device takes its place, replace it instead: then its history goes on.", typeName: (/** @type {string} */ n) => `Type ${n} to confirm`,
  replaceTitle: (/** @type {string} */ n) => `Replace the device of ${n}`, replaceText: "Another device takes its place. Name, settings, rights and footage stay, and the timeline goes on; the change stands on it and in the audit log.", replaceAddress: "Address of the new device", pickFound: "Or one that answers on the network", looking: "Asking the network…", noneFound: "Nobody else answers.", replaceDo: "Replace", replaced: (/** @type {string} */ a, /** @type {string} */ b) => `Replaced: it was ${a}, and is ${b}.`, unknownDevice: "an unknown device", close: "Done", source: "Video source", sourceNote: "Token, of a device with several; empty: the first.",
  // how it is recorded
  modes: { continuous: "All the time", event: "Around events", schedule: "By a weekly schedule", off: "Not at all: live only" },
  save: "Save",
});
