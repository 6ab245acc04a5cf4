// The JSON API. Every request of the viewer is made by request; what is about people and the audit log is in files of its own.

/**
 * @typedef {{kind:"webrtc"|"mp4",transcoded:boolean,codec:string,codecs:string,audio:string,why:string}} Way
 * @typedef {{id:string,stream:string,kind:"webrtc"|"mp4",transport:string,since:string,bytes:number,packets:number,resent:number,restarts:number,skipped:number,loss:number,key_frames_only:boolean,carries:number,rate:number,media:number,wall:string|null,now:string}} LiveView
 * @typedef {{id:string,state:string,ways:Way[],codec:string,codecs:string,width:number,height:number,fps:number,bitrate:number,reordered:boolean,audio:string,transport:string,lost:number,ring_bytes:number,recording:StreamRecording|null}} Stream
 * @typedef {{mode:string,now:string,why:string,until:string|null,pre_roll:number,post_roll:number,state:string,cause:string,since:string,last_synced:string|null,streams:string[],mirror:string,mirror_why:string}} Recording
 * @typedef {{now:string,why:string,until:string|null,state:string,cause:string,since:string,last_synced:string|null,volumes:string[],encrypted:boolean}} StreamRecording
 * @typedef {{id:string,camera:string,kind:string,source:string,topic:string,start:string,end:string|null,pre:number,post:number,text:string}} CameraEvent
 * @typedef {{id:string,name:string,kind:string,state:string,since:string,cause:string,detail:string,hint:string,retry_at:string|null,address:string,manufacturer:string,model:string,source:string,purpose:string,legal_basis:string,audio:boolean,record:Recording,last_footage:string|null,streams:Stream[],happening?:Happening[],talker?:{name:string,you:boolean,since:string}|null,may:string[]}} Camera
 * @typedef {{id:string,kind:string,start:string,end:string|null}} Happening
 * @typedef {{id:string,severity:string,since:string,what:string,means:string,do:string}} Alarm
 * @typedef {{name:string,model:string,state:string,wear?:number,temperature?:number,hours?:number,pending_sectors?:number,reallocated_sectors?:number}} Disk
 * @typedef {{last?:string,ended?:string,started?:string,bytes:number,damaged:number}} Verify
 * @typedef {{since:string,segments:number,bytes:number,moved:number,moved_bytes:number,left_seconds:number,waits:string,damaged:number,done:boolean}} Draining
 * @typedef {{id:string,path:string,state:string,cause:string,do:string,since:string,free:number,total:number,used:number,sync_ms:number,sync_median_ms:number,sync_p95_ms:number,write_rate:number,written:number,streams:number,segments:number,interval_ms:number,source:"config"|"added",disks:Disk[],verify:Verify,draining:Draining|null}} Volume
 * @typedef {{kind:string,path?:string,what:string,means:string,do:string,repair?:string,done?:boolean,error?:string}} Finding
 * @typedef {{level:string,started:string,took_seconds:number,streams:number,segments:number,open:number,skipped:number,bytes:number,findings:Finding[]|null,more?:number,known?:Finding[],notes?:Finding[],repaired?:number}} Report
 * @typedef {{at:string,keys:number,cameraDays:number,from:number,to:number,clean:string[],away:{copy:string,cause:string}[]|null,strength:string,meaning:string}} KeyReceipt
 * @typedef {{ring?:string,generation:number,cameraDays:number,footage:boolean,sealed?:string[],root:string,strength:"file"|"host"|"tpm",confirmed:boolean,copies:{volume:string,state:string,cause?:string}[],locked?:{ring:string,roots:string[],copies:string[]}[],due:number,dueSince?:string,last?:KeyReceipt}} KeyStatus
 * @typedef {{id:string,camera:string,from:string,to:string,until:string,created:string,owner:string,reason:string}} Lock
 * @typedef {{address:string,open:number,opened:number,sent_bytes:number,received_bytes:number,last?:string}} Target
 * @typedef {{class:string,name:string,why:string,how:string,camera?:string,open:number,refused:number,targets:Target[]}} Connection
 * @typedef {{kind:string,class:string,camera?:string,network:string,address:string,ip:string,why:string,count:number,first:string,last:string}} Refusal
 * @typedef {{connections:Connection[],refused:number,refusals:Refusal[]}} Connections
 * @typedef {{camera:string,name:string,oldest:string|null,max_age:number,event_max_age:number,min_age:number,rate:number,measured:number,keeps:number,by_space:boolean,short:boolean,locked:number,broken_until:string|null,says:string}} Kept
 * @typedef {{max_age?:string,event_max_age?:string,min_age?:string,mirror?:boolean} & Record<string, unknown>} RecordSettings
 * @typedef {{id:string,camera:string,streams?:string[],from:string,to:string,ground:string,requested:string,done?:string,waiting?:string,erased:{stream:string,start:string,end:string}[],segments:number,rewritten:number,bytes:number,in_clear?:number,receipt?:KeyReceipt,means:string}} Erasure
 * @typedef {{path:string,start:string,end:string,size:number,open:boolean,encrypted:boolean}} SegmentFile
 * @typedef {{source:"own"|"files"|"acme",wanted:"own"|"files"|"acme",from?:string,subject:string,issuer:string,names:string[],not_before:string,not_after:string,fingerprint_sha256:string,renews?:string,error?:string,tried?:string,next?:string,hsts:boolean}} Certificate
 * @typedef {{state:"running"|"done"|"cancelled"|"failed",started:string,segments:number,of:number,bytes:number,of_bytes:number,left_seconds:number,error?:string,report?:Report}} CheckJob
 * @typedef {{waiting:number,copied:number,bytes:number,waits:string,damaged:number}} Copies
 * @typedef {{state:string,summary:string,alarms:Alarm[],volumes:Volume[],second_copies:Copies}} Health
 * @typedef {{user:string,person:string,display:string,kind:"session"|"token"|"device"|"process"|"local",permissions:string[],enrol:boolean,csrf:string,site:string,version:string,time_zone:string}} Session
 * @typedef {{start:string,end:string,kind:"recorded"|"gap",cause:string,class:""|"lost"|"unwanted"|"deleted",run?:string,filled?:{from:"card",before:"pictures"|"clock",after:"pictures"|"clock",within?:number}}} Span
 * @typedef {{from:string,to:string,duration:number,map:{media:number,wall:string}[],gaps:{start:string,end:string,cause:string,media:number}[]}} VideoMap
 * @typedef {{key:string,id:string,shared:boolean,name:string,maker:string,model:string,hardware:string,location:string,profiles:string[],address:string,xaddrs:string[],by:string,adopted:boolean,camera:string}} Found
 * @typedef {{token:string,name:string,kind:"visible"|"thermal",width:number,height:number,cameras:string[],profiles:{token:string,role:""|"main"|"sub"|"third",codec:string,width:number,height:number}[]}} VideoSource
 * @typedef {{manufacturer:string,model:string,sources:VideoSource[],warnings:string[]}} Device
 * @typedef {{found?:Found,progress?:{done:number,of:number,unit:"seconds"|"addresses"},done?:boolean,error?:string}} SearchLine
 */

/** An answer that says what went wrong (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {{type?:string,title?:string,detail?:string,hint?:string,field?:string,locks?:string[]}} p @param {number} [after] */
  constructor(status, p, after = 0) {
    super(p.detail || p.title || `The gateway answered ${status}.`);
    this.status = status;
    this.slug = (p.type || "").split("/").pop() || "";
    this.hint = p.hint || "";
    this.field = p.field || "";
    /** Ids of the locks in the way. */
    this.locks = p.locks || [];
    /** When to try again, seconds; 0 when the answer did not say. */
    this.after = after;
  }

  /** What happened and what to do, as sentences. */
  get says() { return [this.message, this.hint].filter(Boolean).map(t => t[0].toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? "" : ".")).join(" "); }
}

let csrf = "";
/** What to do when the session has ended. @type {() => void} */
let atEnd = () => {};
/** @param {() => void} f */
export function onEnded(f) { atEnd = f; }
/** To be called where it is noticed that the session has ended. */
export function ended() { atEnd(); }

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
  throw new Problem(res.status, p, Number(res.headers.get("Retry-After")) || 0);
}

/** Reads an answer of many lines, each JSON, as they come. @param {Response} r @param {(line: any) => void} tell */
export async function lines(r, tell) {
  if (!r.body) return;
  const reader = r.body.getReader(), text = new TextDecoder();
  for (let rest = "";;) {
    const { done, value } = await reader.read();
    if (done) return;
    const all = (rest + text.decode(value, { stream: true })).split("\n");
    rest = all.pop() || "";
    for (const l of all) if (l) tell(JSON.parse(l));
  }
}

/** @param {string} method @param {string} path @param {Parameters<typeof request>[2]} [o] */
export async function json(method, path, o) { const r = await request(method, path, o); return r.status === 204 ? null : r.json(); }

/** @param {Session} s */
function keep(s) { csrf = s.csrf; return s; }

export const base = "/api/v1";
/** @param {string} id */
export const cam = id => `${base}/cameras/${encodeURIComponent(id)}`;
/** @param {Date} t */
const at = t => encodeURIComponent(t.toISOString());

export const api = {
  /** @returns {Promise<Session>} */
  session: async () => keep(await json("GET", `${base}/session`, { quiet: true })),
  /** @param {string} username @param {string} password @param {string} [code] of the authenticator, or a recovery code @returns {Promise<Session>} */
  signIn: async (username, password, code) => keep(await json("POST", `${base}/session`, { json: { username, password, ...(code ? { code } : {}) }, quiet: true })),
  /** A wall signs in. @param {string} token @returns {Promise<Session>} */
  device: async token => keep(await json("POST", `${base}/session/device`, { json: { token }, quiet: true })),
  /** Who an invitation is for. @param {string} token @returns {Promise<{username:string,display:string}>} */
  joinLook: token => json("POST", `${base}/join/look`, { json: { token }, quiet: true }),
  /** Accepts an invitation. @param {string} token @param {string} password @returns {Promise<Session>} */
  join: async (token, password) => keep(await json("POST", `${base}/join`, { json: { token, password }, quiet: true })),
  /** @param {string} token @returns {Promise<Session>} */
  once: async token => keep(await json("POST", `${base}/session/once`, { json: { token }, quiet: true })),
  /** @param {string} token @param {string} username @param {string} password */
  setUp: async (token, username, password) => { const s = await json("POST", `${base}/setup`, { json: { token, username, password }, quiet: true }); return s && s.csrf ? keep(s) : s; },
  /** Whether nobody has an account yet. @returns {Promise<{needed:boolean}>} */
  setUpNeeded: () => json("GET", `${base}/setup`, { quiet: true }),
  signOut: () => json("DELETE", `${base}/session`),
  /** @returns {Promise<Camera[]>} */
  cameras: () => json("GET", `${base}/cameras`),
  /** @param {string} id @param {Date} from @param {Date} to @param {string} [stream] the one that is recorded first when left out @returns {Promise<Span[]>} */
  spans: (id, from, to, stream) => json("GET", `${cam(id)}/spans?from=${at(from)}&to=${at(to)}${stream ? `&stream=${encodeURIComponent(stream)}` : ""}`),
  /** @param {string} id @param {Date} from @param {Date} to @returns {Promise<CameraEvent[]>} */
  eventsOf: (id, from, to) => json("GET", `${cam(id)}/events?from=${at(from)}&to=${at(to)}`),
  /** @param {string} id @param {{kind?:string,source?:string,at?:string,duration?:number,id?:string,text?:string}} e @returns {Promise<CameraEvent & {footage:string}>} */
  raise: (id, e) => json("POST", `${cam(id)}/events`, { json: e }),
  /** @param {string} id @param {Date} from @param {Date} to @returns {string} */
  video: (id, from, to) => `${cam(id)}/video.mp4?from=${at(from)}&to=${at(to)}`,
  /** @param {string} id @param {Date} from @param {Date} to @returns {Promise<VideoMap>} */
  map: (id, from, to) => json("GET", `${cam(id)}/video.json?from=${at(from)}&to=${at(to)}`),
  /** @param {string} id @param {string} [stream] */
  snapshot: (id, stream) => `${cam(id)}/snapshot.jpg${stream ? `?stream=${encodeURIComponent(stream)}` : ""}`,
  /** @param {string} id @param {string} stream @param {boolean} audio @param {boolean} made by the gateway */
  liveMP4: (id, stream, audio, made) => `${cam(id)}/live.mp4?stream=${encodeURIComponent(stream)}${audio ? "&audio=1" : ""}${made ? "&transcode=1" : ""}`,
  /** @param {string} id @param {string} stream @param {boolean} audio @param {boolean} made by the gateway */
  whep: (id, stream, audio, made) => `${cam(id)}/whep?stream=${encodeURIComponent(stream)}${audio ? "&audio=1" : ""}${made ? "&transcode=1" : ""}`,
  /** How it is with a live picture of one's own. @param {string} id @param {string} view @returns {Promise<LiveView>} */
  liveView: (id, view) => json("GET", `${cam(id)}/views/${encodeURIComponent(view)}`, { quiet: true }),
  /** Searches for cameras, on the networks of the gateway or at addresses, and tells of each as it is found. @param {string[]} ranges @param {AbortSignal} signal @param {(f: SearchLine) => void} tell */
  discover: async (ranges, signal, tell) => lines(await (ranges.length ? request("POST", `${base}/discover`, { json: { ranges }, signal }) : request("GET", `${base}/discover`, { signal })), tell),
  /** What a device has, before it is added. @param {{address:string,username:string,password:string}} d @returns {Promise<Device>} */
  probe: d => json("POST", `${base}/probe`, { json: d }),
  /** @param {{address:string,endpoint?:string,username:string,password:string,name:string,record:string,mirror?:boolean,sources?:string[]}} c @returns {Promise<Camera>} */
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
  /** How the root key is kept, and what lies under it. @returns {Promise<KeyStatus>} */
  keys: () => json("GET", `${base}/keys`),
  /** @param {string} recovery */
  confirmKey: recovery => json("POST", `${base}/keys/confirm`, { json: { recovery } }),
  /** @param {string} recovery */
  unlockKeys: recovery => json("POST", `${base}/keys/unlock`, { json: { recovery } }),
  /** Changes the root key: the former recovery key opens nothing any more. */
  rotateKey: () => json("POST", `${base}/keys/rotate`),
  /** What the HTTPS addresses present; null where there is none. @returns {Promise<Certificate|null>} */
  certificate: async () => { try { return await json("GET", `${base}/certificate`); } catch (e) { if (e instanceof Problem && e.status === 404) return null; throw e; } },
  /** @returns {Promise<Certificate>} */
  renewCertificate: () => json("POST", `${base}/certificate/renew`),
  /** What of a camera is recorded, and how long it is kept. @param {string} id @returns {Promise<RecordSettings>} */
  record: id => json("GET", `${cam(id)}/record`),
  /** Of a camera that was added here, as a whole. @param {string} id @param {RecordSettings} s @returns {Promise<RecordSettings>} */
  setRecord: (id, s) => json("PUT", `${cam(id)}/record`, { json: s }),
  /** @returns {Promise<Connections>} */
  connections: () => json("GET", `${base}/connections`),
  /** @returns {Promise<Kept[]>} */
  retention: () => json("GET", `${base}/retention`),
  /** Of a camera, "" for all. @param {string} camera @param {Date} from @param {Date} to @returns {Promise<Lock[]>} */
  locks: (camera, from, to) => json("GET", `${base}/locks?${camera && `camera=${encodeURIComponent(camera)}&`}from=${at(from)}&to=${at(to)}`),
  /** @param {{camera:string,from:string,to:string,until:string,reason:string}} l @returns {Promise<Lock>} */
  lock: l => json("POST", `${base}/locks`, { json: l }),
  /** @param {string} id */
  unlock: id => json("DELETE", `${base}/locks/${encodeURIComponent(id)}`),
  /** @param {string} id @param {string} stream @param {Date} from @param {Date} to at most a week @returns {Promise<SegmentFile[]>} */
  segments: (id, stream, from, to) => json("GET", `${cam(id)}/segments?stream=${encodeURIComponent(stream)}&from=${at(from)}&to=${at(to)}`),
  /** @returns {Promise<Erasure[]>} */
  erasures: () => json("GET", `${base}/erasures`),
  /** @param {string} id @returns {Promise<Erasure>} */
  erasure: id => json("GET", `${base}/erasures/${encodeURIComponent(id)}`),
  /** @param {{camera:string,from:string,to:string,ground:string}} e @returns {Promise<Erasure>} */
  erase: e => json("POST", `${base}/erasures`, { json: e }),
  /** Destroys the keys of what was erased now. */
  sweep: () => json("POST", `${base}/erasures/sweep`),
  events: `${base}/events/stream`,
};
