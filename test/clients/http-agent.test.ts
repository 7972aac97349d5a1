import { once } from 'node:events';
import http, { request, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, vi } from 'vitest';
import { createAgents } from '../../src/clients/index.ts';
import { isMeshError, type MeshError } from '../../src/index.ts';
import { clientsWorld, echo, REGISTRY_ONLY, reviews, type Answered } from './clients-world.ts';

const { http: serve, listen, start, defer } = clientsWorld();

async function world(v1 = echo('v1'), config = '', prepare?: Parameters<typeof serve>[1]) {
  const ports = { v1: await serve(v1, prepare), v2: await serve(echo('v2')) };
  const world = await start(reviews(ports) + config);
  const agents = createAgents(world.mesh);
  defer(() => agents.close());
  const send = (options: RequestOptions): ClientRequest => request({ host: 'reviews', port: 9080, agent: agents.http, ...options });
  const call = async (options: RequestOptions, body?: string): Promise<IncomingMessage> => {
    const [response] = (await once(send(options).end(body), 'response')) as [IncomingMessage];
    return response;
  };
  const json = async (options: RequestOptions, body?: string): Promise<Answered> => JSON.parse(await text(await call(options, body))) as Answered;
  return { ...world, agents, ports, send, call, json };
}

const failure = async (sent: ClientRequest): Promise<MeshError & NodeJS.ErrnoException> => ((await once(sent.end(), 'error')) as [MeshError])[0];

describe('http.Agent', () => {
  it('keeps a connection for the next request, which goes by its own rules', async () => {
    const { agents, send, mesh } = await world();
    const first = send({});
    const [response] = (await once(first.end(), 'response')) as [IncomingMessage];
    expect(JSON.parse(await text(response))).toMatchObject({ version: 'v1' });
    await vi.waitFor(() => expect(Object.values(agents.http.freeSockets).flat()).toHaveLength(1));

    const second = send({ headers: { 'end-user': 'jason' } });
    const [other] = (await once(second.end(), 'response')) as [IncomingMessage];
    expect(JSON.parse(await text(other))).toMatchObject({ version: 'v2' });
    expect(second.reusedSocket).toBe(true);

    await mesh.apply({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'reviews' }, spec: { hosts: ['reviews'], http: [{ directResponse: { status: 418 } }] } });
    const third = send({});
    const [last] = (await once(third.end(), 'response')) as [IncomingMessage];
    expect([last.resume().statusCode, third.reusedSocket]).toEqual([418, true]);
  });

  it('takes the Host for the authority, and what was dialled for the port', async () => {
    const { json } = await world();

    expect(await json({ host: 'elsewhere.test', headers: { host: 'reviews' } })).toMatchObject({ version: 'v1', headers: { host: 'reviews' } });
  });

  it('tells where it is connected, as far as there is such a place', async () => {
    const { send } = await world();
    const sent = send({}).end();
    const [socket] = (await once(sent, 'socket')) as [{ remoteAddress: string; remotePort: number }];

    expect([socket.remoteAddress, socket.remotePort]).toEqual(['reviews', 9080]);
    (await once(sent, 'response'))[0].resume();
  });

  it('holds a body back while the endpoint does not read it, and an answer while the client does not', async () => {
    const size = 8 * 1024 * 1024;
    const paused: IncomingMessage[] = [];
    const { send, call } = await world((incoming, response) => {
      if (incoming.method === 'GET') void pipeline(Readable.from(chunks(size)), response).catch(() => {});
      else paused.push(incoming);
    });
    let written = 0;
    const sent = send({ method: 'POST' });
    sent.on('error', () => {});
    const source = Readable.from(chunks(64 * size, (bytes) => (written += bytes)));
    source.pipe(sent);
    await vi.waitFor(() => expect(paused).toHaveLength(1));
    await steady(() => written);
    expect(written).toBeLessThan(16 * 1024 * 1024);
    source.unpipe().destroy();
    sent.destroy();

    const response = await call({});
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await buffer(response)).length).toBe(size);
  });

  it('passes on what an endpoint says of Expect: 100-continue', async () => {
    const { send } = await world(undefined, '', (server) => server.on('checkContinue', (incoming, response) => {
      if (incoming.headers['x-want'] === 'no') response.writeHead(417).end();
      else {
        response.writeContinue();
        echo('v1')(incoming, response);
      }
    }));
    const wanted = send({ method: 'POST', headers: { expect: '100-continue' } });
    wanted.flushHeaders();
    await once(wanted, 'continue');
    const [taken] = (await once(wanted.end('the body'), 'response')) as [IncomingMessage];
    expect(JSON.parse(await text(taken))).toMatchObject({ body: 'the body' });

    const unwanted = send({ method: 'POST', headers: { expect: '100-continue', 'x-want': 'no' } });
    unwanted.on('continue', () => unwanted.end('never'));
    unwanted.flushHeaders();
    const [refused] = (await once(unwanted, 'response')) as [IncomingMessage];
    expect(refused.statusCode).toBe(417);
    unwanted.destroy();
  });

  it('passes HEAD and answers without a body; trailers only in HTTP/2, as Envoy', async () => {
    const { call } = await world((incoming, response) => {
      if (incoming.method === 'HEAD') response.writeHead(200, { 'content-length': 5 }).end();
      else if (incoming.url === '/304') response.writeHead(304, { etag: '"x"' }).end();
      else {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('abc');
        response.addTrailers({ 'x-sum': '3' });
        response.end();
      }
    });
    const withTrailers = await call({});
    expect([await text(withTrailers), withTrailers.trailers]).toEqual(['abc', {}]);
    const head = await call({ method: 'HEAD' });
    expect([head.headers['content-length'], await text(head)]).toEqual(['5', '']);
    const unchanged = await call({ path: '/304' });
    expect([unchanged.statusCode, unchanged.headers['etag'], await text(unchanged)]).toEqual([304, '"x"', '']);
  });

  it('breaks a call off at the endpoint when the client leaves', async () => {
    const arrived = Promise.withResolvers<IncomingMessage>();
    const { send, calls } = await world((incoming) => arrived.resolve(incoming));
    const sent = send({}).end();
    sent.on('error', () => {});
    const incoming = await arrived.promise;
    const gone = once(incoming.socket, 'close');
    sent.destroy();

    await gone;
    await vi.waitFor(() => expect(calls).toMatchObject([{ flags: 'DC' }]));
  });

  it('breaks an answer off when the endpoint does', async () => {
    const { call } = await world((_incoming, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('abc', () => response.destroy());
    });
    const response = await call({});

    await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('tells a client of silence, as a socket does', async () => {
    const { send } = await world(() => {});
    const sent = send({ timeout: 30 }).end();
    sent.on('error', () => {});

    await once(sent, 'timeout');
    sent.destroy();
  });

  it('gives Envoy’s answer where an endpoint can’t be reached', async () => {
    const { call } = await world(undefined, reviewsWithout(await listen(createTcpServer((socket) => socket.destroy()))));
    const response = await call({ port: 9081 });

    expect(response.statusCode).toBe(503);
    expect(await text(response)).toMatch(/^upstream connect error or disconnect\/reset before headers/);
  });

  it('has no lines left over when everything is done', async () => {
    const { agents, json, mesh } = await world();
    await Promise.all(Array.from({ length: 50 }, () => json({ headers: { connection: 'close' } })));
    await Promise.all(Array.from({ length: 50 }, () => json({})));

    await vi.waitFor(() => expect(Object.keys(agents.http.sockets)).toEqual([]));
    agents.close();
    await vi.waitFor(() => expect(Object.keys(agents.http.freeSockets)).toEqual([]));
    expect(Object.values(mesh.stats(/upstream_rq_active$/)).reduce((sum, value) => sum + value, 0)).toBe(0);
  });

  it('fails like a connection that can’t be opened when the mesh is closed', async () => {
    const { mesh, send } = await world();
    await mesh.close();

    expect(await failure(send({}))).toMatchObject({ code: 'ERR_MESH_CLOSED' });
    expect(await failure(send({ port: 1 }))).toMatchObject({ code: 'ERR_MESH_CLOSED' });
  });

  it('is for hosts: no Unix sockets, no nonsense', async () => {
    const { send } = await world();

    for (const options of [{ socketPath: '/tmp/x.sock' }, { host: 'reviews@evil.test' }, { host: 'a b' }]) {
      expect(() => send(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
    }
  });

  it('can be the agent of everybody', async () => {
    const { agents } = await world();
    const before = http.globalAgent;
    http.globalAgent = agents.http;
    try {
      const [response] = (await once(http.get('http://reviews:9080/', { headers: { 'end-user': 'jason' } }), 'response')) as [IncomingMessage];
      expect(JSON.parse(await text(response))).toMatchObject({ version: 'v2' });
    } finally {
      http.globalAgent = before;
    }
  });
});

describe('http.Agent, past the rules', () => {
  it('leaves bytes to unknown hosts as they are, as long as the policy lets them', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', (head) => socket.end(`HTTP/1.1 200 OK\r\nX-CaSe: 1\r\nconnection: close\r\n\r\n${String(head).split('\r\n')[0]}`))));
    const { call, connections } = await world();
    const response = await call({ host: '127.0.0.1', port, path: 'http://proxied.test/x' });

    expect(await text(response)).toBe('GET http://proxied.test/x HTTP/1.1');
    expect(response.rawHeaders).toContain('X-CaSe');
    await vi.waitFor(() => expect(connections).toMatchObject([{ cluster: 'PassthroughCluster' }]));
  });

  it('is told why, and what would allow it, under REGISTRY_ONLY', async () => {
    const { call, send } = await world(undefined, REGISTRY_ONLY);

    expect((await call({ host: 'unknown.test' })).resume().statusCode).toBe(502);
    const error = await failure(send({ host: 'unknown.test', port: 1234 }));
    expect(isMeshError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ERR_EGRESS_BLOCKED', message: expect.stringContaining('add a ServiceEntry for host unknown.test, port 1234') });
  });

  it('opens anew when rules change', async () => {
    const port = await serve((_incoming, response) => void response.end('outside'));
    const { agents, call, send, mesh } = await world();
    expect(await text(await call({ host: '127.0.0.1', port }))).toBe('outside');
    await vi.waitFor(() => expect(Object.values(agents.http.freeSockets).flat()).toHaveLength(1));

    await mesh.apply(REGISTRY_ONLY);

    expect(await failure(send({ host: '127.0.0.1', port }))).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
  });

  it('does not keep what was in use when rules changed', async () => {
    const answer = Promise.withResolvers<void>();
    const port = await serve((_incoming, response) => void answer.promise.then(() => response.end('outside')));
    const { call, send, mesh } = await world();
    const sent = send({ host: '127.0.0.1', port }).end();
    await once(sent, 'socket');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await mesh.apply(REGISTRY_ONLY);
    answer.resolve();

    expect(await text(((await once(sent, 'response')) as [IncomingMessage])[0])).toBe('outside');
    expect(await failure(send({ host: '127.0.0.1', port }))).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
    expect((await call({})).resume().statusCode).toBe(200);
  });
});

function* chunks(size: number, onChunk: (bytes: number) => void = () => {}): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < size; sent += chunk.length) {
    onChunk(chunk.length);
    yield chunk;
  }
}

/** Until a number stays. */
async function steady(read: () => number): Promise<void> {
  for (let before = -1; before !== read(); ) {
    before = read();
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

const reviewsWithout = (port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: broken}
spec:
  hosts: [broken.example.com]
  resolution: STATIC
  ports: [{number: 9081, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: broken}
spec: {hosts: [reviews], http: [{match: [{port: 9081}], route: [{destination: {host: broken.example.com, port: {number: 9081}}}]}]}
---`;
