// What is said of speaking through a camera.
import { spoken } from "./language.js";

export const talkWords = spoken("talk", {
  talk: "Talk", hint: "Hold to speak; a short press keeps it on. Everybody at the camera hears you, and that you spoke is in the log.", connecting: "Connecting", now: (/** @type {string} */ t) => `Speaking ${t}`, began: "Speak now.", over: "You are not heard any more.",
  other: (/** @type {string} */ who, /** @type {string} */ t) => `${who} speaks since ${t}`,
  insecure: "This address is not secure, so the browser gives no microphone. Open the gateway by its https address.", notAllowed: "The browser does not give this page the microphone. Allow it in the address bar, and try again.", noMicrophone: "The browser finds no microphone. Connect one, and press again.", failed: "The microphone could not be connected.", ended: "Speaking has ended: the connection or the right to it is gone, or five minutes are over.",
});
