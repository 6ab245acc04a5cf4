// The JSON API of cameras as devices. What the answers hold is described at /api/v1/openapi.json.
import { cam, json, request } from "./api.js";

/** @param {string} id @param {string} part */
const at = (id, part) => `${cam(id)}/${part}`;

/**
 * @typedef {{name:string,modes?:string[],min?:number,max?:number}} Option
 * @typedef {{min:number,max:number}} Bounds
 * @typedef {{codec:string,profiles:string[],sizes:{width:number,height:number}[],rates:number[],rate:Bounds,bitrate:Bounds,gop:Bounds,quality:Bounds,constant:boolean}} EncoderOptions
 * @typedef {{token:string,name:string,roles:string[],codec:string,profile:string,width:number,height:number,fps:number,bitrate:number,gop:number,quality:number,constant:boolean,options:EncoderOptions[]}} Encoder
 * @typedef {{token:string,name:string,analytics:boolean,events:boolean,ptz_status:boolean,ptz_position:boolean}} Metadata
 * @typedef {{manufacturer:string,model:string,firmware:string,serial:string,hardware:string,skew_seconds:number,services:string[],ptz:boolean,thermal:boolean,events:boolean,inputs:number,relays:number,sources:any[],sound:{inputs:number,outputs:number,back_channel:boolean},metadata:Metadata[],warnings:string[]}} DeviceFacts
 * @typedef {{x:number,y:number}} Point
 * @typedef {{token?:string,points:Point[],type:string,enabled:boolean}} Mask
 * @typedef {{masks:Mask[],most:number,most_points:number,types:string[],rectangles_only:boolean}} Masks
 * @typedef {{token?:string,image?:boolean,position:string,x?:number,y?:number,show:string,text?:string,date_format?:string,time_format?:string,font_size?:number}} Display
 * @typedef {{displays:Display[],most:number,positions:string[],shows:string[],date_formats:string[],time_formats:string[]}} Displays
 * @typedef {{token:string,active:boolean|null,modes:string[],mode:string,delay:number,idle:string}} Relay
 * @typedef {{token:string,idle:string,active?:boolean|null,since?:string}} Input
 * @typedef {{token:string,name:string,level?:string,bytes?:number,playing?:boolean}} Clip
 * @typedef {{item:string,at:string,spot?:number,max?:number,min?:number,average?:number,box?:[number,number,number,number],frame?:string}} Reading
 */

export const device = {
  /** @param {string} id @param {string} part @returns {Promise<any>} */
  get: (id, part) => json("GET", at(id, part)),
  /** @param {string} id @param {string} part @param {unknown} [value] @returns {Promise<any>} */
  put: (id, part, value) => json("PUT", at(id, part), value === undefined ? {} : { json: value }),
  /** @param {string} id @param {string} part @param {unknown} [value] @returns {Promise<any>} */
  post: (id, part, value) => json("POST", at(id, part), value === undefined ? {} : { json: value }),
  /** @param {string} id @param {string} part @returns {Promise<any>} */
  remove: (id, part) => json("DELETE", at(id, part)),
  /** @param {string} id @param {string} part @param {File} file @param {AbortSignal} signal @param {string} [type] @returns {Promise<any>} */
  send: (id, part, file, signal, type = "application/octet-stream") => json("POST", at(id, part), { body: file, type, signal }),
  /** @param {string} id @param {string} part */
  text: async (id, part) => (await request("GET", at(id, part))).text(),
  /** @param {string} id @param {string} part */
  address: at,
};
