// Routes, the rail, and who is signed in.
import { api, onEnded, Problem } from "./api.js";
import { store } from "./store.js";
import { h, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { words, clock } from "./words.js";
import { signIn, setUp, fragment } from "./sign.js";
import { livePage, cameraPage } from "./live.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {import("./dom.js").Page|null} */
let page = null;
const undo = new Undo();
/** Pages that are fetched when they are first opened. */
const later = { timeline: () => import("./timeline.js"), cameras: () => import("./cameras.js"), storage: () => import("./storage.js") };

/** @param {string} path */
function go(path) { history.pushState(null, "", path); route(); }
window.addEventListener("popstate", () => { if (main) route(); });

/** @type {HTMLElement|null} */
let main = null;
/** @type {HTMLElement|null} */
let rail = null;

const places = /** @type {const} */ ([["/live", "live"], ["/timeline", "timeline"], ["/cameras", "cameras"], ["/storage", "storage"]]);

/** @param {import("./api.js").Session} session */
function frame(session) {
  undo.run();
  store.session = session;
  const links = places.filter(p => p[1] !== "storage" || store.may("maintain")).map(([path, name]) => h("a.rail-link", { href: path, title: words[name], onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go(path); } }, icon(name), h("span", null, words[name])));
  const dot = h("span.health-dot"), says = h("span.health-words");
  const health = h("a.health", { href: "/storage", onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go("/storage"); } }, dot, says);
  rail = h("nav.rail", { "aria-label": session.site }, h("div.rail-top", null, h("img.mark", { src: "/icon.svg", alt: "" }), h("span.site", null, session.site)), ...links, h("span.grow"), health,
    h("button.rail-link.out", { type: "button", title: `${words.signOut} (${session.user})`, onclick: async () => { await api.signOut().catch(() => {}); location.assign("/login"); } }, icon("out"), h("span", null, session.user)));
  const lost = h("div.lost", { role: "alert", hidden: true });
  main = h("main.main", { tabindex: "-1" });
  app.replaceChildren(/** @type {HTMLElement} */ (rail), h("div.body", null, lost, main));
  undo.on(store, "change", () => {
    const state = store.health?.state || "ok";
    dot.className = "health-dot " + state;
    says.textContent = /** @type {any} */ (words.healthy)[state];
    health.title = store.health?.summary || "";
    lost.hidden = !store.lost;
    if (store.lost) lost.textContent = `${words.lost}, ${words.since} ${clock(store.lost)}. ${words.lostText}`;
  });
  store.start();
  route();
}

let turn = 0; // a page that comes late does not take the place of a later one

async function route() {
  if (!main || !rail) return;
  const mine = ++turn;
  const [, where = "", id = ""] = location.pathname.split("/");
  for (const a of rail.querySelectorAll("a.rail-link")) a.setAttribute("aria-current", a.getAttribute("href")?.slice(1) === (where || "live") ? "page" : "false");
  document.title = `${/** @type {any} */ (words)[where || "live"] || words.live} — Holdfast`;
  /** @type {import("./dom.js").Page} */
  let next;
  try { next = await make(where, decodeURIComponent(id)); } catch { next = { element: h("section.empty", null, h("p", null, words.error), h("button.button", { type: "button", onclick: () => location.reload() }, words.again)), leave: () => {} }; }
  if (mine !== turn || !main) { next.leave(); return; }
  page?.leave();
  page = next;
  main.replaceChildren(page.element);
}

/** @param {string} where @param {string} id @returns {Promise<import("./dom.js").Page>} */
async function make(where, id) {
  if (where === "timeline") { const m = await later.timeline(); return id ? m.timelinePage(id, go) : firstTimeline(); }
  if (where === "cameras") return (await later.cameras()).camerasPage(go);
  if (where === "storage") return (await later.storage()).storagePage(id, go);
  return where === "live" && id ? cameraPage(id, go) : livePage(go);
}

/** The timeline of the first camera, once there is one. */
function firstTimeline() {
  const wait = new Undo();
  const first = () => { const c = store.list()[0]; if (c && location.pathname === "/timeline") { history.replaceState(null, "", `/timeline/${encodeURIComponent(c.id)}`); route(); } };
  wait.on(store, "change", first);
  queueMicrotask(first);
  return { element: h("section.empty", null, h("p", null, words.noCameras)), leave: () => wait.run() };
}

window.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
  if (page?.key?.(e)) e.preventDefault();
});

/** Keys that belong to what has the focus, not to the page. @param {KeyboardEvent} e */
function typing(e) {
  const t = e.target;
  if (t instanceof HTMLInputElement || t instanceof HTMLSelectElement || t instanceof HTMLTextAreaElement || document.querySelector("dialog[open]")) return true;
  return (t instanceof HTMLButtonElement && !t.classList.contains("tile") || t instanceof HTMLAnchorElement) && (e.key === " " || e.key === "Enter");
}

/** @param {string} [message] */
function ask(message) {
  store.stop();
  turn++;
  page?.leave();
  page = null;
  main = null;
  app.replaceChildren(signIn(s => { if (location.pathname === "/login") history.replaceState(null, "", "/live"); frame(s); }, message));
}

onEnded(() => { if (main) ask(words.ended); });

async function start() {
  if (location.pathname === "/setup") {
    app.replaceChildren(setUp(fragment("token"), s => { history.replaceState(null, "", "/live"); frame(s); }));
    return;
  }
  const once = location.pathname === "/login" ? fragment("once") : "";
  try {
    const session = once ? await api.once(once) : await api.session();
    if (location.pathname === "/login" || location.pathname === "/") history.replaceState(null, "", "/live");
    frame(session);
  } catch (e) {
    const p = /** @type {Problem} */ (e);
    ask(once ? words.onceFailed : p.status === 401 ? "" : p.message);
  }
}
start();
