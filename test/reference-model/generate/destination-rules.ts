import * as fc from 'fast-check';
import { fullName } from '../model/names.ts';
import type { DestinationRule, PolicyBlocks, SubsetSpec, TrafficPolicy } from '../model/resources.ts';
import { HOSTS } from './services.ts';
import { compact, maybe, metadata, oneOf, PORTS, selector, SUBSETS } from './vocabulary.ts';

const RULE_HOSTS = [...HOSTS, 'a', 'a', 'a', 'b', 'k', 'a.default.svc.cluster.local', 'a.default.svc.cluster.local', 'a.shop.svc.cluster.local', 'a.shop.svc.cluster.local',  'a.default', 'a.shop', '*.default.svc.cluster.local', '*.shop.svc.cluster.local', '*.svc.cluster.local', '*.cluster.local', '*.com'] as const;

const loadBalancer = fc.oneof(
  oneOf(['ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST', 'LEAST_CONN', 'UNSPECIFIED', 'PASSTHROUGH']).map((simple) => ({ simple })),
  oneOf(['x-a', 'X-B']).map((httpHeaderName) => ({ consistentHash: { httpHeaderName } })),
  fc.constant({ consistentHash: { useSourceIp: true, maglev: { tableSize: 101 } } }),
  fc.constant({ consistentHash: { httpQueryParameterName: 'q' } }),
  fc.constant({ consistentHash: { httpCookie: { name: 'session' } } }),
);

const limit = maybe(oneOf([0, 1, 7, 100]), 1);

const connectionPool = fc
  .record({
    tcp: maybe(fc.record({ maxConnections: limit, connectTimeout: maybe(oneOf(['300ms', '1s', '1.5s'])), idleTimeout: maybe(oneOf(['5s', '2m'])) })),
    http: fc.record({ http1MaxPendingRequests: limit, http2MaxRequests: limit, maxRetries: limit, maxRequestsPerConnection: maybe(oneOf([1, 10])), idleTimeout: maybe(oneOf(['10s', '1h2m'])) }),
  });

const outlierDetection = fc.record({
  consecutive5xxErrors: maybe(oneOf([0, 1, 3])),
  consecutiveGatewayErrors: maybe(oneOf([0, 2])),
  interval: maybe(oneOf(['1s', '5s'])),
  baseEjectionTime: maybe(oneOf(['10s', '1m'])),
  maxEjectionPercent: maybe(oneOf([0, 34, 100])),
  minHealthPercent: maybe(oneOf([0, 50])),
});

export const blocks: fc.Arbitrary<PolicyBlocks> = fc.record({ loadBalancer: maybe(loadBalancer, 1), connectionPool: maybe(connectionPool, 1), outlierDetection: maybe(outlierDetection, 1) });

// An entry must say something.
const portBlocks = fc.oneof(
  loadBalancer.map((value): PolicyBlocks => ({ loadBalancer: value })),
  connectionPool.map((value): PolicyBlocks => ({ connectionPool: value })),
  outlierDetection.map((value): PolicyBlocks => ({ outlierDetection: value })),
  blocks.filter(({ loadBalancer: a, connectionPool: b, outlierDetection: c }) => a !== undefined || b !== undefined || c !== undefined),
);

const trafficPolicy: fc.Arbitrary<TrafficPolicy> = fc
  .tuple(portBlocks, fc.uniqueArray(fc.tuple(oneOf(PORTS), portBlocks), { maxLength: 2, selector: ([port]) => port }))
  .map(([base, ports]) => (ports.length === 0 ? base : { ...base, portLevelSettings: ports.map(([number, own]) => ({ port: { number }, ...own })) }));

const subset: fc.Arbitrary<SubsetSpec> = fc.record({ name: oneOf(SUBSETS), swapped: oneOf([false, false, false, true]), trafficPolicy: maybe(trafficPolicy, 1) }).map(({ name, swapped, trafficPolicy: policy }) => ({
  name,
  // Subsets of one name that select differently show which rule was used.
  labels: name === 'all' ? undefined : { version: swapped ? (name === 'v1' ? 'v2' : 'v1') : name },
  trafficPolicy: policy,
}));

// Where one list holds another, or several rules of one host are exported differently, istiod joins rules in a way that the
// semantics page does not tell; `.` and the namespace's own name are not the same to it.
const ruleExport = maybe(oneOf<readonly string[]>([['*'], ['shop'], ['default'], ['other']]), 1);

const destinationRule = fc.record({
  metadata,
  host: oneOf(RULE_HOSTS),
  exportTo: ruleExport,
  selector: maybe(selector, 1),
  trafficPolicy: maybe(trafficPolicy, 1),
  subsets: fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 5, arbitrary: fc.uniqueArray(subset, { maxLength: 4, minLength: 2, selector: ({ name }) => name }) }),
});

export const destinationRules: fc.Arbitrary<DestinationRule[]> = fc.array(destinationRule, { maxLength: 8 }).map((rules) =>
  rules
    .map(({ metadata: own, host, exportTo, selector: wanted, trafficPolicy: policy, subsets }, index) =>
      compact({
        kind: 'DestinationRule' as const,
        metadata: { ...own, name: `dr-${'dacbfeih'[index] ?? ''}` },
        spec: {
          host,
          // One with a selector may not go beyond its namespace.
          exportTo: wanted === undefined ? exportTo : undefined,
          workloadSelector: wanted === undefined ? undefined : { matchLabels: wanted },
          trafficPolicy: policy,
          subsets: subsets.length === 0 ? undefined : subsets,
        },
      }),
    )
    .map(withExportOfThree),
);

/** From the third of a host on all rules of it have the export of the first. */
export function withExportOfThree(rule: DestinationRule, _: number, all: readonly DestinationRule[]): DestinationRule {
  const key = ({ metadata: { namespace = 'default' }, spec }: DestinationRule): string => `${namespace}/${fullName(spec.host, namespace)}`;
  const same = all.filter((other) => key(other) === key(rule) && other.spec.workloadSelector === undefined);
  if (same.length < 3 || rule.spec.workloadSelector !== undefined) return rule;
  const { exportTo } = same[0]?.spec ?? {};
  return compact({ ...rule, spec: { ...rule.spec, exportTo } });
}
