import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type ClientHttp2Session, type Http2Server, type IncomingHttpHeaders, type OutgoingHttpHeaders, type SecureClientSessionOptions, type ServerHttp2Stream } from 'node:http2';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createMesh } from '../../src/index.ts';
import { bound, edge, gatewayWorld, pem, service } from './gateway-world.ts';

const { http, start, defer } = gatewayWorld();

const PLAIN = edge('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}');
const HTTPS = edge('{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*.example.com"], tls: {mode: SIMPLE, credentialName: shop}}');
const TO_SHOP = bound('shop', 'hosts: [shop.example.com], http: [{route: [{destination: {host: shop.local}}]}]');
const CREDENTIALS = { shop: { certificate: pem('server.pem'), privateKey: pem('server.key') } };

function session(url: string, options?: SecureClientSessionOptions): ClientHttp2Session {
  const made = connect(url, options);
  made.on('error', () => {});
  defer(async () => made.destroy());
  return made;
}

async function ask(to: ClientHttp2Session, head: OutgoingHttpHeaders = {}, body = ''): Promise<{ head: IncomingHttpHeaders; body: string; trailers: IncomingHttpHeaders }> {
  const stream = to.request({ ':authority': 'shop.example.com', ':method': body === '' ? 'GET' : 'POST', ...head }, { endStream: body === '' });
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', (seen: IncomingHttpHeaders) => (trailers = seen));
  if (body !== '') stream.end(body);
  const [answered] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  return { head: answered, body: await text(stream), trailers };
}

/** A shop that speaks HTTP/1.1 and tells what it was asked. */
function shop(): Promise<number> {
  return http((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.setHeader('x-by', 'shop').end(JSON.stringify({ version: request.httpVersion, path: request.url, headers: request.headers, body })));
  });
}

/** A shop that speaks HTTP/2. */
async function shop2(answer: Parameters<Http2Server['on']>[1]): Promise<number> {
  const server = createServer();
  const open = new Set<{ destroy(): void }>();
  server.on('session', (made) => open.add(made)).on('stream', answer);
  defer(async () => {
    for (const one of open) one.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

describe('callers that speak HTTP/2', () => {
  it('are served on a plain port, by the same rules', async () => {
    const { gateway, lines, calls } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));
    const caller = session(`http://127.0.0.1:${gateway.portOf(80)}`);

    const [one, two] = await Promise.all([
      ask(caller, { ':path': '/x?y=1', cookie: ['a=1', 'b=2'], 'x-forwarded-proto': 'https', 'x-request-id': 'mine' }),
      ask(caller, { ':path': '/two' }, 'x'.repeat(300_000)),
    ]);
    const seen = JSON.parse(one.body) as { headers: Record<string, string> };

    expect(one.head).toMatchObject({ ':status': 200, server: 'istio-envoy', 'x-by': 'shop' });
    expect(seen).toMatchObject({ version: '1.1', path: '/x?y=1' });
    expect(seen.headers).toMatchObject({ host: 'shop.example.com', cookie: 'a=1; b=2', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    expect(seen.headers['x-request-id']).not.toBe('mine');
    const other = JSON.parse(two.body) as { body: string; headers: Record<string, string> };
    expect(other.body.length).toBe(300_000);
    // Nobody said how long it would be.
    expect(other.headers['transfer-encoding']).toBe('chunked');
    expect(calls).toMatchObject([{ status: 200, flags: '-' }, { status: 200, flags: '-' }]);
    expect(lines.find((line) => line.includes('/x?y=1'))).toContain('"GET /x?y=1 HTTP/2" 200 - via_upstream');
  });

  it('are served where TLS ends at the gateway, when they and it agree on it', async () => {
    const { gateway } = await start(HTTPS + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }), { credentials: CREDENTIALS });
    const options = { ca: readFileSync(pem('ca.pem')), servername: 'shop.example.com' };
    const caller = session(`https://127.0.0.1:${gateway.portOf(443)}`, options);

    const { head, body } = await ask(caller);

    expect(caller.alpnProtocol).toBe('h2');
    expect(head[':status']).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ headers: { 'x-forwarded-proto': 'https' } });
  });

  it('get the gateway\'s own answers', async () => {
    const { gateway, calls } = await start(PLAIN + TO_SHOP + bound('r', 'hosts: [a.example.com], http: [{directResponse: {status: 403, body: {string: no}}}]') + service('shop.local', 'HTTP', { v1: 1 }));
    const caller = session(`http://127.0.0.1:${gateway.portOf(80)}`);

    const direct = await ask(caller, { ':authority': 'a.example.com' }, 'a body that nobody reads');
    const none = await ask(caller, { ':authority': 'b.example.com' });
    const broken = await ask(caller);

    expect([direct.head[':status'], direct.body]).toEqual([403, 'no']);
    expect(none.head[':status']).toBe(404);
    expect([broken.head[':status'], broken.body]).toEqual([503, expect.stringContaining('upstream connect error')]);
    expect(calls.map(({ flags }) => flags)).toEqual(['-', 'NR', 'URX,UF']);
  });

  it('get trailers of endpoints that speak HTTP/2', async () => {
    const port = await shop2((stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
      stream.end('hi');
    });
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP2', { v1: port }));

    const { body, trailers } = await ask(session(`http://127.0.0.1:${gateway.portOf(80)}`));

    expect([body, trailers['x-sum']]).toEqual(['hi', '42']);
  });

  it('may send trailers, which endpoints that speak HTTP/2 get', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const port = await shop2((stream: ServerHttp2Stream) => {
      stream.on('trailers', (trailers: IncomingHttpHeaders) => seen.push(trailers));
      stream.resume().on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end('ok');
      });
    });
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP2', { v1: port }));
    const caller = session(`http://127.0.0.1:${gateway.portOf(80)}`);
    for (const trailers of [{ 'x-sum': ['1', '2'] }, undefined]) {
      const stream = caller.request({ ':authority': 'shop.example.com', ':method': 'POST' }, { waitForTrailers: trailers !== undefined });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers!));
      stream.end('hello');
      expect(await text(stream)).toBe('ok');
    }

    expect(seen).toMatchObject([{ 'x-sum': '1, 2' }]);
  });

  it('may leave a call and stay', async () => {
    let [begun, ended] = [0, 0];
    const port = await http((request, response) => {
      begun++;
      if (request.url === '/ok') response.end('ok');
      else response.on('close', () => ended++);
    });
    const { gateway, calls } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: port }));
    const caller = session(`http://127.0.0.1:${gateway.portOf(80)}`);
    const stream = caller.request({ ':authority': 'shop.example.com' });
    stream.on('error', () => {});
    await expect.poll(() => begun).toBe(1);
    stream.close(8);

    await expect.poll(() => calls).toMatchObject([{ status: 0, flags: 'DR', details: 'http2.remote_reset' }]);
    await expect.poll(() => ended).toBe(1);
    expect((await ask(caller, { ':path': '/ok' })).body).toBe('ok');
    const lost = caller.request({ ':authority': 'shop.example.com' });
    lost.on('error', () => {});
    await expect.poll(() => begun).toBe(3);
    caller.destroy();
    await expect.poll(() => calls[2]).toMatchObject({ status: 0, flags: 'DC', details: 'downstream_remote_disconnect' });
  });

  it('hear a goodbye when the gateway closes, and keep what is under way', async () => {
    const port = await http((_request, response) => setTimeout(() => response.end('done'), 100));
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: port }));
    const caller = session(`http://127.0.0.1:${gateway.portOf(80)}`);
    const goodbye = once(caller, 'goaway');
    const answering = ask(caller);
    await expect.poll(() => gateway.stats(/downstream|upstream_rq_active/)).not.toEqual({});
    await new Promise((resolve) => setTimeout(resolve, 50));

    const closed = gateway.close();
    await goodbye;

    expect((await answering).body).toBe('done');
    await closed;
  });

  it('may send heads of 60 KiB and no more', async () => {
    const { gateway } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));
    const caller = session(`http://127.0.0.1:${gateway.portOf(80)}`, { maxSendHeaderBlockLength: 500_000 });

    expect((await ask(caller, { 'x-a': 'b'.repeat(62 * 1024) })).head[':status']).toBe(431);
    expect((await ask(caller, Object.fromEntries(Array.from({ length: 105 }, (_, i) => [`x-${i}`, '1'])))).head[':status']).toBe(431);
    await expect(ask(caller, { 'x-a': 'b'.repeat(200 * 1024) })).rejects.toThrow(/Session closed/);
    expect((await ask(session(`http://127.0.0.1:${gateway.portOf(80)}`))).head[':status']).toBe(200);
  });
});

describe('a mesh that calls a gateway', () => {
  it.each(['HTTP2', 'GRPC'])('speaks HTTP/2 to it by a port of protocol %s', async (protocol) => {
    const { gateway, lines } = await start(PLAIN + TO_SHOP + service('shop.local', 'HTTP', { v1: await shop() }));
    await using mesh = await createMesh({ config: `\n${service('shop.example.com', protocol, { v1: gateway.portOf(80)! })}`, accessLog: false });

    const response = await mesh.fetch('http://shop.example.com/over', { method: 'POST', body: 'hello' });

    expect(await response.json()).toMatchObject({ path: '/over', body: 'hello' });
    expect(lines[0]).toContain('"POST /over HTTP/2" 200');
  });
});
