// What a gateway has on its pages once people have used it: without, a look at the pages would see empty lists.
import { recorded, until } from "./browser.js";

/** Leaves marks, a lock, an erasure, an export, a group, somebody invited and a wall at a demo. @param {{page: import("playwright-core").Page}} b signed in as its administrator */
export async function settle({ page }) {
  const begin = await recorded(page, ["gate", "shop-floor"], 12), at = (/** @type {number} */ s) => new Date(begin + s * 1000).toISOString(), later = new Date(Date.now() + 86400e3).toISOString();
  for (const [method, path, json] of /** @type {[string, string, unknown][]} */ ([
    ["POST", "cameras/gate/events", { kind: "mark", source: "viewer", at: at(3), text: "White van, second time today" }],
    ["POST", "cameras/shop-floor/events", { kind: "line", source: "test" }],
    ["POST", "locks", { camera: "gate", from: at(1), to: at(5), until: later, reason: "Police, case 12" }],
    ["POST", "erasures", { camera: "shop-floor", from: at(1), to: at(3), ground: "subject request" }],
    ["PUT", "camera-groups/outside", { name: "Outside", cameras: ["gate", "yard-thermal"] }],
    ["POST", "people", { username: "anna", display: "Anna Berg", grants: [{ role: "operator", cameras: ["*"] }] }],
    ["POST", "tokens", { kind: "device", name: "Guard room", permissions: ["see", "live"], cameras: ["*"], until: later }],
    ["POST", "exports", { title: "Case 12", reason: "Theft at the gate", recipient: "Police", form: "original", clips: [{ camera: "gate", from: at(1), to: at(5) }] }],
  ])) {
    const [status, text] = await page.evaluate(async ([method, path, json]) => {
      const { csrf } = await (await fetch("/api/v1/session")).json();
      const r = await fetch(`/api/v1/${path}`, { method, headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" }, body: json });
      return /** @type {const} */ ([r.status, await r.text()]);
    }, /** @type {const} */ ([method, path, JSON.stringify(json)]));
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  }
  await until(page, "fetch('/api/v1/exports').then(r => r.json()).then(l => l.length === 1 && l[0].state === 'done')", 60000);
}
