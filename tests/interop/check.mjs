// Counting tests: each says what it proves; the last line is `N passed, N failed, N skipped`.
let passed = 0;
let failed = 0;
let skipped = 0;

export async function test(name, run) {
  try {
    await run();
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}\n${error.stack}`);
  }
}

export function skip(name, why) {
  skipped++;
  console.log(`skipped ${name}: ${why}`);
}

export function equal(actual, expected, what) {
  const [a, b] = [actual, expected].map((x) => (x instanceof Uint8Array ? Buffer.from(x).toString('hex') : x));
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** The call is refused, and says why with this name. */
export async function refused(promise, name) {
  try {
    await promise;
  } catch (error) {
    if (!error.message.includes(name)) throw new Error(`refused otherwise: ${error.message}`);
    return;
  }
  throw new Error(`not refused with ${name}`);
}

export function finish() {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 || passed + skipped === 0 ? 1 : 0;
}
