// The JSON API. Every request of the viewer is made here.

/**
 * @typedef {{id:string,state:string,codec:string,codecs:string,width:number,height:number,fps:number,bitrate:number,reordered:boolean,audio:string,transport:string,lost:number,ring_bytes:number,recording:StreamRecording|null}} Stream
 * @typedef {{mode:string,now:string,why:string,until:string|null,pre_roll:number,post_roll:number,state:string,cause:string,since:string,last_synced:string|null,streams:string[]}} Recording
 * @typedef {{now:string,why:string,until:string|null,state:string,cause:string,since:string,last_synced:string|null}} StreamRecording
 * @typedef {{id:string,camera:string,kind:string,source:string,start:string,end:string|null,pre:number,post:number}} CameraEvent
 * @typedef {{id:string,name:string,kind:string,state:string,since:string,cause:string,detail:string,hint:string,retry_at:string|null,address:string,manufacturer:string,model:string,source:string,purpose:string,legal_basis:string,audio:boolean,record:Recording,streams:Stream[]}} Camera
 * @typedef {{id:string,severity:string,since:string,what:string,means:string,do:string}} Alarm
 * @typedef {{name:string,model:string,state:string,wear?:number,temperature?:number,hours?:number,pending_sectors?:number,reallocated_sectors?:number}} Disk
 * @typedef {{last?:string,ended?:string,started?:string,bytes:number,damaged:number}} Verify
 * @typedef {{since:string,segments:number,bytes:number,moved:number,moved_bytes:number,left_seconds:number,waits:string,damaged:number,done:boolean}} Draining
 * @typedef {{id:string,path:string,state:string,cause:string,do:string,since:string,free:number,total:number,used:number,sync_ms:number,sync_median_ms:number,sync_p95_ms:number,write_rate:number,written:number,streams:number,segments:number,interval_ms:number,source:"config"|"added",disks:Disk[],verify:Verify,draining:Draining|null}} Volume
 * @typedef {{kind:string,path?:string,what:string,means:string,do:string,repair?:string,done?:boolean,error?:string}} Finding
 * @typedef {{level:string,started:string,took_seconds:number,streams:number,segments:number,open:number,skipped:number,bytes:number,findings:Finding[]|null,more?:number,known?:Finding[],repaired?:number}} Report
 * @typedef {{at:string,keys:number,cameraDays:number,from:number,to:number,clean:string[],away:{copy:string,cause:string}[]|null,strength:string,meaning:string}} KeyReceipt
 * @typedef {{ring?:string,generation:number,cameraDays:number,root:string,strength:"file"|"host"|"tpm",confirmed:boolean,copies:{volume:string,state:string,cause?:string}[],locked?:{ring:string,roots:string[],copies:string[]}[],due:number,dueSince?:string,last?:KeyReceipt}} KeyStatus
 * @typedef {{id:string,camera:string,from:string,to:string,until:string,created:string,owner:string,reason:string}} Lock
 * @typedef {{state:"running"|"done"|"cancelled"|"failed",started:string,segments:number,of:number,bytes:number,of_bytes:number,left_seconds:number,error?:string,report?:Report}} CheckJob
 * @typedef {{state:string,summary:string,alarms:Alarm[],volumes:Volume[]}} Health
 * @typedef {{user:string,role:string,permissions:string[],csrf:string,site:string,version:string,time_zone:string}} Session
 * @typedef {{start:string,end:string,kind:"recorded"|"gap",cause:string,class:""|"lost"|"unwanted"|"deleted"}} Span
 * @typedef {{from:string,to:string,duration:number,map:{media:number,wall:string}[],gaps:{start:string,end:string,cause:string,media:number}[]}} VideoMap
 * @typedef {{id:string,name:string,hardware:string,address:string,xaddrs:string[],adopted:boolean}} Found
 */

/** An answer that says what went wrong (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {{type?:string,title?:string,detail?:string,hint?:string,field?:string}} p */
  constructor(status, p) {
    super(p.detail || p.title || `The gateway answered ${status}.`);
    this.status = status;
    this.slug = (p.type || "").split("/").pop() || "";
    this.hint = p.hint || "";
    this.field = p.field || "";
  }

  /** What happened and what to do, as sentences. */
  get says() { return [this.message, this.hint].filter(Boolean).map(t => t[0].toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? "" : ".")).join(" "); }
}

let csrf = "";
/** Called when the session has ended. @type {() => void} */
let ended = () => {};
/** @param {() => void} f */
export function onEnded(f) { ended = f; }

/**
 * @param {string} method @param {string} path @param {{json?:unknown,body?:BodyInit,type?:string,signal?:AbortSignal,quiet?:boolean}} [o]
 * @returns {Promise<Response>}
 */
export async function request(method, path, o = {}) {
  /** @type {Record<string,string>} */
  const headers = {};
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  let body = o.body;
  if (o.json !== undefined) { headers["Content-Type"] = "application/json"; body = JSON.stringify(o.json); }
  if (o.type) headers["Content-Type"] = o.type;
  let res;
  try {
    res = await fetch(path, { method, headers, body, signal: o.signal });
  } catch (e) {
    if (o.signal?.aborted) throw e;
    throw new Problem(0, { detail: "The gateway does not answer.", hint: "Check that this device is on the gateway's network." });
  }
  if (res.ok) return res;
  let p = {};
  try { p = await res.json(); } catch { /* no problem body */ }
  if (res.status === 401 && !o.quiet) ended();
  throw new Problem(res.status, p);
}

/** @param {string} method @param {string} path @param {Parameters<typeof request>[2]} [o] */
async function json(method, path, o) { const r = await request(method, path, o); return r.status === 204 ? null : r.json(); }

/** @param {Session} s */
function keep(s) { csrf = s.csrf; return s; }

const base = "/api/v1";
/** @param {string} id */
const cam = id => `${base}/cameras/${encodeURIComponent(id)}`;
/** @param {Date} t */
const at = t => encodeURIComponent(t.toISOString());

export const api = {
  /** @returns {Promise<Session>} */
  session: async () => keep(await json("GET", `${base}/session`, { quiet: true })),
  /** @param {string} username @param {string} password @returns {Promise<Session>} */
  signIn: async (username, password) => keep(await json("POST", `${base}/session`, { json: { username, password }, quiet: true })),
  /** @param {string} token @returns {Promise<Session>} */
  once: async token => keep(await json("POST", `${base}/session/once`, { json: { token }, quiet: true })),
  /** @param {string} token @param {string} username @param {string} password */
  setUp: async (token, username, password) => { const s = await json("POST", `${base}/setup`, { json: { token, username, password }, quiet: true }); return s && s.csrf ? keep(s) : s; },
  signOut: () => json("DELETE", `${base}/session`),
  /** @returns {Promise<Camera[]>} */
  cameras: () => json("GET", `${base}/cameras`),
  /** @param {string} id @param {Date} from @param {Date} to @returns {Promise<Span[]>} */
  spans: (id, from, to) => json("GET", `${cam(id)}/spans?from=${at(from)}&to=${at(to)}`),
  /** @param {string} id @param {Date} from @param {Date} to @returns {Promise<CameraEvent[]>} */
  eventsOf: (id, from, to) => json("GET", `${cam(id)}/events?from=${at(from)}&to=${at(to)}`),
  /** @param {string} id @param {{kind?:string,source?:string,at?:string,duration?:number}} e @returns {Promise<CameraEvent & {footage:string}>} */
  raise: (id, e) => json("POST", `${cam(id)}/events`, { json: e }),
  /** @param {string} id @param {Date} from @param {Date} to @returns {string} */
  video: (id, from, to) => `${cam(id)}/video.mp4?from=${at(from)}&to=${at(to)}`,
  /** @param {string} id @param {Date} from @param {Date} to @returns {Promise<VideoMap>} */
  map: (id, from, to) => json("GET", `${cam(id)}/video.json?from=${at(from)}&to=${at(to)}`),
  /** @param {string} id @param {string} [stream] */
  snapshot: (id, stream) => `${cam(id)}/snapshot.jpg${stream ? `?stream=${encodeURIComponent(stream)}` : ""}`,
  /** @param {string} id @param {string} stream */
  liveMP4: (id, stream) => `${cam(id)}/live.mp4?stream=${encodeURIComponent(stream)}`,
  /** @param {string} id @param {string} stream @param {boolean} audio */
  whep: (id, stream, audio) => `${cam(id)}/whep?stream=${encodeURIComponent(stream)}${audio ? "&audio=1" : ""}`,
  /** @returns {Promise<Found[]>} */
  discover: () => json("GET", `${base}/discover`),
  /** @param {{address:string,username:string,password:string,name:string,record:string}} c @returns {Promise<Camera>} */
  adopt: c => json("POST", `${base}/cameras`, { json: c }),
  /** @param {string} path @param {boolean} adopt @returns {Promise<Volume>} */
  addVolume: (path, adopt) => json("POST", `${base}/volumes`, { json: { path, adopt } }),
  /** @param {string} id @param {boolean} forget also when it has footage */
  removeVolume: (id, forget) => json("DELETE", `${base}/volumes/${encodeURIComponent(id)}${forget ? "?forget=1" : ""}`),
  /** @param {string} id @returns {Promise<Volume>} */
  drain: id => json("POST", `${base}/volumes/${encodeURIComponent(id)}/drain`),
  /** @param {string} id @returns {Promise<Volume>} */
  stopDrain: id => json("DELETE", `${base}/volumes/${encodeURIComponent(id)}/drain`),
  /** The check that runs or ran last; null when none did since the start. @returns {Promise<CheckJob|null>} */
  check: async () => { try { return await json("GET", `${base}/check`); } catch (e) { if (e instanceof Problem && e.status === 404) return null; throw e; } },
  /** @param {{level:string,repair?:boolean}} c @returns {Promise<CheckJob>} */
  startCheck: c => json("POST", `${base}/check`, { json: c }),
  /** @returns {Promise<CheckJob>} */
  stopCheck: () => json("DELETE", `${base}/check`),
  /** The keyring; null where footage is kept in clear. @returns {Promise<KeyStatus|null>} */
  keys: async () => { try { return await json("GET", `${base}/keys`); } catch (e) { if (e instanceof Problem && e.status === 404) return null; throw e; } },
  /** @param {string} recovery */
  confirmKey: recovery => json("POST", `${base}/keys/confirm`, { json: { recovery } }),
  /** @param {string} recovery */
  unlockKeys: recovery => json("POST", `${base}/keys/unlock`, { json: { recovery } }),
  /** @param {string} camera @param {Date} from @param {Date} to @returns {Promise<Lock[]>} */
  locks: (camera, from, to) => json("GET", `${base}/locks?camera=${encodeURIComponent(camera)}&from=${at(from)}&to=${at(to)}`),
  /** @param {{camera:string,from:string,to:string,until:string,reason:string}} l @returns {Promise<Lock>} */
  lock: l => json("POST", `${base}/locks`, { json: l }),
  /** @param {string} id */
  unlock: id => json("DELETE", `${base}/locks/${encodeURIComponent(id)}`),
  events: `${base}/events/stream`,
};
