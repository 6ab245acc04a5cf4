// Routes, the rail, and who is signed in.
import { api, onEnded, Problem } from "./api.js";
import { store } from "./store.js";
import { h, Undo } from "./dom.js";
import { words, clock } from "./words.js";
import { lookWords } from "./words-look.js";
import { signIn, setUp, keepKey, fragment } from "./sign.js";
import { makeRail, firstPlace, mayOpen } from "./rail.js";
import { wishes } from "./wishes.js";
import { livePage } from "./live.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {import("./dom.js").Page|null} */
let page = null;
const undo = new Undo();
/** Pages that are fetched when they are first opened. */
const later = {
  timeline: () => import("./timeline.js"), events: () => import("./events.js"), exports: () => import("./exports.js"), cameras: () => import("./cameras.js"), map: () => import("./map.js"), storage: () => import("./storage.js"), people: () => import("./people.js"), me: () => import("./me.js"),
  approvals: () => import("./approvals.js"), audit: () => import("./audit.js"), factor: () => import("./factor.js"), join: () => import("./join.js"), wall: () => import("./wall.js"), keys: () => import("./keys.js"),
  device: () => import("./device.js"),
};

/** How long it is said that the rights have changed, ms. */
const saidFor = 8000;

/** @param {string} path */
function go(path) { history.pushState(null, "", path); route(); }
window.addEventListener("popstate", () => { if (main) route(); });

/** @type {HTMLElement|null} */
let main = null;
/** @type {ReturnType<typeof makeRail>|null} */
let rail = null;
/** The camera that the page is about, and which page; "" of another. */
let about = "", aboutWhere = "";
/** What that camera was when the page was made, as the store told it. */
let found = "";

/** What the camera of the page is: here, formerly here, which a page of its footage can show, or not for this person; "" while it is not known. */
function finding() {
  if (!about || !store.ready) return "";
  if (store.cameras.has(about)) return "here";
  if (aboutWhere !== "timeline") return "not";
  if (!store.looked) return "";
  return store.former.has(about) ? "former" : "not";
}

/** Makes the page anew where its camera is another thing than it was: not at each word of the gateway, it would lose what its person is at. */
function look() {
  const now = finding(), was = found;
  if (!now || now === was) return;
  found = now;
  if (was || now === "not") route();
}

/** @param {import("./api.js").Session} session */
async function enter(session) {
  store.session = session;
  store.dropCase();
  if (session.kind === "device") { wall(""); return; }
  if (session.enrol) { const { enrolPage } = await later.factor(); show(enrolPage(() => location.reload(), signOut)); return; }
  frame();
  store.start();
}

/** Everything around the page, as the rights are now. @param {string} [says] */
function frame(says = "") {
  undo.run();
  page?.leave();
  page = null;
  rail = makeRail(go, signOut);
  undo.add(rail.leave);
  nag = h("div.nag.warn", { role: "status", hidden: true }, h("i.shape", { "aria-hidden": "true" }), h("p", null, words.nag, " ", h("a", { href: keysPage, onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go(keysPage); } }, words.nagDo)));
  const lost = h("div.lost", { role: "alert", hidden: true }), told = h("div.told", { role: "status" }, says);
  if (says) setTimeout(() => { told.textContent = ""; }, saidFor);
  main = h("main.main", { id: "main", tabindex: "-1" });
  const skip = h("a.skip", { href: "#main", onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); main?.focus(); } }, lookWords.skip);
  app.replaceChildren(skip, rail.element, h("div.body", null, lost, nag, told, rail.banner, main));
  undo.on(store, "change", () => {
    remind();
    lost.hidden = !store.lost;
    if (store.lost) lost.textContent = `${words.lost}, ${words.since} ${clock(store.lost)}. ${words.lostText}`;
    look();
  });
  undo.on(store, "rights", () => { if (store.session?.enrol) { location.reload(); return; } frame(words.rightsChanged); });
  wishes.follow(undo);
  route();
}

/** Where the recovery key is confirmed. */
const keysPage = "/storage/encryption";
/** @type {HTMLElement|null} */
let nag = null;

/** Reminds whoever may confirm the recovery key, on every page but that on which it is done, until somebody has. */
function remind() {
  if (nag) nag.hidden = !store.may("keys") || location.pathname === keysPage || !store.health?.alarms.some(a => a.id === "keys:confirm");
}

/** What is alone on the screen: signing in, a wall. @param {HTMLElement} element */
function show(element) {
  undo.run();
  turn++;
  page?.leave();
  page = null;
  main = null;
  rail = null;
  app.replaceChildren(element);
}

/** Whether the person is signing out: that the session has ended is no news then, and a form in its place would be lost to the page that comes. */
let leaving = false;

async function signOut() {
  leaving = true;
  store.stop();
  const over = await api.signOut().then(() => true, () => api.session().then(() => false, p => p.status === 401));
  if (!over && main) { // whoever sits here next would have the session
    leaving = false;
    store.start();
    frame(words.notSignedOut);
    return;
  }
  store.clear();
  show(h("main.centre")); // nothing of the page is left for whoever goes back to it
  location.assign("/login");
}
addEventListener("pageshow", e => { if (leaving && e.persisted) location.reload(); });

let turn = 0; // a page that comes late does not take the place of a later one

async function route() {
  if (!main || !rail) return;
  const mine = ++turn;
  remind();
  let [, where = "", id = "", part = ""] = location.pathname.split("/");
  id = decodeURIComponent(id);
  if (!where || !mayOpen(where)) { where = firstPlace(); id = ""; history.replaceState(null, "", "/" + where); }
  rail.mark(where === "camera" ? "cameras" : where);
  about = where === "live" || where === "timeline" ? id : "";
  aboutWhere = where;
  found = finding();
  document.title = `${/** @type {any} */ (words)[where] || words.live} — Holdfast`;
  const there = () => { if (main) main.dataset.at = location.pathname; }; // for who waits for the page
  if (page?.at?.(where, id)) { there(); return; }
  /** @type {import("./dom.js").Page} */
  let next;
  try { next = await make(where, id, part); } catch { next = { element: h("section.empty", null, h("p", null, words.error), h("button.button", { type: "button", onclick: () => location.reload() }, words.again)), leave: () => {} }; }
  if (mine !== turn || !main) { next.leave(); return; }
  page?.leave();
  page = next;
  main.replaceChildren(page.element);
  there();
}

/** @param {string} where @param {string} id @param {string} part @returns {Promise<import("./dom.js").Page>} */
async function make(where, id, part) {
  const needs = where === "timeline" ? "playback" : "live";
  if (found === "not" || found && !store.can(about, needs)) return notHere();
  if (where === "timeline") { const m = await later.timeline(); return m.timelinePage(id, go); }
  if (where === "camera") return (await later.device()).devicePage(id, part, go);
  if (where === "cameras") return (await later.cameras()).camerasPage(go);
  if (where === "map") return (await later.map()).mapPage(go);
  if (where === "storage") return (await later.storage()).storagePage(id, go);
  if (where === "events") return (await later.events()).eventsPage(go);
  if (where === "exports") return (await later.exports()).exportsPage(id, go);
  if (where === "people") return (await later.people()).peoplePage(id, go);
  if (where === "approvals") return (await later.approvals()).approvalsPage(go);
  if (where === "audit") return (await later.audit()).auditPage(id, go);
  if (where === "me") return (await later.me()).mePage(id, go, signOut);
  return livePage(id, go);
}

/** A camera that is gone, or that this person may not watch: which of the two is not told. */
const notHere = () => ({ element: h("section.empty", null, h("h1", null, words.notHere), h("p", null, words.notHereText), h("button.button.primary", { type: "button", onclick: () => go("/" + firstPlace()) }, words.goOn)), leave: () => {} });

window.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
  if (page?.key?.(e) || common(e)) e.preventDefault();
});

/** Keys of every page. @param {KeyboardEvent} e */
function common(e) {
  if (e.key === "?" && main) { later.keys().then(m => m.showKeys(location.pathname.split("/")[1])); return true; }
  const search = e.key === "/" && /** @type {HTMLElement[]} */ ([...app.querySelectorAll("main input[type=search]")]).find(i => i.offsetParent);
  search && search.focus();
  return !!search;
}

/** Keys that belong to what has the focus, not to the page. @param {KeyboardEvent} e */
function typing(e) {
  const t = e.target;
  if (t instanceof HTMLInputElement || t instanceof HTMLSelectElement || t instanceof HTMLTextAreaElement || document.querySelector("dialog[open]")) return true;
  return (t instanceof HTMLButtonElement && !t.classList.contains("tile") || t instanceof HTMLAnchorElement) && (e.key === " " || e.key === "Enter");
}

/** @param {string} [message] */
function ask(message) {
  store.clear();
  for (const d of document.querySelectorAll("dialog")) d.remove();
  askAnew(message);
}

/** The same without forgetting anything: who is here could not be asked. @param {string} [message] */
function askAnew(message) {
  show(signIn(s => { if (location.pathname === "/login") history.replaceState(null, "", "/"); enter(s); }, message));
}

/** A wall has the whole screen, and comes back by itself. @param {string} token */
async function wall(token) { const { wallPage } = await later.wall(); show(wallPage(token, go)); }

onEnded(() => { if (leaving) return; if (main) ask(words.ended); else store.dispatchEvent(new Event("ended")); });

/** The last step of set-up: the recovery key, unless somebody has confirmed it already. @param {import("./api.js").Session} session */
async function settle(session) {
  const on = () => { history.replaceState(null, "", "/live"); enter(session); };
  const keys = session.permissions.includes("keys") ? await api.keys().catch(() => null) : null;
  if (keys && !keys.confirmed) app.replaceChildren(keepKey(on)); else on();
}

async function start() {
  if (location.pathname === "/setup") {
    app.replaceChildren(setUp(fragment("token"), settle));
    return;
  }
  if (location.pathname === "/wall") { wall(fragment("device")); return; }
  if (location.pathname === "/join") {
    const { joinPage } = await later.join();
    show(joinPage(fragment("invite"), s => { history.replaceState(null, "", "/"); enter(s); }, () => { history.replaceState(null, "", "/login"); ask(); }));
    return;
  }
  const once = location.pathname === "/login" ? fragment("once") : "";
  try {
    const session = once ? await api.once(once) : await api.session();
    if (location.pathname === "/login") history.replaceState(null, "", "/");
    enter(session);
  } catch (e) {
    const p = /** @type {Problem} */ (e);
    const bare = !once && p.status === 401 && await api.setUpNeeded().then(s => s.needed, () => false);
    // A load that is broken off by the next ends here too, and must not take a case with it.
    if (bare) app.replaceChildren(setUp("", settle, true)); else if (p.status === 0 || p.status >= 500) askAnew(p.message); else ask(once ? words.onceFailed : p.status === 401 ? "" : p.message);
  }
}
start();
