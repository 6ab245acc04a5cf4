// The sentences of what cameras see beside their pictures.
import { spoken, temperature } from "./language.js";

export const sceneWords = spoken("scene", {
  /** What is seen, by the names that ONVIF has for it. @type {Record<string, string>} */
  classes: { Human: "person", Person: "person", Face: "face", HumanFace: "face", Vehicle: "vehicle", Vehical: "vehicle", Car: "car", Truck: "truck", Bus: "bus", Bike: "bike", Bicycle: "bicycle", Motorcycle: "motorcycle", Animal: "animal", LicensePlate: "plate", Fire: "fire", Smoke: "smoke", Barcode: "barcode", Other: "object" },
  object: "object",
  boxes: "Boxes and temperatures",
  nothing: "Nothing is seen in the picture",
  /** @param {string[]} list */
  seen: list => `Seen: ${list.join(", ")}`,
  /** A temperature, or those of a part of the picture. @param {{item: string, spot?: number, min?: number, max?: number, average?: number}} r */
  reading: r => `${r.item} ${r.spot !== undefined ? temperature(r.spot) : `${temperature(r.min || 0)} to ${temperature(r.max || 0)}${r.average === undefined ? "" : `, ${temperature(r.average)} on average`}`}`,
  unplaced: "The camera does not say where:",
});
