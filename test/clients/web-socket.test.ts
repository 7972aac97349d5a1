import { once } from 'node:events';
import { createServer as createSecureServer } from 'node:https';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import { WebSocket as UndiciWebSocket } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createAgents, createLocalListener } from '../../src/clients/index.ts';
import { clientsWorld, pem, REGISTRY_ONLY, reviews, secure } from './clients-world.ts';

const { listen, start, defer } = clientsWorld();

/** Echoes what it is told, with its name. */
async function service(version: string, server: Server = createServer()): Promise<number> {
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(isBinary ? data : `${version} ${String(data)}`)));
  const port = await listen(server);
  defer(() => {
    for (const client of sockets.clients) client.terminate();
  });
  return port;
}

async function world(config = '', more = '') {
  const tls = (version: string): Promise<number> => service(version, createSecureServer({ cert: pem('server.pem'), key: pem('server.key') }) as unknown as Server);
  const rules = reviews({ v1: await service('v1'), v2: await service('v2') }) + secure({ v1: await tls('v1'), v2: await tls('v2') });
  const world = await start(rules + config + more);
  const agents = createAgents(world.mesh, { https: { ca: pem('ca.pem') } });
  defer(() => agents.close());
  return { ...world, agents };
}

/** What a WebSocket is told, or how it is refused. */
async function ask(socket: WebSocket, text = 'hello'): Promise<string> {
  const refused = once(socket, 'unexpected-response').then(([, response]) => {
    (response as IncomingMessage).resume();
    return `refused with ${(response as IncomingMessage).statusCode}`;
  });
  const failed = once(socket, 'error').catch(() => {}).then((error) => `failed with ${(error as unknown as [NodeJS.ErrnoException])[0].code}`);
  const answered = once(socket, 'open').then(async () => {
    socket.send(text);
    return String(((await once(socket, 'message')) as [Buffer])[0]);
  });
  answered.catch(() => {});
  refused.catch(() => {});
  return Promise.any([answered, refused, failed]);
}

const active = (stats: Record<string, number>): number => Object.entries(stats).reduce((sum, [name, value]) => (/(upstream_rq_active|upstream_cx_active)$/.test(name) ? sum + value : sum), 0);

describe('ws', () => {
  it('goes by HTTP rules with the http agent', async () => {
    const { mesh, agents, calls } = await world();
    const first = new WebSocket('ws://reviews:9080/a', { agent: agents.http });
    const second = new WebSocket('ws://reviews:9080/b', { agent: agents.http, headers: { 'end-user': 'jason' } });
    const third = new WebSocket('ws://reviews:9080/c', { agent: agents.http, headers: { 'x-fault': 'abort' } });

    expect(await Promise.all([ask(first), ask(second), ask(third)])).toEqual(['v1 hello', 'v2 hello', 'refused with 503']);
    const big = Buffer.alloc(2_000_000, 'abc');
    second.send(big);
    expect(((await once(second, 'message')) as [Buffer])[0].equals(big)).toBe(true);
    expect(active(mesh.stats(/reviews/))).toBeGreaterThan(0);
    first.close();
    second.terminate();
    await vi.waitFor(() => expect(active(mesh.stats(/reviews/))).toBe(0));
    await vi.waitFor(() => expect(calls.map(({ status, flags }) => `${status} ${flags}`).sort()).toEqual(['101 -', expect.stringMatching(/^101 /), '503 FI']));
    expect(Object.keys(agents.http.sockets)).toEqual([]);
  });

  it('goes by tls rules with the https agent', async () => {
    const { agents } = await world(REGISTRY_ONLY);

    expect(await ask(new WebSocket('wss://secure.example.com/', { agent: agents.https }))).toBe('v2 hello');
    expect(await ask(new WebSocket('wss://evil.example.com/', { agent: agents.https }))).toBe('failed with ERR_EGRESS_BLOCKED');
    expect(await ask(new WebSocket('ws://evil.example.com:9080/', { agent: agents.http }))).toBe('refused with 502');
    expect(await ask(new WebSocket('ws://evil.example.com:1/', { agent: agents.http }))).toBe('failed with ERR_EGRESS_BLOCKED');
  });

  it('passes where nobody registered anything, as long as it may', async () => {
    const outside = await service('outside');
    const { agents } = await world();

    expect(await ask(new WebSocket(`ws://127.0.0.1:${outside}/`, { agent: agents.http }))).toBe('outside hello');
  });

  it('goes by HTTP rules through a local listener', async () => {
    const { mesh } = await world();
    const outside = await service('outside');
    const listener = await createLocalListener(mesh);
    defer(() => listener.close({ drainMs: 0 }));

    expect(await ask(new WebSocket(`ws://${listener.address}/`, { headers: { host: 'reviews:9080', 'end-user': 'jason' } }))).toBe('v2 hello');
    expect(await ask(new WebSocket(`ws://${listener.address}/`, { headers: { host: `127.0.0.1:${outside}` } }))).toBe('outside hello');
  });
});

describe('WebSocket of undici, with the dispatcher', () => {
  const open = (url: string, dispatcher: unknown, headers: Record<string, string> = {}): UndiciWebSocket => {
    const socket = new UndiciWebSocket(url, { dispatcher, headers } as never);
    defer(() => socket.close());
    return socket;
  };
  const answer = (socket: UndiciWebSocket): Promise<string> =>
    new Promise((resolve) => {
      socket.onopen = () => socket.send('hello');
      socket.onmessage = ({ data }) => resolve(data as string);
      socket.onclose = ({ code }) => resolve(`closed with ${code}`);
      socket.onerror = () => {};
    });

  it('goes by HTTP rules', async () => {
    const { mesh, calls } = await world();

    expect(await answer(open('ws://reviews:9080/', mesh.dispatcher))).toBe('v1 hello');
    expect(await answer(open('ws://reviews:9080/', mesh.dispatcher, { 'end-user': 'jason' }))).toBe('v2 hello');
    expect(await answer(open('ws://reviews:9080/', mesh.dispatcher, { 'x-fault': 'abort' }))).toBe('closed with 1006');
    expect(mesh.stats(/v\d.reviews.*upstream_rq_total$/)).toEqual({
      'cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_total': 1,
      'cluster.outbound|9080|v2|reviews.default.svc.cluster.local;.upstream_rq_total': 1,
    });
    expect(calls).toMatchObject([{ flags: 'FI' }]);
  });

  it('goes by tls rules, with whom the mesh trusts', async () => {
    const { mesh } = await world(REGISTRY_ONLY);
    await mesh.close({ drainMs: 0 });
    const tls = await service('v2', createSecureServer({ cert: pem('server.pem'), key: pem('server.key') }) as unknown as Server);
    const trusting = await start(REGISTRY_ONLY + secure({ v1: 1, v2: tls }), { https: { ca: pem('ca.pem') } });

    expect(await answer(open('wss://secure.example.com/', trusting.mesh.dispatcher))).toBe('v2 hello');
    expect(await answer(open('wss://evil.example.com/', trusting.mesh.dispatcher))).toBe('closed with 1006');
  });
});
