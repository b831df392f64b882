// usage: imports.mjs MODULE.wasm...: fails on any import that is not of the crypto provider, so that
// no clock, randomness, file or output can have crept into the core.
import { readFileSync } from 'node:fs';

let foreign = 0;
for (const path of process.argv.slice(2)) {
  const module = new WebAssembly.Module(readFileSync(path));
  const imports = WebAssembly.Module.imports(module);
  for (const { module: from, name, kind } of imports) {
    if (from === 'timbre_crypto' && kind === 'function') continue;
    console.log(`${path}: imports ${kind} ${from}.${name}`);
    foreign++;
  }
  const names = imports.map(({ name }) => name).sort().join(' ');
  if (!foreign) console.log(`${path}: imports the crypto provider alone (${names})`);
}
process.exit(foreign ? 1 : 0);
