// usage: TIMBRE_MLS_PROTO=PATH proto_test.mjs: two kinds of group lives through gRPC and server.mjs.  The
// .proto file of the MLS working group is no part of this project; without it the test is skipped.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { equal, finish, refused, skip, test } from './check.mjs';
import { load } from './packages.mjs';
import { groupsOutOfAnother, wholeLife } from './scripts.mjs';

async function play(proto) {
  const { default: grpc } = await load('@grpc/grpc-js');
  const { default: loader } = await load('@grpc/proto-loader');
  const server = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url)), proto], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [address] = await once(createInterface({ input: server.stdout }), 'line');
  const definition = loader.loadSync(proto, { keepCase: true, bytes: String, longs: String, defaults: true });
  const { MLSClient } = grpc.loadPackageDefinition(definition).mls_client;
  const client = new MLSClient(address, grpc.credentials.createInsecure());
  const call = (name, request = {}) =>
    new Promise((resolve, reject) => {
      client[name](request, (error, response) => (error ? reject(error) : resolve(response)));
    });

  await test('the server has the 34 calls of the service, and no others', async () => {
    equal(Object.keys(MLSClient.service).length, 34, 'calls');
    equal((await call('Name')).name, 'timbre', 'name');
  });
  await test('an error is a gRPC status', () => refused(call('StateAuth', { state_id: 9 }), 'DRIVER_HANDLE'));
  for (const [suite, encrypt] of [[1, false], [3, true]]) {
    const form = `suite ${suite}, ${encrypt ? 'private' : 'public'} handshakes`;
    await test(`a group's whole life through gRPC, ${form}`, () => wholeLife(call, suite, encrypt));
    await test(`groups out of another through gRPC, ${form}`, () => groupsOutOfAnother(call, suite, encrypt));
  }
  client.close();
  server.kill('SIGTERM');
  await test('the server ends when it is told to', async () => equal((await once(server, 'exit'))[0], 0, 'exit code'));
}

const proto = process.env.TIMBRE_MLS_PROTO;
if (proto) await play(proto);
else skip('proto_test.mjs', 'TIMBRE_MLS_PROTO does not name mls_client.proto');
finish();
