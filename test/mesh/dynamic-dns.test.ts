import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type Mesh, type MeshOptions } from '../../src/index.ts';

const open: { close(): unknown }[] = [];
let port: number;
let lookups: string[];
let answers: Record<string, readonly string[]>;

beforeEach(async () => {
  lookups = [];
  answers = {};
  const server = createServer((request, response) => void response.end(`${request.socket.localAddress} ${request.headers.host ?? ''}`));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  open.push({ close: () => (server.closeAllConnections(), server.close()) });
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const lookup = (name: string): Promise<readonly string[]> => {
  lookups.push(name);
  return answers[name] === undefined ? Promise.reject(new Error(`no such name: ${name}`)) : Promise.resolve(answers[name]);
};

async function meshOf({ more = '', mesh: meshConfig = '', ...options }: Omit<MeshOptions, 'config'> & { more?: string; mesh?: string } = {}): Promise<Mesh> {
  const mesh = await createMesh({
    config: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild}
spec:
  hosts: ["*.wild.test"]
  resolution: DYNAMIC_DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: ${port}}, {number: 443, name: tls, protocol: TLS, targetPort: ${port}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "${meshConfig}"}
---
${more}`,
    lookup,
    ...options,
  });
  open.push({ close: () => mesh.close({ drainMs: 0 }) });
  return mesh;
}

async function get(mesh: Mesh, url: string, host?: string): Promise<string> {
  const { statusCode, body } = await mesh.request(url, host === undefined ? {} : { headers: { host } });
  return `${statusCode} ${await body.text()}`;
}

async function connected(opening: Promise<Socket>): Promise<string> {
  const socket = await opening;
  const { remoteAddress } = socket;
  socket.destroy();
  return String(remoteAddress);
}

describe('DYNAMIC_DNS', () => {
  it('looks up the Host of each call, once, and goes to the port of the service', async () => {
    answers = { 'a.wild.test': ['127.0.0.3', '127.0.0.4'], 'b.wild.test': ['127.0.0.5'] };
    const mesh = await meshOf();

    expect(await get(mesh, 'http://a.wild.test/')).toBe('200 127.0.0.3 a.wild.test');
    expect(await get(mesh, 'http://A.wild.test/')).toBe('200 127.0.0.3 a.wild.test');
    expect(await get(mesh, 'http://b.wild.test/')).toBe('200 127.0.0.5 b.wild.test');
    expect(await get(mesh, 'http://b.wild.test/', 'a.wild.test:80')).toBe('200 127.0.0.3 a.wild.test:80');
    expect(lookups).toEqual(['a.wild.test', 'b.wild.test']);
    expect(mesh.stats(/wild.*rq_total$/)).toMatchObject({ 'cluster.outbound|80||*.wild.test;.upstream_rq_total': 4 });
  });

  it('calls that come at once wait for one look-up', async () => {
    const gate = Promise.withResolvers<readonly string[]>();
    const mesh = await meshOf({ lookup: (name) => (lookups.push(name), gate.promise) });
    const calls = [1, 2, 3].map(() => get(mesh, 'http://a.wild.test/'));
    await expect.poll(() => lookups).toEqual(['a.wild.test']);
    gate.resolve(['127.0.0.3']);
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 3 }, () => '200 127.0.0.3 a.wild.test'));
    expect(lookups).toHaveLength(1);
  });

  it('says that a name is none, and asks again the next time', async () => {
    const mesh = await meshOf();
    const response = await mesh.fetch('http://a.wild.test/');
    expect([response.status, await response.text()]).toEqual([503, 'DNS resolution failure']);
    expect(meshInfo(response)).toMatchObject({ flags: 'DF', details: 'dns_resolution_failure', cluster: 'outbound|80||*.wild.test' });
    answers = { 'a.wild.test': ['127.0.0.3'] };
    expect(await get(mesh, 'http://a.wild.test/')).toBe('200 127.0.0.3 a.wild.test');
    expect(lookups).toHaveLength(2);
  });

  it('follows DNS after its time, and stays where it was while DNS fails', async () => {
    answers = { 'a.wild.test': ['127.0.0.3'] };
    const mesh = await meshOf({ mesh: 'dnsRefreshRate: 5ms' });
    expect(await get(mesh, 'http://a.wild.test/')).toContain('127.0.0.3');
    answers = {};
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (let i = 0; i < 3; i++) expect(await get(mesh, 'http://a.wild.test/')).toContain('200 127.0.0.3');
    answers = { 'a.wild.test': ['127.0.0.6'] };
    await expect.poll(() => get(mesh, 'http://a.wild.test/'), { timeout: 3000 }).toContain('200 127.0.0.6');
  });

  it('goes by further addresses where nobody listens at the first', async () => {
    answers = { 'a.wild.test': ['::1', '127.0.0.3'] };
    expect(await get(await meshOf(), 'http://a.wild.test/')).toBe('200 127.0.0.3 a.wild.test');
  });

  it('of a connection it looks up the name of the handshake', async () => {
    answers = { 'a.wild.test': ['127.0.0.3'], 'other.test': ['127.0.0.9'] };
    const mesh = await meshOf({ mesh: 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}' });

    expect(await connected(mesh.connect({ host: 'a.wild.test', port: 443, servername: 'a.wild.test' }))).toBe('127.0.0.3');
    expect(await connected(mesh.connect({ host: 'other.test', port: 443, servername: 'a.wild.test' }))).toBe('127.0.0.3');
    await expect(mesh.connect({ host: 'gone.wild.test', port: 443, servername: 'gone.wild.test' })).rejects.toMatchObject({ code: 'ERR_UPSTREAM', flags: 'UH' });
    await expect(mesh.connect({ host: 'a.wild.test', port: 443, servername: 'other.test' })).rejects.toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
  });

  it('has rules, retries to the same name after a rewrite, and mirrors', async () => {
    answers = { 'a.wild.test': ['127.0.0.3'] };
    const mesh = await meshOf({
      more: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wild}
spec:
  hosts: ["*.wild.test"]
  http:
  - rewrite: {authority: inner.test}
    mirror: {host: "*.wild.test"}
    route: [{destination: {host: "*.wild.test"}}]`,
    });
    expect(await get(mesh, 'http://a.wild.test/')).toBe('200 127.0.0.3 inner.test');
    expect(mesh.explain('http://a.wild.test/')).toMatchObject({ destinations: [{ outcome: 'ok' }] });
  });

  it('keeps connections when rules change that do not concern it', async () => {
    answers = { 'a.wild.test': ['127.0.0.3'] };
    const mesh = await meshOf();
    await get(mesh, 'http://a.wild.test/');
    await mesh.apply('apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: w}\nspec: {host: "*.wild.test", trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: 5}}}}\n');
    await get(mesh, 'http://a.wild.test/');
    expect(lookups).toHaveLength(1);
    expect(mesh.stats(/\|80\|.*upstream_cx_total$/)).toMatchObject({ 'cluster.outbound|80||*.wild.test;.upstream_cx_total': 1 });
  });
});
