import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { upgrade, WebSocket } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { createMesh, type CallInfo, type Mesh } from '../../src/index.ts';
import { webSocketService, type WebSocketService } from '../support/web-socket-service.ts';

const pem = (name: string): string => join(import.meta.dirname, '../conformance/data/certs', name);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function service(...args: Parameters<typeof webSocketService>): Promise<WebSocketService> {
  const made = await webSocketService(...args);
  closing.push(() => made.close());
  return made;
}

const reviews = (v1: number, v2: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: ${v1}}, labels: {version: v1}}, {address: 127.0.0.1, ports: {http: ${v2}}, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews.local, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews.local]
  http:
    - {match: [{uri: {exact: /fault}}], fault: {abort: {httpStatus: 418, percentage: {value: 100}}}, route: [{destination: {host: reviews.local, subset: v1}}]}
    - {match: [{headers: {end-user: {exact: jason}}}], route: [{destination: {host: reviews.local, subset: v2}}]}
    - {route: [{destination: {host: reviews.local, subset: v1}}]}
`;

async function start(config: string, options: Parameters<typeof createMesh>[0] = {}): Promise<{ mesh: Mesh; lines: string[]; calls: CallInfo[] }> {
  const lines: string[] = [];
  const mesh = await createMesh({ config, accessLog: (line) => void lines.push(line), ...options });
  closing.push(() => mesh.close({ drainMs: 0 }));
  const calls: CallInfo[] = [];
  mesh.on('call', (info) => calls.push(info));
  return { mesh, lines, calls };
}

const saying = (name: string) => (socket: { on(event: 'message', listener: (data: Buffer) => void): unknown; send(data: string): void }): void => {
  socket.on('message', (data) => socket.send(`${name} ${data.toString()}`));
};

const message = async (socket: WebSocket): Promise<unknown> => (await new Promise<MessageEvent>((resolve) => socket.addEventListener('message', (event) => resolve(event as unknown as MessageEvent), { once: true }))).data;
const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('close', () => reject(new Error('closed')), { once: true });
  });
const closed = (socket: WebSocket): Promise<{ code: number; reason: string }> => new Promise((resolve) => socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }), { once: true }));

describe('WebSockets by mesh.dispatcher', () => {
  const world = async () => {
    const v1 = await service(saying('v1'));
    const v2 = await service(saying('v2'));
    return { v1, v2, ...(await start(reviews(v1.port, v2.port))) };
  };

  it('go by the rules for HTTP', async () => {
    const { mesh, v2, lines, calls } = await world();
    const socket = new WebSocket('ws://reviews.local:9080/ws?a=b', { dispatcher: mesh.dispatcher, headers: { 'end-user': 'jason' }, protocols: ['chat'] });
    await opened(socket);
    socket.send('hello');

    expect([await message(socket), socket.protocol]).toEqual(['v2 hello', 'chat']);
    expect(v2.asked[0]?.url).toBe('/ws?a=b');
    expect(v2.asked[0]?.headers).toMatchObject({ host: 'reviews.local:9080', 'end-user': 'jason', 'x-envoy-attempt-count': '1' });
    expect(mesh.stats(/v2\|reviews.local.*upstream_(rq|cx)_active$/)).toEqual({ 'cluster.outbound|9080|v2|reviews.local;.upstream_rq_active': 1, 'cluster.outbound|9080|v2|reviews.local;.upstream_cx_active': 1 });
    const ended = closed(socket);
    socket.close(4001, 'bye');
    expect(await ended).toEqual({ code: 4001, reason: 'bye' });
    await expect.poll(() => calls).toMatchObject([{ status: 101, cluster: 'outbound|9080|v2|reviews.local' }]);
    expect(lines[0]).toMatch(/"GET \/ws\?a=b HTTP\/1.1" 101 /);
    await expect.poll(() => mesh.stats(/v2\|reviews.local.*upstream_(rq|cx)_active$/)).toEqual({ 'cluster.outbound|9080|v2|reviews.local;.upstream_rq_active': 0, 'cluster.outbound|9080|v2|reviews.local;.upstream_cx_active': 0 });
  });

  it('carry much both ways', async () => {
    const big = await service();
    const { mesh } = await start(reviews(big.port, big.port));
    const socket = new WebSocket('ws://reviews.local:9080/ws', { dispatcher: mesh.dispatcher });
    socket.binaryType = 'arraybuffer';
    await opened(socket);
    const bytes = Buffer.alloc(5_000_000, 'xyz');
    socket.send(bytes);

    expect(Buffer.from((await message(socket)) as ArrayBuffer).equals(bytes)).toBe(true);
    socket.close();
  });

  it('take an idle connection of the pool, and don\'t give it back', async () => {
    const { mesh, v1 } = await world();
    await (await mesh.fetch('http://reviews.local:9080/first')).text();
    const socket = new WebSocket('ws://reviews.local:9080/ws', { dispatcher: mesh.dispatcher });
    await opened(socket);
    expect(mesh.stats(/v1\|reviews.local.*upstream_cx_total$/)).toEqual({ 'cluster.outbound|9080|v1|reviews.local;.upstream_cx_total': 1 });
    await (await mesh.fetch('http://reviews.local:9080/second')).text();

    expect(mesh.stats(/v1\|reviews.local.*upstream_cx_total$/)).toEqual({ 'cluster.outbound|9080|v1|reviews.local;.upstream_cx_total': 2 });
    socket.send('still mine');
    expect(await message(socket)).toBe('v1 still mine');
    for (const one of v1.open) one.close();
    await closed(socket);
  });

  it.each([
    ['an endpoint', 'ws://reviews.local:9080/no'],
    ['a fault', 'ws://reviews.local:9080/fault'],
    ['nobody who knows it', 'ws://unknown:9080/ws'],
  ])('are refused by %s', async (_who, url) => {
    const { mesh, calls } = await start(reviews((await service()).port, 1), { lookup: async () => [] });
    const socket = new WebSocket(url, { dispatcher: mesh.dispatcher });

    expect((await closed(socket)).code).toBe(1006);
    await expect.poll(() => calls.length).toBe(1);
    expect(calls[0]?.flags).not.toContain('UC');
    expect(mesh.stats(/upstream_rq_active$/)).not.toContain(1);
  });

  it('are retried where no connection comes', async () => {
    const good = await service(saying('good'));
    const { mesh, calls } = await start(reviews(good.port, 1).replace(', labels: {version: v2}', ', labels: {version: v1}'), { seed: 1 });
    for (let i = 0; i < 4; i++) {
      const socket = new WebSocket('ws://reviews.local:9080/ws', { dispatcher: mesh.dispatcher });
      await opened(socket);
      socket.close();
      await closed(socket);
    }

    await expect.poll(() => calls.length).toBe(4);
    expect(calls.some(({ attempts }) => attempts > 1)).toBe(true);
  });

  it('are not mirrored: what is said in another protocol is said to one only', async () => {
    const v1 = await service(saying('v1'));
    const v2 = await service(saying('v2'));
    const { mesh } = await start(reviews(v1.port, v2.port).replace('- {route: [{destination: {host: reviews.local, subset: v1}}]}', '- {route: [{destination: {host: reviews.local, subset: v1}}], mirror: {host: reviews.local, subset: v2}}'));
    const socket = new WebSocket('ws://reviews.local:9080/ws', { dispatcher: mesh.dispatcher });
    await opened(socket);
    socket.send('hello');
    await message(socket);
    await (await mesh.fetch('http://reviews.local:9080/plain')).text();

    await expect.poll(() => mesh.stats(/v2\|reviews.local;.upstream_rq_total$/)).toEqual({ 'cluster.outbound|9080|v2|reviews.local;.upstream_rq_total': 1 });
    expect(v2.asked).toEqual([]);
    socket.close();
  });

  it('don\'t go where HTTP/2 is spoken', async () => {
    const { mesh, calls } = await start(reviews(1, 1).replace('protocol: HTTP}', 'protocol: HTTP2}').replace('  http:\n', '  http:\n    - {match: [{uri: {exact: /ws}}], retries: {attempts: 0}, route: [{destination: {host: reviews.local, subset: v1}}]}\n'));
    const server = createHttp2Server().listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => server.close());
    await mesh.apply(reviews((server.address() as { port: number }).port, 1).replace('protocol: HTTP}', 'protocol: HTTP2}').split('---')[0]!);
    const socket = new WebSocket('ws://reviews.local:9080/ws', { dispatcher: mesh.dispatcher });

    expect((await closed(socket)).code).toBe(1006);
    await expect.poll(() => calls).toMatchObject([{ status: 503, flags: 'UR', attempts: 1 }]);
    expect(mesh.stats(/v1\|reviews.local;.upstream_rq_active$/)).toEqual({ 'cluster.outbound|9080|v1|reviews.local;.upstream_rq_active': 0 });
  });

  it('end when the mesh closes', async () => {
    const { mesh } = await world();
    const socket = new WebSocket('ws://reviews.local:9080/ws', { dispatcher: mesh.dispatcher });
    await opened(socket);
    const ended = closed(socket);

    await mesh.close({ drainMs: 50 });

    expect((await ended).code).toBe(1006);
  });
});

describe('undici.upgrade by mesh.dispatcher', () => {
  it('gives the connection, in both directions half open no longer than it is', async () => {
    const service = await webSocketService();
    closing.push(() => service.close());
    service.server.removeAllListeners('upgrade');
    service.server.on('upgrade', (_request, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nx-a: 1\r\n\r\nfirst');
      socket.on('data', (chunk: Buffer) => socket.write(`echo ${chunk.toString()}`));
      socket.on('end', () => socket.end('last'));
    });
    const { mesh, calls } = await start(reviews(service.port, 1));
    const { headers, socket } = await upgrade('http://reviews.local:9080/raw', { dispatcher: mesh.dispatcher });
    const seen: string[] = [];
    socket.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    await expect.poll(() => seen.join('')).toBe('first');
    socket.write('hi');
    await expect.poll(() => seen.join('')).toBe('firstecho hi');
    socket.end();
    await once(socket, 'close');

    expect([headers['x-a'], seen.join('')]).toEqual(['1', 'firstecho hilast']);
    await expect.poll(() => calls).toMatchObject([{ status: 101, flags: '-' }]);
  });

  it('refuses other protocols, without a word to the endpoint', async () => {
    const shop = await service();
    const { mesh, calls } = await start(reviews(shop.port, shop.port));

    await expect(upgrade('http://reviews.local:9080/ws', { protocol: 'foo/2', dispatcher: mesh.dispatcher })).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });

    expect(calls).toMatchObject([{ status: 403, details: 'upgrade_failed' }]);
    expect(shop.asked).toEqual([]);
  });
});

describe('wss://', () => {
  it('goes as bytes on a connection that was routed as a whole, as https does', async () => {
    const secure = await service(saying('secure'), createServer({ cert: readFileSync(pem('server.pem')), key: readFileSync(pem('server.key')) }));
    const { mesh } = await start(
      `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: secure}
spec:
  hosts: [a.example.com]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 443, name: tls, protocol: TLS}]
  endpoints: [{address: 127.0.0.1, ports: {tls: ${secure.port}}}]
`,
      { https: { ca: readFileSync(pem('ca.pem')) } },
    );
    const connections: unknown[] = [];
    mesh.on('connection', (info) => connections.push(info));
    const socket = new WebSocket('wss://a.example.com/ws', { dispatcher: mesh.dispatcher });
    await opened(socket);
    socket.send('hello');

    expect(await message(socket)).toBe('secure hello');
    const ended = closed(socket);
    socket.close();
    await ended;
    await expect.poll(() => connections).toMatchObject([{ cluster: 'outbound|443||a.example.com', servername: 'a.example.com' }]);
  });
});

describe('Node\'s own WebSocket', () => {
  it('goes through the mesh after install()', async () => {
    const v1 = await service(saying('v1'));
    const { mesh } = await start(reviews(v1.port, v1.port));
    const uninstall = mesh.install();
    closing.push(async () => uninstall());
    const socket = new globalThis.WebSocket('ws://reviews.local:9080/ws') as unknown as WebSocket;
    await opened(socket);
    socket.send('hello');

    expect(await message(socket)).toBe('v1 hello');
    const ended = closed(socket);
    socket.close();
    await ended;
  });
});
