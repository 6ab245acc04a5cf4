// The browser tests: plays the scenes side by side, prints what each says in the order of scenes.js, and at last "N passed, N failed".
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { scenes, titles } from "./scenes.js";

const here = new URL("./", import.meta.url).pathname, filter = process.argv[2] || "";
mkdirSync(here + "out", { recursive: true });

/** Without networks of their own gateways would find each other's cameras: then one scene is played after another. */
const apart = spawnSync(here + "apart", ["--can"]).status === 0;
const lanes = apart ? Number(process.env.HOLDFAST_E2E_LANES) || 2 : 1;
/** A scene that takes so long hangs, ms: each of its tests has a limit of its own. */
const limit = 900e3;

const todo = scenes.filter(s => s.parts.some(p => titles(p).some(t => t.includes(filter))));
if (todo.length === 0) { console.error(`No test has “${filter}” in its name.`); process.exit(2); }

/** @type {{text: string, done: boolean}[]} */
const said = todo.map(() => ({ text: "", done: false }));
let printed = 0;
/** Prints what the scenes have said so far, as far as their order allows. */
function print() {
  for (; printed < said.length; printed++) {
    process.stdout.write(said[printed].text);
    said[printed].text = "";
    if (!said[printed].done) return;
  }
}

let passed = 0, failed = 0;
/** Plays one scene to its end. @param {number} i */
function play(i) {
  const args = [process.execPath, here + "scene.js", todo[i].name, filter], [program, ...more] = apart ? [here + "apart", ...args] : args;
  const began = Date.now(), child = spawn(program, more, { stdio: ["ignore", "pipe", "inherit"] }), end = () => child.kill("SIGTERM");
  process.on("exit", end);
  const late = setTimeout(end, limit);
  let whole = "";
  child.stdout.setEncoding("utf8").on("data", d => { whole += d; said[i].text += d; print(); });
  return new Promise(ok => child.on("close", code => {
    clearTimeout(late);
    process.off("exit", end);
    passed += (whole.match(/^ok   /gm) || []).length;
    const wrong = (whole.match(/^FAIL /gm) || []).length;
    failed += wrong;
    if (code !== 0 && !wrong) { failed++; said[i].text += `FAIL ${todo[i].name}: the scene ended with ${code}\n`; }
    said[i].text += `     ${todo[i].name} took ${((Date.now() - began) / 1000).toFixed(0)} s\n`;
    said[i].done = true;
    print();
    ok(0);
  }));
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
let next = 0;
const lane = async () => { while (next < todo.length) await play(next++); };
await Promise.all(Array.from({ length: lanes }, lane));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
