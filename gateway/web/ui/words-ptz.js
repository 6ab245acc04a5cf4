// What the panel says with which a camera is turned.
import { spoken } from "./language.js";

export const ptzWords = spoken("ptz", {
  title: "Turn and zoom", speed: "Speed", direction: "Direction", presets: "Presets", tours: "Tours", home: "Home position",
  up: "Up", down: "Down", left: "Left", right: "Right", upLeft: "Up and left", upRight: "Up and right", downLeft: "Down and left", downRight: "Down and right", zoomIn: "Zoom in", zoomOut: "Zoom out",
  click: "Aim in the picture", clickText: "A click brings that point to the centre; a drawn box is brought there and enlarged.", keep: "Keep this position", keepText: "The camera keeps where it looks now under this name.", presetName: "Name", forget: (/** @type {string} */ name) => `Forget ${name}`,
  nobody: "Nobody steers it now.", yours: (/** @type {string} */ t) => `You steer it until ${t}.`, theirs: (/** @type {string} */ who, /** @type {string} */ t) => `${who} steers it until ${t}.`, lock: "Keep it for me", letGo: "Let others steer", takeOver: "Take over",
});
