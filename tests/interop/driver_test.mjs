// usage: driver_test.mjs: every call of the interop service on mls-driver, in every suite, with public
// and private handshakes.
import { Driver } from './driver.mjs';
import { equal, finish, refused, test } from './check.mjs';
import { groupsOutOfAnother, wholeLife } from './scripts.mjs';

const driver = new Driver();
const call = (name, request) => driver.call(name, request);

await test('the driver says who it is and what it can', async () => {
  equal((await call('Name')).name, 'timbre', 'name');
  equal((await call('SupportedCiphersuites')).ciphersuites.join(), '1,2,3,4,5,6,7', 'suites');
});
await test('what is not a call, a field or a handle is refused by name', async () => {
  await refused(call('Nothing'), 'DRIVER_CALL');
  await refused(call('StateAuth', { state_id: 7 }), 'DRIVER_HANDLE');
  await refused(call('CreateGroup', { cipher_suite: 1, identity: '***' }), 'DRIVER_FIELD');
  await refused(call('CreateGroup', { cipher_suite: 0x0a0a }), 'CRYPTO_UNSUPPORTED');
});
for (let suite = 1; suite <= 7; suite++) {
  for (const encrypt of [false, true]) {
    const form = `suite ${suite}, ${encrypt ? 'private' : 'public'} handshakes`;
    await test(`a group's whole life, ${form}`, () => wholeLife(call, suite, encrypt));
    await test(`groups out of another, ${form}`, () => groupsOutOfAnother(call, suite, encrypt));
  }
}
await test('the driver ends with its input', async () => equal(await driver.close(), 0, 'exit code'));
finish();
