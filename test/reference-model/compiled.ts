import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SUITE } from '../conformance/suite-paths.ts';
import type { Answer } from './model/answer.ts';
import { clusterOf } from './model/clusters.ts';
import { follow, routesOf } from './model/model.ts';
import { milliseconds } from './model/names.ts';
import type { World } from './model/resources.ts';
import { virtualHosts } from './model/virtual-hosts.ts';
import type { VirtualHost } from './model/virtual-hosts.ts';

// What istiod compiled a recorded case to: more than any call shows.

interface Compiled {
  readonly routes: readonly { readonly name: string; readonly virtual_hosts: readonly { readonly name: string; readonly domains: readonly string[]; readonly routes: readonly EnvoyRoute[] }[] }[];
  readonly clusters: readonly EnvoyCluster[];
  readonly endpoints: readonly Assignment[];
}

interface Assignment {
  readonly cluster_name: string;
  readonly endpoints?: readonly { readonly lb_endpoints?: readonly { readonly endpoint: { readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } } } }[] }[];
}

interface EnvoyRoute {
  readonly name?: string;
  readonly redirect?: unknown;
  readonly direct_response?: unknown;
  readonly route?: {
    readonly cluster?: string;
    readonly weighted_clusters?: { readonly clusters: readonly { readonly name: string; readonly weight: number }[] };
    readonly timeout: string;
    readonly retry_policy?: {
      readonly retry_on: string;
      readonly num_retries?: number;
      readonly per_try_timeout?: string;
      readonly retriable_status_codes?: readonly number[];
      readonly retry_back_off?: { readonly base_interval: string };
    };
    readonly request_mirror_policies?: readonly { readonly cluster: string; readonly runtime_fraction: { readonly default_value?: { readonly numerator?: number; readonly denominator?: string } } }[];
  };
}

interface EnvoyCluster {
  readonly name: string;
  readonly type: string;
  readonly connect_timeout: string;
  readonly lb_policy?: string;
  readonly circuit_breakers?: { readonly thresholds: readonly Readonly<Record<'max_connections' | 'max_pending_requests' | 'max_requests' | 'max_retries', number>>[] };
  readonly outlier_detection?: Readonly<Record<string, unknown>>;
}

export function compiledBy(topic: string, slug: string): Compiled | undefined {
  const dump = JSON.parse(readFileSync(join(SUITE.istiod, topic, `${slug}.json`), 'utf8')) as { client?: Compiled };
  return dump.client;
}

/** Tables of services that share a port; the others belong to one address each. */
const PLAIN_PORT = /^[0-9]+$/;

/** Differences between what the model and what istiod make of the whole configuration. */
export function compilationDifferences(world: World, compiled: Compiled): string[] {
  const found: string[] = [];
  const compare = (what: string, model: unknown, istiod: unknown): void => {
    if (JSON.stringify(model) !== JSON.stringify(istiod)) found.push(`${what}\n      model  ${JSON.stringify(model)}\n      istiod ${JSON.stringify(istiod)}`);
  };
  for (const { name: port, virtual_hosts: theirs } of compiled.routes.filter(({ name }) => PLAIN_PORT.test(name))) {
    const own = (virtualHosts(world, Number(port)) ?? []).filter(({ domains }) => domains.length > 0);
    const known = theirs.filter(({ domains }) => domains[0] !== '*');
    compare(`names on port ${port}`, names(own), names(known));
    for (const virtualHost of own) {
      const same = known.find(({ name }) => name === virtualHost.name);
      if (same !== undefined) compare(`routes of ${virtualHost.name}`, routesIn(virtualHost, Number(port), world, same.routes.length), same.routes.map(summaryOfRoute));
    }
  }
  for (const cluster of compiled.clusters) {
    const [direction, port = '', subset = '', host = ''] = cluster.name.split('|');
    if (direction !== 'outbound') continue;
    const own = clusterOf({ host, port: { number: Number(port) }, ...(subset === '' ? {} : { subset }) }, 'default', 0, world);
    compare(`cluster ${cluster.name}`, own.state === 'missing' ? 'missing' : (own.policy ?? {}), summaryOfCluster(cluster, own.policy ?? {}));
    const assigned = compiled.endpoints.find(({ cluster_name }) => cluster_name === cluster.name);
    if (assigned !== undefined && cluster.type === 'EDS') compare(`endpoints of ${cluster.name}`, own.endpoints, addresses(assigned));
  }
  return found;
}

function names(found: readonly { readonly name: string; readonly domains: readonly string[] }[]): string[] {
  return found.map(({ name, domains }) => `${name}: ${[...domains].map((domain) => domain.toLowerCase()).sort().join(' ')}`).sort();
}

function addresses({ endpoints }: Assignment): string[] {
  return (endpoints ?? [])
    .flatMap(({ lb_endpoints }) => (lb_endpoints ?? []).map(({ endpoint }) => `${endpoint.address.socket_address.address}:${String(endpoint.address.socket_address.port_value)}`))
    .sort();
}

// istiod leaves out the routes after one that takes everything; the model keeps them.
function routesIn(virtualHost: VirtualHost, port: number, world: World, count: number): unknown[] {
  const request = { method: 'GET', authority: 'x', path: '/', port, headers: [], scheme: 'http' };
  return routesOf(virtualHost)
    .slice(0, count)
    .map((route) => summaryOfAnswer(follow(route, virtualHost.name, request, { status: 200, headers: [] }, world)));
}

function summaryOfAnswer(answer: Answer): unknown {
  if (answer.kind !== 'forward') return { name: 'routeName' in answer ? answer.routeName : '', replies: true };
  const { routeName, destinations, timeoutMs, retry, mirrors } = answer;
  return {
    name: routeName,
    clusters: destinations.map(({ cluster, share }) => [cluster.name, share.toFixed(6)]),
    timeoutMs,
    retry: retry === undefined ? null : { attempts: retry.attempts, on: retry.on, statusCodes: retry.statusCodes, backoffMs: retry.backoffMs },
    mirrors: mirrors.map(({ cluster, share }) => [cluster.name, share]),
  };
}

function summaryOfRoute({ name = '', route }: EnvoyRoute): unknown {
  if (route === undefined) return { name, replies: true };
  const clusters = route.weighted_clusters?.clusters ?? [{ name: route.cluster ?? '', weight: 1 }];
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  const policy = route.retry_policy;
  const fraction = (of: { readonly numerator?: number; readonly denominator?: string } | undefined): number =>
    (of?.numerator ?? 0) * ({ MILLION: 1, TEN_THOUSAND: 100 }[of?.denominator ?? ''] ?? 10_000);
  return {
    name,
    clusters: clusters.map((cluster) => [cluster.name, (cluster.weight / total).toFixed(6)]),
    timeoutMs: milliseconds(route.timeout),
    retry:
      policy?.num_retries === undefined
        ? null
        : {
            attempts: policy.num_retries,
            on: policy.retry_on.split(',').filter((token) => token !== '').sort().join(','),
            statusCodes: (policy.retriable_status_codes ?? []).map(String).sort().join(','),
            backoffMs: milliseconds(policy.retry_back_off?.base_interval ?? '25ms'),
          },
    mirrors: (route.request_mirror_policies ?? []).map(({ cluster, runtime_fraction }) => [cluster, fraction(runtime_fraction.default_value)]),
  };
}

/** In the model's words; what the dump does not tell is taken over from the model. */
function summaryOfCluster({ type, connect_timeout, lb_policy, circuit_breakers, outlier_detection }: EnvoyCluster, own: Readonly<Record<string, unknown>> | object): unknown {
  const limits = circuit_breakers?.thresholds[0];
  const number = (name: string, whenAbsent: number): number => Number(outlier_detection?.[name] ?? whenAbsent);
  const enforced = (name: string): boolean => Number(outlier_detection?.[name] ?? 0) > 0;
  return {
    ...own,
    balancer: type === 'ORIGINAL_DST' ? ('balancer' in own ? own.balancer : '') : (lb_policy ?? 'ROUND_ROBIN'),
    connectTimeoutMs: milliseconds(connect_timeout),
    ...(limits === undefined
      ? {}
      : { maxConnections: limits.max_connections, maxPendingRequests: limits.max_pending_requests, maxRequests: limits.max_requests, maxRetries: limits.max_retries }),
    ...(outlier_detection === undefined
      ? {}
      : {
          outlier: {
            consecutive5xx: number('consecutive_5xx', 5),
            consecutiveGatewayErrors: number('consecutive_gateway_failure', 5),
            enforcesGatewayErrors: enforced('enforcing_consecutive_gateway_failure'),
            intervalMs: milliseconds(String(outlier_detection['interval'] ?? '10s')),
            baseEjectionTimeMs: milliseconds(String(outlier_detection['base_ejection_time'] ?? '30s')),
            maxEjectionPercent: number('max_ejection_percent', 10),
            panicPercent: 'outlier' in own ? (own.outlier as { panicPercent: number }).panicPercent : 0,
          },
        }),
  };
}
