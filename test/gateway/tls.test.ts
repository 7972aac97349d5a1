import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { bound, edge, gatewayWorld, pem, service, type GatewayWorld } from './gateway-world.ts';

const { http, tcp, start, defer } = gatewayWorld();

const FILES = `serverCertificate: ${pem('server.pem')}, privateKey: ${pem('server.key')}`;
const server = (name: string, host: string, tls: string): string => `{port: {number: 443, name: ${name}, protocol: HTTPS}, hosts: [${host}], tls: {${tls}}}`;
const ANY = bound('any', 'hosts: ["*"], http: [{match: [{scheme: {exact: http}}], directResponse: {status: 418}}, {route: [{destination: {host: shop.local}}]}]');

interface Caller {
  readonly sni?: string;
  readonly host?: string;
  readonly cert?: string;
  readonly options?: ConnectionOptions;
}

/** The first line of the answer, or how the connection failed. */
async function ask({ gateway }: GatewayWorld, { sni = 'a.example.com', host = sni, cert, options }: Caller): Promise<string> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      port: gateway.portOf(443)!,
      host: '127.0.0.1',
      ...(sni !== '' && { servername: sni }),
      rejectUnauthorized: false,
      ...options,
      ...(cert !== undefined && { cert: readFileSync(pem(`${cert}.pem`)), key: readFileSync(pem(`${cert}.key`)) }),
    });
    let seen = '';
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(seen.split('\r\n')[0] || 'closed'));
    socket.on('secureConnect', () => socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
  });
}

async function shop(): Promise<string> {
  return service('shop.local', 'HTTP', { v1: await http((request, response) => void response.end(request.headers['x-forwarded-proto'])) });
}

const OK = 'HTTP/1.1 200 OK';

describe('a gateway that ends TLS', () => {
  it('moves nothing to https that came by it', async () => {
    const world = await start(edge(server('a', 'a.example.com', `mode: SIMPLE, httpsRedirect: true, ${FILES}`)) + ANY + (await shop()));

    expect(await ask(world, {})).toBe(OK);
  });

  it('has rules for each server, told by the name in the handshake', async () => {
    const world = await start(edge(`${server('a', 'a.example.com', `mode: SIMPLE, ${FILES}`)}, ${server('b', '"*.b.example.com"', `mode: SIMPLE, ${FILES}`)}`) + ANY + (await shop()));

    expect(await ask(world, {})).toBe(OK);
    expect(await ask(world, { sni: 'x.b.example.com' })).toBe(OK);
    expect(await ask(world, { host: 'x.b.example.com' })).toBe('HTTP/1.1 404 Not Found');
    expect(world.lines.at(-1)).toMatch(/ 404 NR .* a\.example\.com -$/);
    expect(world.calls).toHaveLength(3);
  });

  it.each(['c.example.com', ''])('closes connections that ask for the name %j', async (sni) => {
    const world = await start(edge(server('a', 'a.example.com', `mode: SIMPLE, ${FILES}`)) + ANY + (await shop()));

    expect(await ask(world, { sni, host: 'a.example.com' })).toMatch(/^(closed|ECONNRESET)$/);
    expect(world.connections).toMatchObject([{ flags: 'NR', details: 'filter_chain_not_found', openedFor: 'gateway' }]);
    expect(world.lines).toEqual([expect.stringMatching(/^\[.*\] "- - -" 0 NR filter_chain_not_found - "-" 0 0 0 - "-" "-" "-" "-" "-" - - 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ (c\.example\.com|-) -$/)]);
  });

  it.each([
    ['MUTUAL', 'client', OK],
    ['MUTUAL', undefined, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
    ['MUTUAL', 'rogue', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    ['OPTIONAL_MUTUAL', 'client', OK],
    ['OPTIONAL_MUTUAL', undefined, OK],
    ['OPTIONAL_MUTUAL', 'rogue', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    ['MUTUAL, subjectAltNames: [nobody.example.com]', 'client', /ALERT_CERTIFICATE_UNKNOWN$/],
  ])('with mode %s and the certificate %s', async (mode, cert, expected) => {
    const world = await start(edge(server('a', 'a.example.com', `mode: ${mode}, ${FILES}, caCertificates: ${pem('ca.pem')}`)) + ANY + (await shop()));

    const answer = await ask(world, cert === undefined ? {} : { cert });

    expect(answer).toMatch(expected);
    expect(world.lines).toHaveLength(answer === OK ? 1 : 0);
  });

  it.each([
    ['TLS_AES_256_GCM_SHA384', 'TLSv1.3', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    ['TLS_AES_128_GCM_SHA256', 'TLSv1.3', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    ['TLS_CHACHA20_POLY1305_SHA256', 'TLSv1.3', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    // Before TLS 1.3 there is no such secret.
    ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLSv1.2', /closed|ECONNRESET|EPIPE/],
  ] as const)('says in %s, %s, why a certificate is not accepted', async (ciphers, maxVersion, expected) => {
    const world = await start(edge(server('a', 'a.example.com', `mode: MUTUAL, ${FILES}, caCertificates: ${pem('ca.pem')}`)) + ANY + (await shop()));

    for (let i = 0; i < 5; i++) expect(await ask(world, { cert: 'rogue', options: { ciphers, maxVersion } })).toMatch(expected);
    expect(world.lines).toEqual([]);
  });

  it('takes credentials by name, from files or texts, and says when one is missing', async () => {
    const credentials = { a: { certificate: pem('server.pem'), privateKey: pem('server.key') }, b: { certificate: readFileSync(pem('server.pem'), 'utf8'), privateKey: readFileSync(pem('server.key'), 'utf8') } };
    const servers = ['a', 'b', 'c'].map((name) => server(name, `${name}.example.com`, `mode: SIMPLE, credentialName: ${name}`));
    const world = await start(edge(servers.join(', ')) + ANY + (await shop()), { credentials });

    expect(await ask(world, { sni: 'a.example.com' })).toBe(OK);
    expect(await ask(world, { sni: 'b.example.com' })).toBe(OK);
    expect(await ask(world, { sni: 'c.example.com' })).toMatch(/closed|ECONNRESET/);
    expect(world.problems).toEqual([expect.stringContaining("credentialName c is not among the gateway's credentials")]);
  });

  it('shows a renewed certificate from the next connection on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ts-mesh-gateway-'));
    defer(async () => rmSync(folder, { recursive: true }));
    const put = (from: string, ageMs: number): void => {
      for (const kind of ['pem', 'key']) {
        copyFileSync(pem(`${from}.${kind}`), join(folder, `tls.${kind}`));
        utimesSync(join(folder, `tls.${kind}`), new Date(Date.now() - ageMs), new Date(Date.now() - ageMs));
      }
    };
    put('server', 10_000);
    const world = await start(edge(server('a', 'a.example.com', `mode: SIMPLE, serverCertificate: ${folder}/tls.pem, privateKey: ${folder}/tls.key`)) + ANY + (await shop()));
    const shown = async (): Promise<string> => {
      const socket = connect({ port: world.gateway.portOf(443)!, host: '127.0.0.1', servername: 'a.example.com', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };

    const before = await shown();
    put('rogue', 0);

    expect(await shown()).not.toBe(before);
  });

  it('gives bytes inside TLS to tcp rules', async () => {
    const echo = await tcp((socket) => socket.pipe(socket));
    const documents = edge(`{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: SIMPLE, ${FILES}}}`) + bound('r', 'hosts: ["*"], tcp: [{route: [{destination: {host: echo.local}}]}]');
    const { gateway, connections } = await start(documents + service('echo.local', 'TCP', { v1: echo }));
    const socket = connect({ port: gateway.portOf(443)!, host: '127.0.0.1', servername: 'a.example.com', rejectUnauthorized: false });

    socket.write('ping');
    expect(String((await once(socket, 'data'))[0])).toBe('ping');
    socket.end();

    await expect.poll(() => connections).toMatchObject([{ flags: '-', cluster: 'outbound|80||echo.local', servername: 'a.example.com', bytesSent: 4, bytesReceived: 4 }]);
  });
});

describe('what callers must not do in TLS', () => {
  it.each([
    ['something else', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a record that is none', Buffer.from([22, 3, 1, 0, 0, 1, 2, 3])],
    ['bytes without end', Buffer.alloc(200_000, 22)],
    ['a name with bytes that no name has', hello('a\0.example.com')],
    ['a handshake, then garbage', Buffer.concat([hello('a.example.com'), Buffer.alloc(5000, 7)])],
  ])('%s closes their connection, and nobody else is harmed', async (_what, bytes) => {
    const world = await start(edge(server('a', 'a.example.com', `mode: SIMPLE, ${FILES}`)) + ANY + (await shop()));
    const socket = connectTcp(world.gateway.portOf(443)!, '127.0.0.1').on('error', () => {});

    socket.write(bytes);
    socket.resume();
    await once(socket, 'close');

    expect(await ask(world, {})).toBe(OK);
    expect(world.problems).toEqual([]);
  });

  it('to leave in the middle of it is no harm, wherever bytes go', async () => {
    const echo = await tcp((socket) => socket.pipe(socket));
    const world = await start(edge(`{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: SIMPLE, ${FILES}}}`) + bound('r', 'hosts: ["*"], tcp: [{route: [{destination: {host: echo.local}}]}]') + service('echo.local', 'TCP', { v1: echo }));

    for (let i = 0; i < 20; i++) {
      const bare = connectTcp(world.gateway.portOf(443)!, '127.0.0.1').on('error', () => {});
      const socket = connect({ socket: bare, servername: 'a.example.com', rejectUnauthorized: false }).on('error', () => {});
      socket.once('secureConnect', () => (i % 2 === 0 ? bare.resetAndDestroy() : socket.write('x', () => bare.destroy())));
      await once(bare, 'close');
    }

    const socket = connect({ port: world.gateway.portOf(443)!, host: '127.0.0.1', servername: 'a.example.com', rejectUnauthorized: false });
    socket.write('ping');
    expect(String((await once(socket, 'data'))[0])).toBe('ping');
    socket.end();
    await expect.poll(() => Object.values(world.gateway.stats(/\|\|echo\.local;\.upstream_cx_active$/))).toEqual([0]);
    expect(world.connections.at(-1)).toMatchObject({ flags: '-', bytesSent: 4 });
  });
});

/** A handshake's first message with nothing but a name in it. */
function hello(name: string): Buffer {
  const text = Buffer.from(name, 'latin1');
  const vector = (width: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([...(width === 2 ? [body.length >> 8] : []), body.length & 255]), body]);
  const names = vector(2, Buffer.concat([Buffer.from([0]), vector(2, text)]));
  const extensions = vector(2, Buffer.concat([Buffer.from([0, 0]), vector(2, names)]));
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 1), vector(1, Buffer.alloc(0)), vector(2, Buffer.from([0x13, 1])), vector(1, Buffer.from([0])), extensions]);
  const message = Buffer.concat([Buffer.from([1, 0]), vector(2, body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(2, message)]);
}

describe('TLS that passes a gateway', () => {
  it('goes by its name, untouched', async () => {
    const secure = createServer({ cert: readFileSync(pem('server.pem')), key: readFileSync(pem('server.key')) }, (socket) => socket.resume().end(`HTTP/1.1 200 ${String(socket.servername)}\r\n\r\n`));
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    defer(() => new Promise((resolve) => secure.close(resolve)));
    const { port } = secure.address() as { port: number };
    const documents = edge('{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.example.com"], tls: {mode: PASSTHROUGH}}') + bound('r', 'hosts: ["*.example.com"], tls: [{match: [{sniHosts: [a.example.com]}], route: [{destination: {host: secure.local}}]}]');
    const world = await start(documents + service('secure.local', 'TLS', { v1: port }));

    expect(await ask(world, {})).toBe('HTTP/1.1 200 a.example.com');
    expect(await ask(world, { sni: 'b.example.com' })).toMatch(/closed|ECONNRESET/);

    await expect.poll(() => world.connections).toMatchObject([
      { flags: '-', cluster: 'outbound|80||secure.local', servername: 'a.example.com', endpoint: `127.0.0.1:${port}` },
      { flags: 'NR', servername: 'b.example.com' },
    ]);
    expect(world.lines[0]).toMatch(/^\[.*\] "- - -" 0 - - - "-" \d+ \d+ \d+ - "-" "-" "-" "-" "127\.0\.0\.1:\d+" outbound\|80\|\|secure\.local \S+ \S+ \S+ a\.example\.com -$/);
  });

  it('is not waited for longer than the limit says', async () => {
    const world = await start(edge(server('a', 'a.example.com', `mode: SIMPLE, ${FILES}`)) + ANY + (await shop()), { limits: { handshakeMs: 100 } });
    const socket = connectTcp(world.gateway.portOf(443)!, '127.0.0.1');

    socket.write(Buffer.from([22, 3, 1, 2]));
    socket.on('error', () => {});
    await once(socket, 'close');

    expect(await ask(world, {})).toBe(OK);
  });
});
