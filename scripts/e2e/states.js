// States of exports, of a full disk, and of evidence packages, for screens.js; see troubles.js.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, recorded, until } from "./browser.js";
import { scratch, serve } from "./gateway.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./troubles.js").Trouble} Trouble */
/** @typedef {Parameters<typeof import("./troubles.js").troubles>[0]} Site */

const hour = 3600e3;
const ago = (/** @type {number} */ ms) => new Date(Date.now() - ms).toISOString();

/** Exports that are not as they should be. @param {Site} s @returns {Trouble[]} */
export function exportStates(s) {
  /** Orders an export that is drawn anew, which takes a while. @param {string} title @param {number} clips @param {number} minutes of each */
  const order = async (title, clips, minutes) => (await s.ask("POST", "exports", { title, reason: "Police, case 31/2026", recipient: "Police, Mitte", form: "redacted", burn_time: true, notes: ["The person in the red jacket is a colleague."],
    clips: Array.from({ length: clips }, (_, i) => ({ camera: i % 2 ? "entrance" : "till", from: ago(6 * hour - i * minutes * 60e3), to: ago(6 * hour - (i + 1) * minutes * 60e3) })) })).id;
  /** Waits until an export is so. @param {string} id @param {string} is an expression of x */
  const when = (id, is) => until(s.page, `fetch("/api/v1/exports/${id}").then(r => r.json()).then(x => ${is})`, 120e3);
  const show = (/** @type {Page} */ p, /** @type {string} */ id) => p.goto(`${s.base}/exports/${id}`);
  const put = (/** @type {string} */ id, /** @type {string} */ what) => s.ask("POST", `exports/${id}/${what}`);
  let id = "";
  const remove = async () => { await s.ask("POST", `exports/${id}/cancel`).catch(() => {}); await s.ask("DELETE", `exports/${id}`); };
  return [
    { name: "exports-running", path: "/exports", before: async () => { id = await order("Two in the stockroom", 6, 20); await when(id, "x.state === 'running' && x.progress > 0"); }, act: p => show(p, id), after: remove },
    { name: "exports-cancelled", path: "/exports", before: async () => { id = await order("Ordered by mistake", 4, 20); await when(id, "x.state === 'running'"); await put(id, "cancel"); }, act: p => show(p, id), after: remove },
    { name: "exports-failed", path: "/exports", before: async () => { id = await order("Wrong till", 2, 30); await when(id, "x.state === 'running' && x.progress > 0"); killChild(Number(s.child.pid), "ffmpeg"); await when(id, "x.state === 'failed'"); }, act: p => show(p, id), after: remove },
    { name: "exports-resumed", path: "/exports", before: async () => { id = await order("Before the restart", 12, 20); await when(id, "x.parts > 1"); s.child.kill("SIGKILL"); await s.restart(); }, act: async p => { await p.context().addCookies(await s.context.cookies()); await show(p, id); await p.getByRole("progressbar").first().waitFor({ timeout: 20000 }); }, after: remove },
    { name: "exports-not-here", path: "/exports/x-0123456789ab" },
    { name: "exports-went", path: "/exports", before: async () => { id = await order("Taken away", 2, 5); await put(id, "cancel"); }, act: async () => { await s.ask("DELETE", `exports/${id}`); } },
  ];
}

/** Ends the process of a name that another one has begun. @param {number} parent @param {string} name */
function killChild(parent, name) {
  for (const d of readdirSync("/proc").filter(d => /^\d+$/.test(d))) {
    try {
      const [, comm, rest] = /** @type {string[]} */ (/\((.*)\) (.*)/.exec(readFileSync(`/proc/${d}/stat`, "utf8")));
      if (comm === name && Number(rest.split(" ")[1]) === parent) process.kill(Number(d), "SIGKILL");
    } catch { /* it has ended */ }
  }
}

/** A gateway whose one volume is full of locked footage: what it records now is lost. It is made when it is first asked for. @param {Site} s @returns {{list: Trouble[], stop: () => Promise<unknown>}} */
export function fullDisk(s) {
  /** @type {Promise<{base: string, cookies: any[], end: () => Promise<unknown>}>|undefined} */
  let made;
  const who = () => made ||= (async () => {
    const dir = scratch(), volume = join(dir, "volume");
    mkdirSync(volume);
    const cameras = readFileSync(s.file, "utf8").split("\n").filter(l => /^ {2}- \{id: (entrance|till|stockroom|corridor),/.test(l));
    // The volume is a disk of its own, which nobody else sees.
    const g = await serve(`listen: 127.0.0.1:0\ntime_zone: Europe/Berlin\nwebrtc: {udp: "127.0.0.1:0", tcp: "127.0.0.1:0"}\ncameras:\n${cameras.join("\n")}\n`, dir, ["unshare", "--mount", "sh", "-c", `mount -t tmpfs -o size=20m tmpfs ${volume} && exec "$@"`, "sh"]);
    const b = await open({ base: g.base, browser: s.browser });
    await b.page.goto(g.link);
    await b.page.fill("#f-username", "owner");
    await b.page.fill("#f-password", "green horses eat late");
    await b.page.click("button[type=submit]");
    await b.page.getByRole("button", { name: "Later" }).click();
    await b.page.goto(g.base + "/me");
    const ids = ["entrance", "till", "stockroom", "corridor"], begin = await recorded(b.page, ids, 12);
    await b.page.evaluate(async ([ids, from, to, until]) => {
      const { csrf } = await (await fetch("/api/v1/session")).json();
      for (const camera of ids) await fetch("/api/v1/locks", { method: "POST", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" }, body: JSON.stringify({ camera, from, to, until, reason: "Police, case 12/2026" }) });
    }, /** @type {const} */ ([ids, new Date(begin - 60e3).toISOString(), new Date().toISOString(), ago(-30 * 24 * hour)]));
    try { for (let n = 0; ; n++) writeFileSync(`/proc/${g.child.pid}/root${volume}/other-${n}`, Buffer.alloc(1 << 20)); } catch { /* it is full */ }
    await until(b.page, "fetch('/api/v1/volumes').then(r => r.json()).then(l => l[0].state === 'full')", 120e3);
    return { base: g.base, cookies: await b.context.cookies(), end: async () => { await b.context.close(); await g.end(); } };
  })();
  const list = ["/live", "/live/till", "/storage", "/storage/health", "/storage/locked", "/cameras", "/timeline/till", "/timeline?cameras=entrance,till,stockroom,corridor"].map((path, i) => ({ name: `full${path.replace(/\?.*/, "-four").replaceAll("/", "-")}`, path, who, wait: 4000 }));
  return { list, stop: async () => { if (made) await (await made).end(); } };
}

/** The page of an evidence package as whoever got it opens it: a file on their disk, on the screen and as it is printed. @param {Site} s @returns {Trouble[]} */
export function packages(s) {
  /** @type {Map<string, Promise<string>>} */
  const made = new Map();
  /** Makes an export, unpacks it, and gives its page. @param {string} name @param {any} order */
  const page = (name, order) => { if (!made.has(name)) made.set(name, make(order)); return /** @type {Promise<string>} */ (made.get(name)); };
  /** @param {any} order */
  async function make(order) {
    const { id } = await s.ask("POST", "exports", order), dir = scratch(), zip = join(dir, "package.zip");
    if (!id) throw new Error(`not ordered: ${order.title}`);
    await until(s.page, `fetch("/api/v1/exports/${id}").then(r => r.json()).then(x => x.state === "done")`, 120e3);
    writeFileSync(zip, await (await s.context.request.get(`${s.base}/api/v1/exports/${id}/package`)).body());
    execFileSync("unzip", ["-q", zip, "-d", dir]);
    return `file://${join(dir, readdirSync(dir).find(n => n !== "package.zip") || "", "index.html")}`;
  }
  const clip = (/** @type {string} */ camera, /** @type {number} */ from, /** @type {number} */ to) => ({ camera, from: ago(from * hour), to: ago(to * hour) });
  const original = { title: "Fall at the door", reason: "Insurance claim 2026-1178", recipient: "Allianz, claims", form: "original", clips: [clip("entrance", 5, 4.9), clip("till", 5, 4.95), clip("entrance", 26.2, 25.8)], stills: [{ camera: "entrance", at: ago(4.95 * hour) }, { camera: "till", at: ago(4.96 * hour) }, { camera: "entrance", at: ago(4.94 * hour) }], notes: ["The visitor slips at 10:04 on the wet floor.\nThe sign stood there since 09:50."] };
  const redacted = { title: "", reason: "Subject request 4", recipient: "Ms Doe", form: "redacted", burn_time: true, mute: true, clips: [{ ...clip("till", 3, 2.98), cover: "blur", masks: [{ keys: [{ points: [[0.1, 0.1], [0.4, 0.1], [0.4, 0.5], [0.1, 0.5]] }] }] }] };
  /** @param {string} name @param {any} order @param {(p: Page) => Promise<unknown>} [then] */
  const shot = (name, order, then) => /** @type {Trouble} */ ({ name, path: "/me", act: async p => { await p.goto(await page(order.title, order)); await until(p, "[...document.querySelectorAll('video')].every(v => v.readyState >= 1)"); await then?.(p); } });
  const paper = async (/** @type {Page} */ p) => { await p.emulateMedia({ media: "print" }); await p.setViewportSize({ width: 794, height: 1123 }); };
  return [shot("package", original), shot("package-lower", original, p => p.evaluate("scrollTo(0, document.body.scrollHeight)")), shot("package-redacted", redacted), shot("package-printed", original, paper)];
}
