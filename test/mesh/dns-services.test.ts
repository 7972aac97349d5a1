import { networkInterfaces } from 'node:os';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type Mesh } from '../../src/index.ts';
import { says, type HttpService } from './http-services.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function server(): Promise<HttpService> {
  const service = await says('here');
  open.push(service);
  return service;
}

/** A mesh with `names.test` on `port`, looked up every 5 ms at most; what `answers` holds is the DNS. */
async function meshOf(resolution: string, port: number, answers: { now: readonly string[] | Error }): Promise<Mesh> {
  const config = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: names}
spec: {hosts: [names.test], resolution: ${resolution}, ports: [{number: 80, name: http, protocol: HTTP, targetPort: ${port}}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "dnsRefreshRate: 5ms"}
`;
  const lookup = (): Promise<readonly string[]> => (answers.now instanceof Error ? Promise.reject(answers.now) : Promise.resolve(answers.now));
  const mesh = await createMesh({ config, lookup });
  open.push({ close: () => mesh.close({ drainMs: 0 }) });
  return mesh;
}

const get = async (mesh: Mesh): Promise<string> => {
  const response = await mesh.fetch('http://names.test/');
  return `${response.status} ${await response.text()} ${meshInfo(response)?.endpoint ?? ''}`;
};

/** `service`, called by its subset `v1`; below `/v9` by one that nobody declares. */
const subsetRules = (service: string, host: string): string => `
${service}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: names}
spec: {host: ${host}, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: names}
spec:
  hosts: [${host}]
  http:
  - match: [{uri: {prefix: /v9}}]
    route: [{destination: {host: ${host}, subset: v9}}]
  - route: [{destination: {host: ${host}, subset: v1}}]
`;

const hasIpv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === '::1');

describe('a host that is looked up', () => {
  it('stays at its last addresses while DNS fails, and moves when DNS says so', async () => {
    const { port } = await server();
    const answers: { now: readonly string[] | Error } = { now: ['127.0.0.1'] };
    const mesh = await meshOf('DNS', port, answers);
    expect(await get(mesh)).toBe(`200 here 127.0.0.1:${port}`);

    answers.now = new Error('SERVFAIL');
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (let i = 0; i < 3; i++) expect(await get(mesh)).toBe(`200 here 127.0.0.1:${port}`);

    answers.now = ['127.0.0.9'];
    let last = '';
    for (let i = 0; i < 100 && !last.startsWith('503'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 6));
      last = await get(mesh);
    }
    // Nobody is there.
    expect(last).toMatch(/^503 .* 127\.0\.0\.9:\d+$/);
  });

  it('by DNS_ROUND_ROBIN is reached at a further address where nobody listens at the first', async () => {
    const { port } = await server();
    const mesh = await meshOf('DNS_ROUND_ROBIN', port, { now: ['127.0.0.9', '127.0.0.8', '127.0.0.1'] });
    expect(await get(mesh)).toBe(`200 here 127.0.0.9:${port}`);
  });

  it('by DNS has each address as an endpoint', async () => {
    const { port } = await server();
    const mesh = await meshOf('DNS', port, { now: ['127.0.0.9', '127.0.0.1'] });
    expect(await get(mesh)).toMatch(/^200/);
    expect(Object.values(mesh.stats(/names\.test;\.membership_total$/))).toEqual([2]);
  });

  it('by the name of its Service alone has nobody in a subset with labels, and says so', async () => {
    const config = subsetRules('apiVersion: v1\nkind: Service\nmetadata: {name: names}\nspec: {ports: [{name: http, port: 80}]}', 'names');
    const mesh = await createMesh({ config, discovery: { dns: true }, lookup: () => Promise.resolve(['127.0.0.1']) });
    open.push({ close: () => mesh.close({ drainMs: 0 }) });

    const response = await mesh.fetch('http://names/');
    expect(`${response.status} ${meshInfo(response)?.flags ?? ''}`).toBe('503 UH');
    expect(String(mesh.explain('http://names/'))).toContain('no endpoint of names.default.svc.cluster.local has the labels of subset v1: its name is looked up, and what DNS gives has no labels');
  });

  it('of a ServiceEntry has no cluster for a subset without endpoints, as Envoy has none, and says so', async () => {
    const entry = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: names}\nspec: {hosts: [names.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}';
    const mesh = await createMesh({ config: subsetRules(entry, 'names.test'), lookup: () => Promise.resolve(['127.0.0.1']) });
    open.push({ close: () => mesh.close({ drainMs: 0 }) });

    const response = await mesh.fetch('http://names.test/');
    expect(`${response.status} ${meshInfo(response)?.flags ?? ''}`).toBe('503 NC');
    expect(String(mesh.explain('http://names.test/'))).toContain('no endpoint of names.test has the labels of subset v1, and a service that DNS finds has no cluster without endpoints');
    expect(String(mesh.explain('http://names.test/v9'))).toMatch(/no DestinationRule for names\.test declares subset v9$/m);
  });

  it.runIf(hasIpv6)('has IPv6 addresses too', async () => {
    const service = createServer((_request, response) => response.end('here')).listen(0, '::1');
    await new Promise((resolve) => service.once('listening', resolve));
    open.push({ close: () => (service.closeAllConnections(), service.close()) });
    const { port } = service.address() as AddressInfo;
    expect(await get(await meshOf('DNS', port, { now: ['::1'] }))).toBe(`200 here [::1]:${port}`);
    expect(await get(await meshOf('DNS_ROUND_ROBIN', port, { now: ['127.0.0.9', '::1'] }))).toBe(`200 here 127.0.0.9:${port}`);
  });
});
