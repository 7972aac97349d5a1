import { formatDurationMs } from '../common/duration.ts';
import type { DestinationExplanation } from '../common/explanation.ts';
import { expandHost, hostCovers } from '../common/host-name.ts';
import { hostKey } from '../cluster/host.ts';
import type { ClusterSpec } from '../cluster/model.ts';
import { clusterName } from '../config/clusters/cluster-name.ts';
import type { DestinationRuleSpec } from '../config/istio-types.ts';
import { hasLabels } from '../config/registry/endpoint-fields.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { WeightedClusters } from '../route/weighted-clusters.ts';
import type { ClusterManager } from './cluster-manager.ts';

/** What explanations look at: they draw nothing and change nothing. */
export interface ExplainContext {
  readonly snapshot: Snapshot;
  readonly clusters: Pick<ClusterManager, 'peek'>;
}

/**
 * The clusters that a call or a connection may go to, with what is behind them now.
 *
 * @param isHttps - whether it is a call to an `https://` URL by HTTP rules
 * @param chosen - the one of them that it is sure to go to
 */
export function explainDestinations(
  context: ExplainContext,
  destinations: WeightedClusters<{ readonly cluster: string; readonly weight: number }>,
  isHttps = false,
  chosen?: object,
): DestinationExplanation[] {
  const { snapshot } = context;
  return destinations.choices.map((destination) => {
    const share = chosen === undefined ? destinations.percentage(destination) : destination === chosen ? 100 : 0;
    const spec = snapshot.clusters.get(destination.cluster);
    if (spec === undefined) {
      const problem = missingCluster(snapshot, destination.cluster);
      return { cluster: destination.cluster, share, outcome: 'NC', problem, endpoints: [], policies: [], origins: [] };
    }
    const endpoints = endpointsOf(context, spec);
    const usable = spec.discovery === 'original-dst' || endpoints.some(({ ejected }) => !ejected) || spec.discovery.endsWith('dns');
    return {
      cluster: spec.name,
      share,
      outcome: usable ? 'ok' : 'UH',
      ...(usable ? {} : { problem: emptyCluster(snapshot, spec, endpoints.length) }),
      endpoints,
      policies: policiesOf(spec, isHttps),
      origins: spec.origins,
    };
  });
}

/** Looks only: a cluster that was never used has all its endpoints healthy. */
function endpointsOf({ clusters }: ExplainContext, spec: ClusterSpec): DestinationExplanation['endpoints'] {
  const live = clusters.peek(spec.name);
  live?.settle();
  const hosts = live?.hosts.hosts ?? spec.endpoints.map((endpoint) => ({ key: hostKey(endpoint), endpoint, ejected: false }));
  return hosts.map(({ key, endpoint, ejected }) => ({ address: key, version: endpoint.labels['version'], ejected }));
}

function missingCluster(snapshot: Snapshot, name: string): string {
  const [, port = '', subset = '', host = ''] = name.split('|');
  const ofHost = [...snapshot.clusters.values()].filter((cluster) => cluster.host === host).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (ofHost.length === 0) return `no service ${host} is known to this caller (declare it, or correct the destination's host)`;
  const ports = [...new Set(ofHost.map((cluster) => cluster.port))];
  if (!ports.includes(Number(port))) return `service ${host} has no port ${port}, it has ${ports.join(', ')}`;
  const service = ofHost.find((cluster) => cluster.port === Number(port) && cluster.subset === '');
  const isLookedUp = service?.discovery === 'strict-dns' || service?.discovery === 'logical-dns';
  if (isLookedUp && isDeclaredWithout(service.endpoints, subset, host, snapshot)) {
    return `no endpoint of ${host} has the labels of subset ${subset}, and a service that DNS finds has no cluster without endpoints`;
  }
  const subsets = ofHost.map((cluster) => cluster.subset).filter((one) => one !== '');
  // Others may be declared, and have no endpoints either.
  const known = subsets.length > 0 ? `: declared are ${[...new Set(subsets)].join(', ')}` : isLookedUp ? '' : ': none is declared';
  return `no DestinationRule for ${host} declares subset ${subset}${known}`;
}

/** Whether a DestinationRule has the subset, and none of `endpoints` its labels. */
function isDeclaredWithout(endpoints: ClusterSpec['endpoints'], subset: string, host: string, { resources }: Snapshot): boolean {
  return resources.some(({ kind, namespace, spec }) => {
    if (kind !== 'DestinationRule') return false;
    const { host: named, subsets = [] } = spec as DestinationRuleSpec;
    // Of a short name the service's own domain makes the whole.
    if (!hostCovers(expandHost(named, namespace, host.split('.svc.')[1]), host)) return false;
    return subsets.some((one) => one.name === subset && !endpoints.some(({ labels }) => hasLabels(labels, one.labels ?? {})));
  });
}

function emptyCluster({ clusters }: Snapshot, spec: ClusterSpec, endpoints: number): string {
  if (endpoints > 0) return `all ${endpoints} endpoints of ${spec.name} are ejected by outlier detection`;
  if (spec.subset === '') return `service ${spec.host} has no endpoints`;
  const service = clusters.get(clusterName(spec.host, spec.port));
  const why = service?.discovery === 'strict-dns' ? ': its name is looked up, and what DNS gives has no labels' : '';
  return `no endpoint of ${spec.host} has the labels of subset ${spec.subset}${why}`;
}

function policiesOf(spec: ClusterSpec, isHttps: boolean): string[] {
  const { circuitBreaker: limits, connection, outlierDetection: outlier } = spec;
  const policies = [`load balancer ${spec.loadBalancer.kind}`];
  const shown = Object.entries(limits).filter(([, value]) => value !== undefined && value !== Infinity);
  if (shown.length > 0) policies.push(`limits ${shown.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ')}`);
  if (connection.maxRequestsPerConnection > 0) policies.push(`at most ${connection.maxRequestsPerConnection} requests per connection`);
  policies.push(`connect timeout ${formatDurationMs(connection.connectTimeoutMs)}`);
  const { tls = isHttps ? spec.httpsTls : undefined } = spec;
  if (tls?.mode === 'HTTPS') policies.push('TLS, for the name of the Host');
  else if (tls !== undefined) policies.push(`TLS ${tls.mode}${tls.sni === undefined ? '' : `, SNI ${tls.sni}`}`);
  else if (isHttps) policies.push('in the clear: its port does not speak TLS, and no DestinationRule asks for it');
  if (outlier !== undefined) {
    policies.push(`outlier detection: ${outlier.consecutive5xxErrors ?? 5} × 5xx, at most ${outlier.maxEjectionPercent ?? 10} % ejected`);
  }
  return policies;
}
