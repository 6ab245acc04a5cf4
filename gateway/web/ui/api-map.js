// The JSON API of floor plans and maps.
import { base, json, request } from "./api.js";

/**
 * @typedef {{camera:string,x:number,y:number,direction:number,view:number,range:number}} Placement
 * @typedef {{id:string,name:string,kind:"floor"|"geo",width:number,height:number,picture:number,cameras:Placement[]}} Plan
 */

/** @param {string} id */
const plan = id => `${base}/plans/${encodeURIComponent(id)}`;

export const mapApi = {
  /** @returns {Promise<Plan[]>} */
  plans: () => json("GET", `${base}/plans`),
  /** @param {string} name @param {"floor"|"geo"} kind @returns {Promise<Plan>} */
  add: (name, kind) => json("POST", `${base}/plans`, { json: { name, kind } }),
  /** @param {string} id @param {string} name @returns {Promise<Plan>} */
  rename: (id, name) => json("PATCH", plan(id), { json: { name } }),
  /** @param {string} id */
  remove: id => json("DELETE", plan(id)),
  /** A PNG or JPEG file. @param {string} id @param {Blob} file @returns {Promise<Plan>} */
  setPicture: async (id, file) => (await request("PUT", `${plan(id)}/picture`, { body: file, type: "application/octet-stream" })).json(),
  /** @param {Plan} p */
  picture: p => `${plan(p.id)}/picture?v=${p.picture}`,
  /** @param {string} id @param {Placement} at @returns {Promise<Plan>} */
  place: (id, { camera, ...at }) => json("PUT", `${plan(id)}/cameras/${encodeURIComponent(camera)}`, { json: at }),
  /** @param {string} id @param {string} camera @returns {Promise<Plan>} */
  unplace: (id, camera) => json("DELETE", `${plan(id)}/cameras/${encodeURIComponent(camera)}`),
};
