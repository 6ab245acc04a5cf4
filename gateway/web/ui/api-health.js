// The JSON API of how cameras do, and of what footage takes.
import { base, json } from "./api.js";

/**
 * @typedef {{start:string,end:string,seconds:number,cause:string}} Missing
 * @typedef {{from:string,to:string,recorded_seconds:number,unwanted_seconds:number,lost_seconds:number,gaps:number,longest:Missing|null,causes:{cause:string,gaps:number,seconds:number}[],list:Missing[],held:{start:string,end:string}[]}} Week
 * @typedef {{id:string,state:string,recorded:boolean,fps:number,bitrate:number,lost:number,reconnects:number,last_frame:number|null,key_interval:number,transport:string}} StreamHealth
 * @typedef {{camera:string,name:string,state:string,since:string,recording:string,streams:StreamHealth[],week:Week|null,findings:{severity:"warning"|"alarm",what:string,do:string}[]}} CameraHealth
 * @typedef {{camera:string,name:string,rate:number,mode:string,mirror:boolean,by:"day"|"now"|"none"}} PlanCamera
 * @typedef {{cameras:PlanCamera[],rate:number,space:number,used:number,locked:number,days:number,needed:number,missing:number,gives:number,measured:number,says:string}} StoragePlan
 */

export const healthApi = {
  /** @returns {Promise<CameraHealth[]>} */
  cameras: () => json("GET", `${base}/health/cameras`),
  /** @param {Record<string, string>} ask days, cameras, bitrate (kbit/s), share (per cent), mirror (1 or 0) @returns {Promise<StoragePlan>} */
  plan: ask => json("GET", `${base}/storage-plan?${new URLSearchParams(Object.fromEntries(Object.entries(ask).filter(([, v]) => v !== "")))}`),
};
