// People in the viewer: invited by a link, with a second factor, seeing only what they may, ended when that ends; two people for
// footage; walls; and the log that says afterwards who watched.
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { moving, open, until } from "./browser.js";
import { serve } from "./gateway.js";
import { streets } from "./streets.js";

/** @typedef {import("playwright-core").Page} Page */
const password = "green horses eat late", hers = "seven quiet lamps burn";

/** A code of an authenticator (RFC 6238). @param {string} key base32, in groups @param {number} at ms */
function totp(key, at) {
  const bits = [...key.replaceAll(" ", "")].map(c => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from((bits.match(/.{8}/g) || []).map(b => parseInt(b, 2))), step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac("sha1", secret).update(step).digest(), from = mac[19] & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1e6).padStart(6, "0");
}

/** @param {import("./scene.js").Scene} s */
export async function people({ out, test, must }) {
  const { h264 } = await streets("h264"), url = h264.url;
  const gw = await serve(`listen: 127.0.0.1:0\nwebrtc: {udp: ":0", tcp: ":0"}\ncameras:\n  - {id: till, name: Till 1, rtsp: "${url}"}\n  - {id: door, name: Back door, rtsp: "${url}"}\n`);
  const b = await open({ base: gw.base }), owner = b.page;
  const a = await open({ base: gw.base, browser: b.browser }), anna = a.page;
  /** @param {Page} page @param {string} path @param {string} [method] @param {unknown} [json] */
  const api = (page, path, method = "GET", json) => page.evaluate(async ([path, method, json]) => {
    const { csrf } = await (await fetch("/api/v1/session")).json();
    const r = await fetch(`/api/v1/${path}`, { method, headers: { "X-CSRF-Token": csrf, ...(json ? { "Content-Type": "application/json" } : {}) }, body: json || undefined });
    return { status: r.status, json: await r.json().catch(() => null) };
  }, /** @type {const} */ ([path, method, json ? JSON.stringify(json) : ""]));
  /** @param {Page} page @param {string} name */
  const shot = (page, name) => page.screenshot({ path: join(out, `${name}.png`) });
  const till = { role: "viewer", cameras: ["till"] };
  let id = "", key = "", recovery = "";

  await test("somebody is invited, and chooses a password that the gateway takes", async () => {
    await owner.goto(gw.link);
    await owner.getByLabel("User name").fill("owner");
    await owner.getByLabel("Password").fill(password);
    await owner.keyboard.press("Enter");
    await owner.getByRole("button", { name: "Later" }).click(); // the recovery key
    await until(owner, "document.querySelectorAll('.tile').length === 2");
    await owner.goto(gw.base + "/people");
    await owner.getByRole("button", { name: "Invite somebody" }).click();
    const dialog = owner.getByRole("dialog", { name: "Invite somebody" });
    await dialog.getByLabel("Name", { exact: true }).fill("Anna Lindt");
    must(await dialog.getByLabel("Signs in as").inputValue() === "anna", "no name is proposed");
    await dialog.getByLabel("Role").selectOption("viewer");
    await dialog.getByLabel("Some cameras").check();
    const make = dialog.getByRole("button", { name: "Make the invitation" });
    must(await make.isDisabled(), "a right over no camera can be given");
    await dialog.getByLabel("Till 1").check();
    await dialog.getByLabel("At these hours").check();
    await dialog.getByRole("button", { name: "None", exact: true }).click();
    must(await make.isDisabled(), "a right at no hour can be given");
    await dialog.getByRole("gridcell", { name: /^Monday 08:00/ }).focus();
    await owner.keyboard.press("Space");
    await owner.keyboard.press("Shift+ArrowDown");
    await owner.keyboard.press("Shift+ArrowRight");
    await dialog.getByText("Mon, Tue 08:00–10:00").waitFor().catch(async () => { throw new Error(`painted: ${await dialog.locator(".week-says").textContent()}`); });
    await shot(owner, "invite-1440-dark");
    await dialog.getByLabel("Always").check();
    await make.click();
    const link = await owner.getByRole("dialog", { name: "Anna Lindt" }).getByLabel("Pass this link to Anna Lindt").inputValue();
    must(link.startsWith(gw.base + "/join#invite=hfi_"), link);
    await shot(owner, "invited-1440-dark");
    await owner.getByRole("button", { name: "Done" }).click();
    await owner.getByRole("row", { name: /Anna Lindt.*Invited/ }).waitFor();
    id = (await api(owner, "people")).json.find((/** @type {any} */ p) => p.username === "anna").id;

    await anna.goto(link);
    await anna.getByText("Welcome, Anna Lindt").waitFor();
    must(!anna.url().includes("hfi_"), anna.url());
    const pass = anna.getByLabel("Password");
    await pass.fill("short");
    await anna.getByText("7 characters more").waitFor();
    await pass.fill("password1234");
    await anna.keyboard.press("Enter");
    await until(anna, "[...document.querySelectorAll('.field-error')].some(e => e.textContent.length > 20)");
    await shot(anna, "join-1440-dark");
    const said = await anna.locator(".field-error").allTextContents();
    await pass.fill(hers);
    await anna.keyboard.press("Enter");
    await until(anna, "document.querySelectorAll('.tile').length === 1");
    return said.filter(Boolean);
  });

  await test("a viewer of one camera sees that camera, and no way to anything else", async () => {
    await anna.waitForSelector(".tile.playing video");
    await moving(anna, ".tile.playing video");
    const places = await anna.locator("nav.rail a.rail-link:visible").allTextContents();
    must(places.join() === "Live,Anna Lindt", places.join());
    await shot(anna, "viewer-1440-dark");
    await anna.locator(".tile").click();
    await anna.waitForSelector(".tile.large.playing video");
    const named = await anna.locator("[role=toolbar] :is(button, a):visible").evaluateAll(l => l.map(e => e.getAttribute("aria-label") || e.textContent));
    must(named.filter(n => n !== "Picture in picture").join() === "Back to all cameras,Boxes and temperatures,Snapshot,Info,Full screen", named.join());
    for (const path of ["/people", "/audit", "/storage", "/cameras", "/timeline/till"]) {
      await anna.goto(gw.base + path);
      await until(anna, "location.pathname === '/live'");
    }
    await anna.goto(gw.base + "/live/door");
    await anna.getByText("There is no such camera here").waitFor();
    for (const path of ["cameras/door", "people", "audit", "cameras/till/spans?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "cameras/door/snapshot.jpg", "nothing"]) {
      const r = await api(anna, path);
      must(r.status === 404 && r.json.type === "/problems/not-found", `${path}: ${r.status} ${JSON.stringify(r.json)}`);
    }
    return { places, named };
  });

  await test("a second factor is set up, with recovery codes, and asked for", async () => {
    await anna.goto(gw.base + "/me/access");
    await anna.getByRole("button", { name: "Set up" }).click();
    const dialog = anna.getByRole("dialog", { name: "Set up a second factor" });
    await dialog.getByLabel("Your password").fill(hers);
    await anna.keyboard.press("Enter");
    key = await dialog.getByLabel("Or type this key").inputValue();
    await until(anna, "document.querySelector('img.qr')?.naturalWidth > 20");
    await shot(anna, "second-factor-1440-dark");
    await dialog.getByLabel("Code", { exact: true }).fill(totp(key, Date.now()));
    await anna.keyboard.press("Enter");
    const shown = anna.getByRole("dialog", { name: "Recovery codes" }).locator(".codes li");
    await shown.first().waitFor();
    const codes = await shown.allTextContents();
    must(codes.length === 10 && new Set(codes).size === 10, codes.join());
    recovery = codes[0];
    await shot(anna, "recovery-codes-1440-dark");
    await anna.getByRole("button", { name: "I have kept them" }).click();
    await anna.getByText("10 recovery codes left").waitFor();
    await anna.route("**/api/v1/session", r => r.request().method() === "DELETE" ? r.abort("connectionfailed") : r.fallback());
    await anna.locator(".rail-link.out").click();
    await anna.getByText("You are still signed in").waitFor();
    await shot(anna, "still-signed-in-1440-dark");
    await anna.unroute("**/api/v1/session");
    await leaveSlowly();
    await signIn(recovery.toLowerCase());
    await anna.locator(".rail-link.out").click();
    await signIn(totp(key, Date.now() + 30000)); // each code is good once: the next one is due soon
  });

  /**
   * Signs out with an answer that is long in coming: no form takes the page's place before that, what is typed there would be lost to the page
   * of signing in. The old page hears meanwhile that its session is over, as it does from the gateway when that is quicker.
   */
  async function leaveSlowly() {
    /** @type {(v?: any) => void} */
    let asked = () => {}, go = () => {};
    const over = new Promise(r => { asked = r; }), may = new Promise(r => { go = r; });
    await anna.route("**/api/v1/session", async r => {
      if (r.request().method() !== "DELETE") { await r.fallback(); return; }
      const response = await r.fetch();
      asked();
      await may;
      await r.fulfill({ response });
    });
    await anna.locator(".rail-link.out").click();
    await over;
    const seen = await anna.evaluate(async () => {
      const path = "/api.js", { api } = await import(path), p = await api.cameras().catch((/** @type {any} */ e) => e);
      return [p.status, document.querySelectorAll("form.sheet").length].join();
    });
    must(seen === "401,0", `the old page: ${seen}`);
    go();
    await anna.getByLabel("User name").waitFor();
    await anna.unroute("**/api/v1/session");
  }

  /** Signs in again with a code. @param {string} code */
  async function signIn(code) {
    await anna.getByLabel("User name").fill("anna");
    await anna.getByLabel("Password").fill(hers);
    await anna.keyboard.press("Enter");
    const field = anna.getByLabel("Code");
    await field.waitFor();
    await field.fill("AAAA-BBBB-CCCC-DDDD");
    await anna.keyboard.press("Enter");
    await anna.getByText("That was not accepted.").waitFor();
    await shot(anna, "code-1440-dark");
    await field.fill(code);
    await anna.keyboard.press("Enter");
    await until(anna, "document.querySelectorAll('.tile').length === 1");
  }

  let watching = new Date(0); // when anna watched live
  await test("taking a right away ends the picture within two seconds, and giving it back shows it", async () => {
    await anna.waitForSelector(".tile.playing video");
    await anna.evaluate(() => { // when the last picture was shown
      const v = /** @type {HTMLVideoElement} */ (document.querySelector(".tile.playing video")), w = /** @type {any} */ (window);
      const seen = () => { w.lastPicture = Date.now(); v.requestVideoFrameCallback(seen); };
      v.requestVideoFrameCallback(seen);
    });
    await until(anna, "window.lastPicture > 0");
    await owner.goto(`${gw.base}/people?id=${id}`);
    const side = owner.getByRole("complementary", { name: "People" });
    await side.getByRole("button", { name: "Take away" }).click();
    await shot(owner, "person-1440-dark");
    await side.getByRole("button", { name: "Save the rights" }).click();
    await side.getByText("Saved. It holds at once").waitFor();
    const ended = Date.now();
    await anna.getByText(/No camera is open to you now|What this gateway keeps|What you may do/).first().waitFor();
    const late = Number(await anna.evaluate("window.lastPicture")) - ended;
    must(late <= 2000, `the last picture came ${late} ms after the right had ended`);
    must(await anna.locator("video").count() === 0, "a picture is left");
    await shot(anna, "nothing-left-1440-dark");
    await api(owner, `people/${id}`, "PATCH", { grants: [till] });
    await anna.goto(gw.base + "/live");
    await anna.waitForSelector(".tile.playing video");
    watching = new Date();
    return { "last picture after the answer, ms": late };
  });

  await test("footage of a camera that takes two people is asked for, approved and played", async () => {
    await owner.goto(gw.base + "/people/rules");
    await owner.getByRole("button", { name: "Add a rule" }).click();
    await owner.getByRole("button", { name: "Apply" }).click();
    await owner.getByRole("button", { name: "Save the rules" }).click();
    await owner.getByText("Saved. It holds at once.").waitFor();
    await shot(owner, "rules-1440-dark");
    await api(owner, `people/${id}`, "PATCH", { grants: [{ role: "operator", cameras: ["till"] }] });
    await anna.locator("nav.rail").getByRole("link", { name: "Timeline" }).waitFor(); // the page has followed
    await until(anna, `(async () => { // some seconds of footage
      const now = Date.now(), res = await fetch("/api/v1/cameras/till/spans?from=" + new Date(now - 3600e3).toISOString() + "&to=" + new Date(now).toISOString());
      return (await res.json()).some(s => s.kind === "recorded" && Date.parse(s.end) - Date.parse(s.start) > 15000);
    })()`, 60000);
    const at = new Date(Date.now() - 12000).toISOString();
    await anna.goto(`${gw.base}/timeline/till?at=${at}`);
    await anna.getByText("Another person has to approve this first").waitFor();
    await shot(anna, "approval-needed-1440-dark");
    await anna.getByRole("button", { name: "Ask for it" }).click();
    const dialog = anna.getByRole("dialog", { name: "Ask to see footage of Till 1" });
    await dialog.getByLabel("Why").fill("A wallet is missing");
    await dialog.getByRole("button", { name: "Ask", exact: true }).click();
    await anna.getByText("Asked. It waits for another person").waitFor();
    await owner.getByText("“A wallet is missing”").first().waitFor();
    await shot(owner, "approval-banner-1440-dark");
    await owner.getByRole("button", { name: "Look" }).click();
    await owner.getByRole("button", { name: "Approve" }).waitFor();
    await shot(owner, "approvals-1440-dark");
    await owner.getByRole("button", { name: "Approve" }).click();
    await until(anna, "document.querySelector('video.footage:not([hidden])')?.currentTime > 0.2");
    const seen = await moving(anna, "video.footage:not([hidden])");
    await owner.getByRole("row", { name: /Approved/ }).waitFor();
    return seen;
  });

  await test("who watched a camera at a moment is told, from its timeline", async () => {
    await api(owner, "policy", "PUT", { two_people: [], second_factor: [], process_token: true });
    await owner.goto(`${gw.base}/timeline/till?at=${watching.toISOString()}`);
    await owner.getByRole("button", { name: "Who watched this moment" }).click();
    await owner.getByRole("row", { name: /anna|Anna/ }).first().waitFor();
    await shot(owner, "watched-1440-dark");
    await owner.goto(`${gw.base}/audit?person=${id}`);
    await owner.getByRole("row", { name: /Watched footage/ }).first().click();
    await shot(owner, "audit-1440-dark");
    const rows = await owner.locator("table.entries tbody tr").allTextContents();
    for (const what of [/Signed in/, /Began to watch live.*Till 1/, /Watched footage.*Till 1/, /Set up a second factor/, /Sign-in refused|Refused/]) must(rows.some(r => what.test(r)), `no entry ${what}: ${rows.join("\n")}`);
    await owner.goto(gw.base + "/audit/proof");
    await owner.getByRole("button", { name: "Verify the log" }).click();
    await owner.getByText(/Nothing is wrong: \d/).waitFor();
    await shot(owner, "proof-1440-dark");
  });

  await test("a wall shows its cameras and nothing else, and is shut when its link is revoked", async () => {
    await owner.goto(gw.base + "/people/tokens");
    await owner.getByRole("button", { name: "Add a wall" }).click();
    const dialog = owner.getByRole("dialog", { name: "Add a wall or kiosk" });
    await dialog.getByLabel("Name").fill("Control room");
    await dialog.getByLabel("Some cameras").check();
    await dialog.getByLabel("Back door").check();
    await dialog.getByRole("button", { name: "Make the link" }).click();
    const link = await owner.getByRole("dialog", { name: "Control room" }).getByLabel("Open this on the wall").inputValue();
    await owner.getByRole("button", { name: "Done" }).click();
    const w = await open({ base: gw.base, browser: b.browser });
    await w.page.goto(link);
    await w.page.waitForSelector(".tile.playing video");
    await moving(w.page, ".tile.playing video");
    must(await w.page.locator(".tile").count() === 1 && await w.page.locator("nav").count() === 0, "more than the camera is shown");
    must(!w.page.url().includes("hfd_"), w.page.url());
    await until(w.page, "getComputedStyle(document.querySelector('.wall')).cursor === 'none'");
    await shot(w.page, "wall-1440-dark");
    await w.page.reload();
    await w.page.waitForSelector(".tile.playing video");
    await owner.getByRole("row", { name: /Control room/ }).click();
    await owner.getByRole("button", { name: "Revoke" }).click();
    await owner.getByRole("dialog", { name: "Revoke Control room?" }).getByRole("button", { name: "Revoke" }).click();
    await w.page.getByText("This wall is not let in any more").waitFor();
    must(await w.page.locator("video").count() === 0, "a picture is left");
    must(w.faults.length === 0, w.faults.join("\n"));
    await w.context.close();
  });

  await test("ending a session shows the sign-in page with the reason, and the page of before comes back", async () => {
    await anna.goto(gw.base + "/live/till");
    await anna.waitForSelector(".tile.large.playing video");
    await owner.goto(gw.base + "/people/sessions");
    await owner.getByRole("row", { name: /anna/ }).click();
    await owner.getByRole("button", { name: "End", exact: true }).click();
    await owner.getByRole("dialog", { name: /^End the session of anna/ }).getByRole("button", { name: "End" }).click();
    await anna.getByText("Your session has ended").waitFor();
    await shot(anna, "session-ended-1440-dark");
    must(anna.url().endsWith("/live/till"), anna.url());
  });

  await test("the pages of people and audit on a phone, a wall and in the light", async () => {
    const cookies = await b.context.cookies(), kinds = /** @type {[string, [number, number], "dark"|"light"][]} */ ([["390-dark", [390, 844], "dark"], ["390-light", [390, 844], "light"], ["1440-light", [1440, 900], "light"], ["3840-dark", [3840, 2160], "dark"]]);
    for (const [name, size, scheme] of kinds) {
      const v = await open({ base: gw.base, size, scheme, browser: b.browser });
      await v.context.addCookies(cookies);
      for (const path of ["/people", "/people/roles", "/people/rules", "/me", "/me/held", "/audit", "/approvals"]) {
        await v.page.goto(gw.base + path);
        await v.page.waitForSelector("tbody tr, .grants, .nothing, .notice.bad");
        await shot(v.page, `${path.slice(1).replaceAll("/", "-")}-${name}`);
        must(await v.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${path} is wider than ${size[0]}`);
      }
      must(v.faults.length === 0, v.faults.join("\n"));
      await v.context.close();
    }
  });

  await test("no request of the people's pages left the gateway, no script complained", async () => must(a.faults.length + b.faults.length === 0, [...a.faults, ...b.faults].join("\n")));
  await a.context.close();
  await b.browser.close();
  await gw.end();
  h264.child.kill("SIGKILL");
}
