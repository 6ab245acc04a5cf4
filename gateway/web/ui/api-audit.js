// The JSON API of the audit log.
import { base, json, Problem } from "./api.js";

/**
 * @typedef {{seq:number,time:string,action:string,outcome:"done"|"refused"|"failed",person?:string,name?:string,kind?:string,via?:string,camera?:string,stream?:string,from?:string|null,to?:string|null,target?:string,subject?:string,before?:unknown,after?:unknown,reason?:string,session?:string,address?:string,agent?:string,forgotten?:boolean}} Entry
 * @typedef {{entries:Entry[],next?:string,pruned:number}} Page
 * @typedef {{entry:Entry,until?:string,cut?:boolean}} Viewing of live pictures until when, and whether the end of the program ended it
 * @typedef {{live:Viewing[],recorded:Viewing[],more?:boolean,since?:string}} Viewings
 * @typedef {{id:string,name?:string,entries:number,refused:number,live_seconds:number,playback_seconds:number,exports:number,snapshots:number,changes:number,last:string}} Sum
 * @typedef {{from:string,to:string,entries:number,refused:number,failed:number,lost:number,actions:{action:string,entries:number}[],persons:Sum[],cameras:Sum[],pruned:boolean}} Summary
 * @typedef {{person:string,name:string,state:string,last?:string}} Quiet
 * @typedef {{origin:string,size:number,root:string,time:string,note:string,key:string,entries:number,witnesses:{dir:string,size:number,fault?:string,beside?:boolean}[]}} Checkpoint
 * @typedef {{state:"running"|"done"|"failed",started:string,entries:number,of:number,sound:boolean,error?:string,report?:Report|null}} Verification
 * @typedef {{entries:number,pruned:number,signed:number,checkpoints:number,witnessed:number,findings:{flaw:string,seq:number,to:number,file:string,says:string}[]|null,more:number}} Report
 * @typedef {{person?:string,camera?:string,action?:string,outcome?:string,since?:string,before?:string}} Query
 */

/** @param {Record<string, string|number|undefined>} q */
const query = q => { const s = Object.entries(q).filter(x => x[1]).map(([k, v]) => `${k}=${encodeURIComponent(String(v))}`).join("&"); return s && "?" + s; };

export const audit = {
  /** The newest first. @param {Query} q @param {string} [cursor] @param {number} [limit] @returns {Promise<Page>} */
  search: (q, cursor, limit = 100) => json("GET", `${base}/audit${query({ ...q, cursor, limit })}`),
  /** Who watched a camera at a moment, live or as footage. @param {string} camera @param {string} at @returns {Promise<Viewings>} */
  watched: (camera, at) => json("GET", `${base}/audit/watched${query({ camera, at })}`),
  /** @param {string} month 2026-11 @returns {Promise<Summary>} */
  summary: month => json("GET", `${base}/audit/summary${query({ month })}`),
  /** @param {number} days @returns {Promise<Quiet[]>} */
  unused: days => json("GET", `${base}/audit/unused${query({ days })}`),
  /** @returns {Promise<Checkpoint>} */
  checkpoint: () => json("GET", `${base}/audit/checkpoint`),
  /** The verification that runs or ran last; null when none did since the start. @returns {Promise<Verification|null>} */
  verification: async () => { try { return await json("GET", `${base}/audit/verify`); } catch (e) { if (e instanceof Problem && e.status === 404) return null; throw e; } },
  /** @returns {Promise<Verification>} */
  verify: () => json("POST", `${base}/audit/verify`),
  exported: `${base}/audit/export`,
};
