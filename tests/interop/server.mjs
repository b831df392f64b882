// usage: server.mjs PROTO [HOST:PORT]: mls-driver as a gRPC server of MLSClient, for the runner of the
// MLS working group's interop tests.  PROTO is their mls_client.proto.  Without a place it listens on
// a free port of loopback.  Says on its first line where; SIGINT and SIGTERM end it.
import { Driver } from './driver.mjs';
import { load } from './packages.mjs';

const [proto, place = '127.0.0.1:0'] = process.argv.slice(2);
if (proto === undefined) {
  console.error('usage: server.mjs PROTO [HOST:PORT]');
  process.exit(2);
}
const { default: grpc } = await load('@grpc/grpc-js');
const { default: loader } = await load('@grpc/proto-loader');
// Octets as base64 and 64-bit numbers as text: what the driver reads and writes.
const definition = loader.loadSync(proto, { keepCase: true, bytes: String, longs: String, defaults: true });
const { service } = grpc.loadPackageDefinition(definition).mls_client.MLSClient;

const driver = new Driver();
const handler = (name) => ({ request }, answer) =>
  driver.call(name, request).then(
    (response) => answer(null, response),
    (error) => answer({ code: grpc.status.INVALID_ARGUMENT, details: error.message }),
  );
const server = new grpc.Server();
server.addService(service, Object.fromEntries(Object.keys(service).map((name) => [name, handler(name)])));
server.bindAsync(place, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    console.error(`${place}: ${error.message}`);
    process.exit(1);
  }
  console.log(`${place.slice(0, place.lastIndexOf(':'))}:${port}`);
});

async function end() {
  server.forceShutdown();
  process.exit(await driver.close());
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);
