import { placeEndpoints, type LocalitySetting, type PlacedEndpoints } from '../../cluster/locality.ts';
import type { ClusterSpec, Endpoint } from '../../cluster/model.ts';
import { SubsetResolver } from '../../cluster/subset-resolver.ts';
import type { Origin } from '../../common/origin.ts';
import { COST, type CompileBudget } from '../compile-budget.ts';
import type { CallerOptions } from '../compile-options.ts';
import type { LocalityLbSpec } from '../istio-types.ts';
import type { Memo } from '../memo.ts';
import type { MeshConfig } from '../mesh-settings.ts';
import { parseLocality } from '../registry/endpoint-fields.ts';
import { isTls } from '../registry/https-routing.ts';
import type { Service, ServicePort, TrafficDistribution } from '../registry/service.ts';
import { BLACK_HOLE_CLUSTER, clusterName, PASSTHROUGH_CLUSTER } from './cluster-name.ts';
import type { DestinationRules, DeclaredSubset, MergedRule } from './destination-rules.ts';
import { effectivePolicy } from './effective-policy.ts';
import {
  circuitBreakerOptions,
  connectionOptions,
  httpsTls,
  loadBalancerOptions,
  outlierOptions,
  tlsOptions,
  upstreamProtocol,
} from './policy-options.ts';

/** What clusters depend on beside the service and its DestinationRule. */
export interface ClusterContext {
  readonly caller: CallerOptions;
  readonly mesh: MeshConfig;
  readonly rules: DestinationRules;
  readonly legacySemantics: boolean;
  /** What was made of each service before, for the same caller and semantics. */
  readonly memo: Memo<Service, readonly ClusterSpec[]>;
  readonly budget: CompileBudget;
}

/** Envoy's idle timeout in the cluster for unknown destinations, as Istio sets it. */
const PASSTHROUGH_IDLE_TIMEOUT_MS = 300_000;

/** What a service's `trafficDistribution` prefers, whether or not anything is ever found unhealthy. Source: istio `GetLocalityLbSetting`. */
const PREFERENCES: Readonly<Record<TrafficDistribution, LocalityLbSpec>> = {
  'same-zone': { failoverPriority: ['topology.istio.io/network', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] },
  'same-node': {
    failoverPriority: [
      'topology.istio.io/network', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone', 'kubernetes.io/hostname',
    ],
  },
};

/** The clusters of one service: for each port one for the whole service and one for each subset. */
export function serviceClusters(service: Service, context: ClusterContext): readonly ClusterSpec[] {
  if (service.externalName !== undefined) return [];
  const rule = context.rules.find(service);
  context.budget.spend(costOf(service, rule), () => service.origin);
  return context.memo.of(service, [rule, context.mesh], () =>
    service.ports.filter(({ protocol, unserved }) => protocol !== 'UDP' && unserved !== true).flatMap((port) => portClusters(service, port, rule, context)),
  );
}

/** Of all its clusters together, if every subset has every endpoint. */
function costOf({ ports, endpoints }: Service, rule: MergedRule | undefined): number {
  const subsets = rule?.subsets.length ?? 0;
  return ports.length * ((1 + subsets) * COST.cluster + endpoints.length * (COST.endpoint + subsets * COST.reference));
}

/** The two clusters that every snapshot has. Source: istio `buildDefaultPassthroughCluster`, `buildBlackHoleCluster`. */
export function specialClusters(mesh: MeshConfig): ClusterSpec[] {
  const common = {
    host: '',
    port: 0,
    subset: '',
    endpoints: [],
    connection: { ...connectionOptions(mesh.connectionPool, mesh, 'downstream'), idleTimeoutMs: PASSTHROUGH_IDLE_TIMEOUT_MS },
    panicThreshold: 50,
    origins: [],
  };
  return [
    {
      ...common,
      name: PASSTHROUGH_CLUSTER,
      discovery: 'original-dst',
      protocol: 'downstream',
      loadBalancer: { kind: 'PASSTHROUGH' },
      circuitBreaker: circuitBreakerOptions(mesh.connectionPool, undefined),
      httpsTls: httpsTls(undefined),
    },
    {
      ...common,
      name: BLACK_HOLE_CLUSTER,
      discovery: 'static',
      protocol: 'http1',
      loadBalancer: { kind: 'ROUND_ROBIN' },
      circuitBreaker: {},
    },
  ];
}

function portClusters(service: Service, port: ServicePort, rule: MergedRule | undefined, context: ClusterContext): ClusterSpec[] {
  const subsets = (rule?.subsets ?? []).map(({ spec }) => ({ name: spec.name, labels: spec.labels ?? {} }));
  const endpoints = new SubsetResolver(portEndpoints(service, port), subsets);
  return [undefined, ...(rule?.subsets ?? [])]
    .map((subset) => clusterSpec(service, port, rule, subset, endpoints.resolve(subset?.spec.name ?? '') ?? [], context))
    .filter(isBuilt);
}

/** Envoy refuses a DNS cluster without a name to look up, so that calls to it find no cluster at all. That of a Service is none, for Istio. */
function isBuilt({ discovery, endpoints }: ClusterSpec): boolean {
  return endpoints.length > 0 || (discovery !== 'strict-dns' && discovery !== 'logical-dns');
}

function portEndpoints(service: Service, port: ServicePort): Endpoint[] {
  const result: Endpoint[] = [];
  for (const { address, ports, labels, weight, locality, origin } of service.endpoints) {
    const number = ports.get(port.name);
    if (number !== undefined) result.push({ address, port: number, labels, weight, locality, ...(origin && { origin }) });
  }
  return result;
}

function clusterSpec(
  service: Service,
  port: ServicePort,
  rule: MergedRule | undefined,
  subset: DeclaredSubset | undefined,
  endpoints: readonly Endpoint[],
  context: ClusterContext,
): ClusterSpec {
  const { mesh, caller, legacySemantics } = context;
  const name = subset?.spec.name ?? '';
  const policy = effectivePolicy(rule?.trafficPolicy, subset?.spec, port.number, mesh);
  const loadBalancer = loadBalancerOptions(policy.loadBalancer);
  const outlierDetection = outlierOptions(policy.outlierDetection, legacySemantics);
  const dynamic = service.discovery === 'dynamic-dns';
  // The names of Services are looked up here alone: a subset that has no part in them is there, and empty.
  const resolved = service.registry === 'kubernetes' && endpoints.length === 0 && service.discovery === 'strict-dns' ? 'static' : service.discovery;
  // A subset is what the whole service is, whatever balancer it asks for itself.
  const whole = subset === undefined ? policy : effectivePolicy(rule?.trafficPolicy, undefined, port.number, mesh);
  const isPassed = [policy, whole].some((each) => loadBalancerOptions(each.loadBalancer).kind === 'PASSTHROUGH');
  const dialled = service.discovery === 'original-dst' || (isPassed && !dynamic);
  const where = { host: service.host, port: port.number, subset: name, selected: rule?.selector !== undefined, subjectAltNames: service.subjectAltNames };
  const tls = tlsOptions(policy.tls, where);
  const protocol = upstreamProtocol(port.protocol, policy.connectionPool, mesh.h2Upgrade);
  const locality = policy.loadBalancer?.localityLbSetting;
  const preferred = locality === undefined && service.trafficDistribution !== undefined ? PREFERENCES[service.trafficDistribution] : undefined;
  return {
    name: clusterName(service.host, port.number, name),
    host: service.host,
    port: port.number,
    subset: name,
    discovery: dialled ? 'original-dst' : resolved,
    ...(!dialled && resolved.endsWith('-dns') && mesh.dnsRefreshMs !== undefined && { dnsRefreshMs: mesh.dnsRefreshMs }),
    ...((dynamic || replacesPort(service, port)) && { dialledPort: port.targetPort }),
    ...(dialled || dynamic
      ? { endpoints: [] }
      : placed(endpoints, locality ?? preferred ?? mesh.localityLb, outlierDetection !== undefined || preferred !== undefined, caller)),
    protocol,
    loadBalancer: dialled || dynamic ? { kind: 'PASSTHROUGH' } : loadBalancer,
    circuitBreaker: circuitBreakerOptions(policy.connectionPool, policy.retryBudget),
    connection: connectionOptions(policy.connectionPool, mesh, protocol),
    ...(outlierDetection && { outlierDetection }),
    // Istio turns Envoy's panic mode off everywhere but where a rule asks for it.
    panicThreshold: policy.outlierDetection?.minHealthPercent ?? 0,
    ...(tls && { tls }),
    ...(isTls(port) && { httpsTls: httpsTls(service.subjectAltNames) }),
    origins: clusterOrigins(service, rule, subset),
  };
}

/** Whether its `targetPort` is dialled instead, at whatever address the caller wants. Source: istio `PassthroughTargetPorts`. */
function replacesPort({ registry, discovery }: Service, { number, targetPort }: ServicePort): boolean {
  return registry === 'service-entry' && discovery === 'original-dst' && targetPort !== number;
}

/** Endpoints in the order and with the priorities that their places give them. */
function placed(endpoints: readonly Endpoint[], spec: LocalityLbSpec, outlierDetection: boolean, caller: CallerOptions): PlacedEndpoints {
  const { distribute = [], failover = [], failoverPriority = [] } = spec;
  const somewhere = endpoints.some(({ locality }) => locality.region !== '');
  // Most endpoints are nowhere in particular; then there is nothing to sort or to prefer.
  if (!somewhere && distribute.length + failover.length + failoverPriority.length === 0) return { endpoints };
  const setting: LocalitySetting = {
    distribute: distribute.map(({ from = '', to = {} }) => ({ from, to })),
    failover: failover.map(({ from = '', to = '' }) => ({ from, to })),
    failoverPriority,
  };
  const here = { locality: parseLocality(caller.locality), labels: caller.labels };
  return placeEndpoints(endpoints, here, spec.enabled === false ? undefined : setting, outlierDetection);
}

function clusterOrigins(service: Service, rule: MergedRule | undefined, subset: DeclaredSubset | undefined): Origin[] {
  return [service.origin, rule?.policyOrigin, subset?.origin].filter((origin) => origin !== undefined);
}
