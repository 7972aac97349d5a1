import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type Mesh, type MeshOptions } from '../../src/index.ts';

const CERTS = join(import.meta.dirname, '..', 'conformance', 'data', 'certs');
const cert = (name: string): string => join(CERTS, name);
const pem = (name: string): string => readFileSync(cert(name), 'utf8');
const SERVER = { key: pem('server.key'), cert: pem('server.pem') };
const CA = cert('ca.pem');

/** What a server saw of each connection. */
interface Handshake {
  readonly sni: string | false;
  readonly alpn: string | false | null;
  readonly client: string | undefined;
}

const open: { close(): unknown }[] = [];
let files: string;

beforeEach(() => {
  files = mkdtempSync(join(tmpdir(), 'ts-mesh-tls-'));
});

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(files, { recursive: true });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => (server.closeAllConnections?.(), server.close()) });
  return (server.address() as AddressInfo).port;
}

async function secureServer(options: TlsOptions = {}): Promise<{ port: number; seen: Handshake[] }> {
  const seen: Handshake[] = [];
  const server = createServer({ ...SERVER, ...options }, (request, response) => void response.end(`${request.headers.host ?? ''}${request.url ?? ''}`));
  server.on('secureConnection', (socket: TLSSocket) => {
    seen.push({ sni: (socket as TLSSocket & { servername: string | false }).servername, alpn: socket.alpnProtocol, client: socket.getPeerCertificate().subject?.CN as string | undefined });
  });
  server.on('tlsClientError', () => {});
  return { port: await listening(server), seen };
}

/** `http://api.example.com`, sent to `port` with these settings for TLS. */
async function meshTo(port: number, tls: string, options: MeshOptions & { protocol?: string; hosts?: string; more?: string } = {}): Promise<Mesh> {
  const { protocol = 'HTTP', hosts = 'api.example.com, other.test', more = '', ...rest } = options;
  const mesh = await createMesh({
    config: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api}
spec:
  hosts: [${hosts}]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: ${protocol}, targetPort: ${port}}]
  endpoints: [{address: 127.0.0.1}]
${more}
---
${hosts.split(', ').map((host, index) => rule(`r${index}`, host.replaceAll('"', ''), tls)).join('---\n')}`,
    ...rest,
  });
  open.push({ close: () => mesh.close({ drainMs: 0 }) });
  return mesh;
}

const rule = (name: string, host: string, tls: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: "${host}", trafficPolicy: {tls: ${tls}}}
`;

const SIMPLE = `{mode: SIMPLE, caCertificates: ${CA}}`;

async function call(mesh: Mesh, url = 'http://api.example.com/a'): Promise<string> {
  const response = await mesh.fetch(url);
  const text = await response.text();
  const { flags, details } = meshInfo(response)!;
  return response.status === 200 ? text : `${response.status} ${flags} ${details}`;
}

describe('TLS to endpoints', () => {
  it('asks for the Host, offers HTTP/1.1, and checks whom it speaks to', async () => {
    const { port, seen } = await secureServer();
    const mesh = await meshTo(port, SIMPLE);

    expect(await call(mesh)).toBe('api.example.com/a');
    expect(await call(mesh, 'http://api.example.com/b')).toBe('api.example.com/b');
    expect(seen).toEqual([{ sni: 'api.example.com', alpn: 'http/1.1', client: undefined }]);
    expect(await call(mesh, 'http://other.test/')).toMatch(/^503 URX,UF upstream_reset_before_response_started\{remote_connection_failure\|TLS_error:\|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_SAN_matcher,_certificate_SANs_are_\[example\.com,_\*\.example\.com\]:TLS_error_end\}$/);
  });

  it('shares connections only among calls that want the same name', async () => {
    const { port, seen } = await secureServer();
    const mesh = await meshTo(port, SIMPLE, { hosts: '"*.example.com"' });

    for (const host of ['a', 'b', 'a', 'b']) expect(await call(mesh, `http://${host}.example.com/`)).toBe(`${host}.example.com/`);
    expect(seen.map(({ sni }) => sni)).toEqual(['a.example.com', 'b.example.com']);
  });

  it('asks for no name where the Host is an address, and expects the address', async () => {
    const { port, seen } = await secureServer();
    const mesh = await meshTo(port, SIMPLE, { hosts: 'api.example.com', more: '  addresses: [192.0.2.7]' });

    expect(await call(mesh, 'http://192.0.2.7/')).toContain('SAN_matcher');
    expect(seen.every(({ sni }) => sni === false)).toBe(true);
  });

  it.each([
    ['the sni of the rule, and then expects nobody', `{mode: SIMPLE, caCertificates: ${CA}, sni: x.test}`, 'other.test/', 'x.test'],
    ['names of the rule in place of the Host', `{mode: SIMPLE, caCertificates: ${CA}, subjectAltNames: [nobody.test, any.example.com]}`, 'other.test/', 'other.test'],
    ['no verification', '{mode: SIMPLE, insecureSkipVerify: true}', 'other.test/', 'other.test'],
    ['the roots of the system', '{mode: SIMPLE}', expect.stringContaining('CERTIFICATE_VERIFY_FAILED'), undefined],
    ['a file that is not there', `{mode: SIMPLE, caCertificates: ${CERTS}/gone.pem}`, expect.stringContaining('gone.pem_can\'t_be_read_(ENOENT)'), undefined],
    ['a file that is none', `{mode: SIMPLE, caCertificates: ${CERTS}/README.md}`, expect.stringMatching(/^503 URX,UF .*TLS_error/), undefined],
  ])('by %s', async (_what, tls, answer, sni) => {
    const { port, seen } = await secureServer();
    const mesh = await meshTo(port, tls);

    expect(await call(mesh, 'http://other.test/')).toEqual(answer);
    expect(seen[0]?.sni).toBe(sni);
  });

  it('expects a name of the ServiceEntry as well', async () => {
    const { port } = await secureServer();
    expect(await call(await meshTo(port, SIMPLE, { more: '  subjectAltNames: [example.com]' }))).toBe('api.example.com/a');
    expect(await call(await meshTo(port, SIMPLE, { more: '  subjectAltNames: [nobody.test]' }))).toContain('SAN_matcher');
  });

  it('shows a certificate where the rule has one', async () => {
    const { port, seen } = await secureServer({ requestCert: true, rejectUnauthorized: true, ca: pem('ca.pem') });
    const mutual = `{mode: MUTUAL, caCertificates: ${CA}, clientCertificate: ${cert('client.pem')}, privateKey: ${cert('client.key')}}`;

    expect(await call(await meshTo(port, mutual))).toBe('api.example.com/a');
    expect(seen[0]!.client).toEqual(expect.any(String));
    expect(await call(await meshTo(port, SIMPLE))).toBe('503 UC upstream_reset_before_response_started{connection_termination}');
  });

  it('reads files again when they have changed', async () => {
    const { port } = await secureServer();
    const ca = join(files, 'ca.pem');
    copyFileSync(cert('other-ca.pem'), ca);
    const mesh = await meshTo(port, `{mode: SIMPLE, caCertificates: ${ca}}`);

    expect(await call(mesh)).toContain('CERTIFICATE_VERIFY_FAILED');
    copyFileSync(CA, ca);
    utimesSync(ca, 1, 1);
    expect(await call(mesh)).toBe('api.example.com/a');
  });

  it.each([
    ['kept', 'none-revoked.pem', 'api.example.com/a'],
    ['kept', 'crl.pem', 'api.example.com/a'],
    ['revoked', 'none-revoked.pem', 'api.example.com/a'],
    ['revoked', 'crl.pem', expect.stringMatching(/^503 URX,UF .*CERTIFICATE_VERIFY_FAILED:verify_cert_failed:.*certificate_revoked:TLS_error_end\}$/)],
    ['kept', 'other-crl.pem', expect.stringContaining('unable_to_get_certificate_CRL')],
    ['kept', 'ca.pem', expect.stringContaining('no_certificate_revocation_list')],
    ['kept', 'gone.pem', expect.stringContaining('gone.pem_can\'t_be_read_(ENOENT)')],
  ])('to an endpoint whose certificate is %s, by the list %s', async (name, list, answer) => {
    const revocation = (file: string): string => join(import.meta.dirname, '../gateway/data/revocation', file);
    const { port } = await secureServer({ cert: readFileSync(revocation(`${name}.pem`)), key: readFileSync(revocation(`${name}.key`)) });

    expect(await call(await meshTo(port, `{mode: SIMPLE, caCertificates: ${revocation('ca.pem')}, caCrl: ${revocation(list)}}`))).toEqual(answer);
  });

  it('takes no connection of before for a request after a change of its settings', async () => {
    const { port, seen } = await secureServer();
    const mesh = await meshTo(port, SIMPLE, { hosts: 'api.example.com' });

    await call(mesh);
    await mesh.apply(rule('r0', 'api.example.com', `{mode: SIMPLE, caCertificates: ${CA}, sni: b.example.com}`));
    await call(mesh);
    expect(seen.map(({ sni }) => sni)).toEqual(['api.example.com', 'b.example.com']);
    await mesh.apply(rule('r0', 'api.example.com', `{mode: SIMPLE, caCertificates: ${cert('other-ca.pem')}}`));
    expect(await call(mesh)).toContain('CERTIFICATE_VERIFY_FAILED');
    await mesh.delete('DestinationRule/r0');
    expect(await call(mesh)).toMatch(/^503 UC|^400/);
  });

  it('speaks HTTP/2 where the port says so', async () => {
    const sessions: (string | false | null)[] = [];
    const { createSecureServer } = await import('node:http2');
    const server = createSecureServer(SERVER, (request, response) => void response.end(request.authority));
    server.on('session', (session) => sessions.push((session.socket as TLSSocket).alpnProtocol));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => server.close() });
    const mesh = await meshTo((server.address() as AddressInfo).port, SIMPLE, { protocol: 'HTTP2' });

    expect(await Promise.all([call(mesh), call(mesh)])).toEqual(['api.example.com', 'api.example.com']);
    expect(sessions).toEqual(['h2']);
  });

  it('gives up after connectTimeout, the handshake included', async () => {
    const { createServer: createTcpServer } = await import('node:net');
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => silent.close() });
    const mesh = await meshTo((silent.address() as AddressInfo).port, SIMPLE);
    await mesh.apply(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: r0}
spec: {host: api.example.com, trafficPolicy: {tls: ${SIMPLE}, connectionPool: {tcp: {connectTimeout: 50ms}}}}
`);

    expect(await call(mesh)).toBe('503 URX,UF upstream_reset_before_response_started{connection_timeout}');
  });
});

describe('TLS within a mesh', () => {
  const certificates = { certificateChain: cert('client.pem'), privateKey: cert('client.key'), rootCertificates: CA };

  it('shows the workload’s certificate, and speaks as its proxy', async () => {
    const { port, seen } = await secureServer({ requestCert: true, rejectUnauthorized: true, ca: pem('ca.pem'), ALPNProtocols: ['istio', 'http/1.1'] });
    const mesh = await meshTo(port, '{mode: ISTIO_MUTUAL}', { hosts: 'api.example.com', workload: { certificates } });

    expect(await call(mesh)).toBe('api.example.com/a');
    expect(seen).toEqual([{ sni: 'outbound_.80_._.api.example.com', alpn: 'istio', client: expect.any(String) }]);
  });

  it('fails without, and says why', async () => {
    const { port, seen } = await secureServer();
    const mesh = await meshTo(port, '{mode: ISTIO_MUTUAL}');

    const told = await call(mesh);
    expect(told).toMatch(/^503 URX,UF /);
    expect(told).toContain('PeerAuthentication_of_mode_STRICT');
    expect(seen).toEqual([]);
  });
});

describe('TLS on connections that are not HTTP', () => {
  it('asks for a name only if the rule has one', async () => {
    const names: (string | false)[] = [];
    const server = createTlsServer(SERVER, (socket) => {
      names.push((socket as TLSSocket & { servername: string | false }).servername);
      socket.on('data', (data) => socket.end(`got ${String(data)}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => server.close() });
    const { port } = server.address() as AddressInfo;
    for (const tls of [`{mode: SIMPLE, caCertificates: ${CA}, subjectAltNames: [example.com]}`, `{mode: SIMPLE, caCertificates: ${CA}, sni: db.example.com}`]) {
      const mesh = await meshTo(port, tls, { protocol: 'TCP', hosts: 'db.example.com' });
      const socket = await mesh.connect({ host: 'db.example.com', port: 80 });
      socket.write('hello');
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString()).toBe('got hello');
    }
    expect(names).toEqual([false, 'db.example.com']);
  });
});
