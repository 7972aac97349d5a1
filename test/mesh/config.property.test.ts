import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMesh, type Mesh, type ResourceObject } from '../../src/index.ts';

const RUNS = Number(process.env['TS_MESH_RUNS'] ?? 60);

const SERVICES = ['reviews', 'ratings', 'details'];
const ISTIO = 'networking.istio.io/v1';

const subset = fc.constantFrom(undefined, 'v1', 'v2', 'v9');
const host = fc.constantFrom(...SERVICES, 'nobody', 'reviews.default.svc.cluster.local');
const destination = fc.record({ host, subset }, { requiredKeys: ['host'] });
const percentage = fc.constantFrom(0, 10, 100);

const match = fc.record(
  {
    uri: fc.constantFrom({ prefix: '/' }, { prefix: '/a' }, { exact: '/a/b' }, { regex: '/[ab].*' }),
    headers: fc.constantFrom({ 'end-user': { exact: 'jason' } }, { 'x-flag': { regex: '.+' } }),
    method: fc.constantFrom({ exact: 'POST' }),
  },
  { requiredKeys: [] },
);

const route = fc.oneof(
  { weight: 4, arbitrary: fc.record(
    {
      match: fc.array(match, { minLength: 1, maxLength: 2 }),
      route: fc.oneof(
        fc.tuple(fc.record({ destination })),
        fc.tuple(destination, destination, fc.integer({ min: 1, max: 99 })).map(([a, b, weight]) => [{ destination: a, weight }, { destination: b, weight: 100 - weight }]),
      ),
      timeout: fc.constantFrom('1s', '250ms'),
      retries: fc.constantFrom({ attempts: 0 }, { attempts: 3, retryOn: '5xx' }),
      fault: fc.record({ delay: fc.record({ fixedDelay: fc.constant('2s'), percentage: fc.record({ value: percentage }) }), abort: fc.record({ httpStatus: fc.constantFrom(418, 503), percentage: fc.record({ value: percentage }) }) }, { requiredKeys: [] }).filter((fault) => Object.keys(fault).length > 0),
      mirror: destination,
      headers: fc.constant({ request: { set: { 'x-by': 'rule' } } }),
    },
    { requiredKeys: ['route'] },
  ) },
  { weight: 1, arbitrary: fc.record({ match: fc.array(match, { minLength: 1, maxLength: 1 }), directResponse: fc.record({ status: fc.constantFrom(200, 404) }) }) },
);

const virtualService = fc.record({ name: fc.constantFrom('one', 'two', 'three'), hosts: fc.constantFrom(...SERVICES), http: fc.array(route, { minLength: 1, maxLength: 3 }) })
  .map(({ name, hosts, http }) => ({ apiVersion: ISTIO, kind: 'VirtualService', metadata: { name }, spec: { hosts: [hosts], http } }));

const trafficPolicy = fc.record(
  {
    loadBalancer: fc.record({ simple: fc.constantFrom('ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST') }),
    connectionPool: fc.record({ tcp: fc.record({ maxConnections: fc.integer({ min: 1, max: 9 }) }), http: fc.record({ http1MaxPendingRequests: fc.integer({ min: 1, max: 9 }) }) }),
    outlierDetection: fc.record({ consecutive5xxErrors: fc.integer({ min: 1, max: 9 }) }),
  },
  { requiredKeys: [] },
).filter((policy) => Object.keys(policy).length > 0);

const destinationRule = fc.record({ name: fc.constantFrom('one', 'two'), of: fc.constantFrom(...SERVICES), policy: fc.option(trafficPolicy, { nil: undefined }), subsets: fc.subarray(['v1', 'v2']) })
  .map(({ name, of, policy, subsets }) => ({
    apiVersion: ISTIO,
    kind: 'DestinationRule',
    metadata: { name },
    spec: { host: of, ...(policy === undefined ? {} : { trafficPolicy: policy }), subsets: subsets.map((version) => ({ name: version, labels: { version } })) },
  }));

const serviceEntry = fc.record({ of: fc.constantFrom(...SERVICES), endpoints: fc.integer({ min: 1, max: 3 }), port: fc.constantFrom(9080, 8080) })
  .map(({ of, endpoints, port }) => ({
    apiVersion: ISTIO,
    kind: 'ServiceEntry',
    metadata: { name: of },
    spec: {
      hosts: [`${of}.default.svc.cluster.local`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: port, name: 'http', protocol: 'HTTP' }],
      endpoints: Array.from({ length: endpoints }, (_, i) => ({ address: `10.0.${SERVICES.indexOf(of)}.${i + 1}`, labels: { version: `v${(i % 2) + 1}` } })),
    },
  }));

const meshConfig = fc.constantFrom('ALLOW_ANY', 'REGISTRY_ONLY').map((mode) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: 'istio-system' },
  data: { mesh: `outboundTrafficPolicy: {mode: ${mode}}` },
}));

type Document = { kind: string; metadata: { name: string; namespace?: string } } & Record<string, unknown>;

const document: fc.Arbitrary<Document> = fc.oneof({ weight: 4, arbitrary: virtualService }, { weight: 3, arbitrary: destinationRule }, { weight: 3, arbitrary: serviceEntry }, { weight: 1, arbitrary: meshConfig });

/** What must be refused, together with something that alone would be fine. */
const badDocument: fc.Arbitrary<object[]> = fc.tuple(document, fc.constantFrom<object>(
  { apiVersion: ISTIO, kind: 'VirtualService', metadata: { name: 'one' }, spec: { hosts: ['reviews'], http: [{ timeout: 'soon', route: [{ destination: { host: 'reviews' } }] }] } },
  { apiVersion: ISTIO, kind: 'DestinationRule', metadata: { name: 'one' }, spec: {} },
  { apiVersion: ISTIO, kind: 'ServiceEntry', metadata: { name: 'reviews' }, spec: { hosts: ['*'] } },
  { apiVersion: ISTIO, kind: 'VirtualService', metadata: {}, spec: { hosts: ['reviews'], http: [] } },
)).chain(([good, bad]) => fc.shuffledSubarray([good, bad], { minLength: 2 }));

type Step = { readonly do: 'apply'; readonly documents: readonly Document[] } | { readonly do: 'delete'; readonly nth: number } | { readonly do: 'bad'; readonly documents: readonly object[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('apply' as const), documents: fc.array(document, { minLength: 1, maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), nth: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bad' as const), documents: badDocument }) },
);

const CALLERS: readonly Readonly<Record<string, string>>[] = [{}, { 'end-user': 'jason', 'x-flag': '1' }];
const PROBES = SERVICES.flatMap((name) => [9080, 8080].flatMap((port) => ['/', '/a', '/a/b'].flatMap((path) => CALLERS.map((headers) => ({ url: `http://${name}:${port}${path}`, headers })))));

/** Everything that a mesh decides about, as data; where its documents came from is left out. */
function decisions(mesh: Mesh): unknown {
  const { settings, clusters } = mesh.snapshot;
  return {
    settings,
    clusters: [...clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ origins: _origins, endpoints, ...cluster }) => ({ ...cluster, endpoints: endpoints.map(({ origin: _origin, ...endpoint }) => endpoint) })),
    calls: PROBES.map(({ url, headers }) => {
      const { kind, reason, route: { outcome, virtualHost, trials, action }, destinations } = mesh.explain(url, { headers });
      return { url, kind, reason, outcome, virtualHost: virtualHost?.name, trials: trials.map(({ matched, reason: why }) => [matched, why]), action, destinations: destinations.map(({ cluster, share, outcome: what, problem, endpoints }) => ({ cluster, share, what, problem, endpoints })) };
    }),
  };
}

const nameOf = ({ kind, metadata: { name, namespace = 'default' } }: Document | ResourceObject): string => `${kind}/${namespace}/${name}`;

/** What is in force, as it ought to be: a replaced document keeps its place. */
class Model {
  readonly documents = new Map<string, Document>();

  apply(documents: readonly Document[]): void {
    for (const one of documents) this.documents.set(nameOf(one), one);
  }

  async mesh(): Promise<Mesh> {
    return createMesh({ config: [...this.documents.values()] });
  }
}

describe('applying and deleting', { timeout: 30_000 + RUNS * 500 }, () => {
  it('in any order ends where the documents that are left would begin', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
        const mesh = await createMesh();
        const model = new Model();
        for (const one of steps) {
          if (one.do === 'apply') {
            await mesh.apply(one.documents);
            model.apply(one.documents);
          } else if (one.do === 'delete') {
            const name = [...model.documents.keys()][one.nth % Math.max(1, model.documents.size)];
            if (name === undefined) continue;
            await mesh.delete(name);
            model.documents.delete(name);
          } else {
            const { snapshot } = mesh;
            await expect(mesh.apply(one.documents)).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });
            expect(mesh.snapshot).toBe(snapshot);
          }
        }
        expect(decisions(mesh)).toEqual(decisions(await model.mesh()));
        for (const kind of ['VirtualService', 'DestinationRule', 'ServiceEntry', 'ConfigMap']) {
          expect(mesh.get(kind).map(nameOf)).toEqual([...model.documents.values()].filter((one) => one.kind === kind).map(nameOf));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('what was added and is taken away again leaves everything as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(document, { maxLength: 6 }), fc.array(document, { minLength: 1, maxLength: 3 }), async (base, added) => {
        const mesh = await createMesh({ config: base });
        const before = decisions(mesh);
        const present = new Set(base.map(nameOf));
        const fresh = added.filter((one) => !present.has(nameOf(one)));
        await mesh.apply(fresh);
        for (const name of new Set(fresh.map(nameOf))) await mesh.delete(name);

        expect(decisions(mesh)).toEqual(before);
      }),
      { numRuns: RUNS },
    );
  });

  it('a document replaced and put back leaves everything as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 6 }), fc.array(document, { minLength: 1, maxLength: 4 }), async (base, replacing) => {
        const model = new Model();
        model.apply(base);
        const mesh = await model.mesh();
        const before = decisions(mesh);
        const replaced = replacing.filter((one) => model.documents.has(nameOf(one)));
        await mesh.apply(replaced);
        await mesh.apply(replaced.map((one) => model.documents.get(nameOf(one))!));

        expect(decisions(mesh)).toEqual(before);
      }),
      { numRuns: RUNS },
    );
  });

  it('what mesh.get gives decides as what it came from', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 6 }), async (documents) => {
        const mesh = await createMesh({ config: documents });
        const kinds = ['ConfigMap', 'ServiceEntry', 'DestinationRule', 'VirtualService'];
        const copy = await createMesh({ config: kinds.flatMap((kind) => mesh.get(kind)) });
        const again = await createMesh({ config: kinds.flatMap((kind) => copy.get(kind)) });

        expect(kinds.map((kind) => again.get(kind))).toEqual(kinds.map((kind) => mesh.get(kind)));
        expect(decisions(again)).toEqual(decisions(copy));
      }),
      { numRuns: RUNS },
    );
  });
});
