import { formatDurationMs } from './common/duration.ts';
import { formatOrigin, type Origin } from './common/origin.ts';
import type { ClusterSpec } from './cluster/model.ts';
import { hostKey } from './cluster/host.ts';
import type { Snapshot } from './config/snapshot.ts';
import { admit } from './engine/admission.ts';
import { egressOf } from './engine/egress.ts';
import type { Engine } from './engine/engine.ts';
import { dialledHost } from './engine/listener-for.ts';
import { downstreamHeaders } from './engine/request-headers.ts';
import { parseOrigin } from './engine/target.ts';
import { formatExplanation, type RouteExplanation } from './route/explain.ts';
import type { ForwardAction } from './route/forward-action.ts';
import type { RequestHead } from './route/model.ts';

/** One cluster that a call may go to. */
export interface DestinationExplanation {
  readonly cluster: string;
  /** Percent of the route's calls. */
  readonly share: number;
  /** `ok`; `NC`: there is no such cluster; `UH`: it has no endpoint to use. */
  readonly outcome: 'ok' | 'NC' | 'UH';
  /** For `NC` and `UH`: which object is missing or empty, and what to do. */
  readonly problem?: string;
  readonly endpoints: readonly { readonly address: string; readonly version?: string; readonly ejected: boolean }[];
  /** Policies in force, in words. */
  readonly policies: readonly string[];
  /** The service and the DestinationRules that made it. */
  readonly origins: readonly Origin[];
}

/** What would happen to a call, and why. `toString()` tells it to a person. */
export interface Explanation {
  readonly url: string;
  readonly method: string;
  /** `mesh`: by rules; `connection`: as bytes to a service that does not speak HTTP; `passthrough`: past the mesh; `blocked`: REGISTRY_ONLY. */
  readonly kind: 'mesh' | 'connection' | 'passthrough' | 'blocked';
  /** For `blocked` and `passthrough`: why. */
  readonly reason?: string;
  readonly route: RouteExplanation;
  readonly destinations: readonly DestinationExplanation[];
  /** Several lines: the URL, what each rule said, what is missing. */
  toString(): string;
}

/** What of a call beside its URL decides. */
export interface ExplainInit {
  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Path and query exactly as they go on the wire, where a URL would tidy them up. Default: the URL's. */
  readonly path?: string;
  /** `ip:port` that the caller dialled; see `MeshCallOptions`. */
  readonly originalDst?: string | null;
}

/** See `mesh.explain`. Draws nothing and changes nothing. */
export function explainCall(engine: Engine, url: string | URL, { method = 'GET', headers: given, path, originalDst }: ExplainInit): Explanation {
  const parsed = new URL(url);
  const target = parseOrigin(parsed.origin);
  const { headers, host } = downstreamHeaders(given);
  const head: RequestHead = {
    method,
    scheme: target.scheme,
    authority: host ?? target.authority,
    path: path ?? parsed.pathname + parsed.search,
    port: target.port,
    headers,
  };
  const { snapshot } = engine;
  admit(head, snapshot.settings, { options: { uuid: () => 'explained', tracing: false }, random: () => 0 });
  const egress = egressOf(snapshot, target, { originalDst });
  const dialled = dialledHost(target.hostname, originalDst);
  const route = snapshot.routes.explain(head, dialled);
  const matched = egress.kind === 'mesh' ? snapshot.routes.virtualHost(head.port, head.authority, dialled)?.match(head) : undefined;
  const destinations = matched?.action.kind === 'forward' ? explainDestinations(engine, snapshot, matched.action) : [];
  const reason =
    egress.kind === 'blocked'
      ? egress.error.message
      : egress.kind === 'connection'
        ? 'no service on this port speaks HTTP: the call is bytes on a connection, which tcp rules route'
        : egress.kind === 'passthrough'
        ? head.scheme === 'https'
          ? 'https is TLS from end to end: HTTP rules do not apply'
          : 'no registered HTTP service has this port'
        : undefined;
  const explanation = { url: parsed.href, method, kind: egress.kind, reason, route, destinations };
  return { ...explanation, toString: () => format(explanation) };
}

function explainDestinations(engine: Engine, snapshot: Snapshot, action: ForwardAction): DestinationExplanation[] {
  return action.destinations.choices.map((destination) => {
    const share = action.destinations.percentage(destination);
    const spec = snapshot.clusters.get(destination.cluster);
    if (spec === undefined) {
      const problem = missingCluster(snapshot, destination.cluster);
      return { cluster: destination.cluster, share, outcome: 'NC', problem, endpoints: [], policies: [], origins: [] };
    }
    const endpoints = endpointsOf(engine, spec);
    const usable = spec.discovery === 'original-dst' || endpoints.some(({ ejected }) => !ejected) || spec.discovery.endsWith('dns');
    return {
      cluster: spec.name,
      share,
      outcome: usable ? 'ok' : 'UH',
      ...(usable ? {} : { problem: emptyCluster(spec, endpoints.length) }),
      endpoints,
      policies: policiesOf(spec),
      origins: spec.origins,
    };
  });
}

/** Looks only: a cluster that was never used has all its endpoints healthy. */
function endpointsOf(engine: Engine, spec: ClusterSpec): DestinationExplanation['endpoints'] {
  const live = engine.clusters.peek(spec.name);
  live?.settle();
  const hosts = live?.hosts.hosts ?? spec.endpoints.map((endpoint) => ({ key: hostKey(endpoint), endpoint, ejected: false }));
  return hosts.map(({ key, endpoint, ejected }) => ({ address: key, version: endpoint.labels['version'], ejected }));
}

function missingCluster(snapshot: Snapshot, name: string): string {
  const [, port = '', subset = '', host = ''] = name.split('|');
  const ofHost = [...snapshot.clusters.values()].filter((cluster) => cluster.host === host);
  if (ofHost.length === 0) return `no service ${host} is known to this caller (declare it, or correct the destination's host)`;
  const ports = [...new Set(ofHost.map((cluster) => cluster.port))];
  if (!ports.includes(Number(port))) return `service ${host} has no port ${port}, it has ${ports.join(', ')}`;
  const subsets = ofHost.map((cluster) => cluster.subset).filter((one) => one !== '');
  const known = subsets.length === 0 ? 'none is declared' : `declared are ${[...new Set(subsets)].join(', ')}`;
  return `no DestinationRule for ${host} declares subset ${subset}: ${known}`;
}

function emptyCluster(spec: ClusterSpec, endpoints: number): string {
  if (endpoints > 0) return `all ${endpoints} endpoints of ${spec.name} are ejected by outlier detection`;
  if (spec.subset === '') return `service ${spec.host} has no endpoints`;
  return `no endpoint of ${spec.host} has the labels of subset ${spec.subset}`;
}

function policiesOf(spec: ClusterSpec): string[] {
  const { circuitBreaker: limits, connection, outlierDetection: outlier } = spec;
  const policies = [`load balancer ${spec.loadBalancer.kind}`];
  const shown = Object.entries(limits).filter(([, value]) => value !== undefined && value !== Infinity);
  if (shown.length > 0) policies.push(`limits ${shown.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ')}`);
  if (connection.maxRequestsPerConnection > 0) policies.push(`at most ${connection.maxRequestsPerConnection} requests per connection`);
  policies.push(`connect timeout ${formatDurationMs(connection.connectTimeoutMs)}`);
  if (outlier !== undefined) {
    policies.push(`outlier detection: ${outlier.consecutive5xxErrors ?? 5} × 5xx, at most ${outlier.maxEjectionPercent ?? 10} % ejected`);
  }
  return policies;
}

function format({ url, method, kind, reason, route, destinations }: Omit<Explanation, 'toString'>): string {
  const lines = [`${method} ${url}`];
  if (reason !== undefined) lines.push(`${kind}: ${reason}`);
  // What the HTTP rules of this port would say does not matter to a call that is not HTTP to the mesh.
  if (!url.startsWith('https:')) lines.push(formatExplanation(route));
  for (const destination of destinations) {
    lines.push(`  ${destination.cluster} (${Math.round(destination.share * 100) / 100} %)${destination.outcome === 'ok' ? '' : `: 503 ${destination.outcome}`}`);
    if (destination.problem !== undefined) lines.push(`    ${destination.problem}`);
    for (const { address, version, ejected } of destination.endpoints) {
      lines.push(`    endpoint ${address}${version === undefined ? '' : ` version ${version}`}${ejected ? ' EJECTED' : ''}`);
    }
    for (const policy of destination.policies) lines.push(`    ${policy}`);
    for (const origin of destination.origins) lines.push(`    from ${formatOrigin(origin)}`);
  }
  return lines.join('\n');
}
