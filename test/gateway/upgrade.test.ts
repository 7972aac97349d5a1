import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { webSocketService } from '../support/web-socket-service.ts';
import { bound, edge, gatewayWorld, raw, service } from './gateway-world.ts';

const { http, start, defer } = gatewayWorld();

const PLAIN = edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}');
const rules = (more = ''): string => bound('shop', `hosts: [shop.example.com], http: [{${more}route: [{destination: {host: shop.local}, headers: {request: {add: {x-added: "1"}}, response: {add: {x-told: "1"}}}}]}]`);

async function world(more = '', onOpen?: (socket: WebSocket) => void) {
  const shop = await webSocketService(onOpen);
  defer(() => shop.close());
  return { shop, ...(await start(PLAIN + rules(more) + service('shop.local', 'HTTP', { v1: shop.port }))) };
}

/** A WebSocket of a caller of the gateway. */
function open(port: number | undefined, path = '/ws', protocols: string[] = []): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { host: 'shop.example.com' } });
  socket.on('error', () => {});
  defer(async () => socket.terminate());
  return socket;
}

const next = async (socket: WebSocket): Promise<Buffer> => (await once(socket, 'message'))[0] as Buffer;

describe('WebSockets through a gateway', () => {
  it('go by the rules, and carry texts and bytes of any size both ways', async () => {
    const { shop, gateway, lines, calls } = await world();
    const socket = open(gateway.portOf(80), '/ws', ['chat', 'other']);
    const [[answer]] = (await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])) as [[IncomingMessage], unknown];

    socket.send('hello');
    expect(String(await next(socket))).toBe('echo hello');
    const bytes = Buffer.alloc(3_000_000, 'abc');
    socket.send(bytes);
    expect((await next(socket)).equals(bytes)).toBe(true);

    expect(socket.protocol).toBe('chat');
    expect(answer.headers).toMatchObject({ server: 'istio-envoy', 'x-told': '1', upgrade: 'websocket' });
    expect(shop.asked[0]?.headers).toMatchObject({ host: 'shop.example.com', 'x-added': '1', 'x-forwarded-for': '127.0.0.1', 'sec-websocket-version': '13' });
    expect(gateway.stats(/\|\|shop.local.*upstream_(cx|rq)_active$/)).toEqual({ 'cluster.outbound|80||shop.local;.upstream_rq_active': 1, 'cluster.outbound|80||shop.local;.upstream_cx_active': 1 });
    socket.close(1000);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1000);
    await expect.poll(() => calls).toMatchObject([{ status: 101, cluster: 'outbound|80||shop.local' }]);
    expect(lines[0]).toMatch(/"GET \/ws HTTP\/1.1" 101 /);
    const [, received, sent] = /"-" (\d+) (\d+) /.exec(lines[0]!)!.map(Number) as [number, number, number];
    expect(received).toBeGreaterThan(3_000_000);
    expect(sent).toBeGreaterThan(3_000_000);
    await expect.poll(() => gateway.stats(/\|\|shop.local.*upstream_cx_active$/)).toEqual({ 'cluster.outbound|80||shop.local;.upstream_cx_active': 0 });
    expect(gateway.stats(/\|\|shop.local;.upstream_rq_101$/)).toEqual({ 'cluster.outbound|80||shop.local;.upstream_rq_101': 1 });
  });

  it('outlive the route\'s timeout', async () => {
    const { gateway } = await world('timeout: 0.05s, ');
    const socket = open(gateway.portOf(80));
    await once(socket, 'open');

    await new Promise((resolve) => setTimeout(resolve, 150));
    socket.send('still there?');

    expect(String(await next(socket))).toBe('echo still there?');
  });

  it('end at both ends, whichever leaves first', async () => {
    const { shop, gateway, calls } = await world();
    const first = open(gateway.portOf(80));
    await once(first, 'open');
    await expect.poll(() => shop.open.size).toBe(1);
    first.terminate();
    await expect.poll(() => shop.open.size).toBe(0);
    const second = open(gateway.portOf(80));
    await once(second, 'open');
    await expect.poll(() => shop.open.size).toBe(1);
    for (const one of shop.open) one.terminate();
    await once(second, 'close');

    await expect.poll(() => calls.length).toBe(2);
    expect(calls[1]).toMatchObject({ status: 101, flags: 'UC', details: 'upstream_reset_after_response_started{connection_termination}' });
  });

  it('are held back by whoever does not read', async () => {
    let written = 0;
    const { shop, gateway } = await world('', (socket) => {
      const write = (): void => {
        if (written++ < 400) socket.send(Buffer.alloc(100_000), write);
      };
      write();
    });
    const socket = open(gateway.portOf(80));
    await once(socket, 'open');
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = written;
    expect(before).toBeLessThan(300);

    socket.resume();
    await expect.poll(() => written).toBeGreaterThan(400);
    expect(shop.open.size).toBe(1);
  });

  it('are refused as endpoints and rules refuse them', async () => {
    const { gateway, calls } = await world('fault: {abort: {httpStatus: 418, percentage: {value: 100}}}, match: [{uri: {exact: /fault}}], route: [{destination: {host: shop.local}}]}, {');
    const refusal = async (path: string, host = 'shop.example.com'): Promise<[number | undefined, string]> => {
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.portOf(80)}${path}`, { headers: { host } });
      socket.on('error', () => {});
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return [response.statusCode, text];
    };

    expect(await refusal('/no')).toEqual([403, 'no']);
    expect(await refusal('/fault')).toEqual([418, 'fault filter abort']);
    expect(await refusal('/ws', 'other.example.com')).toEqual([404, '']);
    expect(calls).toMatchObject([{ status: 403, flags: '-', details: 'via_upstream' }, { flags: 'FI' }, { flags: 'NR' }]);
  });

  it('count against the limits of their service', async () => {
    const shop = await webSocketService();
    defer(() => shop.close());
    const limits = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: limits}
spec: {host: shop.local, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}}}
---`;
    const { gateway, calls } = await start(PLAIN + rules('retries: {attempts: 0}, ') + service('shop.local', 'HTTP', { v1: shop.port }).replace(/---\napiVersion[^-]*kind: DestinationRule[\s\S]*---/, '---') + limits);
    const first = open(gateway.portOf(80));
    await once(first, 'open');
    const waiting = open(gateway.portOf(80));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const refused = open(gateway.portOf(80));
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
    response.resume();

    expect([response.statusCode, response.headers['x-envoy-overloaded']]).toEqual([503, 'true']);
    expect(calls).toMatchObject([{ flags: 'UO' }]);
    first.close();
    await once(waiting, 'open');
  });

  it('end with the caller also while the endpoint says nothing', async () => {
    const { shop, gateway, calls } = await world();
    const socket = open(gateway.portOf(80), '/silent');
    await expect.poll(() => shop.asked.length).toBe(1);
    const gone = once(shop.asked[0]!.socket, 'close');
    socket.terminate();

    await gone;
    await expect.poll(() => calls).toMatchObject([{ status: 0, flags: 'DC' }]);
  });

  it('end after the drain time when the gateway closes', async () => {
    const { gateway } = await world();
    const socket = open(gateway.portOf(80));
    await once(socket, 'open');
    const began = Date.now();

    await Promise.all([gateway.close({ drainMs: 150 }), once(socket, 'close')]);

    expect(Date.now() - began).toBeGreaterThan(140);
  });
});

describe('other upgrades', () => {
  it('are refused, and are the last of their connection', async () => {
    const { gateway, calls } = await world();

    const answer = await raw(gateway.portOf(80), 'GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop.example.com\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n[\s\S]*connection: close/i);
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(calls).toMatchObject([{ status: 403, details: 'upgrade_failed' }]);
  });

  it('are not offers to speak HTTP/2, which come with ordinary requests and their bodies', async () => {
    const port = await http((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => response.end(`${request.method} ${body} ${request.headers.upgrade ?? 'none'}`));
    });
    const { gateway } = await start(PLAIN + rules() + service('shop.local', 'HTTP', { v1: port }));
    const request = httpRequest({ port: gateway.portOf(80), host: '127.0.0.1', method: 'POST', headers: { host: 'shop.example.com', connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__', 'content-length': 5 } });
    request.end('hello');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);

    expect([response.statusCode, text]).toEqual([200, 'POST hello none']);
  });

  it('are refused without a Host that is clear', async () => {
    const { gateway } = await world();

    expect(await raw(gateway.portOf(80), 'GET /ws HTTP/1.1\r\nHost: shop.example.com\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('leave nothing behind when the caller is gone at once', async () => {
    const { gateway } = await world();
    for (let i = 0; i < 20; i++) {
      const socket = connect(gateway.portOf(80)!, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET /ws HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', () => socket.destroy());
      await once(socket, 'close');
    }

    await expect.poll(() => gateway.stats(/\|\|shop.local.*upstream_(cx|rq)_active$/)).toEqual({ 'cluster.outbound|80||shop.local;.upstream_cx_active': 0, 'cluster.outbound|80||shop.local;.upstream_rq_active': 0 });
  });
});
