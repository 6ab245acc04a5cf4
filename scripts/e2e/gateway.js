// The program under test, as a child process.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

process.setMaxListeners(50);
const bin = process.env.HOLDFAST_BIN || "holdfast";

/** A directory that is removed at the end. @param {string} [within] */
export function scratch(within = tmpdir()) {
  const dir = mkdtempSync(join(within, "holdfast-e2e-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** @param {string} program @param {string[]} args @param {RegExp} ready what a line of output says once it runs @param {number} [limit] ms */
export async function run(program, args, ready, limit = 30000) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  process.on("exit", () => child.kill("SIGKILL"));
  const begun = Date.now();
  /** @type {string[]} */
  const lines = [];
  const match = await new Promise((ok, bad) => {
    const late = setTimeout(() => bad(new Error(`${program} ${args.join(" ")} did not get ready:\n${lines.join("\n")}`)), limit);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", l => { lines.push(l); const m = ready.exec(l); if (m) { clearTimeout(late); ok(m); } });
    }
    child.on("exit", code => { clearTimeout(late); bad(new Error(`${program} ended with ${code}:\n${lines.join("\n")}`)); });
  });
  return { child, match, lines, took: Date.now() - begun, end: () => new Promise(ok => { child.on("exit", ok); child.kill("SIGTERM"); }) };
}

/** Starts the demo; gives its one-time link. @param {string[]} more */
export async function demo(more = []) {
  const data = scratch();
  const p = await run(bin, ["demo", "--data", data, "--listen", "127.0.0.1:0", ...more], /Viewer\s+(\S+)/);
  const link = p.match[1];
  return { ...p, data, link, base: new URL(link).origin, endpoint: JSON.parse(readFileSync(join(data, "endpoint.json"), "utf8")) };
}

/** Starts a gateway with a configuration. @param {string} yaml the file without data and volumes @param {string} [data] its directory, when something is there already @param {string[]} [within] the command that runs it */
export async function serve(yaml, data = scratch(), within = []) {
  const p = await start(data, yaml, /no administrator yet/, within);
  return { ...p, link: readFileSync(join(data, "data", "setup-link"), "utf8").trim() };
}

/**
 * Starts a gateway in a directory, for the first time or again.
 * @param {string} data @param {string} yaml @param {RegExp} [ready] @param {string[]} [within] @returns {Promise<Awaited<ReturnType<typeof run>> & {data: string, base: string, endpoint: any, file: string, text: (yaml: string) => string, again: (yaml: string) => Promise<any>}>}
 */
async function start(data, yaml, ready = /msg=serving/, within = []) {
  const file = join(data, "holdfast.yaml"), text = (/** @type {string} */ more) => `data: ${data}/data\nvolumes:\n  - path: ${data}/volume\n${more}`;
  writeFileSync(file, text(yaml));
  const [program, ...args] = [...within, bin, "serve", "--config", file], p = await run(program, args, ready);
  const told = join(data, "data", "endpoint.json");
  while (!existsSync(told)) await new Promise(ok => setTimeout(ok, 50));
  const endpoint = JSON.parse(readFileSync(told, "utf8"));
  return { ...p, data: join(data, "data"), base: new URL(endpoint.url).origin, endpoint, file, text, again: more => start(data, more) };
}
