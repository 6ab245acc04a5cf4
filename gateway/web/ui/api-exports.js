// The JSON API of exports: taking footage out.
import { base, cam, json } from "./api.js";

/**
 * @typedef {{at?:string,points:[number,number][]}} MaskKey corners are shares of the picture
 * @typedef {{keys:MaskKey[],from?:string,to?:string}} ClipMask
 * @typedef {{camera:string,stream?:string,from:string,to:string,run?:string,cover?:"blur"|"fill",masks?:ClipMask[],mute?:boolean}} ClipOrder
 * @typedef {{camera:string,stream?:string,at:string,run?:string}} StillOrder
 * @typedef {{title?:string,reason:string,recipient:string,form?:"original"|"redacted",burn_time?:boolean,mute?:boolean,clips:ClipOrder[]|null,stills?:StillOrder[],notes?:string[]}} ExportOrder
 * @typedef {{id:string,state:"waiting"|"running"|"done"|"failed"|"cancelled",order:ExportOrder,person?:string,by:string,created:string,ended?:string,expires?:string,step?:string,progress:number,left?:number,bytes:number,error?:string,manifest?:string,signer?:string,silent?:boolean,parts?:number,gaps?:number,name?:string}} Export
 */

/** @param {string} id */
const of = id => `${base}/exports/${encodeURIComponent(id)}`;

export const exportsApi = {
  /** @returns {Promise<Export[]>} */
  list: () => json("GET", `${base}/exports`),
  /** @param {ExportOrder} o @returns {Promise<Export>} */
  create: o => json("POST", `${base}/exports`, { json: o }),
  /** @param {string} id */
  cancel: id => json("POST", `${of(id)}/cancel`),
  /** @param {string} id */
  remove: id => json("DELETE", of(id)),
  /** Where the package is fetched. @param {string} id */
  file: id => `${of(id)}/package`,
  /** @param {string} camera @param {string} from @param {string} to @param {string} [run] alone */
  clip: (camera, from, to, run) => `${cam(camera)}/video.mp4?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}${run ? `&run=${run}` : ""}`,
  /** What times the pictures of a clip are of. @param {string} camera @param {string} from @param {string} to @param {string} [run] alone @returns {Promise<import("./api.js").VideoMap>} */
  times: (camera, from, to, run) => json("GET", `${cam(camera)}/video.json?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}${run ? `&run=${run}` : ""}`),
};
