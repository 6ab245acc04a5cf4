// The viewer as a whole, page by page: what axe finds, what is not in a table of words or has no room, what the first load weighs, and
// whether the languages are whole.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { invited, until } from "./browser.js";
import { languagesWhole } from "./languages.js";
import { clipped, unspoken } from "./reading.js";

/** @typedef {import("playwright-core").Page} Page */
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** The sizes of a phone and of a desk. */
const phone = { width: 390, height: 844 }, desk = { width: 1440, height: 900 };
/** The first load of the live page may weigh so much over the wire, bytes. */
const firstLoad = 200e3;

/** Goes to a page of the viewer as its own links do, without loading it all again. @param {Page} page @param {string} path */
export async function visit(page, path) {
  await page.evaluate(p => { document.querySelectorAll("dialog").forEach(d => d.remove()); const main = document.querySelector("main"); if (main) delete main.dataset.at; history.pushState(null, "", p); window.dispatchEvent(new PopStateEvent("popstate")); }, path);
  await until(page, "!!document.querySelector('main')?.dataset.at").catch(e => { throw new Error(`${path}: ${e.message}`); });
  await until(page, "!document.querySelector('main .wait')").catch(() => {}); // the first answer is on its way
  await page.evaluate(() => new Promise(ok => { requestAnimationFrame(() => requestAnimationFrame(() => ok(0))); setTimeout(ok, 1000); })); // a page that is not seen draws no frame
}

/** The pages that this person may go to: what the rail and the tabs of pages lead to. @param {Page} page */
export async function pages(page) {
  const links = (/** @type {string} */ s) => page.$$eval(s, list => list.map(a => a.getAttribute("href") || ""));
  const all = new Set((await links("nav.rail a")).filter(Boolean));
  for (const path of [...all]) {
    await visit(page, path);
    for (const p of await links("main nav.tabs a")) all.add(p);
  }
  return [...all];
}

/** What axe finds that is serious or critical. @param {Page} page @param {string} where @returns {Promise<string[]>} */
export async function findings(page, where) {
  if (!await page.evaluate("!!window.axe")) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const r = await /** @type {any} */ (window).axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"] });
    return r.violations.filter((/** @type {any} */ v) => ["serious", "critical"].includes(v.impact)).map((/** @type {any} */ v) => `${v.id}: ${v.nodes.slice(0, 4).map((/** @type {any} */ n) => `${n.target.join(" ")} ${n.any[0]?.message || ""}`).join(" | ")}${v.nodes.length > 4 ? ` and ${v.nodes.length - 4} more` : ""}`);
  });
  return found.map((/** @type {string} */ f) => `${where}: ${f}`);
}

/** @param {Page} page @param {"dark"|"light"} theme */
export const colour = (page, theme) => page.evaluate(t => import(/** @type {any} */ ("/theme.js")).then(m => m.chooseTheme(t)), theme);

/** @param {import("./scene.js").Scene} s */
export async function quality({ make, base, test, must }) {
  /** Whether every page is looked at in both sizes in both themes; else in one of each, which is all of them once. */
  const whole = !!process.env.HOLDFAST_E2E_WHOLE;
  /** Looks at pages as one person sees them. @param {import("playwright-core").BrowserContext} context @param {string} who @param {string[]} more */
  async function look(context, who, more) {
    const page = await context.newPage();
    await page.goto(base + "/me");
    await page.waitForSelector("nav.rail");
    const all = [...await pages(page), ...more];
    /** @type {string[]} */
    const faults = [];
    const ways = /** @type {[typeof desk, "dark"|"light"][]} */ (whole ? [[desk, "dark"], [desk, "light"], [phone, "light"], [phone, "dark"]] : [[desk, "dark"], [phone, "light"]]);
    for (const path of all) {
      for (const [i, [size, theme]] of ways.entries()) {
        await page.setViewportSize(size);
        await colour(page, theme);
        if (i === 0) await visit(page, path);
        faults.push(...await findings(page, `${who} ${path} ${size.width} ${theme}`));
      }
    }
    await page.close();
    return { pages: all.length, faults };
  }

  await test("axe finds nothing serious on any page, in either size and theme", async () => {
    const admin = await make({}), cameras = await cameraOf(admin);
    const a = await look(admin, "administrator", [`/live/${cameras}`, `/timeline/${cameras}`, `/cameras/${cameras}`, "/cameras?find"]);
    const { context: guest, page: first } = await invited(admin, await make({ storageState: { cookies: [], origins: [] } }), base, "viewer");
    await first.close();
    const v = await look(guest, "viewer", [`/live/${cameras}`, `/timeline/${cameras}`]);
    await admin.close();
    await guest.close();
    must(a.faults.length + v.faults.length === 0, [...a.faults, ...v.faults].join("\n"));
    return { administrator: a.pages, viewer: v.pages };
  });

  await test("every sentence is in a table of words, and longer ones have room", async () => {
    const context = await make({});
    await context.addInitScript(() => localStorage.setItem("holdfast.language", "qps"));
    const page = await context.newPage(), told = new Set(/** @type {string[]} */ ([])), answers = /** @type {Promise<void>[]} */ ([]);
    page.on("response", r => { if (r.url().startsWith(base + "/api/") && (r.headers()["content-type"] || "").includes("json")) answers.push(r.json().then(j => gather(j, told)).catch(() => {})); });
    await page.goto(base + "/me");
    await page.waitForSelector("nav.rail");
    for (const path of ["cameras", "health", "session", "volumes"]) await page.evaluate(p => fetch(`/api/v1/${p}`).then(r => r.text()), path); // what the event stream tells, too
    const camera = await cameraOf(context);
    /** @type {string[]} */
    const faults = [];
    for (const path of [...await pages(page), `/live/${camera}`, `/timeline/${camera}`, `/cameras/${camera}`]) {
      for (const size of [desk, phone]) {
        await page.setViewportSize(size);
        await visit(page, path);
        await Promise.all(answers);
        if (size === desk) faults.push(...(await page.evaluate(unspoken, [...told])).map(t => `${path}: “${t}” is in no table`));
        faults.push(...(await page.evaluate(clipped)).map(t => `${path} at ${size.width}: ${t}`));
      }
    }
    await context.close();
    must(faults.length === 0, faults.join("\n"));
  });

  await test("nothing moves for whoever asks for less motion", async () => {
    const context = await make({ reducedMotion: "reduce" }), page = await context.newPage();
    const moves = () => page.evaluate(() => [...document.querySelectorAll("*")].filter(e => { const s = getComputedStyle(e); return s.animationName !== "none" || s.transitionDuration.split(",").some(d => parseFloat(d) > 0); }).map(e => `${e.localName}.${e.className}`));
    await page.goto(base + "/me");
    await page.waitForSelector("nav.rail");
    for (const path of ["/live", "/timeline", "/storage/health", "/cameras"]) {
      await visit(page, path);
      must((await moves()).length === 0, `${path}: ${await moves()}`);
    }
    await context.close();
  });

  await test("the first load is light, and asks nobody else", async () => {
    const context = await make({}), page = await context.newPage(), wire = await context.newCDPSession(page);
    let sum = 0, files = 0;
    const foreign = /** @type {string[]} */ ([]), media = new Set(/** @type {string[]} */ ([]));
    await wire.send("Network.enable");
    await wire.send("Network.setCacheDisabled", { cacheDisabled: true });
    wire.on("Network.responseReceived", e => { if (/^(video|audio|image)\//.test(e.response.mimeType) && e.response.url.includes("/api/")) media.add(e.requestId); });
    wire.on("Network.loadingFinished", e => { if (!media.has(e.requestId)) { sum += e.encodedDataLength; files++; } });
    wire.on("Network.requestWillBeSent", e => { if (!e.request.url.startsWith(base) && !/^(blob|data):/.test(e.request.url)) foreign.push(e.request.url); });
    await page.goto(base + "/live");
    await page.waitForSelector(".tile.playing");
    must(sum > 20e3 && sum < firstLoad, `the first load is ${sum} bytes in ${files} files`);
    must(foreign.length === 0, foreign.join("\n"));
    await context.close();
    return { bytes: Math.round(sum), files };
  });

  await test("the keys are listed, the page can be skipped to, and the theme holds", async () => {
    const context = await make({ colorScheme: "light" }), page = await context.newPage(), now = "document.documentElement.dataset.theme";
    await page.goto(base + "/me");
    await page.getByRole("heading", { name: "This device" }).waitFor();
    must(await page.evaluate(now) === "light", "it does not follow the system");
    await page.keyboard.press("Tab");
    await page.getByRole("link", { name: "Skip to the page" }).press("Enter");
    must(await page.evaluate("document.activeElement?.localName") === "main", "the page was not skipped to");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).getByText("These keys").waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("Colours").selectOption("dark");
    await until(page, `${now} === "dark"`);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.emulateMedia({ colorScheme: "light" });
    await page.reload();
    await page.getByLabel("Colours").selectOption("");
    await until(page, `${now} === "light"`);
    await page.getByLabel("Language").selectOption("de");
    await page.getByRole("heading", { name: "Dieses Gerät" }).waitFor();
    must(await page.evaluate("document.documentElement.lang") === "de", "the page does not say that it is German");
    await page.getByLabel("Sprache").selectOption("en");
    await page.getByRole("heading", { name: "This device" }).waitFor();
    await context.close();
  });

  await test("the languages are whole", async () => {
    const { faults, ...rest } = await languagesWhole();
    must(faults.length === 0, faults.join("\n"));
    return rest;
  });

  /** @param {import("playwright-core").BrowserContext} context */
  async function cameraOf(context) { return (await (await context.request.get(base + "/api/v1/cameras")).json())[0].id; }
}

/** All texts of an answer of the gateway, and their parts. @param {any} v @param {Set<string>} into */
function gather(v, into) {
  if (typeof v === "string") { if (/^\p{Lu}[^ ]* .* .*[.?]$/u.test(v)) return; into.add(v); for (const line of v.split("\n")) into.add(line.trim()); } else if (v && typeof v === "object") for (const [k, x] of Object.entries(v)) { into.add(k); gather(x, into); }
}
