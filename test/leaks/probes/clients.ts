// What stays of requests by agents, by connections of HTTP/2 and through a local listener? They end in several ways, and most on connections of their own.
import { once } from 'node:events';
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createAgents, createLocalListener } from '../../../src/clients/index.ts';
import { activeResources, drain, heldPermits, turn, World } from '../support/world.ts';

declare const gc: () => void;

const CALLS = Number(process.env['TS_MESH_CALLS'] ?? 2400);
const CONCURRENCY = 16;

const world = await World.start();
const mesh = await world.mesh();
const agents = createAgents(mesh, { http: { keepAlive: false } });
const kept = createAgents(mesh);
const listener = await createLocalListener(mesh);
const toListener = new Agent({ keepAlive: true });

const KINDS: Record<string, () => RequestOptions> = {
  agent: () => ({ agent: agents.http, host: 'hello' }),
  'agent, kept alive': () => ({ agent: kept.http, host: 'hello' }),
  listener: () => ({ agent: toListener, host: '127.0.0.1', port: listener.port, headers: { host: 'hello' } }),
  'listener, alone': () => ({ agent: false, host: '127.0.0.1', port: listener.port, headers: { host: 'hello' } }),
};

/** Mostly calls as they should be; some are cut by the endpoint, some by the client, before or after the answer. */
async function call(i: number): Promise<void> {
  const kinds = Object.values(KINDS);
  if (i % 10 === 9) return http2();
  const ending = i % 50;
  const sent = request({ ...kinds[i % kinds.length]!(), path: ending === 1 ? '/silent' : ending === 2 ? '/cut' : ending === 3 ? '/endless' : '/', method: i % 3 === 0 ? 'POST' : 'GET' });
  sent.on('error', () => {});
  sent.end(i % 3 === 0 ? 'body' : undefined);
  if (ending === 1) {
    await turn(1);
    sent.destroy();
    return;
  }
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (ending === 3) response.destroy();
  else await drain(response).catch(() => {});
}

async function http2(): Promise<void> {
  const session = connectHttp2('http://hello', { createConnection: kept.createHttp2Connection });
  session.on('error', () => {});
  const stream = session.request({ ':path': '/' });
  await drain(stream);
  session.close();
  await once(session, 'close');
}

async function makeCalls(count: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < count) await call(next++);
    }),
  );
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
await turn(50);
const held = heldPermits(mesh);
const lines = Object.keys(agents.http.sockets).length;
agents.close();
kept.close();
toListener.destroy();
await listener.close();
await mesh.close();
await turn(50);
const left = { sockets: world.sockets.size, active: activeResources().filter((name) => name !== 'Timeout') };
await world.close();
process.stdout.write(JSON.stringify({ bytesPerCall: Math.round(bytesPerCall), held, lines, ...left }));
