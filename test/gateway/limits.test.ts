import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { GatewayLimits } from '../../src/gateway/index.ts';
import { createGateway } from '../../src/gateway/index.ts';
import { bound, edge, gatewayWorld, raw, service, type GatewayWorld } from './gateway-world.ts';

const { http, start, defer } = gatewayWorld();

/** A gateway in front of a shop that says how many bytes it was sent, or answers with as many as the path asks for. */
async function shop(limits: GatewayLimits): Promise<GatewayWorld & { port: number; began: number; aborted: number }> {
  const told = { began: 0, aborted: 0 };
  const backend = await http((request, response) => {
    told.began++;
    request.on('error', () => {}).on('close', () => {
      if (!request.complete) told.aborted++;
    });
    const size = Number(/\d+/.exec(request.url ?? '')?.[0] ?? 0);
    if (size > 0) {
      response.end(Buffer.alloc(size, 97));
      return;
    }
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => response.end(`got ${bytes}`));
  });
  const world = await start(
    edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}') + bound('r', 'hosts: ["*"], http: [{route: [{destination: {host: shop.local}}]}]') + service('shop.local', 'HTTP', { v1: backend }),
    { limits },
  );
  return Object.assign(told, world, { port: world.gateway.portOf(80)! });
}

const head = (...lines: string[]): string => `${['POST / HTTP/1.1', 'Host: shop', 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`;
const chunks = (...sizes: number[]): string => `${sizes.map((size) => `${size.toString(16)}\r\n${'b'.repeat(size)}\r\n`).join('')}0\r\n\r\n`;

function session(port: number): ClientHttp2Session {
  const caller = connectHttp2(`http://127.0.0.1:${port}`).on('error', () => {});
  defer(async () => caller.destroy());
  return caller;
}

async function posted(caller: ClientHttp2Session, headers: Record<string, string>, ...parts: string[]): Promise<number> {
  const stream = caller.request({ ':method': 'POST', ':path': '/', ...headers });
  stream.on('error', () => {});
  for (const part of parts) stream.write(part);
  stream.end();
  const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
  stream.resume();
  return answer[':status'];
}

describe('a limit of bodies', () => {
  it.each([
    ['as long as it may be', head('Content-Length: 1000') + 'b'.repeat(1000), 200, 1],
    ['in chunks, likewise', head('Transfer-Encoding: chunked') + chunks(400, 600), 200, 1],
    ['that says it is longer', head('Content-Length: 1001') + 'b'.repeat(1001), 413, 0],
    ['that says it is endless', head('Content-Length: 99999999999999999999'), 400, 0],
    ['that asks first', head('Content-Length: 1001', 'Expect: 100-continue'), 413, 0],
  ])('%s', async (_what, text, status, began) => {
    const world = await shop({ bodyBytes: 1000 });
    const answer = await raw(world.port, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).not.toContain('100 Continue');
    expect(world.began).toBe(began);
  });

  it('ends what turns out longer on its way, and its connection', async () => {
    const world = await shop({ bodyBytes: 1000 });
    const answer = await raw(world.port, head('Transfer-Encoding: chunked').replace('Connection: close\r\n', '') + chunks(600, 401).replace(/0\r\n\r\n$/, ''));

    expect(answer).toMatch(/^HTTP\/1.1 413 [^]*connection: close[^]*\r\n\r\nPayload Too Large$/i);
    await expect.poll(() => world.calls).toMatchObject([{ status: 413, details: 'request_payload_too_large', cluster: 'outbound|80||shop.local' }]);
    await expect.poll(() => Object.values(world.gateway.stats(/\|\|shop\.local;\.upstream_rq_active$/))).toEqual([0]);
    await expect.poll(() => world.aborted).toBe(world.began);
  });

  it('breaks an answer that has begun', async () => {
    const backend = await http((request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('begun');
      request.resume();
    });
    const { gateway } = await start(
      edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}') + bound('r', 'hosts: ["*"], http: [{route: [{destination: {host: shop.local}}]}]') + service('shop.local', 'HTTP', { v1: backend }),
      { limits: { bodyBytes: 1000 } },
    );
    const socket = connect(gateway.portOf(80)!, '127.0.0.1').on('error', () => {});
    socket.write(`${head('Transfer-Encoding: chunked')}3\r\nabc\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(String(first)).toMatch(/^HTTP\/1.1 200 /);
    socket.write(chunks(2000));
    await once(socket.resume(), 'close');
  });

  it('holds for HTTP/2, where only the stream ends', async () => {
    const world = await shop({ bodyBytes: 1000 });
    const caller = session(world.port);
    expect(await posted(caller, {}, 'b'.repeat(1000))).toBe(200);
    expect(await posted(caller, {}, 'b'.repeat(600), 'b'.repeat(600))).toBe(413);
    expect(await posted(caller, { 'content-length': '1001' }, 'b'.repeat(1001))).toBe(413);
    expect(await posted(caller, {}, 'b')).toBe(200);
  });

  it('is none unless asked for', async () => {
    const { port } = await shop({});
    expect(await raw(port, head('Transfer-Encoding: chunked') + chunks(...Array.from({ length: 50 }, () => 65_536)))).toMatch(/got 3276800$/);
  });
});

describe('limits of heads', () => {
  it.each([
    ['bytes', { headBytes: 2048 }, head(`x-a: ${'b'.repeat(2100)}`)],
    ['bytes, by far', { headBytes: 2048 }, head(`x-a: ${'b'.repeat(20_000)}`)],
    ['headers', { headers: 10 }, head(...Array.from({ length: 10 }, (_, i) => `x-${i}: 1`))],
  ])('%s', async (_what, limits, text) => {
    expect(await raw((await shop(limits)).port, text)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('may be wider than usual', async () => {
    const { port } = await shop({ headBytes: 300_000, headers: 500 });
    expect(await raw(port, head(...Array.from({ length: 300 }, (_, i) => `x-${i}: ${'b'.repeat(500)}`)))).toMatch(/^HTTP\/1.1 (200|431) /);
  });
});

describe('limits of time', () => {
  it('a body that does not come ends with 408', async () => {
    expect(await raw((await shop({ requestMs: 200 })).port, `${head('Content-Length: 10')}abc`)).toMatch(/^HTTP\/1.1 408 /);
  });

  it('a caller that does not read its answer loses its connection, and the endpoint is let go', async () => {
    const world = await shop({ stallMs: 200 });
    const socket: Socket = connect(world.port, '127.0.0.1').on('error', () => {});
    socket.pause();
    socket.write('GET /80000000 HTTP/1.1\r\nHost: shop\r\n\r\n');
    await expect.poll(() => world.calls, { timeout: 3000 }).toMatchObject([{ status: 200, flags: 'DC' }]);
    await expect.poll(() => Object.values(world.gateway.stats(/\|\|shop\.local;\.upstream_rq_active$/))).toEqual([0]);
    socket.destroy();
  });

  it('over HTTP/2 it loses the stream', async () => {
    const world = await shop({ stallMs: 200 });
    const caller = session(world.port);
    const stream = caller.request({ ':path': '/80000000' });
    stream.on('error', () => {}).pause();
    await once(stream, 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    await expect.poll(() => world.calls).toMatchObject([{ status: 200, flags: 'DR' }]);
    expect(await posted(caller, {}, 'b')).toBe(200);
  });

  it('one that reads, however slowly, is waited for', async () => {
    const world = await shop({ stallMs: 300 });
    const socket = connect(world.port, '127.0.0.1').on('error', () => {});
    let read = 0;
    socket.write('GET /6000000 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');
    socket.on('data', (chunk: Buffer) => {
      read += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    await once(socket, 'close');
    expect(read).toBeGreaterThan(6_000_000);
  });
});

it.each([
  { connections: 0 }, { headBytes: 10 }, { headers: 0 }, { bodyBytes: -1 }, { stallMs: 1.5 }, { idleMs: Number.NaN }, { handshakeMs: 0 }, { requestMs: 1e12 },
])('limits that are none are refused: %j', async (limits) => {
  const { mesh } = await start('');
  await expect(createGateway(mesh, { labels: {}, limits })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
});
