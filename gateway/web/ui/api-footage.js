// The JSON API of footage as the timeline plays it.
import { base, json, lines, request } from "./api.js";

/**
 * @typedef {{n:number,class:""|"recorded"|"filled"|"partly"|"lost"|"unwanted"|"deleted",cause?:string}} Run
 * @typedef {{id:string,stream:string,runs:Run[],events:{slot:number,count:number,kind:string}[],more:boolean,locks:{from:string,to:string}[],activity:number[]}} CameraOverview
 * @typedef {{from:string,to:string,slots:number,cameras:CameraOverview[]}} Overview
 * @typedef {{from:string,to:string,peak:string,changed:number,by:"pictures"|"boxes",class?:string}} MotionHit
 * @typedef {{hit?:MotionHit,progress?:{at:string,part:number,by:string,pictures:number,every:number,pace:number,left_seconds:number},done?:boolean,more?:boolean,error?:string}} MotionLine
 * @typedef {import("./api.js").CameraEvent & {camera:string,pre:number,post:number,reviewed:boolean}} ListedEvent
 * @typedef {{events:ListedEvent[],next:string,back:string|null,left_out:number}} EventPage
 * @typedef {{id:string,name:string,removed:string|null,streams:string[],oldest:string,newest:string,max_age:number,event_max_age:number,until:string|null,says:string,may:string[]}} FormerCamera
 */

/** @param {number} t */
const at = t => encodeURIComponent(new Date(t).toISOString());
/** @param {string} [run] */
const ofRun = run => run ? `&run=${run}` : "";
/** @param {string} id */
const cam = id => `${base}/cameras/${encodeURIComponent(id)}`;

export const footage = {
  /** Many cameras on one axis. @param {number} from @param {number} to @param {number} slots @param {{cameras?: string[], activity?: boolean, removed?: boolean}} [o] removed: those too that are there no longer @returns {Promise<Overview>} */
  overview: (from, to, slots, o = {}) => json("GET", `${base}/overview?from=${at(from)}&to=${at(to)}&slots=${slots}${o.activity ? "&activity=1" : ""}${o.removed ? "&removed=1" : ""}${o.cameras ? `&cameras=${encodeURIComponent(o.cameras.join(","))}` : ""}`),
  /** Pictures with wall times. @param {string} id @param {string} stream @param {number} from @param {number} to @param {number} keys 0: every picture @param {AbortSignal} signal @param {string} [run] alone */
  reel: (id, stream, from, to, keys, signal, run) => request("GET", `${cam(id)}/video.fmp4?from=${at(from)}&to=${at(to)}&stream=${encodeURIComponent(stream)}${keys ? `&keys=${keys}` : ""}${ofRun(run)}`, { signal }),
  /** Sound with wall times. @param {string} id @param {string} stream @param {number} from @param {number} to @param {AbortSignal} signal @param {string} [run] alone */
  sound: (id, stream, from, to, signal, run) => request("GET", `${cam(id)}/audio.fmp4?from=${at(from)}&to=${at(to)}&stream=${encodeURIComponent(stream)}${ofRun(run)}`, { signal }),
  /** The key frame of a moment. @param {string} id @param {string} stream @param {number} t @param {"mp4"|"jpg"} as @param {AbortSignal} [signal] @param {string} [run] alone */
  picture: (id, stream, t, as, signal, run) => request("GET", `${cam(id)}/picture.${as}?at=${at(t)}&stream=${encodeURIComponent(stream)}${ofRun(run)}`, { signal }),
  /** Cameras that are there no longer and of which there is footage. @returns {Promise<FormerCamera[]>} */
  former: () => json("GET", `${base}/removed-cameras`),
  /** Events of all cameras, newest first, of those too that are there no longer. @param {{from:number,to:number,before?:string,cameras?:string,kinds?:string,text?:string,unreviewed?:boolean}} o @returns {Promise<EventPage>} */
  events: o => json("GET", `${base}/events?removed=1&from=${at(o.from)}&to=${at(o.to)}${["before", "cameras", "kinds", "text"].map(k => /** @type {any} */ (o)[k] ? `&${k}=${encodeURIComponent(/** @type {any} */ (o)[k])}` : "").join("")}${o.unreviewed ? "&unreviewed=1" : ""}`),
  /** Marks events as reviewed by oneself, or as not. @param {{camera:string,id:string}[]} events @param {boolean} yes */
  review: (events, yes) => json("PUT", `${base}/events/reviewed`, { json: { events, reviewed: yes } }),
  /** Looks for motion in a part of the picture, and tells of each stretch as it is found. @param {string} id @param {number} from @param {number} to @param {{region: number[], least: number, pictures: boolean}} o @param {AbortSignal} signal @param {(l: MotionLine) => void} tell */
  motion: async (id, from, to, o, signal, tell) => lines(await request("GET", `${cam(id)}/motion?from=${at(from)}&to=${at(to)}&least=${o.least}&region=${o.region.map(v => v.toFixed(3)).join(",")}${o.pictures ? "&pictures=1" : ""}`, { signal }), tell),
};
