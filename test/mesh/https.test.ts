import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type Mesh, type MeshOptions } from '../../src/index.ts';

// Calls to https:// are TLS of the caller's own, from end to end.
const CERTS = join(import.meta.dirname, '..', 'conformance', 'data', 'certs');
const SERVER = { key: readFileSync(join(CERTS, 'server.key')), cert: readFileSync(join(CERTS, 'server.pem')) };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function server(name: string): Promise<number> {
  const https = createServer(SERVER, (request, response) => void response.end(`${name} ${request.headers.host ?? ''}${request.url ?? ''}`));
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => (https.closeAllConnections(), https.close()) });
  return (https.address() as AddressInfo).port;
}

async function meshOf(config: string, options: MeshOptions = {}): Promise<Mesh> {
  const mesh = await createMesh({ config, https: { ca: readFileSync(join(CERTS, 'ca.pem')) }, ...options });
  open.push({ close: () => mesh.close({ drainMs: 0 }) });
  return mesh;
}

const entry = (v1: number, v2: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api}
spec:
  hosts: [api.example.com]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 443, name: tls, protocol: TLS}]
  endpoints: [{address: 127.0.0.1, ports: {tls: ${v1}}, labels: {version: v1}}, {address: 127.0.0.1, ports: {tls: ${v2}}, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api}
spec: {host: api.example.com, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api}
spec:
  hosts: [api.example.com]
  tls: [{match: [{sniHosts: [api.example.com]}], route: [{destination: {host: api.example.com, subset: v2}}]}]
---
`;
const REGISTRY_ONLY = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
`;

describe('https', () => {
  it('goes by tls rules, as a connection', async () => {
    const [v1, v2] = [await server('v1'), await server('v2')];
    const mesh = await meshOf(entry(v1, v2) + REGISTRY_ONLY);
    const connections: string[] = [];
    mesh.on('connection', ({ target, cluster, servername, openedFor }) => connections.push(`${target} ${cluster ?? ''} ${servername ?? ''} ${openedFor}`));

    const response = await mesh.fetch('https://api.example.com/a');
    expect(await response.text()).toBe('v2 api.example.com/a');
    expect(meshInfo(response)).toMatchObject({ status: 200, lane: 'connection' });
    expect(meshInfo(response)!.explanation).toMatchObject({ kind: 'connection', destinations: [{ cluster: 'outbound|443|v2|api.example.com' }] });
    await mesh.close();
    expect(connections).toEqual(['api.example.com:443 outbound|443|v2|api.example.com api.example.com call']);
  });

  it('trusts whom the process trusts, unless told otherwise', async () => {
    const [v1, v2] = [await server('v1'), await server('v2')];
    const mesh = await meshOf(entry(v1, v2), { https: {} });

    await expect(mesh.fetch('https://api.example.com/a')).rejects.toMatchObject({ cause: { code: expect.stringMatching(/CERT|SIGNATURE/) } });
  });

  it('to what nobody registered fails under REGISTRY_ONLY, and says what would allow it', async () => {
    const [v1, v2] = [await server('v1'), await server('v2')];
    const lines: string[] = [];
    const mesh = await meshOf(entry(v1, v2) + REGISTRY_ONLY, { accessLog: (line) => void lines.push(line) });
    const blocked: unknown[] = [];
    mesh.on('blocked', ({ target, message }) => blocked.push(`${target}: ${message}`));

    const error = await mesh.fetch('https://www.example.com/').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).cause).toMatchObject({ code: 'ERR_EGRESS_BLOCKED', explanation: { kind: 'blocked', url: 'https://www.example.com/' } });
    expect(blocked).toEqual([expect.stringMatching(/^www\.example\.com:443: .*\(add a ServiceEntry for host www\.example\.com, port 443\)$/)]);
    expect(mesh.stats(/egress/)).toEqual({ 'ts_mesh.egress_blocked': 1 });
    expect(lines).toEqual([expect.stringContaining(' UH ')]);
    expect(lines[0]).toContain('BlackHoleCluster');
  });
});

describe('http under REGISTRY_ONLY', () => {
  it('tells of a 502 too what would allow it', async () => {
    const [v1, v2] = [await server('v1'), await server('v2')];
    const mesh = await meshOf(entry(v1, v2).replace('number: 443, name: tls, protocol: TLS', 'number: 80, name: tls, protocol: HTTP').replace(/kind: VirtualService[^]*?---/, 'kind: Nothing\n---') + REGISTRY_ONLY);
    const blocked: unknown[] = [];
    mesh.on('blocked', (attempt) => blocked.push(attempt));

    expect((await mesh.fetch('http://www.example.com/a')).status).toBe(502);
    expect(blocked).toEqual([{ target: 'http://www.example.com', host: 'www.example.com', port: 80, message: expect.stringMatching(/add a ServiceEntry for host www\.example\.com, port 80/) }]);
    expect(mesh.stats(/egress/)).toEqual({ 'ts_mesh.egress_blocked': 1 });
  });

  it('is closed to a dispatcher of the caller’s own as well, and to where it is redirected', async () => {
    const [v1, v2] = [await server('v1'), await server('v2')];
    const mesh = await meshOf(entry(v1, v2) + REGISTRY_ONLY);
    const reached: string[] = [];
    const own = {
      dispatch(options: { origin: string }, handler: { onError?(error: Error): void; onResponseError?(controller: unknown, error: Error): void }) {
        reached.push(options.origin);
        (handler.onError ?? handler.onResponseError?.bind(handler, undefined))?.call(handler, new Error('reached') as never);
        return true;
      },
    };
    const cause = async (url: string): Promise<unknown> => ((await mesh.fetch(url, { dispatcher: own } as never).catch((error: unknown) => error)) as Error).cause;

    expect(await cause('http://www.example.com/')).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
    expect(await cause('https://www.example.com:8443/')).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
    expect(await cause('https://api.example.com/')).toMatchObject({ message: 'reached' });
    expect(reached).toEqual(['https://api.example.com']);
  });
});
