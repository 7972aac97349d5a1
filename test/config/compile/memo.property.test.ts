import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CompileOptions } from '../../../src/config/compile-options.ts';
import { CompileMemo } from '../../../src/config/compile-memo.ts';
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
const metadata = fc.record({ name, namespace: fc.constantFrom('default', 'default', ...NAMESPACES) });
const host = fc.constantFrom(...NAMES, 'a.default.svc.cluster.local', 'b.shop.svc.cluster.local', 'b.shop', 'x.example.com');
const anyHost = fc.oneof({ weight: 5, arbitrary: host }, { weight: 1, arbitrary: fc.constantFrom('*.default.svc.cluster.local', '*.example.com', '*') });
const exportTo = fc.constantFrom(undefined, undefined, ['.'], ['*'], ['shop']);
const subset = fc.constantFrom(undefined, 'v1', 'v2');
const destination = fc.record({ host, subset, port: fc.constantFrom(undefined, undefined, { number: 80 }, { number: 9080 }) });

const serviceEntry = fc.record({ metadata, hosts: fc.uniqueArray(host.filter((one) => one.includes('.')), { minLength: 1, maxLength: 2 }), exportTo, endpoints: fc.integer({ min: 0, max: 2 }), port: fc.constantFrom(80, 9080), protocol: fc.constantFrom('HTTP', 'HTTP', 'TCP', 'GRPC') })
  .map(({ metadata, hosts, endpoints, port, protocol, ...spec }) => ({
    apiVersion: ISTIO, kind: 'ServiceEntry', metadata,
    spec: { ...spec, hosts, location: 'MESH_INTERNAL', resolution: 'STATIC', ports: [{ number: port, name: 'p', protocol }], ...(endpoints === 0 ? { workloadSelector: { labels: { app: 'x' } } } : { endpoints: Array.from({ length: endpoints }, (_, i) => ({ address: `10.0.0.${i + 1}`, labels: { version: `v${i + 1}` } })) }) },
  }));

const service = fc.record({ metadata, portName: fc.constantFrom('http', 'http', 'web', 'tcp'), externalName: fc.constantFrom(undefined, undefined, 'a.default.svc.cluster.local', 'x.example.com') })
  .map(({ metadata, portName, externalName }) => ({
    apiVersion: 'v1', kind: 'Service', metadata,
    spec: { ...(externalName === undefined ? {} : { type: 'ExternalName', externalName }), selector: { app: 'x' }, ports: [{ name: portName, port: 9080 }] },
  }));

const workload = fc.record({ metadata, address: fc.constantFrom('10.2.0.1', '10.2.0.2'), version: fc.constantFrom('v1', 'v2') })
  .map(({ metadata, address, version }) => ({ apiVersion: ISTIO, kind: 'WorkloadEntry', metadata, spec: { address, labels: { app: 'x', version } } }));
const pod = fc.record({ metadata, podIP: fc.constantFrom('10.1.0.1', '10.1.0.2'), version: fc.constantFrom('v1', 'v2') })
  .map(({ metadata, podIP, version }) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels: { app: 'x', version } }, status: { podIP } }));
const slice = fc.record({ metadata, count: fc.integer({ min: 1, max: 3 }) }).map(({ metadata, count }) => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } }, addressType: 'IPv4',
  endpoints: Array.from({ length: count }, (_, i) => ({ addresses: [`10.1.0.${i + 1}`] })), ports: [{ name: 'http', port: 8080 }],
}));

const rule = fc.record({
  match: fc.constantFrom(undefined, [{ uri: { prefix: '/x' } }], [{ port: 9080 }], [{ sourceNamespace: 'shop' }]),
  route: fc.array(fc.record({ destination }), { minLength: 1, maxLength: 1 }),
  mirror: fc.option(destination, { nil: undefined }),
  fault: fc.constantFrom(undefined, { abort: { httpStatus: 500, percentage: { value: 50 } } }),
});
const faultOnly = fc.constant({ fault: { abort: { httpStatus: 500, percentage: { value: 50 } } } });
const virtualService = fc.record({ metadata, hosts: fc.uniqueArray(anyHost, { minLength: 1, maxLength: 2 }), exportTo, gateways: fc.constantFrom(undefined, undefined, ['mesh'], ['other']), http: fc.array(fc.oneof({ weight: 6, arbitrary: rule }, { weight: 1, arbitrary: faultOnly }), { minLength: 1, maxLength: 2 }) })
  .map(({ metadata, ...spec }) => ({ apiVersion: ISTIO, kind: 'VirtualService', metadata, spec }));
const root = fc.record({ metadata, of: name }).map(({ metadata, of }) => ({ apiVersion: ISTIO, kind: 'VirtualService', metadata, spec: { hosts: ['a'], http: [{ match: [{ uri: { prefix: '/' } }], delegate: { name: of } }] } }));
const delegate = fc.record({ metadata, http: fc.array(rule, { minLength: 1, maxLength: 1 }) }).map(({ metadata, http }) => ({ apiVersion: ISTIO, kind: 'VirtualService', metadata, spec: { http } }));

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
    { weight: 4, arbitrary: serviceEntry }, { weight: 3, arbitrary: service }, { weight: 4, arbitrary: slice }, { weight: 2, arbitrary: workload }, { weight: 1, arbitrary: pod }, { weight: 6, arbitrary: virtualService }, { weight: 1, arbitrary: root }, { weight: 1, arbitrary: delegate },
    { weight: 5, arbitrary: destinationRule }, { weight: 1, arbitrary: sidecar }, { weight: 1, arbitrary: meshConfig },
  ),
  { minLength: 1, maxLength: 4 },
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('apply' as const), documents }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('declare' as const), documents }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), nth: fc.nat(20) }) },
);

const CALLERS: readonly Pick<CompileOptions, 'workload' | 'endpoints'>[] = [
  { workload: { namespace: 'default', labels: { app: 'me' } } },
  { workload: { namespace: 'shop', labels: {} }, endpoints: { a: [{ address: '10.9.9.9:1' }], 'b.shop': [{ address: '10.9.9.8' }], 'c.istio-system:80': [{ address: '10.9.9.7:7' }] } },
];

function shape({ routes, listeners, clusters, settings, warnings }: Snapshot): unknown {
  return { configurations: routes.configurations, listeners, clusters: [...clusters], settings, warnings };
}

it('compiles through any changes to what a fresh compile gives', { timeout: 60_000 }, () => {
  let changed = 0;
  fc.assert(
    fc.property(fc.constantFrom(...CALLERS), fc.array(step, { minLength: 2, maxLength: 20 }), (caller, steps) => {
      const memo = new CompileMemo();
      let set = ResourceSet.empty;
      for (const [version, one] of steps.entries()) {
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
        const { snapshot } = compileChange(set.all, options, memo);
        expect(shape(snapshot), set.all.map(resourceName).join()).toEqual(shape(compileSnapshot(set.all, options).snapshot));
      }
    }),
    { numRuns: 250 },
  );
  // The documents above are mostly valid, or this would show nothing.
  expect(changed).toBeGreaterThan(500);
});
