// The sentences of what cameras see beside their pictures.
import { number, spoken } from "./language.js";

export const sceneWords = spoken("scene", {
  /** What is seen, by the names that ONVIF has for it. @type {Record<string, string>} */
  classes: { Human: "person", Person: "person", Face: "face", HumanFace: "face", Vehicle: "vehicle", Vehical: "vehicle", Car: "car", Truck: "truck", Bus: "bus", Bike: "bike", Bicycle: "bicycle", Motorcycle: "motorcycle", Animal: "animal", LicensePlate: "plate", Fire: "fire", Smoke: "smoke", Barcode: "barcode", Other: "object" },
  object: "object",
  boxes: "Boxes and temperatures",
  nothing: "Nothing is seen in the picture",
  /** @param {string[]} list */
  seen: list => `Seen: ${list.join(", ")}`,
  /** @param {number} kelvin */
  degrees: kelvin => `${number(kelvin - 273.15, 1)} °C`,
  /** @param {string} min @param {string} max */
  fromTo: (min, max) => `${min} to ${max}`,
});
