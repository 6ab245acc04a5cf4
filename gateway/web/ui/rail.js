// The rail: the places that this person may go to, how the gateway is, and who is signed in. On a phone it is tabs at the bottom.
import { base, json } from "./api.js";
import { store } from "./store.js";
import { h, morph, Undo } from "./dom.js";
import { icon } from "./icons.js";
import { tongue } from "./language.js";
import { words } from "./words.js";
import { lookWords } from "./words-look.js";
import { wishes } from "./wishes.js";

/** What the storage page needs for one of its parts. */
const storageNeeds = ["maintain", "lock", "erase", "keys"];

/** The places in their order, and who may go there. @type {[string, import("./icons.js").IconName, () => boolean][]} */
const places = [
  ["live", "live", () => store.may("live")], ["timeline", "timeline", () => store.may("playback")], ["events", "list", () => store.may("playback")], ["exports", "save", () => store.may("export")], ["approvals", "approvals", () => store.may("approve") || wishes.list.length > 0],
  ["cameras", "cameras", () => store.may("configure") || store.may("maintain")], ["map", "map", () => store.may("configure") || plans], ["storage", "storage", () => storageNeeds.some(p => store.may(p))], ["people", "people", () => store.may("people")], ["audit", "audit", () => store.may("audit")],
];
/** Whether there is a plan with a camera that this person may see. */
let plans = false;
/** How many tabs fit at the bottom of a phone beside More. */
const tabs = 4;

/** Whether there is a page for this person under an address. @param {string} where */
export const mayOpen = where => where === "me" || where === "approvals" || where === "camera" && ["configure", "control"].some(p => store.may(p)) || where === "map" && store.may("see") || !!places.find(p => p[0] === where)?.[2]();

/** Where somebody begins. */
export const firstPlace = () => places.find(p => p[2]())?.[0] || "me";

/** The zone of every time on the screen, as people write it: CET, GMT+1. */
const zone = () => new Intl.DateTimeFormat(tongue(), { timeZoneName: "short" }).formatToParts(new Date()).find(p => p.type === "timeZoneName")?.value || "UTC";

/** @param {(path: string) => void} go @param {() => void} signOut */
export function makeRail(go, signOut) {
  const undo = new Undo(), session = /** @type {import("./api.js").Session} */ (store.session), name = session.display || session.user;
  const list = places.filter(p => p[2]() || p[0] === "approvals" && (store.may("playback") || store.may("export")) || p[0] === "map" && store.may("see"));
  let here = "";
  /** @param {string} path @param {any[]} kids @param {Record<string, any>} [props] */
  const link = (path, kids, props = {}) => h("a.rail-link", { href: "/" + path, ...props, onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); more(false); go("/" + path); } }, ...kids);
  const count = h("b.badge", { hidden: true });
  const links = list.map(([path, ic]) => link(path, [icon(ic), h("span", null, /** @type {any} */ (words)[path]), path === "approvals" && count], { title: /** @type {any} */ (words)[path] }));
  const onMap = links[list.findIndex(p => p[0] === "map")];
  if (onMap && !store.may("configure")) {
    onMap.hidden = !plans;
    json("GET", `${base}/plans`).then((/** @type {unknown[]} */ l) => { plans = l.length > 0; onMap.hidden = !plans; }).catch(() => {});
  }
  const me = session.person ? link("me", [icon("person"), h("span", null, name)], { title: `${words.me} (${name})` }) : null;
  me?.classList.add("mine");
  const out = h("button.rail-link.out", { type: "button", title: `${words.signOut} (${session.user})`, onclick: signOut }, icon("out"), h("span", null, words.signOut));
  const dot = h("span.health-dot"), says = h("span.health-words");
  const mayMend = storageNeeds.some(p => store.may(p));
  const health = mayMend ? h("a.health", { href: "/storage/health", onclick: (/** @type {MouseEvent} */ e) => { e.preventDefault(); go("/storage/health"); } }, dot, says) : h("div.health", { role: "img" }, dot, says);
  const moreButton = h("button.rail-link.more", { type: "button", "aria-expanded": "false", "aria-controls": "rail-rest", onclick: () => more(!element.classList.contains("open")) }, icon("more"), h("span", null, words.more));
  const rest = h("div.rail-rest", { id: "rail-rest" }, ...links.slice(tabs), h("span.grow"), h("p.rail-zone", { title: Intl.DateTimeFormat().resolvedOptions().timeZone }, lookWords.zone(zone())), health, me, out);
  const element = h("nav.rail", { "aria-label": session.site, onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === "Escape" && element.classList.contains("open")) { more(false); moreButton.focus(); } } },
    h("div.rail-top", null, h("img.mark", { src: "/icon.svg", alt: "" }), h("span.site", { title: session.site }, session.site)), ...links.slice(0, tabs), moreButton, rest);

  /** @param {boolean} open */
  function more(open) { element.classList.toggle("open", open); moreButton.setAttribute("aria-expanded", String(open)); }
  undo.on(document, "pointerdown", e => { if (!element.contains(/** @type {Node} */ (e.target))) more(false); });

  function paint() {
    const state = store.health?.state || "ok";
    dot.className = "health-dot " + state;
    moreButton.dataset.health = state; // on a phone the words are behind it
    says.textContent = /** @type {any} */ (words.healthy)[state];
    health.title = store.health?.summary || "";
    if (!mayMend) health.setAttribute("aria-label", `${words.health}: ${says.textContent}`);
  }
  undo.on(store, "change", paint);
  paint();

  // What waits for this person's decision is said once, and not again when it was put away.
  const banner = h("div.wish", { role: "status", hidden: true });
  /** @type {Set<string>} */
  const away = new Set();
  function wished() {
    const open = wishes.toDecide();
    count.textContent = String(open.length);
    count.hidden = open.length === 0;
    count.title = words.wishesWait(open.length);
    const [next] = open.filter(a => !away.has(a.id));
    banner.hidden = !next || here === "approvals";
    if (next) morph(banner, icon("approvals"), h("span.grow", null, words.wish(next.by_name, wishes.says(next), next.reason)), h("button.button", { type: "button", onclick: () => go(`/approvals?id=${encodeURIComponent(wishes.toDecide().find(a => !away.has(a.id))?.id || "")}`) }, words.look),
      h("button.icon-button", { type: "button", title: words.close, "aria-label": words.close, onclick: () => { for (const a of wishes.toDecide()) away.add(a.id); wished(); } }, icon("close")));
    const i = list.findIndex(p => p[0] === "approvals");
    if (i >= 0) links[i].hidden = !list[i][2](); // who asked for something sees what became of it
  }
  undo.on(wishes, "change", wished);
  undo.on(store, "change", () => { if (!banner.hidden) wished(); }); // cameras get their names
  wished();

  return {
    element, banner, leave: () => undo.run(),
    /** @param {string} where */
    mark(where) {
      here = where;
      for (const a of element.querySelectorAll("a.rail-link")) a.setAttribute("aria-current", a.getAttribute("href") === "/" + where ? "page" : "false");
      moreButton.classList.toggle("on", !!rest.querySelector("[aria-current=page]"));
      wished();
    },
  };
}
