// Takes the pages at the sizes of a phone, a desk and a wall, dark and light, into scripts/e2e/out/screens, to be looked at one by one.
// Not part of the tests, and what it takes stays out of the repository. It needs what scripts/e2e/run makes, and WEEK_BIN:
//
//	go build -o /tmp/bin/ ./cmd/holdfast ./scripts/street ./scripts/week
//	HOLDFAST_BIN=/tmp/bin/holdfast STREET_BIN=/tmp/bin/street WEEK_BIN=/tmp/bin/week HOLDFAST_SHARED=… ./apart node screens.js [OPTION…] [PART OF A NAME…]
//
//	--sizes 390,1440  some widths        --themes dark  one theme
//	--days N          of footage; 7      --extra N      more cameras beside the ten
//	--language de     the pages in another language; states are left out, since they are come to by English words
//
// A name is a page's address, or one of the states below, in troubles.js or in states.js (first set-up, an empty site, a volume that is missing, a gateway that
// is gone, least rights, approvals, alarms, a browser that can play nothing, …); without a part every one is taken. The site (site.js) has ten cameras and a
// week of footage: one thermal, one 4:3, one portrait, one at night, one that moves, one that was lost, one that was added two
// days ago and one that never answered since it was added; gaps of several causes, events, marks with words, locked ranges, footage from a card, people, a group, a wall, exports.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pages, visit } from "./quality.js";
import { lived, site } from "./site.js";
import { exportStates, fullDisk, packages } from "./states.js";
import { beginnings, takeTrouble, troubles } from "./troubles.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{name: string, path: string, keep?: Record<string, string>, act?: (p: Page) => Promise<unknown>, bare?: boolean}} Shot keep: what the device remembers; bare: of somebody who is not signed in */

const { values: o, positionals: parts } = parseArgs({ allowPositionals: true, options: { sizes: { type: "string", default: "390,1440,3840" }, themes: { type: "string", default: "dark,light" }, days: { type: "string", default: "7" }, extra: { type: "string", default: "0" }, language: { type: "string", default: "" } } });
const out = new URL("./out/screens/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const sizes = /** @type {[number, number][]} */ ([[390, 844], [1440, 900], [3840, 2160]]).filter(s => o.sizes.split(",").includes(String(s[0])));
const themes = /** @type {("dark"|"light")[]} */ (o.themes.split(","));
const wait = (/** @type {number} */ ms) => new Promise(ok => setTimeout(ok, ms)); // pictures take their time: nothing is judged by it but by eye

const s = await site({ days: Number(o.days), extra: Number(o.extra) }), wall = await lived(s);
const ago = (/** @type {number} */ hours) => new Date(Date.now() - hours * 3600e3).toISOString();
const four = "entrance,till,gate,shop", all = "entrance,till,lift,stockroom,loading,corridor,shop,gate,yard";
const hour = 3600e3, day = 24 * hour;
/** A place on the timeline. @param {string} name @param {string} cameras @param {number} hours ago @param {number} span ms @param {Shot["act"]} [act] @returns {Shot} */
const moment = (name, cameras, hours, span, act) => ({ name: `timeline-${name}`, path: `/timeline?cameras=${cameras}&at=${ago(hours)}`, keep: { "holdfast.timeline": JSON.stringify({ span }) }, act });
const press = (/** @type {string} */ name) => (/** @type {Page} */ p) => p.getByRole("button", { name, exact: true }).first().click({ timeout: 4000 });
/** The page of live pictures stays when it is visited again: what it shows is chosen as a person does. @param {string} name */
const view = name => (/** @type {Page} */ p) => p.locator("select.view-pick").selectOption({ label: name });

/** @type {Shot[]} */
const states = [
  { name: "live-large", path: "/live/entrance" }, { name: "live-info", path: "/live/entrance", act: press("Info") },
  { name: "live-ptz", path: "/live/gate", act: press("Turn and zoom") }, { name: "live-thermal", path: "/live/yard" }, { name: "live-portrait", path: "/live/lift" },
  { name: "live-offline", path: "/live/loading" }, { name: "live-never", path: "/live/roof" },
  { name: "live-group", path: "/live", act: view("Ground floor") }, { name: "live-6", path: "/live", act: async p => { await view("All cameras")(p); await press("One large, five small")(p); } },
  { name: "live-16", path: "/live", act: press("4 × 4") }, { name: "live-free", path: "/live", act: press("Free") }, { name: "live-tour", path: "/live", act: press("Start the tour") }, { name: "live-alarms", path: "/live", act: press("Bring alarms to the front") },
  { name: "live-arrange", path: "/live", act: async p => { await press("As many as there are")(p); await press("Arrange")(p); } }, { name: "keys", path: "/live", act: p => p.keyboard.press("?") },
  { name: "live-wall", path: wall?.link ? new URL(wall.link, s.base).href.slice(s.base.length) : "/wall", bare: true },
  moment("minutes", "entrance", 2, 10 * 60e3), moment("hours", "entrance", 1.6, 6 * hour), moment("day", "entrance", 5, day), moment("week", "entrance", 30, 7 * day), moment("year", "entrance", 30, 365 * day),
  moment("four", four, 2.2, 4 * hour), moment("ten", all, 5, day), moment("full", "till", 53.2, 3 * hour), moment("gap", "entrance", 70.5, 6 * hour), moment("lost", "loading", 0.3, 3 * hour), moment("motion", "lift", 9, 12 * hour),
  moment("locked", "entrance", 4.9, 2 * hour), moment("range", "entrance", 5, 3 * hour, press("Pick a range")), moment("calendar", four, 30, day, press("Days with footage")), moment("list", four, 8, day, press("What happened")), moment("search", "entrance", 5, 3 * hour, press("Look for motion")), moment("reverse", "entrance", 5, 3 * hour, press("Play backwards")), moment("choose", four, 5, 3 * hour, p => p.locator("button.pick").click()),
  { name: "timeline-live", path: "/timeline/entrance" }, { name: "timeline-live-offline", path: "/timeline?cameras=entrance,loading" },
  { name: "timeline-never", path: "/timeline/roof" },
  { name: "sign-in", path: "/", bare: true },
];
const wanted = (/** @type {string} */ name) => !parts.length || parts.some(p => name.includes(p));
const nameOf = (/** @type {string} */ path) => path.slice(1).replace(/[/?]/g, "-");
const addresses = [...await pages(s.page), ...["", "/video", "/picture", "/masks", "/recording", "/events", "/outputs", "/network", "/upkeep"].map(p => `/camera/shop${p}`), "/cameras?find"].map(path => ({ name: nameOf(path), path }));
const list = /** @type {Shot[]} */ ([...addresses, ...o.language ? [] : states]).filter(x => wanted(x.name)), suffix = o.language && `-${o.language}`;

/** @param {Page} page @param {Shot} x */
async function take(page, x) {
  if (x.bare) { await page.goto(s.base + x.path); await wait(x.path === "/" ? 500 : 5000); return; }
  await page.evaluate(async keep => {
    const { person, user } = await (await fetch("/api/v1/session")).json();
    for (const [k, v] of Object.entries(keep)) localStorage.setItem(k.replace(/^live:/, `live:${person || user || ""}:`), v);
  }, { "live:now": JSON.stringify("all"), ...x.keep });
  await visit(page, x.path);
  await wait(/^\/(live|timeline)/.test(x.path) ? 3500 : 400);
  await x.act?.(page);
  await wait(x.act ? 1500 : 0);
}

for (const [width, height] of sizes) {
  for (const theme of themes) {
    const make = () => s.browser.newContext({ viewport: { width, height }, colorScheme: theme, timezoneId: "Europe/Berlin" });
    const known = await make(), stranger = await make();
    if (o.language) await known.addInitScript(l => localStorage.setItem("holdfast.language", l), o.language);
    await known.addCookies(await s.context.cookies());
    const page = await known.newPage(), bare = await stranger.newPage();
    await page.goto(s.base + "/me");
    await page.waitForSelector("nav.rail");
    for (const x of list) {
      const p = x.bare ? bare : page;
      await take(p, x).catch(e => console.log(`${x.name}: ${e.message.split("\n")[0]}`));
      await p.screenshot({ path: join(out, `${x.name}-${width}-${theme}${suffix}.png`) });
    }
    await known.close();
    await stranger.close();
    console.log(`${width} × ${height} ${theme}: ${list.length} pictures`);
  }
}
if (o.language) { await s.stop(); process.exit(0); }
const first = await beginnings(), full = fullDisk(s);
for (const x of [...first.list, ...full.list, ...packages(s), ...await troubles(s), ...exportStates(s)].filter(x => wanted(x.name))) { // each in every size before the next: the last of them kill the gateway
  for (const [width, height] of sizes) {
    for (const theme of themes) await takeTrouble(s, x, { viewport: { width, height }, colorScheme: theme }, join(out, `${x.name}-${width}-${theme}.png`)).catch(e => console.log(`${x.name}: ${e.message.split("\n")[0]}`));
  }
}
await first.stop();
await full.stop();
await s.stop();
process.exit(0);
