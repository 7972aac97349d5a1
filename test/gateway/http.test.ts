import { once } from 'node:events';
import { Agent, get, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bound, edge, gatewayWorld, raw, service } from './gateway-world.ts';

const { http, start, defer } = gatewayWorld();

const PLAIN = edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.com"]}');
const TO_SHOP = bound('shop', 'hosts: [shop.example.com], http: [{route: [{destination: {host: shop.local}}]}]');

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function ask(port: number | undefined, { host = 'shop.example.com', path = '/', headers = {}, body = '', agent = undefined as Agent | undefined } = {}): Promise<Answer> {
  const request = httpRequest({ port, host: '127.0.0.1', path, method: body === '' ? 'GET' : 'POST', headers: { host, ...headers }, ...(agent && { agent }) });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

/** A shop that tells what it was asked. */
async function shop(): Promise<number> {
  return http((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.setHeader('connection', 'keep-alive').end(JSON.stringify({ path: request.url, headers: request.headers, body })));
  });
}

const trusting = (numTrustedProxies: number): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "defaultConfig: {gatewayTopology: {numTrustedProxies: ${numTrustedProxies}}}"}
---`;

describe('a gateway for HTTP', () => {
  it('sends requests by the rules bound to it, and tells endpoints who called', async () => {
    const { gateway, lines, calls } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }), { address: '127.0.0.1' });

    const { status, headers, body } = await ask(gateway.portOf(80), { path: '/x?y=1', headers: { 'x-forwarded-for': '10.1.1.1', 'x-forwarded-proto': 'https', 'x-envoy-external-address': '9.9.9.9', 'x-forwarded-client-cert': 'me', 'x-envoy-retry-on': '5xx', 'x-request-id': 'mine' } });
    const seen = JSON.parse(body) as { path: string; headers: Record<string, string> };

    expect([status, headers['server'], seen.path]).toEqual([200, 'istio-envoy', '/x?y=1']);
    expect(seen.headers).toMatchObject({ host: 'shop.example.com', 'x-forwarded-for': '10.1.1.1,127.0.0.1', 'x-forwarded-proto': 'http', 'x-envoy-external-address': '127.0.0.1', 'x-envoy-attempt-count': '1' });
    expect(seen.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    for (const name of ['x-forwarded-client-cert', 'x-envoy-retry-on']) expect(seen.headers).not.toHaveProperty(name);
    expect(calls).toMatchObject([{ status: 200, flags: '-', details: 'via_upstream', cluster: 'outbound|80||shop.local' }]);
    expect(lines[0]).toMatch(new RegExp(`"GET /x\\?y=1 HTTP/1.1" 200 - via_upstream .*outbound\\|80\\|\\|shop.local 127.0.0.1:\\d+ 127.0.0.1:${gateway.portOf(80)} 127.0.0.1:[1-9]\\d* - -$`));
    expect(String(calls[0]?.explanation)).toContain('VirtualService default/shop');
  });

  it.each([
    ['nobody, by default', 0, '127.0.0.1', 'http'],
    ['one proxy in front', 1, '10.1.1.1', 'https'],
    ['two', 2, '10.9.9.9', 'https'],
    ['more than were there', 3, '127.0.0.1', 'https'],
  ])('believes %s', async (_what, numTrustedProxies, client, proto) => {
    const { gateway, lines } = await start(trusting(numTrustedProxies) + PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }), { address: '127.0.0.1' });

    const { body } = await ask(gateway.portOf(80), { headers: { 'x-forwarded-for': '10.9.9.9, 10.1.1.1', 'x-forwarded-proto': 'https' } });

    const { headers } = JSON.parse(body) as { headers: Record<string, string> };
    expect(headers).toMatchObject({ 'x-forwarded-for': '10.9.9.9, 10.1.1.1,127.0.0.1', 'x-forwarded-proto': proto, 'x-envoy-external-address': client });
    expect(lines[0]).toMatch(client === '127.0.0.1' ? / 127.0.0.1:[1-9]\d* - -$/ : new RegExp(` ${client}:0 - -$`));
  });

  it.each([
    ['a Host without rules', { host: 'other.example.com' }],
    ['a Host that is no server\'s', { host: 'shop.local' }],
  ])('answers 404 for %s', async (_what, call) => {
    const { gateway, calls } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));

    expect((await ask(gateway.portOf(80), call)).status).toBe(404);
    expect(calls).toMatchObject([{ flags: 'NR', details: 'route_not_found' }]);
  });

  it('carries many requests on one connection, with bodies of known and unknown length', async () => {
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });

    const first = await ask(gateway.portOf(80), { body: 'x'.repeat(200_000), agent });
    const second = await ask(gateway.portOf(80), { body: 'hello', headers: { 'transfer-encoding': 'chunked' }, agent });
    const third = await ask(gateway.portOf(80), { agent });

    expect([first, second, third].map(({ body }) => (JSON.parse(body) as { body: string }).body.length)).toEqual([200_000, 5, 0]);
    expect(first.headers['connection']).not.toBe('close');
    agent.destroy();
  });

  it('lets the endpoint say whether it wants the body', async () => {
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));
    const request = httpRequest({ port: gateway.portOf(80), host: '127.0.0.1', method: 'POST', headers: { host: 'shop.example.com', expect: '100-continue', 'content-length': 5 } });
    request.flushHeaders();

    await once(request, 'continue');
    request.end('hello');
    const [response] = (await once(request, 'response')) as [IncomingMessage];

    expect(response.statusCode).toBe(200);
    response.resume();
  });

  it('moves plain HTTP to https', async () => {
    const { gateway } = await start(edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com], tls: {httpsRedirect: true}}'));

    const { status, headers } = await ask(gateway.portOf(80), { host: 'a.example.com:80', path: '/p?q' });

    expect([status, headers['location']]).toEqual([301, 'https://a.example.com:80/p?q']);
  });

  it.each([
    [0, 301],
    [1, 200],
  ])('moves what came over TLS to one of %i trusted proxies: %i', async (proxies, status) => {
    const server = edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.com"], tls: {httpsRedirect: true}}');
    const { gateway } = await start(trusting(proxies) + server + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));

    expect((await ask(gateway.portOf(80), { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.1.1.1' } })).status).toBe(status);
  });

  it('ends the call when its caller leaves', async () => {
    let left!: () => void;
    const gone = new Promise<void>((resolve) => (left = resolve));
    const port = await http((_request, response) => void response.on('close', left));
    const { gateway, calls } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: port }));

    const request = get({ port: gateway.portOf(80), host: '127.0.0.1', headers: { host: 'shop.example.com' } });
    request.on('error', () => {});
    setTimeout(() => request.destroy(), 100);
    await gone;

    await expect.poll(() => calls).toMatchObject([{ flags: 'DC', details: 'downstream_remote_disconnect' }]);
  });

  it('ends the call when its caller leaves before the body is all there', async () => {
    const { gateway, calls } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));
    const socket = connect(gateway.portOf(80)!, '127.0.0.1');

    socket.write('POST / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: 100\r\n\r\nhello');
    setTimeout(() => socket.destroy(), 100);

    await expect.poll(() => calls).toMatchObject([{ status: 0, flags: 'DC', details: 'downstream_remote_disconnect' }]);
  });

  it('answers before the body is all there, and takes no further request then', async () => {
    const { gateway } = await start(PLAIN + bound('r', 'hosts: [shop.example.com], http: [{directResponse: {status: 403}}]'));

    const answer = await raw(gateway.portOf(80), 'POST / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: 100\r\n\r\nhello');

    expect(answer).toMatch(/^HTTP\/1.1 403 [\s\S]*connection: close/);
  });

  it('gives answers of any size no faster than their caller reads', async () => {
    const port = await http((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      let left = 30;
      const write = (): void => {
        while (left > 0) if (left-- > 0 && !response.write(chunk)) return void response.once('drain', write);
        response.end();
      };
      write();
    });
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: port }));

    const call = get({ port: gateway.portOf(80), host: '127.0.0.1', headers: { host: 'shop.example.com' } });
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    let size = 0;
    for await (const chunk of response) size += (chunk as Buffer).length;

    expect(size).toBe(30 * 1024 * 1024);
  });
});

describe('what callers must not do', () => {
  const shopOnly = async (limits = {}): Promise<number> => {
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }), { limits });
    return gateway.portOf(80)!;
  };
  const head = (...lines: string[]): string => `${['GET / HTTP/1.1', 'Host: shop.example.com', 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`;

  it.each([
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: shop.example.com\r\n\r\n', 426],
    ['two Hosts', head('Host: other.example.com'), 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['length and chunks', head('Content-Length: 3', 'Transfer-Encoding: chunked'), 400],
    ['two lengths', head('Content-Length: 3', 'Content-Length: 4'), 400],
    ['a space before a colon', head('x-a : b'), 400],
    ['a line break in a value', head('x-a: b\rc: d'), 400],
    ['garbage', '\x00\x01\x02\r\n\r\n', 400],
    ['CONNECT', 'CONNECT shop.example.com:80 HTTP/1.1\r\nHost: shop.example.com\r\n\r\n', 404],
    ['too many headers', head(...Array.from({ length: 120 }, (_, i) => `x-${i}: 1`)), 431],
    ['a head of 62 KiB', head(`x-a: ${'b'.repeat(62 * 1024)}`), 431],
    ['a head of 200 KiB', head(`x-a: ${'b'.repeat(200 * 1024)}`), 431],
  ])('%s is refused', async (_what, text, status) => {
    expect(await raw(await shopOnly(), text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('a whole URL takes the place of the Host', async () => {
    const answer = await raw(await shopOnly(), 'GET http://shop.example.com?q=1 HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n\r\n');

    expect(answer).toContain('"path":"/?q=1"');
    expect(answer).toContain('"host":"shop.example.com"');
  });

  it('headers that do not come are waited for no longer than the limit says', async () => {
    expect(await raw(await shopOnly({ headersMs: 200 }), 'GET / HTTP/1.1\r\nHost:')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('connections beyond the limit are closed', async () => {
    const port = await shopOnly({ connections: 1 });
    const first = connect(port, '127.0.0.1');
    defer(async () => first.destroy());
    await once(first, 'connect');

    expect(await raw(port, head())).toBe('');
  });

  it('idle connections are closed', async () => {
    expect(await raw(await shopOnly({ idleMs: 100 }), head().replace('Connection: close', 'Connection: keep-alive'))).toMatch(/^HTTP\/1.1 200 /);
  });
});
