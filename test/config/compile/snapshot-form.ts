import type { ClusterSpec } from '../../../src/cluster/model.ts';
import type { HeaderOperations, MirrorOptions, RedirectOptions, RouteMatch, RouteSpec, StringMatch, WeightedDestination } from '../../../src/route/model.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { clean, sorted, type VirtualHostForm } from './istiod-form.ts';

type Json = Record<string, unknown>;

/** The virtual hosts of a snapshot as istiod would say them. */
export function snapshotVirtualHosts(snapshot: Snapshot): Record<string, VirtualHostForm> {
  const result: Record<string, VirtualHostForm> = {};
  for (const { port, virtualHosts } of snapshot.routes.configurations) {
    for (const { name, domains, routes } of virtualHosts) {
      result[`${port} ${name}`] = { domains: [...domains].sort(), routes: routes.map((route) => routeForm(route, port)) };
    }
  }
  return result;
}

function routeForm(route: RouteSpec, port: number): unknown {
  const { action, fault, headers } = route;
  const [lone] = action.kind === 'forward' && action.destinations.length === 1 ? action.destinations : [];
  const cors = action.kind === 'forward' ? action.cors : undefined;
  return clean({
    name: route.name,
    match: matchForm(route.match),
    action: action.kind === 'forward' ? forwardForm(action) : undefined,
    ...(action.kind === 'redirect' && { redirect: redirectForm(action.redirect, port) }),
    ...(action.kind === 'direct' && { direct_response: directForm(action.status, action.body) }),
    fault: fault && {
      delay: fault.delay && { fixed_delay: seconds(fault.delay.fixedDelayMs), percentage: fault.delay.percentage ?? 0 },
      abort: fault.abort && {
        http_status: fault.abort.httpStatus,
        grpc_status: fault.abort.grpcStatus,
        percentage: fault.abort.percentage ?? 0,
      },
    },
    cors: cors && {
      origins: cors.allowOrigins.map(stringForm),
      methods: joined(cors.allowMethods),
      headers: joined(cors.allowHeaders),
      expose: joined(cors.exposeHeaders),
      maxAge: cors.maxAgeSeconds === undefined ? undefined : String(cors.maxAgeSeconds),
      credentials: cors.allowCredentials,
      forward: cors.unmatchedPreflights !== 'IGNORE',
    },
    ...operationsForm('request', [headers?.request, lone?.headers?.request]),
    ...operationsForm('response', [headers?.response, lone?.headers?.response]),
  });
}

function operationsForm(side: string, operations: readonly (HeaderOperations | undefined)[]): Json {
  const list = operations.flatMap((one) => [
    ...Object.entries(one?.set ?? {}).sort().flatMap(([key, given]) => [given].flat().map((value) => ({ header: headerForm(key, value), append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }))),
    ...Object.entries(one?.add ?? {}).sort().flatMap(([key, given]) => [given].flat().map((value) => ({ header: headerForm(key, value) }))),
  ]);
  const removed = operations.flatMap((one) => one?.remove ?? []);
  return {
    ...(list.length > 0 && { [`${side}_headers_to_add`]: list }),
    ...(removed.length > 0 && { [`${side}_headers_to_remove`]: removed }),
  };
}

function headerForm(key: string, value: string): Json {
  return value === '' ? { key } : { key, value };
}

function matchForm(match: RouteMatch): unknown {
  const { uri = { prefix: '/' }, headers = {}, withoutHeaders = {}, queryParams } = match;
  const pseudo = [
    [':method', match.method],
    [':scheme', match.scheme],
    [':authority', match.authority],
  ] as const;
  const conditions = [
    ...pseudo.filter(([, matcher]) => matcher !== undefined).map(([name, matcher]) => conditionForm(name, matcher!)),
    ...Object.entries(headers).map(([name, matcher]) => conditionForm(name, matcher)),
    ...Object.entries(withoutHeaders).map(([name, matcher]) => {
      const present = Object.keys(matcher).length === 0;
      return { ...conditionForm(name, matcher), invert_match: true, ...(present ? {} : { treat_missing_header_as_empty: true }) };
    }),
  ];
  return clean({
    prefix: uri.prefix,
    path: uri.exact,
    regex: uri.regex === undefined ? undefined : { regex: uri.regex },
    ignoreCase: match.ignoreUriCase,
    headers: conditions.length === 0 ? undefined : sorted(conditions),
    query: queryParams && sorted(Object.entries(queryParams).map(([name, matcher]) => conditionForm(name, matcher))),
  });
}

function conditionForm(name: string, matcher: StringMatch): Json {
  return Object.keys(matcher).length === 0 ? { name, present_match: true } : { name, string_match: stringForm(matcher) };
}

function stringForm({ exact, prefix, regex }: StringMatch): unknown {
  return clean({ exact, prefix, safe_regex: regex === undefined ? undefined : { regex } });
}

function forwardForm(action: Extract<RouteSpec['action'], { kind: 'forward' }>): unknown {
  const { destinations, rewrite, timeoutMs, retries, mirrors } = action;
  const [lone] = destinations.length === 1 ? destinations : [];
  const host = rewrite?.authority ?? lone?.hostRewrite;
  const hash = destinations.flatMap(({ hashPolicy }) => (hashPolicy === undefined ? [] : [hashForm(hashPolicy)]));
  return clean({
    cluster: lone?.cluster,
    weighted_clusters: lone === undefined ? { clusters: destinations.filter(({ weight }) => weight > 0).map(weightedForm) } : undefined,
    host_rewrite_literal: host,
    prefix_rewrite: rewrite?.uri,
    regex_rewrite: rewrite?.uriRegex && { pattern: { regex: rewrite.uriRegex.match }, substitution: rewrite.uriRegex.rewrite },
    hash_policy: hash.length > 0 ? hash : undefined,
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    retry: retries && {
      ...retryTokens(retries.retryOn),
      attempts: retries.attempts,
      perTry: retries.perTryTimeoutMs === 0 ? undefined : retries.perTryTimeoutMs,
      backoff: retries.backoffBaseMs === 25 ? undefined : retries.backoffBaseMs,
      previousHosts: retries.ignorePreviousHosts,
    },
    mirrors: mirrors?.map(({ cluster, percentage }: MirrorOptions) => ({ cluster, percentage })),
  });
}

/** Istio parts numbers from names. */
function retryTokens(retryOn: string): { on: string; codes?: number[] } {
  const tokens = retryOn.split(',');
  const codes = tokens.filter((token) => /^\d+$/.test(token)).map(Number);
  const names = tokens.filter((token) => !/^\d+$/.test(token));
  if (codes.length > 0 && !names.includes('retriable-status-codes')) names.push('retriable-status-codes');
  return { on: names.join(','), ...(codes.length > 0 && { codes }) };
}

function weightedForm({ cluster, weight, headers, hostRewrite }: WeightedDestination): Json {
  return {
    name: cluster,
    weight,
    ...operationsForm('request', [headers?.request]),
    ...operationsForm('response', [headers?.response]),
    ...(hostRewrite !== undefined && { host_rewrite_literal: hostRewrite }),
  };
}

function hashForm(policy: NonNullable<WeightedDestination['hashPolicy']>): unknown {
  switch (policy.kind) {
    case 'header':
      return { header: { header_name: policy.name } };
    case 'query':
      return { query_parameter: { name: policy.name } };
    case 'source-ip':
      return { connection_properties: { source_ip: true } };
    case 'cookie':
      return { cookie: clean({ name: policy.name, path: policy.path, ttl: policy.ttlMs === undefined ? undefined : seconds(policy.ttlMs) }) };
  }
}

const CODES: Readonly<Record<number, string>> = { 302: 'FOUND', 303: 'SEE_OTHER', 307: 'TEMPORARY_REDIRECT', 308: 'PERMANENT_REDIRECT' };

function redirectForm({ uri, prefixRewrite, authority, scheme, port, derivePort, redirectCode }: RedirectOptions, called: number): unknown {
  return clean({
    scheme_redirect: scheme,
    host_redirect: authority,
    port_redirect: derivePort === 'FROM_REQUEST_PORT' ? called : port === (scheme === 'https' ? 443 : 80) ? undefined : port,
    ...(prefixRewrite === undefined ? { path_redirect: uri ?? '' } : { prefix_rewrite: prefixRewrite }),
    response_code: CODES[redirectCode ?? 301],
  });
}

function directForm(status: number, body: string | Uint8Array | undefined): unknown {
  if (body === undefined) return { status };
  return { status, body: typeof body === 'string' ? { inline_string: body } : { inline_bytes: Buffer.from(body).toString('base64') } };
}

function seconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${(ms / 1000).toFixed(3)}s`;
}

function joined(list: readonly string[]): string | undefined {
  return list.length === 0 ? undefined : list.join(',');
}

const TYPES = { static: 'EDS', 'strict-dns': 'STRICT_DNS', 'logical-dns': 'LOGICAL_DNS', 'dynamic-dns': 'DYNAMIC', 'original-dst': 'ORIGINAL_DST' } as const;

/** The clusters of a snapshot as istiod would say them. */
export function snapshotClusters(snapshot: Snapshot): Record<string, unknown> {
  return Object.fromEntries([...snapshot.clusters.values()].map((cluster) => [cluster.name, clusterForm(cluster)]));
}

function clusterForm(cluster: ClusterSpec): unknown {
  const { loadBalancer, circuitBreaker, connection, outlierDetection, priorities, localityWeights } = cluster;
  const special = !cluster.name.startsWith('outbound|');
  const limits = [circuitBreaker.maxConnections, circuitBreaker.maxPendingRequests, circuitBreaker.maxRequests, circuitBreaker.maxRetries];
  return clean({
    type: cluster.name === 'BlackHoleCluster' ? 'STATIC' : TYPES[cluster.discovery],
    lb: special ? undefined : loadBalancer.kind === 'PASSTHROUGH' ? 'CLUSTER_PROVIDED' : loadBalancer.kind,
    ring: loadBalancer.kind === 'RING_HASH' ? loadBalancer.minimumRingSize : undefined,
    table: loadBalancer.kind === 'MAGLEV' ? loadBalancer.tableSize : undefined,
    limits: cluster.name === 'BlackHoleCluster' ? undefined : limits.map((limit) => (limit === undefined || limit === Infinity ? 'none' : limit)),
    budget: circuitBreaker.retryBudget && {
      budget_percent: { value: circuitBreaker.retryBudget.percent },
      min_retry_concurrency: circuitBreaker.retryBudget.minRetryConcurrency,
    },
    connectTimeoutMs: connection.connectTimeoutMs,
    idleTimeoutMs: connection.idleTimeoutMs === 3_600_000 || cluster.name === 'BlackHoleCluster' ? undefined : connection.idleTimeoutMs,
    maxAgeMs: connection.maxConnectionDurationMs === 0 ? undefined : connection.maxConnectionDurationMs,
    maxRequests: connection.maxRequestsPerConnection === 0 ? undefined : connection.maxRequestsPerConnection,
    protocol: cluster.protocol,
    panic: special ? undefined : cluster.panicThreshold,
    outlier: outlierDetection && {
      fiveHundreds: outlierDetection.consecutive5xxErrors,
      gateway: outlierDetection.consecutiveGatewayErrors,
      local: outlierDetection.consecutiveLocalOriginFailures,
      split: outlierDetection.splitExternalLocalOriginErrors,
      interval: outlierDetection.intervalMs,
      base: outlierDetection.baseEjectionTimeMs,
      percent: outlierDetection.maxEjectionPercent,
    },
    tls: cluster.tls && clean({ sni: cluster.tls.sni }),
    endpoints: cluster.endpoints.map(
      ({ address, port, weight, locality }, index) =>
        `${address}:${port} weight ${weight} priority ${priorities?.[index] ?? 0} in ${localityName(locality)}${localityWeights === undefined ? '' : ` of ${localityWeights[index]}`}`,
    ),
  });
}

function localityName({ region, zone, subzone }: ClusterSpec['endpoints'][number]['locality']): string {
  return [region, zone, subzone].filter((part) => part !== '').join('/');
}

/** The names that istiod gives to the listeners: by address and port, a headless service's by the addresses of its pods. */
export function snapshotListeners({ routes, listeners }: Snapshot): string[] {
  const ofHttp = routes.configurations.filter(({ hosts }) => hosts === undefined).map(({ port }) => `0.0.0.0_${port}`);
  const others = listeners.specs.flatMap(({ name, port, hosts = [] }) => {
    const addresses = hosts.filter((host) => /^[\d.]+$/.test(host));
    return addresses.length === 0 ? [name] : addresses.map((address) => `${address}_${port}`);
  });
  return [...new Set([...ofHttp, ...others])].toSorted();
}
