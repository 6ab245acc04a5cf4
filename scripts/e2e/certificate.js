// The certificate in the browser: one that trusts the gateway's own authority, or the operator's, and nothing else; what their
// keys can and cannot vouch for; and the page that shows it.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { open, until } from "./browser.js";
import { scratch, serve } from "./gateway.js";

const password = "green horses eat late";

/** @param {string} program @param {string[]} args @param {string} [input] */
const say = (program, args, input = "") => execFileSync(program, args, { input, stdio: ["pipe", "pipe", "pipe"] }).toString();

/** A home whose browsers trust the given certificates. @param {string[]} files */
function trusting(...files) {
  const home = scratch(), db = "sql:" + join(home, ".pki/nssdb");
  mkdirSync(join(home, ".pki/nssdb"), { recursive: true });
  say("certutil", ["-d", db, "-N", "--empty-password"]);
  files.forEach((f, i) => say("certutil", ["-d", db, "-A", "-t", "C,,", "-n", `shop ${i}`, "-i", f]));
  return home;
}

/** Has an authority's key vouch for names, as a thief would. @param {string} ca its certificate and key, PEM @param {string} names as openssl writes them */
function vouch(ca, names) {
  const dir = scratch(), key = join(dir, "key.pem"), crt = join(dir, "leaf.crt"), ext = join(dir, "ext");
  say("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key]);
  writeFileSync(ext, `subjectAltName=${names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`);
  say("openssl", ["x509", "-req", "-days", "30", "-CA", ca, "-CAkey", ca, "-set_serial", String(Date.now()), "-extfile", ext, "-out", crt], say("openssl", ["req", "-new", "-key", key, "-subj", "/CN=x"]));
  return { crt, key };
}

/** A server that presents a certificate. @param {{crt: string, key: string}} pair @returns {Promise<{port: number, close: () => void}>} */
async function present(pair) {
  const s = createServer({ cert: readFileSync(pair.crt), key: readFileSync(pair.key) }, (_, res) => res.end("vouched for"));
  await new Promise(ok => s.listen(0, "127.0.0.1", () => ok(null)));
  return { port: /** @type {import("node:net").AddressInfo} */ (s.address()).port, close: () => s.close() };
}

/** @param {import("./scene.js").Scene} s */
export async function certificate({ out, test, must }) {
  const yaml = (/** @type {string} */ port, /** @type {string} */ more) => `listen: 127.0.0.1:${port}\nnames: [localhost, nvr.localhost, cams.localhost]\nwebrtc: {udp: ":0", tcp: ":0"}\ntls: {loopback: true${more}}\n`;
  let gw = await serve(yaml("0", ""));
  const operator = scratch();
  say("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90", "-subj", "/CN=Shop CA", "-keyout", join(operator, "ca.key"), "-out", join(operator, "ca.crt")]);
  const ca = join(operator, "ca.pem");
  writeFileSync(ca, readFileSync(join(operator, "ca.crt"), "utf8") + readFileSync(join(operator, "ca.key"), "utf8"));
  const own = join(gw.data, "tls/ca.crt"), named = gw.base.replace("127.0.0.1", "nvr.localhost");
  const b = await open({ base: gw.base, home: trusting(own, ca), flags: ["--host-resolver-rules=MAP bank.example 127.0.0.1"] }), page = b.page;
  const card = page.locator(".page"), fingerprint = () => page.locator(".rows .id").textContent();
  /** @param {string} name */
  const pictures = async name => {
    for (const [w, h] of [[1440, 900], [390, 844]]) {
      await page.setViewportSize({ width: w, height: h });
      await page.screenshot({ path: join(out, `certificate-${name}-${w}-dark.png`), fullPage: w < 500 });
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  };

  await test("a browser that trusts the own authority comes in without a warning, by address and by name", async () => {
    await page.goto(gw.link);
    await page.getByLabel("User name").fill("owner");
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Later" }).click(); // the recovery key is asked for: encryption.js
    await until(page, "location.pathname === '/live'");
    must((await page.request.get(gw.base + "/healthz", { ignoreHTTPSErrors: true })).headers()["strict-transport-security"] === undefined, "HSTS with the own authority");
    const other = await b.context.newPage();
    must((await other.goto(named + "/healthz"))?.ok(), "not by name");
    await other.close();
  });

  await test("a key of the own authority vouches for this gateway, and for nobody else", async () => {
    const other = await b.context.newPage(), pem = join(gw.data, "tls/ca.pem");
    // It is left open: Chromium takes minutes to close a page that warns.
    const go = async (/** @type {string} */ names, /** @type {string} */ host) => {
      const s = await present(vouch(pem, names));
      try { return await (await other.goto(`https://${host}:${s.port}/`))?.text(); } catch (e) { return String(e); } finally { s.close(); }
    };
    const good = await go("DNS:nvr.localhost", "nvr.localhost"), bank = await go("DNS:bank.example", "bank.example"), mixed = await go("DNS:nvr.localhost,DNS:bank.example", "bank.example");
    must(good === "vouched for", `what it may vouch for is refused: ${good}`);
    for (const refused of [bank, mixed]) must(refused?.includes("ERR_CERT"), `the browser takes it: ${refused}`);
    return { refused: /ERR_CERT_\w+/.exec(bank || "")?.[0] };
  });

  await test("the certificate page shows the own authority's, and renews it while the page stays connected", async () => {
    await page.goto(gw.base + "/storage/certificate");
    await card.getByText("From this gateway's own authority").waitFor();
    const before = await fingerprint();
    await pictures("own");
    await page.getByRole("button", { name: "Renew now" }).click();
    await page.getByText("Renewed. New connections").waitFor();
    await page.locator(".rows .id").filter({ hasNotText: before || "" }).waitFor(); // the page is told of the new one a moment later
    must(!await page.locator(".lost:visible").count(), "the connection was lost");
  });

  await test("the operator's files take its place, and browsers are told to come by HTTPS only, by its name", async () => {
    const { crt, key } = vouch(ca, "DNS:cams.localhost");
    chmodSync(key, 0o600);
    writeFileSync(gw.file, gw.text(yaml(new URL(gw.base).port, `, certificate: ${crt}, key: ${key}`)));
    say(process.env.HOLDFAST_BIN || "holdfast", ["reload", "--config", gw.file]);
    await page.reload();
    await card.getByText("From your files").waitFor();
    await card.getByText("replace the files").waitFor();
    await pictures("files");
    const other = await b.context.newPage();
    const fresh = gw.base.replace("127.0.0.1", "cams.localhost"), kept = await other.goto(named + "/healthz");
    must(!kept?.headers()["strict-transport-security"], "a connection that began with the own leaf is told so too");
    const r = await other.goto(fresh + "/healthz");
    must(r?.ok() && /^max-age=\d+$/.test(r.headers()["strict-transport-security"]), `HSTS: ${r?.headers()["strict-transport-security"]}`);
    must((await r?.securityDetails())?.issuer === "Shop CA" && (await r?.securityDetails())?.protocol === "TLS 1.3", JSON.stringify(await r?.securityDetails()));
    await other.goto(fresh.replace("https:", "http:") + "/healthz").catch(() => {});
    must(other.url().startsWith("https:"), `the browser goes by ${other.url()}`);
    await other.close();

    chmodSync(key, 0o644);
    await page.getByRole("button", { name: "Renew now" }).click();
    await card.locator(".notice", { hasText: "The last try to renew it did not work" }).getByText("others may read or change the file").waitFor();
    await page.locator(".alarms").getByRole("button", { name: /more/ }).click();
    await page.locator(".alarms").getByText("cannot be used").waitFor();
    await pictures("failing");
    chmodSync(key, 0o600);
    await page.getByRole("button", { name: "Renew now" }).click();
    await page.locator(".alarms").getByText("cannot be used").waitFor({ state: "detached" });
  });

  await test("no request of the certificate page left the gateway, no script complained", async () => {
    const faults = b.faults.filter(f => !/^foreign: https?:\/\/(\w+\.localhost|bank\.example):/.test(f)); // those were tried on purpose
    must(faults.length === 0, faults.join("\n"));
  });
  await b.browser.close();
  await gw.end();
}
