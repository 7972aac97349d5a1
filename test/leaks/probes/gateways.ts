// What stays in a gateway of WebSockets and of HTTP/2 requests, each of which ends in one of several ways?
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { WebSocket } from 'ws';
import { createGateway } from '../../../src/gateway/index.ts';
import { createMesh } from '../../../src/index.ts';
import { webSocketService } from '../../support/web-socket-service.ts';
import { activeResources, drain, turn } from '../support/world.ts';

declare const gc: () => void;

const CALLS = Number(process.env['TS_MESH_CALLS'] ?? 900);
const CONCURRENCY = 16;

const shop = await webSocketService((socket) => {
  socket.on('message', (data: Buffer) => (data.toString() === 'leave' ? socket.terminate() : socket.send(data)));
});
const config = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {gateways: [edge], hosts: ["*"], http: [{route: [{destination: {host: shop.local}}]}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop}
spec: {hosts: [shop.local], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 127.0.0.1, ports: {http: ${shop.port}}}]}
`;
const mesh = await createMesh({ config, accessLog: false });
const gateway = await createGateway(mesh, { labels: { istio: 'edge' }, ports: { 80: 0 }, accessLog: false });
const where = `127.0.0.1:${gateway.portOf(80)}`;

async function webSocket(ending: number): Promise<void> {
  const path = ending === 3 ? '/no' : ending === 4 ? '/silent' : '/ws';
  const socket = new WebSocket(`ws://${where}${path}`);
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  if (ending < 3) {
    await once(socket, 'open');
    socket.send('hello');
    await once(socket, 'message');
  }
  if (ending === 0) socket.close();
  else if (ending === 1) socket.terminate();
  else if (ending === 2) socket.send('leave');
  else if (ending === 4) {
    await turn(1);
    socket.terminate();
  }
  await closed;
}

async function http2(ending: number): Promise<void> {
  const session = connect(`http://${where}`);
  session.on('error', () => {});
  const stream = session.request({ ':path': '/', ':method': 'POST' });
  stream.on('error', () => {});
  stream.write('part');
  if (ending === 1) stream.close(constants.NGHTTP2_CANCEL);
  else if (ending === 2) session.destroy();
  else {
    stream.end();
    await drain(stream);
  }
  session.close();
  if (!session.destroyed) await once(session, 'close');
}

async function makeCalls(count: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < count) {
        const i = next++;
        await (i % 2 === 0 ? webSocket((i / 2) % 5) : http2(i % 3)).catch(() => {});
      }
    }),
  );
  shop.asked.length = 0;
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 10; i++) {
    gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

await makeCalls(Math.floor(CALLS / 3));
const before = await heapUsed();
await makeCalls(CALLS);
const bytesPerCall = ((await heapUsed()) - before) / CALLS;
await turn(100);
const held = Object.fromEntries(Object.entries(gateway.stats(/upstream_rq_(pending_)?active$/)).filter(([, value]) => value !== 0));
const open = shop.open.size;
await gateway.close();
await mesh.close();
await shop.close();
await turn(50);
process.stdout.write(JSON.stringify({ bytesPerCall: Math.round(bytesPerCall), held, open, active: activeResources().filter((name) => name !== 'Timeout') }));
