// Plays one scene of the browser tests, or of it what a filter wants: node scene.js NAME [PART OF A TEST'S NAME].
import { open, seen, until } from "./browser.js";
import { demo } from "./gateway.js";
import { scenes, wanted } from "./scenes.js";
import { settle } from "./settle.js";

/**
 * What a part is given. The page, its context and browser, and where the demo is, are there in a shop only.
 * @typedef {object} Scene
 * @property {string} out where screenshots go
 * @property {(name: string, f: () => Promise<unknown>) => Promise<void>} test
 * @property {(ok: unknown, what: string) => void} must
 * @property {(faults: string[]) => void} clean
 * @property {import("playwright-core").Page} page @property {import("playwright-core").BrowserContext} context @property {import("playwright-core").Browser} browser
 * @property {string} base @property {string} data
 * @property {(o: import("playwright-core").BrowserContextOptions) => Promise<import("playwright-core").BrowserContext>} make a context in which an administrator is signed in
 */

const [name, filter = ""] = process.argv.slice(2), scene = scenes.find(s => s.name === name);
if (!scene) throw new Error(`no scene ${name}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1)); // which ends what it has started

/** A test that takes so long hangs, ms: what is evaluated in a page has no limit of its own. */
const limit = 180e3;
const out = new URL("./out/", import.meta.url).pathname;
let failed = 0;

/** @param {unknown} ok @param {string} what */
function must(ok, what) { if (!ok) throw new Error(what); }
/** @param {string[]} faults */
function clean(faults) { must(faults.length === 0, faults.join("\n")); }

/** @param {string} name @param {() => Promise<unknown>} f */
async function test(name, f) {
  const begun = Date.now(), seconds = () => ((Date.now() - begun) / 1000).toFixed(1);
  let late;
  try {
    const said = await Promise.race([f(), new Promise((_, no) => { late = setTimeout(() => no(new Error(`not done after ${limit / 1000} s`)), limit); })]);
    console.log(`ok   ${name} (${seconds()} s)${said ? ` ${JSON.stringify(said)}` : ""}`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${name} (${seconds()} s): ${/** @type {Error} */ (e).stack}`);
    for (const page of await seen()) console.log(`     ${page}`);
  }
  clearTimeout(late);
}

/** The demo with an administrator signed in. */
async function shop() {
  const begun = Date.now(), gw = await demo(), b = await open({ base: gw.base });
  await b.page.goto(gw.link);
  await until(b.page, "document.querySelectorAll('.tile').length === 3");
  await b.page.goto(gw.base + "/me"); // no pictures that nobody looks at: they take a third of a core
  await b.page.waitForSelector("nav.rail");
  if (scene?.settled) await settle(b);
  console.log(`     ${name} is set up after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  /** @param {import("playwright-core").BrowserContextOptions} o */
  const make = async o => {
    const context = await b.browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", timezoneId: "Europe/Berlin", ...o });
    if (!o.storageState) await context.addCookies(await b.context.cookies());
    return context;
  };
  return { ...b, base: gw.base, data: gw.data, make, end: async () => {
    await test(`no request of the scene ${name} left the gateway, no script complained`, async () => clean(b.faults));
    await b.browser.close();
    await gw.end();
  } };
}

const s = scene.shop ? await shop() : { end: async () => {} };
for (const part of scene.parts) {
  const want = wanted(part, filter);
  let place = 0;
  const { [part.file]: run } = await import(`./${part.file}.js`);
  await run({ ...s, out, must, clean, test: async (/** @type {string} */ name, /** @type {() => Promise<unknown>} */ f) => { if (want(name, place++)) await test(name, f); } });
}
await s.end();
process.exit(failed ? 1 : 0);
