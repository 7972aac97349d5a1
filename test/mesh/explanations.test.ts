import { describe, expect, it } from 'vitest';
import type { Dispatcher } from 'undici';
import { createMesh, isMeshError, meshInfo, type Mesh, type MeshError } from '../../src/index.ts';

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {cookie: {exact: "user=jason"}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - match: [{uri: {prefix: /old}}]
    rewrite: {uri: /new}
    route: [{destination: {host: reviews, subset: v1}}]
    headers: {request: {set: {x-rule: "2"}}}
    timeout: 1s
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db}
spec:
  hosts: [db.example.com]
  addresses: [10.1.2.3]
  ports: [{number: 5432, name: tcp, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.1.0.9}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db}
spec:
  hosts: [db.example.com]
  tcp: [{match: [{destinationSubnets: [10.1.2.0/24]}], route: [{destination: {host: db.example.com}}]}]
`;

const ENDPOINTS = { 'reviews:9080': [{ address: '127.0.0.1:9081', labels: { version: 'v1' } }] };

const testMesh = (hangs = false): Promise<Mesh> =>
  createMesh({
    config: { text: RULES, file: 'mesh.yaml' },
    endpoints: ENDPOINTS,
    transport: () => ({
      dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
        const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} };
        handler.onRequestStart?.(controller, {});
        handler.onResponseStart?.(controller, 200, {}, 'OK');
        handler.onResponseData?.(controller, Buffer.from(options.path));
        if (!hangs) handler.onResponseEnd?.(controller, {});
        return true;
      },
    }) as unknown as Dispatcher,
  });

describe('meshInfo', () => {
  it('carries the explanation of the very call, as it was before rules changed it', async () => {
    await using mesh = await testMesh();
    const response = await mesh.fetch('http://reviews:9080/old/1?api_key=secret&page=2', { headers: { cookie: 'user=jim', 'x-rule': '0' } });
    expect(await response.text()).toBe('/new/1?api_key=secret&page=2');

    const { explanation, rule } = meshInfo(response)!;
    expect(explanation).toMatchObject({ kind: 'mesh', method: 'GET', url: 'http://reviews:9080/old/1?api_key=<redacted>&page=2' });
    expect(explanation.route.trials).toMatchObject([
      { matched: false, reason: 'headers.cookie: exact "user=jason" ≠ <redacted>' },
      { matched: true, origin: { file: 'mesh.yaml' } },
    ]);
    expect(explanation.destinations).toMatchObject([{ cluster: meshInfo(response)!.cluster, share: 100, endpoints: [{ address: '127.0.0.1:9081', version: 'v1' }] }]);
    expect(explanation.toString()).toContain(`✓ ${rule}`);
    expect(explanation.toString()).not.toMatch(/jim|=secret/);
  });

  it('explains by the rules that the call went by, also when others came since', async () => {
    await using mesh = await testMesh();
    const response = await mesh.request('http://reviews:9080/old');
    await response.body.dump();
    await mesh.delete('VirtualService/reviews');

    expect(meshInfo(response)!.explanation.route.trials).toHaveLength(2);
    expect(mesh.explain('http://reviews:9080/old').route.trials).toHaveLength(1);
  });

  it('takes headers that can be read but once', async () => {
    await using mesh = await testMesh();
    const headers = (function* lines(): Generator<[string, string]> {
      yield ['cookie', 'user=jason'];
    })();
    const response = await mesh.request('http://reviews:9080/old', { headers: headers as never });
    await response.body.dump();

    expect(meshInfo(response)).toMatchObject({ status: 503, flags: 'UH' });
    expect(meshInfo(response)!.explanation.destinations).toMatchObject([{ outcome: 'UH', problem: expect.stringMatching(/subset v2/) as string }]);
  });

  it('is made when asked for, and is no field', async () => {
    await using mesh = await testMesh();
    const response = await mesh.fetch('http://reviews:9080/old');
    const info = meshInfo(response)!;

    expect(Object.keys(info)).not.toContain('explanation');
    expect(info.explanation).toBe(info.explanation);
    expect(JSON.parse(JSON.stringify(info.explanation))).toMatchObject({ url: 'http://reviews:9080/old', route: { outcome: 'routed' } });
  });
});

describe('an error of the mesh', () => {
  const failure = (promise: Promise<unknown>): Promise<MeshError> =>
    promise.then(() => expect.fail('it succeeded'), (error: unknown) => (isMeshError(error) ? error : ((error as Error).cause as MeshError)));

  it('of a call explains it', async () => {
    await using mesh = await testMesh(true);
    const response = await mesh.request('http://reviews:9080/old/1');
    const error = await failure(response.body.text());

    expect(error.code).toBe('ERR_TIMEOUT');
    expect(error.explanation?.toString()).toContain(`✓ ${error.rule}`);
  });

  it('of a connection explains it', async () => {
    await using mesh = await createMesh({ config: { text: RULES, file: 'mesh.yaml' }, connect: (_target, callback) => callback(new Error('refused')) });
    const error = await failure(mesh.connect({ host: '10.1.2.3', port: 5432 }));

    expect(error).toMatchObject({ code: 'ERR_UPSTREAM', explanation: { kind: 'connection', url: 'tcp://10.1.2.3:5432', destinations: [{ outcome: 'ok' }] } });
    expect(error.explanation?.toString().split('\n').slice(0, 3)).toEqual([
      'CONNECT tcp://10.1.2.3:5432',
      'connection: a connection that is not HTTP goes by tcp and tls rules',
      expect.stringMatching(/^ {2}listener \S+: VirtualService default\/db spec\.tcp\[0\] \(mesh\.yaml:\d+\), destinationSubnets 10\.1\.2\.0\/24$/),
    ]);
  });

  it('of no call has none', async () => {
    expect((await failure(createMesh({ config: 'kind: [\n' }))).explanation).toBeUndefined();
  });
});

describe('explain', () => {
  it.each([
    ['tcp://10.1.2.3:5432', 'connection', ['outbound|5432||db.example.com']],
    ['tls://elsewhere.example.com:8443', 'passthrough', []],
    ['http://db.example.com:5432/', 'connection', ['outbound|5432||db.example.com']],
    ['https://elsewhere.example.com/', 'passthrough', []],
  ])('of %s: %s', async (url, kind, clusters) => {
    await using mesh = await testMesh();
    const explanation = mesh.explain(url);

    expect(explanation.kind).toBe(kind);
    expect(explanation.reason).toEqual(expect.any(String));
    expect(explanation.destinations.map(({ cluster }) => cluster)).toEqual(clusters);
  });
});
