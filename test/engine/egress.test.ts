import { describe, expect, it } from 'vitest';
import { blockedBecause, egressOf } from '../../src/engine/egress.ts';
import { parseOrigin } from '../../src/engine/target.ts';
import { createMesh, isMeshError, type MeshError } from '../../src/index.ts';
import { snapshotOf } from './memory-engine.ts';

const entry = (host: string, port: number, protocol: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replaceAll('*', 'any').replaceAll('.', '-')}-${port}}
spec: {hosts: ["${host}"], resolution: ${host.includes('*') ? 'NONE' : 'DNS'}, ports: [{number: ${port}, name: p, protocol: ${protocol}}]}
---`;
const REGISTRY_ONLY = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
---`;
const REGISTRY = entry('api.example.com', 80, 'HTTP') + entry('secure.example.com', 443, 'TLS') + entry('*.wild.test', 443, 'TLS');

const OPEN = snapshotOf(REGISTRY);
const CLOSED = snapshotOf(REGISTRY + REGISTRY_ONLY);

const kindOf = (origin: string, snapshot = CLOSED, options: { originalDst?: string | null } = {}): string => egressOf(snapshot, parseOrigin(origin), options).kind;

describe('a call goes', () => {
  it.each([
    ['http://api.example.com', 'mesh'],
    ['http://anyone.else', 'mesh'],
    ['http://10.0.0.1', 'mesh'],
    ['http://api.example.com:8080', 'passthrough'],
    ['https://api.example.com', 'passthrough'],
    ['https://anyone.else', 'passthrough'],
  ])('with ALLOW_ANY: %s → %s', (origin, kind) => {
    expect(kindOf(origin, OPEN)).toBe(kind);
  });

  it.each([
    ['http://api.example.com', 'mesh'],
    // The route of unknown hosts answers 502 there.
    ['http://anyone.else', 'mesh'],
    ['http://api.example.com:8080', 'blocked'],
    ['https://secure.example.com', 'connection'],
    ['https://SECURE.example.com', 'connection'],
    ['https://secure.example.com:8443', 'blocked'],
    ['https://api.example.com', 'blocked'],
    ['https://10.0.0.1', 'blocked'],
    ['https://[::1]', 'blocked'],
    ['https://secure.example.com.evil.test', 'blocked'],
    ['https://evil.test', 'blocked'],
    ['https://a.wild.test', 'connection'],
    ['https://ab.wild.test', 'connection'],
    ['https://a.b.wild.test', 'connection'],
    ['https://wild.test', 'blocked'],
    ['https://evilwild.test', 'blocked'],
    ['https://wild.test.evil', 'blocked'],
  ])('with REGISTRY_ONLY: %s → %s', (origin, kind) => {
    expect(kindOf(origin)).toBe(kind);
  });

  it('without an original destination through the mesh, which has nowhere to send it', () => {
    expect(kindOf('http://anyone.else:8080', OPEN, { originalDst: null })).toBe('mesh');
    expect(kindOf('http://anyone.else:8080', OPEN, { originalDst: '10.0.0.1:8080' })).toBe('passthrough');
  });
});

describe('a refusal', () => {
  it('says what is missing, and why the call went nowhere', async () => {
    await using mesh = await createMesh({ config: REGISTRY + REGISTRY_ONLY });
    const error = await mesh.request('https://evil.test:8443/a?token=1&page=2').then(() => undefined, (cause: unknown) => cause as MeshError);
    expect(error).toMatchObject({ code: 'ERR_EGRESS_BLOCKED', flags: 'UH', cluster: 'BlackHoleCluster' });
    expect(error?.explanation).toMatchObject({ kind: 'blocked', url: 'https://evil.test:8443/a?token=<redacted>&page=2', reason: blockedBecause(parseOrigin('https://evil.test:8443')) });
    expect(blockedBecause(parseOrigin('https://evil.test:8443'))).toContain('https://evil.test:8443 is not in the registry');
    expect(blockedBecause(parseOrigin('https://evil.test:8443'))).toContain('add a ServiceEntry for host evil.test, port 8443');
  });

  it.each<Record<string, string>>([
    { host: 'secure.example.com' },
    { Host: 'secure.example.com:443' },
  ])('is not talked round by a Host header: %j', async (headers) => {
    await using mesh = await createMesh({ config: REGISTRY + REGISTRY_ONLY });

    const error: unknown = await mesh.request('https://127.0.0.1:1/', { headers }).catch((reason: unknown) => reason);

    expect(isMeshError(error) && error.code).toBe('ERR_EGRESS_BLOCKED');
    expect(mesh.explain('https://127.0.0.1:1/', { headers }).kind).toBe('blocked');
  });
});
