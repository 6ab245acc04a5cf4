// The JSON API of the live page: what a camera's controls need.
import { api, base, json, request } from "./api.js";

/**
 * @typedef {{min:number,max:number}} Ends
 * @typedef {{units:string[],pan?:Ends,tilt?:Ends,zoom?:Ends}} PTZWay
 * @typedef {{name:string,you:boolean,until:string}} Driver
 * @typedef {{token:string,name:string}} Preset
 * @typedef {{token?:string,name?:string,state?:string,spots?:{preset?:string,stay?:number}[]}} PTZTour
 * @typedef {{absolute:PTZWay|null,relative:PTZWay|null,continuous:PTZWay|null,speed:boolean,home:boolean,home_fixed:boolean,max_presets:number,max_tours:number,position:{pan:number|null,tilt:number|null,pan_degrees:number|null,tilt_degrees:number|null,zoom:number|null}|null,moving:boolean|null,presets:Preset[],tours:PTZTour[],auxiliary:string[],driver:Driver|null,renew_within:number,trouble:string}} PTZ
 * @typedef {{kind:"continuous"|"absolute"|"relative",unit?:string,pan?:number,tilt?:number,zoom?:number,speed?:number,hold?:string,take_over?:boolean}} Move
 * @typedef {{hold?:string,renewed?:boolean,renew_within?:number,clamped?:string[],driver:Driver}} Moved
 * @typedef {{item:string,at:string,spot?:number,max?:number,min?:number,average?:number,box?:[number,number,number,number],frame?:string}} Reading
 */

/** @param {string} id */
const cam = id => `${base}/cameras/${encodeURIComponent(id)}`;

export const liveAPI = {
  /** The newest key frame, in full: the file and how its name ends. @param {string} id @returns {Promise<{file:Blob,ends:string}>} */
  snapshot: async id => { const file = await (await request("GET", api.snapshot(id))).blob(); return { file, ends: file.type === "video/mp4" ? "mp4" : "jpg" }; },
  /** @param {string} id @param {{kind?:string,source?:string,active?:boolean,id?:string}} e @returns {Promise<import("./api.js").CameraEvent & {footage:string}>} */
  event: (id, e) => json("POST", `${cam(id)}/events`, { json: e }),
  /** @param {string} id @returns {Promise<PTZ>} */
  ptz: id => json("GET", `${cam(id)}/ptz`),
  /** @param {string} id @param {Move} m @returns {Promise<Moved>} */
  move: (id, m) => json("POST", `${cam(id)}/ptz/move`, { json: m }),
  /** @param {string} id @returns {Promise<{confirmed:boolean}>} */
  stop: id => json("POST", `${cam(id)}/ptz/stop`),
  /** @param {string} id @param {{seconds?:number,take_over?:boolean}} d @returns {Promise<Driver>} */
  drive: (id, d) => json("PUT", `${cam(id)}/ptz/driver`, { json: d }),
  /** @param {string} id */
  letGo: id => json("DELETE", `${cam(id)}/ptz/driver`),
  /** @param {string} id @param {string} preset @param {{speed?:number}} [o] */
  goTo: (id, preset, o = {}) => json("POST", `${cam(id)}/ptz/presets/${encodeURIComponent(preset)}/goto`, { json: o }),
  /** Keeps where the camera looks now. @param {string} id @param {string} name @returns {Promise<{token:string}>} */
  keepPreset: (id, name) => json("POST", `${cam(id)}/ptz/presets`, { json: { name } }),
  /** @param {string} id @param {string} preset */
  forgetPreset: (id, preset) => json("DELETE", `${cam(id)}/ptz/presets/${encodeURIComponent(preset)}`),
  /** @param {string} id @param {{speed?:number}} [o] */
  home: (id, o = {}) => json("POST", `${cam(id)}/ptz/home/goto`, { json: o }),
  /** @param {string} id */
  setHome: id => json("PUT", `${cam(id)}/ptz/home`),
  /** @param {string} id @param {string} tour @param {"start"|"stop"|"pause"} operation */
  tour: (id, tour, operation) => json("POST", `${cam(id)}/ptz/tours/${encodeURIComponent(tour)}`, { json: { operation } }),
  /** @param {string} id @returns {Promise<{readings:Reading[]}>} */
  thermal: id => json("GET", `${cam(id)}/thermal`),
};
