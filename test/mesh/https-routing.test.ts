import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type Mesh, type MeshOptions } from '../../src/index.ts';

// Calls to https:// go by HTTP rules where their service asks for it.
const CERTS = join(import.meta.dirname, '..', 'conformance', 'data', 'certs');
const pem = (name: string): string => readFileSync(join(CERTS, name), 'utf8');
const SERVER = { key: pem('server.key'), cert: pem('server.pem') };
const CA = pem('ca.pem');

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Backend {
  readonly port: number;
  /** What came, as `SNI Host path`. */
  readonly seen: string[];
  /** What it answers with. */
  status: number;
}

async function backend(name: string, options: ServerOptions = {}): Promise<Backend> {
  const seen: string[] = [];
  const it = { port: 0, seen, status: 200 };
  const server = createServer({ ...SERVER, ...options }, (incoming, response) => {
    const { servername } = incoming.socket as TLSSocket & { servername: string };
    seen.push(`${servername} ${incoming.headers.host ?? ''} ${incoming.url ?? ''}`);
    response.writeHead(it.status).end(`${name} ${incoming.headers['x-forwarded-proto'] as string}`);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => (server.closeAllConnections(), server.close()) });
  it.port = (server.address() as AddressInfo).port;
  return it;
}

async function meshOf(config: string, options: MeshOptions = {}): Promise<Mesh> {
  const mesh = await createMesh({ config, https: { ca: CA }, tracing: false, ...options });
  open.push({ close: () => mesh.close({ drainMs: 0 }) });
  return mesh;
}

const entry = (v1: number, v2: number, { value = '"true"', more = '' } = {}): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, annotations: {ts-mesh.dev/https-routing: ${value}}}
spec:
  hosts: [api.example.com]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 443, name: tls, protocol: TLS}]
  endpoints: [{address: 127.0.0.1, ports: {tls: ${v1}}, labels: {version: v1}}, {address: 127.0.0.1, ports: {tls: ${v2}}, labels: {version: v2}}]
${more}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api}
spec: {host: api.example.com, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
`;
const rules = (http: string, hosts = 'api.example.com'): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api}
spec:
  hosts: [${hosts}]
  http:
${http}
---
`;
const TO_V1 = '  - route: [{destination: {host: api.example.com, subset: v1}}]';
const REGISTRY_ONLY = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
---
`;

async function call(mesh: Mesh, url: string, init?: RequestInit): Promise<string> {
  const response = await mesh.fetch(url, init);
  const { flags, details } = meshInfo(response)!;
  const text = await response.text();
  return `${response.status} ${details.includes('{') ? details : text} ${flags}`;
}

describe('https by HTTP rules', () => {
  it('routes by path and header, at every door, with TLS for the name of the Host', async () => {
    const [v1, v2] = [await backend('v1'), await backend('v2')];
    const mesh = await meshOf(entry(v1.port, v2.port) + rules(`  - {match: [{uri: {prefix: /two}, port: 443}], route: [{destination: {host: api.example.com, subset: v2}}]}\n${TO_V1}`) + REGISTRY_ONLY);

    expect(await call(mesh, 'https://api.example.com/one')).toBe('200 v1 https -');
    expect(await call(mesh, 'https://api.example.com:443/two?a')).toBe('200 v2 https -');
    expect(await (await mesh.request('https://api.example.com/two')).body.text()).toBe('v2 https');
    expect(await (await request('https://api.example.com/two', { dispatcher: mesh.dispatcher })).body.text()).toBe('v2 https');
    const uninstall = mesh.install();
    expect(await (await fetch('https://api.example.com/two')).text()).toBe('v2 https');
    uninstall();
    expect([v1.seen, v2.seen]).toEqual([['api.example.com api.example.com /one'], ['/two?a', '/two', '/two', '/two'].map((path) => `api.example.com api.example.com ${path}`)]);
  });

  it('has faults, retries, mirrors, timeouts and outlier detection', async () => {
    const [v1, v2] = [await backend('v1'), await backend('v2')];
    const mesh = await meshOf(entry(v1.port, v2.port) + rules(`
  - match: [{uri: {prefix: /fault}}]
    fault: {abort: {percentage: {value: 100}, httpStatus: 418}}
    route: [{destination: {host: api.example.com}}]
  - match: [{uri: {prefix: /retried}}]
    retries: {attempts: 2, retryOn: 5xx}
    route: [{destination: {host: api.example.com, subset: v1}}]
  - mirror: {host: api.example.com, subset: v2}
    route: [{destination: {host: api.example.com, subset: v1}}]`) + 'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: api}\nspec: {host: api.example.com, subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 4, maxEjectionPercent: 100}}}, {name: v2, labels: {version: v2}}]}\n');

    expect(await call(mesh, 'https://api.example.com/fault')).toBe('418 fault filter abort FI');
    expect(await call(mesh, 'https://api.example.com/mirrored')).toBe('200 v1 https -');
    await expect.poll(() => v2.seen).toEqual(['api.example.com api.example.com-shadow /mirrored']);
    v1.status = 503;
    expect(await call(mesh, 'https://api.example.com/retried')).toBe('503 v1 https URX');
    expect(v1.seen).toHaveLength(4);
    await call(mesh, 'https://api.example.com/last');
    expect(mesh.stats(/443\|v1\|.*ejections_active$/)).toEqual({ 'cluster.outbound|443|v1|api.example.com;.outlier_detection.ejections_active': 1 });
  });

  it('checks the certificate by the Host, with the trust of the mesh', async () => {
    const v1 = await backend('v1');
    const config = entry(v1.port, v1.port).replaceAll('api.example.com', 'other.test') + rules(TO_V1).replaceAll('api.example.com', 'other.test');

    expect(await call(await meshOf(config), 'https://other.test/')).toMatch(/^503 .*SAN_matcher.* URX,UF$/);
    expect(await call(await meshOf(config, { https: { ca: CA, rejectUnauthorized: false } }), 'https://other.test/')).toBe('200 v1 https -');
    expect(await call(await meshOf(entry(v1.port, v1.port), { https: {} }), 'https://api.example.com/')).toMatch(/^503 .*CERTIFICATE_VERIFY_FAILED.* URX,UF$/);
    expect(await call(await meshOf(entry(v1.port, v1.port, { more: '  subjectAltNames: [nobody.test]' })), 'https://api.example.com/')).toMatch(/SAN_matcher/);
  });

  it('shows the certificate of the mesh\'s options', async () => {
    const v1 = await backend('v1', { requestCert: true, rejectUnauthorized: true, ca: CA });
    const mesh = await meshOf(entry(v1.port, v1.port), { https: { ca: CA, cert: pem('client.pem'), key: pem('client.key') } });
    expect(await call(mesh, 'https://api.example.com/')).toBe('200 v1 https -');
  });

  it('has the TLS of a DestinationRule where there is one, but none goes in the clear', async () => {
    const v1 = await backend('v1');
    const tls = (mode: string): string => `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: api}\nspec: {host: api.example.com, trafficPolicy: {tls: ${mode}}}\n---\n`;
    const mesh = await meshOf(entry(v1.port, v1.port) + tls(`{mode: SIMPLE, sni: x.test, caCertificates: ${join(CERTS, 'ca.pem')}}`), { https: {} });

    expect(await call(mesh, 'https://api.example.com/')).toBe('200 v1 https -');
    expect(v1.seen).toEqual(['x.test api.example.com /']);
    const disabled = await meshOf(entry(v1.port, v1.port) + tls('{mode: DISABLE}'));
    expect(await call(disabled, 'https://api.example.com/')).toBe('200 v1 https -');
  });

  it('goes in the clear where a rule sends it to a port that does not speak TLS', async () => {
    const plain = createHttpServer((_, response) => void response.end('plain'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => (plain.closeAllConnections(), plain.close()) });
    const v1 = await backend('v1');
    const inside = `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: in}\nspec: {hosts: [inside.test], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 127.0.0.1, ports: {http: ${(plain.address() as AddressInfo).port}}}]}\n---\n`;
    const mesh = await meshOf(entry(v1.port, v1.port) + inside + rules('  - route: [{destination: {host: inside.test, port: {number: 80}}}]'));

    expect(await call(mesh, 'https://api.example.com/')).toBe('200 plain -');
    expect(String(mesh.explain('https://api.example.com/'))).toContain('in the clear');
  });

  it('leaves http:// on that port and connections alone', async () => {
    const v1 = await backend('v1');
    const mesh = await meshOf(entry(v1.port, v1.port) + rules(`  - fault: {abort: {percentage: {value: 100}, httpStatus: 418}}\n    route: [{destination: {host: api.example.com}}]`));

    const bare = await mesh.connect({ host: 'api.example.com', port: 443, servername: 'api.example.com' });
    const socket = connectTls({ socket: bare, servername: 'api.example.com', ca: CA });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.destroy();
    expect(mesh.explain('http://api.example.com:443/').kind).toBe(mesh.explain('http://other.test:443/').kind);
    expect(mesh.explain('http://api.example.com:443/').toString()).not.toContain('fault');
    expect(await call(mesh, 'https://api.example.com/')).toMatch(/^418/);
  });

  it.each(['"false"', '""', '"yes"'])('is off with %s', async (value) => {
    const v1 = await backend('v1');
    const mesh = await meshOf(entry(v1.port, v1.port, { value }) + rules('  - directResponse: {status: 418}'));
    const response = await mesh.fetch('https://api.example.com/');
    expect([response.status, meshInfo(response)!.lane]).toEqual([200, 'connection']);
  });

  it('follows changes of the annotation', async () => {
    const v1 = await backend('v1');
    const direct = rules('  - directResponse: {status: 418}');
    const mesh = await meshOf(entry(v1.port, v1.port, { value: '"false"' }) + direct);
    expect(await call(mesh, 'https://api.example.com/')).toMatch(/^200/);
    await mesh.apply(entry(v1.port, v1.port));
    expect(await call(mesh, 'https://api.example.com/')).toMatch(/^418/);
    await mesh.apply(rules(TO_V1));
    expect(await call(mesh, 'https://api.example.com/')).toMatch(/^200 v1 https/);
    await mesh.delete('ServiceEntry/api');
    expect(mesh.explain('https://api.example.com/').kind).toBe('passthrough');
  });

  it('works for a Kubernetes Service', async () => {
    const v1 = await backend('v1');
    const service = `apiVersion: v1\nkind: Service\nmetadata: {name: api, annotations: {ts-mesh.dev/https-routing: "true"}}\nspec: {ports: [{port: 8443, name: https}]}\n---\n`;
    const mesh = await meshOf(service + rules('  - match: [{uri: {prefix: /no}}]\n    directResponse: {status: 418}\n  - route: [{destination: {host: api}}]', 'api'), {
      https: { ca: CA, rejectUnauthorized: false },
      endpoints: { api: [{ address: `127.0.0.1:${v1.port}` }] },
    });
    expect(await call(mesh, 'https://api:8443/yes')).toBe('200 v1 https -');
    expect(await call(mesh, 'https://api.default.svc:8443/no')).toMatch(/^418/);
  });

  it('is where redirects from http land', async () => {
    const v1 = await backend('v1');
    const http = `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: http}\nspec: {hosts: [api.example.com], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 127.0.0.1}]}\n---\n`;
    const mesh = await meshOf(entry(v1.port, v1.port) + http + rules('  - match: [{port: 80}]\n    redirect: {scheme: https}\n  - match: [{uri: {prefix: /end}}]\n    directResponse: {status: 200, body: {string: "the end"}}\n  - match: [{port: 443}]\n    redirect: {uri: /end}') + REGISTRY_ONLY);

    const response = await mesh.fetch('http://api.example.com/start');
    expect([response.url, await response.text()]).toEqual(['https://api.example.com/end', 'the end']);
  });

  it('is explained, either way', async () => {
    const v1 = await backend('v1');
    const mesh = await meshOf(entry(v1.port, v1.port) + rules(TO_V1));
    const explanation = mesh.explain('https://api.example.com/a');
    expect(explanation).toMatchObject({ kind: 'mesh', route: { outcome: 'routed', virtualHost: { name: 'api.example.com:443' } }, destinations: [{ cluster: 'outbound|443|v1|api.example.com', outcome: 'ok' }] });
    expect(explanation.toString()).toMatch(/ts-mesh\.dev\/https-routing[^]*TLS, for the name of the Host/);
    const response = await mesh.fetch('https://api.example.com/a');
    expect(meshInfo(response)!.explanation.toString()).toBe(explanation.toString().replaceAll('(100 %)', '(100 %)'));
    await mesh.apply(entry(v1.port, v1.port, { value: '"false"' }));
    expect(mesh.explain('https://api.example.com/a').toString()).toMatch(/TLS from end to end[^]*annotate its ServiceEntry with ts-mesh\.dev\/https-routing/);
  });

  it('counts as the service\'s own, and by the route\'s name', async () => {
    const v1 = await backend('v1');
    const lines: string[] = [];
    const mesh = await meshOf(entry(v1.port, v1.port) + rules(`  - {name: named, route: [{destination: {host: api.example.com, subset: v1}}]}`), { accessLog: (line) => void lines.push(line) });
    await call(mesh, 'https://api.example.com/a');
    expect(mesh.stats(/443\|v1\|[^;]*;\.upstream_rq_200$/)).toEqual({ 'cluster.outbound|443|v1|api.example.com;.upstream_rq_200': 1 });
    expect(lines).toEqual([expect.stringMatching(/"GET \/a HTTP\/1\.1" 200 .* outbound\|443\|v1\|api\.example\.com .* named/)]);
  });
});
