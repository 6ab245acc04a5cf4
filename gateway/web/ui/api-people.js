// The JSON API of people: one's own page, everybody's rights, tokens, sessions, and what takes two people.
import { base, json } from "./api.js";

/**
 * @typedef {{days:string[],from:string,to:string}} Hours days are mon to sun, times of the site's zone; one that does not end after it begins goes on to the next day
 * @typedef {{role:string,role_name?:string,cameras:string[],hours?:Hours[],until?:string}} Grant
 * @typedef {{id:string,username:string,display:string,state:"invited"|"active"|"disabled",grants:Grant[],second_factor:boolean,recovery_codes:number,created:string,password_changed?:string,last_sign_in?:string,invited_until?:string}} Person
 * @typedef {{link:string,until:string}} Invitation
 * @typedef {{id:string,user:string,person?:string,device?:string,kind?:string,created:string,seen:string,from:string,agent:string,own:boolean}} SessionEntry
 * @typedef {{id:string,kind:"api"|"device",name:string,person?:string,person_name?:string,permissions:string[],cameras:string[],created:string,by:string,until:string,used?:string,from?:string}} Token
 * @typedef {{name:string,permissions:string[],cameras:string[],until:string}} NewToken
 * @typedef {{what:string,where:string,why:string,until:string}} Held
 * @typedef {{id:string,username:string,display:string,created:string,password_changed?:string,last_sign_in?:string,second_factor:boolean,recovery_codes:number,wrong_codes:number,networks:{network:string,last:string}[],grants:Grant[],sessions:SessionEntry[],tokens:Token[],audit_entries:number,held:Held[]}} Me
 * @typedef {{id:string,name:string,says:string,permissions:string[],ready:boolean,holders:number}} Role
 * @typedef {{id:string,of_cameras:boolean,says:string}} Permission
 * @typedef {{id:string,name:string,cameras:string[]}} Group
 * @typedef {{two_people:{permissions:string[],cameras:string[]}[],second_factor:string[],process_token:boolean}} Policy
 * @typedef {{id:string,permission:string,camera:string,from:string,to:string,reason:string,by:string,by_name:string,asked:string,state:"asked"|"given"|"declined"|"over",decider?:string,decided?:string,until:string,before:number,after:number,mine:boolean,decidable:boolean}} Approval
 */

/** @param {string} id */
const of = id => encodeURIComponent(id);

/** One's own page. */
export const mine = {
  /** @returns {Promise<Me>} */
  get: () => json("GET", `${base}/me`),
  /** @param {{username?:string,display?:string}} c @returns {Promise<Me>} */
  change: c => json("PATCH", `${base}/me`, { json: c }),
  forgetNetworks: () => json("DELETE", `${base}/me/networks`),
  exported: `${base}/me/export`,
  /** Cancels the account. @param {string} password @param {string} code */
  cancel: (password, code) => json("DELETE", `${base}/me`, { json: { password, ...(code ? { code } : {}) }, quiet: true }),
  /** @param {string} password @returns {Promise<{uri:string,text:string,qr:string}>} */
  factor: password => json("POST", `${base}/me/second-factor`, { json: { password }, quiet: true }),
  /** @param {string} code @returns {Promise<{recovery_codes:string[]}>} */
  confirmFactor: code => json("POST", `${base}/me/second-factor/confirm`, { json: { code }, quiet: true }),
  /** @param {string} password @param {string} code */
  dropFactor: (password, code) => json("DELETE", `${base}/me/second-factor`, { json: { password, code }, quiet: true }),
  /** @param {string} password @param {string} code @returns {Promise<{recovery_codes:string[]}>} */
  recoveryCodes: (password, code) => json("POST", `${base}/me/recovery-codes`, { json: { password, code }, quiet: true }),
  /** @param {string} old @param {string} fresh */
  password: (old, fresh) => json("PUT", `${base}/session/password`, { json: { old, new: fresh }, quiet: true }),
  /** @param {string} id */
  endSession: id => json("DELETE", `${base}/me/sessions/${of(id)}`),
  /** @param {NewToken} t @returns {Promise<Token & {token:string}>} */
  makeToken: t => json("POST", `${base}/me/tokens`, { json: t }),
  /** @param {string} id */
  endToken: id => json("DELETE", `${base}/me/tokens/${of(id)}`),
  /** What I did. @param {string} cursor @returns {Promise<{entries:import("./api-audit.js").Entry[],next:string}>} */
  log: cursor => json("GET", `${base}/me/log${cursor ? `?cursor=${of(cursor)}` : ""}`),
};

/** Everybody. */
export const people = {
  /** @returns {Promise<Person[]>} */
  list: () => json("GET", `${base}/people`),
  /** @param {string} id @returns {Promise<Person>} */
  get: id => json("GET", `${base}/people/${of(id)}`),
  /** @param {{username:string,display?:string,grants:Grant[]}} p @returns {Promise<{person:Person,invitation:Invitation}>} */
  create: p => json("POST", `${base}/people`, { json: p }),
  /** @param {string} id @returns {Promise<Invitation>} */
  invite: id => json("POST", `${base}/people/${of(id)}/invitation`),
  /** @param {string} id @param {{username?:string,display?:string,grants?:Grant[],disabled?:boolean,drop_second_factor?:boolean}} c @returns {Promise<Person>} */
  change: (id, c) => json("PATCH", `${base}/people/${of(id)}`, { json: c }),
  /** @param {string} id @param {boolean} forget also what names the person in the audit log */
  remove: (id, forget) => json("DELETE", `${base}/people/${of(id)}${forget ? "?forget=1" : ""}`),
  /** Of one who was deleted earlier. @param {string} id */
  forget: id => json("POST", `${base}/people/${of(id)}/forget`),
  /** @param {number} days @returns {Promise<Person[]>} */
  unused: days => json("GET", `${base}/people/unused?days=${days}`),
  /** @param {string} id @returns {Promise<SessionEntry[]>} */
  sessionsOf: id => json("GET", `${base}/people/${of(id)}/sessions`),
  /** @returns {Promise<SessionEntry[]>} */
  sessions: () => json("GET", `${base}/sessions`),
  /** @param {string} id */
  endSession: id => json("DELETE", `${base}/sessions/${of(id)}`),
  /** @returns {Promise<Role[]>} */
  roles: () => json("GET", `${base}/roles`),
  /** @param {string} id @param {{name:string,says:string,permissions:string[]}} r @returns {Promise<Role>} */
  putRole: (id, r) => json("PUT", `${base}/roles/${of(id)}`, { json: r }),
  /** @param {string} id */
  removeRole: id => json("DELETE", `${base}/roles/${of(id)}`),
  /** @returns {Promise<Permission[]>} */
  permissions: () => json("GET", `${base}/permissions`),
  /** @returns {Promise<Group[]>} */
  groups: () => json("GET", `${base}/camera-groups`),
  /** @param {string} id @param {{name:string,cameras:string[]}} g @returns {Promise<Group>} */
  putGroup: (id, g) => json("PUT", `${base}/camera-groups/${of(id)}`, { json: g }),
  /** @param {string} id */
  removeGroup: id => json("DELETE", `${base}/camera-groups/${of(id)}`),
  /** @returns {Promise<Policy>} */
  policy: () => json("GET", `${base}/policy`),
  /** @param {Policy} p @returns {Promise<Policy>} */
  setPolicy: p => json("PUT", `${base}/policy`, { json: p }),
  /** @returns {Promise<Token[]>} */
  tokens: () => json("GET", `${base}/tokens`),
  /** @param {NewToken} t @returns {Promise<Token & {link:string}>} */
  makeDevice: t => json("POST", `${base}/tokens`, { json: { kind: "device", ...t } }),
  /** @param {string} id */
  endToken: id => json("DELETE", `${base}/tokens/${of(id)}`),
};

/** What takes two people. */
export const approvals = {
  /** @returns {Promise<Approval[]>} */
  list: () => json("GET", `${base}/approvals`),
  /** @param {{permission:string,camera:string,from:string,to:string,reason:string}} a @returns {Promise<Approval>} */
  ask: a => json("POST", `${base}/approvals`, { json: a }),
  /** @param {string} id */
  give: id => json("POST", `${base}/approvals/${of(id)}/give`),
  /** @param {string} id */
  decline: id => json("POST", `${base}/approvals/${of(id)}/decline`),
  /** Gives it back, or takes it back. @param {string} id */
  end: id => json("DELETE", `${base}/approvals/${of(id)}`),
};
