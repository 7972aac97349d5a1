/**
 * The parts of istiod's answers that a snapshot must agree with, in the form of `snapshot-form.ts`: plain data, defaults left
 * out, order only where order matters.
 */
export interface ProxyConfig {
  routes: { name: string; virtual_hosts: EnvoyVirtualHost[] }[];
  clusters: EnvoyCluster[];
  endpoints?: { cluster_name: string; endpoints?: EnvoyLocality[] }[];
}

type Json = Record<string, unknown>;
interface EnvoyVirtualHost {
  name: string;
  domains: string[];
  routes?: Json[];
}
interface EnvoyLocality {
  locality?: Record<string, string>;
  priority?: number;
  load_balancing_weight?: number;
  lb_endpoints?: { endpoint: { address: { socket_address: { address: string; port_value: number } } }; load_balancing_weight?: number }[];
}
type EnvoyCluster = Json & { name: string; type: string; lb_policy?: string; load_assignment?: { endpoints?: EnvoyLocality[] } };

/** A virtual host for comparison; the domains are left out where they cannot be compared. */
export interface VirtualHostForm {
  domains?: string[];
  routes: unknown[];
}

const UNLIMITED = 4_294_967_295;

/** By `port virtual-host`: domains and routes. A sniffed service's own table is the port's, with its own domains. */
export function istiodVirtualHosts(config: ProxyConfig): Record<string, VirtualHostForm> {
  const result: Record<string, VirtualHostForm> = {};
  for (const { name, virtual_hosts: hosts } of config.routes) {
    const sniffed = name.includes(':');
    const port = name.slice(name.lastIndexOf(':') + 1);
    for (const host of hosts) {
      const domains = sniffed ? undefined : host.domains.map((domain) => domain.toLowerCase()).sort();
      result[`${port} ${host.name}`] = { domains, routes: (host.routes ?? []).map(istiodRoute) };
    }
  }
  return result;
}

function istiodRoute(route: Json): unknown {
  const { match, name, route: action, typed_per_filter_config: filters, ...rest } = route as {
    match: Json;
    name?: string;
    route?: Json;
    typed_per_filter_config?: Record<string, Json>;
  } & Json;
  const fault = filters?.['envoy.filters.http.fault'];
  const cors = filters?.['envoy.filters.http.cors'];
  return clean({
    name,
    match: istiodMatch(match),
    action: action === undefined ? undefined : istiodAction(action),
    fault: fault && { delay: percented(fault.delay as Json | undefined), abort: percented(fault.abort as Json | undefined) },
    cors: cors && {
      origins: cors.allow_origin_string_match,
      methods: cors.allow_methods,
      headers: cors.allow_headers,
      expose: cors.expose_headers,
      maxAge: cors.max_age,
      credentials: cors.allow_credentials,
      forward: cors.forward_not_matching_preflights,
    },
    ...rest,
    ...Object.fromEntries(
      (['request', 'response'] as const).flatMap((side) => [
        [`${side}_headers_to_add`, lowerKeys(rest[`${side}_headers_to_add`] as { header: { key: string } }[] | undefined)],
        [`${side}_headers_to_remove`, (rest[`${side}_headers_to_remove`] as string[] | undefined)?.map((name) => name.toLowerCase())],
      ]),
    ),
  });
}

function percented(fault: Json | undefined): unknown {
  return fault && { ...fault, percentage: percent(fault.percentage as Fraction | undefined) };
}

interface Fraction {
  numerator?: number;
  denominator?: string;
}

function percent({ numerator = 0, denominator }: Fraction = {}): number {
  return denominator === 'MILLION' ? numerator / 10_000 : numerator;
}

/** Header names mean the same in any case. */
function lowerNames(list: readonly Json[] | undefined): Json[] | undefined {
  return list?.map((entry) => ({ ...entry, name: String(entry.name).toLowerCase() }));
}

function lowerKeys(list: readonly { header: { key: string } }[] | undefined): unknown {
  return list?.map((entry) => ({ ...entry, header: { ...entry.header, key: entry.header.key.toLowerCase() } }));
}

function istiodMatch({ prefix, path, safe_regex: regex, case_sensitive: caseSensitive, headers, query_parameters: query }: Json): unknown {
  return clean({
    prefix,
    path,
    regex,
    ignoreCase: caseSensitive === false ? true : undefined,
    headers: sorted(lowerNames(headers as Json[] | undefined)),
    query: sorted(query as Json[] | undefined),
  });
}

function istiodAction(action: Json): unknown {
  const { timeout, retry_policy: retry, request_mirror_policies: mirrors, hash_policy: hash, max_grpc_timeout: _, ...rest } = action as Json & {
    hash_policy?: (Json & { header?: { header_name?: string } })[];
    retry_policy?: Json;
    request_mirror_policies?: Json[];
  };
  return clean({
    ...rest,
    timeoutMs: timeout === '0s' ? undefined : Number.parseFloat(String(timeout)) * 1000,
    retry: retry && {
      on: String(retry.retry_on).replace(/^,/, ''),
      attempts: retry.num_retries,
      codes: retry.retriable_status_codes,
      perTry: retry.per_try_timeout && Number.parseFloat(String(retry.per_try_timeout)) * 1000,
      backoff: (retry.retry_back_off as Json | undefined)?.base_interval && Number.parseFloat(String((retry.retry_back_off as Json).base_interval)) * 1000,
      previousHosts: retry.retry_host_predicate !== undefined,
    },
    hash_policy: hash?.map((policy) => (policy.header === undefined ? policy : { header: { header_name: policy.header.header_name?.toLowerCase() } })),
    mirrors: mirrors?.map(({ cluster, runtime_fraction: fraction }) => ({
      cluster,
      percentage: percent((fraction as { default_value: Fraction }).default_value),
    })),
  });
}

/** By name: type, balancer, limits, detector and endpoints. */
export function istiodClusters(config: ProxyConfig): Record<string, unknown> {
  const endpoints = new Map((config.endpoints ?? []).map((entry) => [entry.cluster_name, entry.endpoints ?? []]));
  return Object.fromEntries(
    config.clusters.map((cluster) => {
      const localities = cluster.load_assignment?.endpoints ?? endpoints.get(cluster.name) ?? [];
      return [cluster.name, istiodCluster(cluster, localities)];
    }),
  );
}

function istiodCluster(cluster: EnvoyCluster, localities: EnvoyLocality[]): unknown {
  const weighted = (cluster.common_lb_config as Json | undefined)?.locality_weighted_lb_config !== undefined;
  const special = !cluster.name.startsWith('outbound|');
  const [limits] = ((cluster.circuit_breakers as { thresholds?: Json[] })?.thresholds ?? []) as Json[];
  const protocol = ((cluster.typed_extension_protocol_options as Json)?.['envoy.extensions.upstreams.http.v3.HttpProtocolOptions'] ?? {}) as Record<string, Json>;
  const common = protocol.common_http_protocol_options ?? {};
  const tls = (cluster.transport_socket as { typed_config?: Json } | undefined)?.typed_config;
  return clean({
    type: cluster.type,
    lb: special ? undefined : (cluster.lb_policy ?? 'ROUND_ROBIN'),
    ring: (cluster.ring_hash_lb_config as Json)?.minimum_ring_size && Number((cluster.ring_hash_lb_config as Json).minimum_ring_size),
    table: (cluster.maglev_lb_config as Json)?.table_size && Number((cluster.maglev_lb_config as Json).table_size),
    limits: limits && [limits.max_connections, limits.max_pending_requests, limits.max_requests, limits.max_retries].map((n) => (n === UNLIMITED ? 'none' : (n ?? 'none'))),
    budget: limits?.retry_budget,
    connectTimeoutMs: Number.parseFloat(String(cluster.connect_timeout)) * 1000,
    idleTimeoutMs: common.idle_timeout && Number.parseFloat(String(common.idle_timeout)) * 1000,
    maxAgeMs: common.max_connection_duration && Number.parseFloat(String(common.max_connection_duration)) * 1000,
    maxRequests: common.max_requests_per_connection,
    protocol: 'use_downstream_protocol_config' in protocol ? 'downstream' : 'explicit_http_config' in protocol && 'http2_protocol_options' in protocol.explicit_http_config! ? 'http2' : 'http1',
    panic: special ? undefined : ((cluster.common_lb_config as { healthy_panic_threshold?: { value?: number } })?.healthy_panic_threshold?.value ?? 0),
    outlier: cluster.outlier_detection && istiodOutlier(cluster.outlier_detection as Json),
    tls: tls === undefined ? undefined : clean({ sni: tls.sni }),
    endpoints: localities.flatMap((group) =>
      (group.lb_endpoints ?? []).map(({ endpoint, load_balancing_weight: weight = 1 }) => {
        const { address, port_value: port } = endpoint.address.socket_address;
        const share = weighted ? ` of ${group.load_balancing_weight}` : '';
        return `${address}:${port} weight ${weight} priority ${group.priority ?? 0} in ${Object.values(group.locality ?? {}).join('/')}${share}`;
      }),
    ),
  });
}

function istiodOutlier(outlier: Json): unknown {
  const off = (enforcing: unknown): boolean => enforcing === 0;
  return clean({
    fiveHundreds: off(outlier.enforcing_consecutive_5xx) ? 0 : outlier.consecutive_5xx,
    gateway: outlier.enforcing_consecutive_gateway_failure === 100 ? outlier.consecutive_gateway_failure : undefined,
    local: outlier.consecutive_local_origin_failure,
    split: outlier.split_external_local_origin_errors,
    interval: Number.parseFloat(String(outlier.interval)) * 1000,
    base: Number.parseFloat(String(outlier.base_ejection_time)) * 1000,
    percent: outlier.max_ejection_percent,
  });
}

/** Without `undefined`, and rounded: 0.2 s times 1000 must be 200. */
export function clean(value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value * 1e4) / 1e4;
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, clean(inner)]),
  );
}

export function sorted(list: readonly Json[] | undefined): Json[] | undefined {
  return list?.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
