import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LayeredMap } from '../../../src/common/layered-map.ts';
import type { CompileOptions } from '../../../src/config/compile-options.ts';
import { CompileMemo } from '../../../src/config/compile-memo.ts';
import { finish } from '../../../src/common/steps.ts';
import { compileChange, compileSnapshot } from '../../../src/config/compile.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { ResourceSet } from '../../../src/config/resource-set.ts';
import { resourceName } from '../../../src/config/resource.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';

// A memo must never show: with it or without it, the same resources compile to the same snapshot.

const ISTIO = 'networking.istio.io/v1';
const NAMES = ['a', 'b', 'c'];
const NAMESPACES = ['default', 'shop', 'istio-system'];

const name = fc.constantFrom(...NAMES);
const created = fc.constantFrom(undefined, undefined, undefined, '2024-05-01T10:00:00Z', '2023-05-01T10:00:00Z');
const metadata = fc.record({ name, namespace: fc.constantFrom('default', 'default', ...NAMESPACES), creationTimestamp: created }).map(({ creationTimestamp, ...rest }) => ({ ...rest, ...(creationTimestamp && { creationTimestamp }) }));
const routesHttps = fc.constantFrom(undefined, undefined, { 'ts-mesh.dev/https-routing': 'true' });
const host = fc.constantFrom(...NAMES, 'a.default.svc.cluster.local', 'b.shop.svc.cluster.local', 'b.shop', 'x.example.com', 'A.default.svc.cluster.local');
const anyHost = fc.oneof({ weight: 5, arbitrary: host }, { weight: 1, arbitrary: fc.constantFrom('*.default.svc.cluster.local', '*.example.com', '*') });
const exportTo = fc.constantFrom(undefined, undefined, ['.'], ['*'], ['shop']);
const subset = fc.constantFrom(undefined, 'v1', 'v2');
const destination = fc.record({ host, subset, port: fc.constantFrom(undefined, undefined, { number: 80 }, { number: 9080 }) });

const entryHost = fc.oneof({ weight: 8, arbitrary: host.filter((one) => one.includes('.')) }, { weight: 1, arbitrary: fc.constantFrom('*.example.com', '*.shop') });
const address = fc.constantFrom('10.9.0.1', '10.9.0.2', '10.9.0.0/24');
const serviceEntry = fc.record({ metadata, annotations: routesHttps, hosts: fc.uniqueArray(entryHost, { minLength: 1, maxLength: 2 }), addresses: fc.constantFrom<string[] | undefined>(undefined, undefined).chain((none) => fc.oneof({ weight: 3, arbitrary: fc.constant(none) }, { weight: 1, arbitrary: address.map((one) => [one]) })), exportTo, endpoints: fc.integer({ min: 0, max: 2 }), port: fc.constantFrom(80, 443, 9080), protocol: fc.constantFrom('HTTP', 'HTTP', 'TCP', 'GRPC', 'TLS', '') })
  .map(({ metadata, annotations, hosts, endpoints, port, protocol, ...spec }) => ({
    apiVersion: ISTIO, kind: 'ServiceEntry', metadata: { ...metadata, ...(annotations && { annotations }) },
    spec: { ...spec, hosts: hosts.some((one) => one.startsWith('*')) ? hosts.filter((one) => one.startsWith('*')) : hosts, location: 'MESH_INTERNAL', resolution: 'STATIC', ports: [{ number: port, name: 'p', protocol }], ...(endpoints === 0 ? { workloadSelector: { labels: { app: 'x' } } } : { endpoints: Array.from({ length: endpoints }, (_, i) => ({ address: `10.0.0.${i + 1}`, labels: { version: `v${i + 1}` } })) }) },
  }));

const service = fc.record({ metadata, annotations: routesHttps, clusterIP: fc.constantFrom(undefined, undefined, undefined, '10.9.0.1', '10.9.0.3', 'None'), portName: fc.constantFrom('http', 'http', 'web', 'tcp', 'https', 'grpc'), port: fc.constantFrom(9080, 9080, 80), externalName: fc.constantFrom(undefined, undefined, undefined, 'a.default.svc.cluster.local', 'x.example.com') })
  .map(({ metadata, annotations, clusterIP, portName, port, externalName }) => ({
    apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, ...(annotations && { annotations }) },
    spec: { ...(externalName === undefined ? { ...(clusterIP && { clusterIP }) } : { type: 'ExternalName', externalName }), selector: { app: 'x' }, ports: [{ name: portName, port }] },
  }));
const endpoints = fc.record({ metadata, ip: fc.constantFrom('10.1.0.1', '10.1.0.2') }).map(({ metadata, ip }) => ({ apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: [{ addresses: [{ ip }], ports: [{ name: 'http', port: 8080 }] }] }));
const gateway = fc.record({ metadata }).map(({ metadata }) => ({ apiVersion: ISTIO, kind: 'Gateway', metadata, spec: { selector: { app: 'gw' }, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] } }));

const workload = fc.record({ metadata, address: fc.constantFrom('10.2.0.1', '10.2.0.2'), version: fc.constantFrom('v1', 'v2') })
  .map(({ metadata, address, version }) => ({ apiVersion: ISTIO, kind: 'WorkloadEntry', metadata, spec: { address, labels: { app: 'x', version } } }));
const pod = fc.record({ metadata, podIP: fc.constantFrom('10.1.0.1', '10.1.0.2'), version: fc.constantFrom('v1', 'v2') })
  .map(({ metadata, podIP, version }) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels: { app: 'x', version } }, status: { podIP } }));
const slice = fc.record({ metadata, count: fc.integer({ min: 1, max: 3 }) }).map(({ metadata, count }) => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } }, addressType: 'IPv4',
  endpoints: Array.from({ length: count }, (_, i) => ({ addresses: [`10.1.0.${i + 1}`] })), ports: [{ name: 'http', port: 8080 }],
}));

/** What goes beyond Istio, asked for by annotations: of all rules, of some, wrongly. */
const extensions = fc.constantFrom<Readonly<Record<string, string>>[]>(
  {}, {}, {}, { 'ts-mesh.dev/sticky-by': 'header end-user' }, { 'ts-mesh.dev/sticky-by': 'cookie c salt x for first' }, { 'ts-mesh.dev/fault-scope': 'attempt' }, { 'ts-mesh.dev/fault-scope': 'host for first; request' },
  { 'ts-mesh.dev/safe-retries': 'true' }, { 'ts-mesh.dev/safe-retries': 'budget 5%, least 1/s for first; false' }, { 'ts-mesh.dev/fault-scope': 'never', 'ts-mesh.dev/x': 'y' },
);
const annotated = fc.record({ metadata, annotations: extensions }).map((both) => ({ ...both.metadata, ...(Object.keys(both.annotations).length > 0 && { annotations: both.annotations }) }));

const rule = fc.record({
  name: fc.constantFrom(undefined, 'first'),
  match: fc.constantFrom(undefined, [{ uri: { prefix: '/x' } }], [{ port: 9080 }], [{ sourceNamespace: 'shop' }]),
  route: fc.oneof({ weight: 3, arbitrary: fc.array(fc.record({ destination }), { minLength: 1, maxLength: 1 }) }, { weight: 1, arbitrary: fc.array(fc.record({ destination, weight: fc.constantFrom(10, 90) }), { minLength: 2, maxLength: 2 }) }),
  mirror: fc.option(destination, { nil: undefined }),
  fault: fc.constantFrom(undefined, { abort: { httpStatus: 500, percentage: { value: 50 } } }),
});
const faultOnly = fc.constant({ fault: { abort: { httpStatus: 500, percentage: { value: 50 } } } });
const virtualService = fc.record({ metadata: annotated, hosts: fc.uniqueArray(anyHost, { minLength: 1, maxLength: 2 }), exportTo, gateways: fc.constantFrom(undefined, undefined, ['mesh'], ['other']), http: fc.array(fc.oneof({ weight: 6, arbitrary: rule }, { weight: 1, arbitrary: faultOnly }), { minLength: 1, maxLength: 2 }) })
  .map(({ metadata, ...spec }) => ({ apiVersion: ISTIO, kind: 'VirtualService', metadata, spec }));
const l4 = fc.record({ metadata, one: host.filter((name) => !name.startsWith('*')), port: fc.constantFrom(undefined, 443, 9080), destination }).map(({ metadata, one, port, destination }) => ({
  apiVersion: ISTIO, kind: 'VirtualService', metadata,
  spec: { hosts: [one], tls: [{ match: [{ ...(port && { port }), sniHosts: [one] }], route: [{ destination }] }], tcp: [{ match: port ? [{ port }] : [], route: [{ destination }] }] },
}));
const root = fc.record({ metadata: annotated, of: name }).map(({ metadata, of }) => ({ apiVersion: ISTIO, kind: 'VirtualService', metadata, spec: { hosts: ['a'], http: [{ match: [{ uri: { prefix: '/' } }], delegate: { name: of } }] } }));
const delegate = fc.record({ metadata: annotated, http: fc.array(rule, { minLength: 1, maxLength: 1 }) }).map(({ metadata, http }) => ({ apiVersion: ISTIO, kind: 'VirtualService', metadata, spec: { http } }));

const policy = fc.constantFrom(
  undefined,
  { loadBalancer: { simple: 'RANDOM' } },
  { loadBalancer: { consistentHash: { httpHeaderName: 'x' } } },
  { outlierDetection: { consecutive5xxErrors: 3 } },
  { portLevelSettings: [{ port: { number: 9080 }, loadBalancer: { consistentHash: { useSourceIp: true } } }] },
);
const destinationRule = fc.record({ metadata, host: anyHost, exportTo, trafficPolicy: policy, subsets: fc.subarray(['v1', 'v2']), selected: fc.boolean() })
  .map(({ metadata, subsets, selected, ...spec }) => ({
    apiVersion: ISTIO, kind: 'DestinationRule', metadata,
    spec: { ...spec, ...(selected ? { workloadSelector: { matchLabels: { app: 'me' } } } : {}), subsets: subsets.map((version) => ({ name: version, labels: { version } })) },
  }));
const sidecar = fc.record({ metadata, hosts: fc.constantFrom(['*/*'], ['./*'], ['shop/*'], ['./a.default.svc.cluster.local']), port: fc.constantFrom(undefined, undefined, { number: 9080, protocol: 'HTTP', name: 'http' }) })
  .map(({ metadata, hosts, port }) => ({ apiVersion: ISTIO, kind: 'Sidecar', metadata, spec: { egress: [{ hosts, ...(port && { port }) }] } }));
const meshConfig = fc.constantFrom('outboundTrafficPolicy: {mode: REGISTRY_ONLY}', 'defaultHttpRetryPolicy: {attempts: 5}', 'defaultVirtualServiceExportTo: ["."]', 'defaultDestinationRuleExportTo: ["."]')
  .map((mesh) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio', namespace: 'istio-system' }, data: { mesh } }));

const documents = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: serviceEntry }, { weight: 3, arbitrary: service }, { weight: 4, arbitrary: slice }, { weight: 2, arbitrary: workload }, { weight: 1, arbitrary: pod }, { weight: 6, arbitrary: virtualService }, { weight: 1, arbitrary: l4 }, { weight: 1, arbitrary: root }, { weight: 1, arbitrary: delegate }, { weight: 1, arbitrary: endpoints }, { weight: 1, arbitrary: gateway },
    { weight: 5, arbitrary: destinationRule }, { weight: 1, arbitrary: sidecar }, { weight: 1, arbitrary: meshConfig },
  ),
  { minLength: 1, maxLength: 4 },
);
type Documents = readonly { readonly kind: string; readonly spec?: unknown }[];

/** Without what is for many services at once, so that most changes concern few of them. */
const narrow: fc.Arbitrary<Documents> = documents.map((list: Documents) =>
  list.filter(({ kind, spec = {} }) => {
    const { hosts = [], host: one = '' } = spec as { hosts?: string[]; host?: string };
    return !['Sidecar', 'ConfigMap', 'WorkloadEntry', 'Pod'].includes(kind) && ![...hosts, one].some((name) => name.startsWith('*'));
  }),
);

const stepsOf = (some: fc.Arbitrary<Documents>) =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('apply' as const), documents: some }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('declare' as const), documents: some }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), nth: fc.nat(20) }) },
    ),
    { minLength: 2, maxLength: 20 },
  );

const CALLERS: readonly Pick<CompileOptions, 'workload' | 'endpoints' | 'retrySafety'>[] = [
  { workload: { namespace: 'default', labels: { app: 'me' } } },
  { workload: { namespace: 'shop', labels: {} }, retrySafety: { budgetPercent: 20, leastPerSecond: 3, leastTimeMs: 1 }, endpoints: { a: [{ address: '10.9.9.9:1' }], 'b.shop': [{ address: '10.9.9.8' }], 'c.istio-system:80': [{ address: '10.9.9.7:7' }] } },
];

/** All that a snapshot says. No two clusters, listeners or configurations have the same names, so that their order says nothing. */
function shape({ routes, httpsRoutes, listeners, clusters, settings, warnings }: Snapshot): unknown {
  const byText = <T>(list: Iterable<T>, textOf: (one: T) => string): T[] => [...list].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  const configurations = [routes, httpsRoutes].map((table) => byText(table.configurations, ({ port, hosts }) => `${port} ${hosts?.join() ?? ''}`));
  const { specs, fallbackCluster } = listeners;
  return { configurations, listeners: byText(specs, ({ port, hosts }) => `${port} ${hosts?.join() ?? ''}`), fallbackCluster, clusters: byText(clusters.values(), ({ name }) => name), settings, warnings };
}

/** What the tables answer, which are not made of what they say when only a part of it changed. */
function answers({ routes, httpsRoutes, listeners, clusters }: Snapshot): unknown {
  const names = [...NAMES, ...NAMES.flatMap((one) => NAMESPACES.flatMap((namespace) => [`${one}.${namespace}`, `${one}.${namespace}.svc.cluster.local`])), 'x.example.com', 'y.example.com', 'unknown', '10.9.0.1', '10.9.0.2', '10.9.0.3', '10.1.0.1', '10.1.0.2'];
  const ofHttp = [routes, httpsRoutes].map((table) => [80, 443, 9080].map((port) => names.map((host) => [table.virtualHost(port, host)?.spec, table.virtualHost(port, host, host)?.spec, table.knows(port, host), table.hasPort(port, host)])));
  return [ofHttp, [80, 443, 9080].map((port) => [listeners.general(port)?.spec, ...names.map((host) => listeners.own(port, host)?.spec)]), [...clusters.keys()].sort().map((name) => clusters.get(name)), clusters.size];
}

it.each([
  ['any changes', stepsOf(documents), 100],
  ['changes that concern a part', stepsOf(narrow), 300],
])('compiles through %s to what a fresh compile gives', { timeout: 60_000 }, (_what, steps, wantedInPart) => {
  let changed = 0;
  let inPart = 0;
  fc.assert(
    fc.property(fc.constantFrom(...CALLERS), steps, (caller, changes) => {
      const memo = new CompileMemo();
      let set = ResourceSet.empty;
      for (const [version, one] of changes.entries()) {
        if (one.do === 'delete') {
          const found = set.all[one.nth % Math.max(1, set.size)];
          if (found === undefined) continue;
          set = set.delete({ kind: found.kind, namespace: found.namespace, name: found.name });
        } else {
          const { resources } = readResources([{ object: one.documents }]);
          changed += resources.length;
          set = one.do === 'apply' ? set.apply(resources) : set.declare(resources);
        }
        const options = { version, legacySemantics: true, ...caller };
        const known = memo.latest?.snapshot.clusters;
        const { snapshot } = finish(compileChange(set.all, options, memo));
        if (snapshot.clusters instanceof LayeredMap || snapshot.clusters === known) inPart++;
        const fresh = compileSnapshot(set.all, options).snapshot;
        expect(shape(snapshot), set.all.map(resourceName).join()).toEqual(shape(fresh));
        expect(answers(snapshot)).toEqual(answers(fresh));
      }
    }),
    { numRuns: 150 },
  );
  // The documents above are mostly valid, or this would show nothing.
  expect(changed).toBeGreaterThan(500);
  expect(inPart).toBeGreaterThan(wantedInPart);
});
