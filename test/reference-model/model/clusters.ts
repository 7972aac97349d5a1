import { defaultHashPolicyFor, destinationRuleFor, hashPolicyFor, policyFor } from './destination-rules.ts';
import { fullName, hasLabels, isExportedTo, milliseconds, namespaceOf } from './names.ts';
import type { HttpRule, Destination, PolicyBlocks, VirtualService, World } from './resources.ts';
import { rulesOf } from './delegates.ts';
import { once } from './once.ts';
import { visibleServices } from './services.ts';
import type { Service } from './services.ts';
import { importsRule, scopeOf, servicesOf } from './sidecar.ts';

// §5 Destination → cluster, and the policies of a cluster (§9, §10, §11).

/** Where a request may go. */
export interface Cluster {
  readonly name: string;
  /** `missing`: 503 NC; `dialled`: to the address that the caller dialled. */
  readonly state: 'missing' | 'empty' | 'ready' | 'dialled';
  /** Takes the place of the dialled port. */
  readonly dialledPort?: number;
  /** `ip:port`, sorted. */
  readonly endpoints: readonly string[];
  readonly policy?: ClusterPolicy;
}

export interface ClusterPolicy {
  readonly balancer: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
  readonly maxRequestsPerConnection: number;
  readonly outlier?: OutlierPolicy;
}

export interface OutlierPolicy {
  /** 0: off. */
  readonly consecutive5xx: number;
  /** 0: off. */
  readonly consecutiveGatewayErrors: number;
  readonly enforcesGatewayErrors: boolean;
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionPercent: number;
  readonly panicPercent: number;
}

/** The cluster of a destination; its port is the listener's when it names none. */
export function clusterOf(destination: Destination, ruleNamespace: string, listenerPort: number, world: World): Cluster {
  const named = fullName(destination.host, ruleNamespace);
  // The cluster of an alias is its target's.
  const host = visibleServices(world).find(({ aliases }) => aliases.includes(named))?.host ?? named;
  const port = destination.port?.number ?? listenerPort;
  const subsetName = destination.subset ?? '';
  const name = `outbound|${String(port)}|${subsetName}|${host}`;
  const missing: Cluster = { name, state: 'missing', endpoints: [] };

  const service = knownServices(world).find((known) => known.host === host);
  const servicePort = service?.ports.find(({ number }) => number === port);
  if (service === undefined || servicePort === undefined) return missing;
  const rule = destinationRuleFor(service, world);
  const subset = rule?.subsets.find((declared) => declared.name === subsetName);
  if (subsetName !== '' && subset === undefined) return missing;

  const policy = describe(policyFor(rule, port, subset, world), world);
  if (service.toDialledAddress || policy.balancer === 'PASSTHROUGH') {
    const { targetPort = port } = servicePort;
    return { name, state: 'dialled', ...(service.toDialledAddress && targetPort !== port ? { dialledPort: targetPort } : {}), endpoints: [], policy };
  }
  const endpoints = service.endpoints
    .filter(({ portName, labels }) => portName === servicePort.name && hasLabels(subset?.labels, labels))
    .map(({ address }) => address)
    .sort();
  return { name, state: endpoints.length === 0 ? 'empty' : 'ready', endpoints, policy };
}

/** What the hash of a request to this destination is made of. */
export function hashOf(destination: Destination, ruleNamespace: string, listenerPort: number, isDefault: boolean, world: World): string | undefined {
  const service = knownServices(world).find(({ host }) => host === fullName(destination.host, ruleNamespace));
  if (service === undefined) return undefined;
  const rule = destinationRuleFor(service, world);
  return isDefault ? defaultHashPolicyFor(rule, listenerPort) : hashPolicyFor(rule, destination);
}

/** §2: what the Sidecar's listeners name, and the destinations of the rules that they import, these as clusters only. */
function knownServices(world: World): Service[] {
  return once(world, 'known services', () => findKnownServices(world));
}

function findKnownServices(world: World): Service[] {
  const known: Service[] = [];
  const learn = (service: Service): void => {
    const index = known.findIndex(({ host }) => host === service.host);
    const earlier = known[index];
    if (earlier === undefined) known.push(service);
    else if (earlier.namespace === service.namespace && earlier.fromKubernetes === service.fromKubernetes) {
      // Two listeners, each with its own port, know one service by both.
      const more = service.ports.filter(({ number }) => !earlier.ports.some((port) => port.number === number));
      known[index] = { ...earlier, ports: [...earlier.ports, ...more] };
    }
  };
  for (const listener of scopeOf(world).listeners) {
    for (const service of servicesOf(listener, world)) learn(service);
    for (const virtualService of rulesInSight(world)) {
      const { spec, metadata } = virtualService;
      const namespace = namespaceOf(metadata);
      if (!importsRule(listener, namespace, (spec.hosts ?? []).map((host) => fullName(host, namespace)))) continue;
      for (const placed of rulesOf(virtualService, world)) {
        if (isForOthers(placed.rule, world)) continue;
        for (const destination of destinationsOf(placed.rule)) {
          const host = fullName(destination.host, placed.namespace);
          const named = visibleServices(world).filter((service) => service.host === host);
          const chosen = named.find((service) => service.namespace === world.caller.namespace) ?? [...named].sort((a, b) => (a.namespace < b.namespace ? -1 : 1))[0];
          if (chosen === undefined) continue;
          if (listener.port === undefined) learn(chosen);
          else if (chosen.ports.some(({ number }) => number === listener.port)) learn({ ...chosen, ports: chosen.ports.filter(({ number }) => number === listener.port) });
        }
      }
    }
  }
  return known;
}

/** A rule that names source namespaces, and not the caller's, imports nothing, even if other entries of its match would let the caller in (istiod's source; the page does not tell). */
function isForOthers({ match = [] }: HttpRule, { caller }: World): boolean {
  const named = match.flatMap(({ sourceNamespace }) => sourceNamespace ?? []);
  return named.length > 0 && !named.includes(caller.namespace);
}

function rulesInSight({ resources, mesh, caller }: World): VirtualService[] {
  return resources
    .filter((resource): resource is VirtualService => resource.kind === 'VirtualService')
    .filter(({ spec }) => (spec.hosts ?? []).length > 0)
    .filter(({ spec }) => spec.gateways === undefined || spec.gateways.length === 0 || spec.gateways.includes('mesh'))
    .filter(({ metadata, spec }) => isExportedTo(spec.exportTo, mesh.defaultVirtualServiceExportTo, namespaceOf(metadata), caller.namespace));
}

function destinationsOf({ route, mirror, mirrors }: HttpRule): Destination[] {
  return [...(route ?? []).map(({ destination }) => destination), ...(mirror === undefined ? [] : [mirror]), ...(mirrors ?? []).map(({ destination }) => destination)];
}

const NO_LIMIT = 4_294_967_295;

function describe({ loadBalancer, connectionPool, outlierDetection }: PolicyBlocks, { mesh }: World): ClusterPolicy {
  const { tcp, http } = connectionPool ?? {};
  // Zero is the default, not a limit of none.
  const limit = (value: number | undefined): number => (value === undefined || value === 0 ? NO_LIMIT : value);
  return {
    balancer: balancerOf(loadBalancer),
    connectTimeoutMs: milliseconds(tcp?.connectTimeout ?? mesh.connectTimeout ?? '10s'),
    idleTimeoutMs: milliseconds(http?.idleTimeout ?? tcp?.idleTimeout ?? '1h'),
    maxConnections: limit(tcp?.maxConnections),
    maxPendingRequests: limit(http?.http1MaxPendingRequests),
    maxRequests: limit(http?.http2MaxRequests),
    maxRetries: limit(http?.maxRetries),
    maxRequestsPerConnection: http?.maxRequestsPerConnection ?? 0,
    ...(outlierDetection === undefined
      ? {}
      : {
          outlier: {
            consecutive5xx: outlierDetection.consecutive5xxErrors ?? 5,
            consecutiveGatewayErrors: outlierDetection.consecutiveGatewayErrors ?? 5,
            enforcesGatewayErrors: (outlierDetection.consecutiveGatewayErrors ?? 0) > 0,
            intervalMs: milliseconds(outlierDetection.interval ?? '10s'),
            baseEjectionTimeMs: milliseconds(outlierDetection.baseEjectionTime ?? '30s'),
            maxEjectionPercent: (outlierDetection.maxEjectionPercent ?? 0) === 0 ? 10 : (outlierDetection.maxEjectionPercent ?? 10),
            panicPercent: outlierDetection.minHealthPercent ?? 0,
          },
        }),
  };
}

function balancerOf(loadBalancer: PolicyBlocks['loadBalancer']): string {
  const hash = loadBalancer?.consistentHash;
  if (hash !== undefined) return hash.maglev === undefined ? 'RING_HASH' : 'MAGLEV';
  const simple = loadBalancer?.simple ?? 'UNSPECIFIED';
  return simple === 'UNSPECIFIED' || simple === 'LEAST_CONN' ? 'LEAST_REQUEST' : simple;
}
