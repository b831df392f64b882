// usage: vectors.mjs [--suites 1,3] MODULE.wasm FILE...: the MLS test vectors in WebAssembly, with
// the noble libraries as primitives.  --suites: only the cases of these, and those of none; else
// all.  Closes with `N passed, N failed, N skipped`; exits 1 on a failure or when nothing passed.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { nobleImports } from './noble.mjs';

const args = process.argv.slice(2);
let suites = [1, 2, 3, 4, 5, 6, 7];
let chooses = false;
if (args[0] === '--suites') {
  suites = args[1].split(',').map(Number);
  chooses = true;
  args.splice(0, 2);
}
const [modulePath, ...files] = args;
const module = new WebAssembly.Module(readFileSync(modulePath));

function text(instance, at) {
  if (at === 0) return 'unknown';
  const octets = new Uint8Array(instance.exports.memory.buffer, at);
  return new TextDecoder().decode(octets.subarray(0, octets.indexOf(0)).slice());
}

/** The octets of a file, without the cases of suites that were not asked for. */
function read(file) {
  const octets = readFileSync(file);
  if (!chooses) return octets;
  const cases = JSON.parse(octets);
  if (!Array.isArray(cases)) return octets;
  const chosen = cases.filter((at) => at.cipher_suite === undefined || suites.includes(at.cipher_suite));
  return Buffer.from(JSON.stringify(chosen));
}

/** A fresh instance for each file: nothing of one file reaches the next, and a trap ends one only. */
function run(file) {
  let instance;
  const imports = { timbre_crypto: nobleImports(() => instance.exports.memory, suites) };
  instance = new WebAssembly.Instance(module, imports);
  const { _initialize, timbre_take, vectors_run_text, memory } = instance.exports;
  _initialize();
  const octets = read(file);
  const at = timbre_take(octets.length);
  if (at === 0) throw new Error('no memory for the file');
  new Uint8Array(memory.buffer, at, octets.length).set(octets);
  const outcome = vectors_run_text(at, octets.length); // may grow memory: views are taken after it
  const words = new Uint32Array(memory.buffer, outcome, 7);
  const [passed, failed, skipped, kind, field, index, status] = words;
  const where = failed ? `; first failure: case ${index}, ${text(instance, field)}, status ${status}` : '';
  return { passed, failed, skipped, line: `${text(instance, kind)}${where}` };
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of files) {
  let result;
  try {
    result = run(file);
  } catch (error) {
    result = { passed: 0, failed: 1, skipped: 0, line: error.stack };
  }
  const { passed, failed, skipped, line } = result;
  console.log(`${basename(file)}: ${passed} passed, ${failed} failed, ${skipped} skipped (${line})`);
  for (const key of Object.keys(total)) total[key] += result[key];
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed || !total.passed ? 1 : 0);
