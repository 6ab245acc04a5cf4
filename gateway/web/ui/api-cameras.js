// The JSON API of which cameras there are: adding many, changing, replacing and removing one.
import { base, json, Problem } from "./api.js";

/**
 * @typedef {{id:"main"|"sub"|"third",profile:string}} StreamChoice
 * @typedef {{token:string,name:string,role:""|"main"|"sub"|"third",why:string,codec:string,width:number,height:number,fps:number,bitrate:number,gop:number,audio:string,back_channel:boolean,ptz:boolean}} Profile
 * @typedef {{token:string,name:string,kind:"visible"|"thermal",width:number,height:number,cameras:string[],profiles:Profile[]}} Source
 * @typedef {{manufacturer:string,model:string,firmware:string,serial:string,hardware:string,skew_seconds:number,services:string[],ptz:boolean,thermal:boolean,events:boolean,inputs:number,relays:number,sources:Source[],sound:{inputs:number,outputs:number,back_channel:boolean},warnings:string[]}} Device
 * @typedef {{mime:string,picture:string,codec:string,width:number,height:number,audio:string,transport:string,seconds:number,profile:string}} TestPicture
 * @typedef {{address:string,endpoint?:string,username?:string,password?:string,name?:string,called?:string,sources?:string[],streams?:StreamChoice[]}} AdoptionDevice
 * @typedef {{address:string,state:"waiting"|"asking"|"added"|"refused"|"failed"|"stopped",cameras:string[],name:string,says:string,do:string,seconds:number}} AdoptionResult
 * @typedef {{state:"running"|"done"|"cancelled",started:string,ended:string|null,of:number,done:number,added:number,devices:AdoptionResult[]}} AdoptionJob
 * @typedef {{manufacturer:string,model:string,serial:string,address:string}} Identity
 */

/** @param {string} id */
const cam = id => `${base}/cameras/${encodeURIComponent(id)}`;

export const camerasApi = {
  /** What a device has, before it is added. It is asked once. @param {{address:string,username:string,password:string}} d @param {AbortSignal} [signal] @returns {Promise<Device>} */
  probe: (d, signal) => json("POST", `${base}/probe`, { json: d, signal }),
  /** The first picture of one of its streams. @param {{address:string,username:string,password:string,source?:string,profile?:string}} d @param {AbortSignal} [signal] @returns {Promise<TestPicture>} */
  picture: (d, signal) => json("POST", `${base}/probe/picture`, { json: d, signal }),
  /** @param {{username:string,password:string,name:string,first:number,record:string,mirror:boolean,devices:AdoptionDevice[]}} q @returns {Promise<AdoptionJob>} */
  adopt: q => json("POST", `${base}/adoption`, { json: q }),
  /** What is being added or was last; null when nothing was since the start. @returns {Promise<AdoptionJob|null>} */
  adoption: async () => { try { return await json("GET", `${base}/adoption`); } catch (e) { if (e instanceof Problem && e.status === 404) return null; throw e; } },
  /** @returns {Promise<AdoptionJob>} */
  stop: () => json("DELETE", `${base}/adoption`),
  /** @param {string} id @param {{name?:string,purpose?:string,legal_basis?:string,audio?:boolean,disabled?:boolean}} ch @returns {Promise<import("./api.js").Camera>} */
  change: (id, ch) => json("PATCH", cam(id), { json: ch }),
  /** @param {string} id @returns {Promise<{id:string,footage:boolean}>} */
  remove: id => json("DELETE", cam(id)),
  /** @param {string} id @param {{address:string,endpoint?:string,username:string,password:string,source?:string}} q @returns {Promise<import("./api.js").Camera & {before:Identity,after:Identity,notes:string[]}>} */
  replace: (id, q) => json("POST", `${cam(id)}/replace`, { json: q }),
};

/** A test picture as something that an element can show. @param {TestPicture} p */
export function shown(p) {
  const data = Uint8Array.from(atob(p.picture), c => c.charCodeAt(0));
  return { url: URL.createObjectURL(new Blob([data], { type: p.mime })), video: p.mime.startsWith("video/") };
}
