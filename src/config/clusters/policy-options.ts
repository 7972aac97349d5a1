import type {
  CircuitBreakerOptions,
  ClientTlsOptions,
  ConnectionOptions,
  LoadBalancerOptions,
  OutlierDetectionOptions,
  UpstreamProtocol,
  WarmupOptions,
} from '../../cluster/model.ts';
import { parseDurationMs } from '../../common/duration.ts';
import type { ConnectionPoolSpec, LoadBalancerSpec, OutlierDetectionSpec, TrafficPolicySpec } from '../istio-types.ts';
import { durationOr, type MeshConfig } from '../mesh-settings.ts';
import { isDeclaredHttp, isHttp2, type PortProtocol } from '../registry/port-protocol.ts';

/** Envoy's default for HTTP and TCP alike. */
const IDLE_TIMEOUT_MS = 3_600_000;

const DEFAULT_RING_SIZE = 1024;
const DEFAULT_TABLE_SIZE = 65_537;

/** Source: istio `applyConnectionPool`. A limit of 0 cannot be expressed: it means none. */
export function circuitBreakerOptions(pool: ConnectionPoolSpec | undefined, budget: TrafficPolicySpec['retryBudget']): CircuitBreakerOptions {
  return {
    maxConnections: limit(pool?.tcp?.maxConnections),
    maxPendingRequests: limit(pool?.http?.http1MaxPendingRequests),
    maxRequests: limit(pool?.http?.http2MaxRequests),
    maxRetries: limit(pool?.http?.maxRetries),
    ...(budget !== undefined && {
      retryBudget: { percent: budget.percent ?? 20, minRetryConcurrency: budget.minRetryConcurrency || 3 },
    }),
  };
}

function limit(value: number | undefined): number {
  return value === undefined || value === 0 ? Infinity : value;
}

/**
 * Source: istio `applyConnectionPool`. Without `http.idleTimeout` the one of TCP is for HTTP too. What concerns streams counts only where
 * `protocol` is HTTP/2 in any case: in a cluster that follows its callers Istio leaves it out.
 */
export function connectionOptions(pool: ConnectionPoolSpec | undefined, mesh: MeshConfig, protocol: UpstreamProtocol): ConnectionOptions {
  const { tcp, http } = pool ?? {};
  const keepalive = tcp?.tcpKeepalive ?? mesh.tcpKeepalive;
  return {
    connectTimeoutMs: durationOr(tcp?.connectTimeout, mesh.settings.connectTimeoutMs),
    idleTimeoutMs: durationOr(http?.idleTimeout ?? tcp?.idleTimeout, IDLE_TIMEOUT_MS),
    maxRequestsPerConnection: http?.maxRequestsPerConnection ?? 0,
    maxConnectionDurationMs: durationOr(tcp?.maxConnectionDuration, 0),
    ...(protocol === 'http2' && {
      ...(http?.maxConcurrentStreams ? { maxConcurrentStreams: http.maxConcurrentStreams } : {}),
      ...http2Keepalive(http?.http2KeepAlive),
    }),
    ...(keepalive !== undefined && {
      tcpKeepalive: {
        ...(keepalive.probes !== undefined && { probes: keepalive.probes }),
        ...optionalMs('timeMs', keepalive.time),
        ...optionalMs('intervalMs', keepalive.interval),
      },
    }),
  };
}

/** Envoy pings only where both an interval and a time to answer are known; without the latter it waits as long as the interval. */
function http2Keepalive(spec: NonNullable<ConnectionPoolSpec['http']>['http2KeepAlive']): Pick<ConnectionOptions, 'http2Keepalive'> {
  const intervalMs = durationOr(spec?.interval, 0);
  if (intervalMs === 0) return {};
  return { http2Keepalive: { intervalMs, timeoutMs: durationOr(spec?.timeout, intervalMs) } };
}

/**
 * Source: istio `applyOutlierDetection`. Unset and 0 differ: unset errors in a row are Envoy's defaults, 0 turns them off.
 *
 * @param legacy whether `consecutiveErrors`, which Istio no longer reads, still counts gateway errors.
 */
export function outlierOptions(spec: OutlierDetectionSpec | undefined, legacy: boolean): OutlierDetectionOptions | undefined {
  if (spec === undefined) return undefined;
  const gatewayErrors = spec.consecutiveGatewayErrors ?? (legacy ? spec.consecutiveErrors : undefined);
  return {
    ...optional('consecutive5xxErrors', spec.consecutive5xxErrors),
    ...optional('consecutiveGatewayErrors', gatewayErrors),
    ...optionalMs('intervalMs', spec.interval),
    ...optionalMs('baseEjectionTimeMs', spec.baseEjectionTime),
    ...optional('maxEjectionPercent', spec.maxEjectionPercent || undefined),
    ...(spec.splitExternalLocalOriginErrors === true && { splitExternalLocalOriginErrors: true }),
    // Unlike the others, 0 turns these not off.
    ...optional('consecutiveLocalOriginFailures', spec.consecutiveLocalOriginFailures || undefined),
    ...optional('httpErrorCodes', spec.outlierDetectionHttpErrorCodes),
  };
}

/** Source: istio `ApplyLoadBalancer`. */
export function loadBalancerOptions(spec: LoadBalancerSpec | undefined): LoadBalancerOptions {
  const hash = spec?.consistentHash;
  if (hash?.maglev !== undefined) return { kind: 'MAGLEV', tableSize: hash.maglev.tableSize || DEFAULT_TABLE_SIZE };
  if (hash !== undefined) {
    return { kind: 'RING_HASH', minimumRingSize: hash.ringHash?.minimumRingSize || hash.minimumRingSize || DEFAULT_RING_SIZE };
  }
  const warmup = warmupOptions(spec);
  switch (spec?.simple) {
    case 'PASSTHROUGH':
      return { kind: 'PASSTHROUGH' };
    case 'RANDOM':
      return { kind: 'RANDOM' };
    case 'ROUND_ROBIN':
      return { kind: 'ROUND_ROBIN', ...(warmup && { warmup }) };
    default:
      // UNSPECIFIED and the old LEAST_CONN too.
      return { kind: 'LEAST_REQUEST', ...(warmup && { warmup }) };
  }
}

function warmupOptions(spec: LoadBalancerSpec | undefined): WarmupOptions | undefined {
  const durationMs = parseDurationMs(spec?.warmup?.duration ?? spec?.warmupDurationSecs ?? '');
  if (durationMs === undefined) return undefined;
  return { durationMs, minimumPercent: spec?.warmup?.minimumPercent ?? 10, aggression: spec?.warmup?.aggression ?? 1 };
}

/** Source: istio `buildUpstreamClusterTLSContext`. `undefined`: plaintext. */
export function tlsOptions(
  spec: TrafficPolicySpec['tls'],
  where: { host: string; port: number; subset: string; selected: boolean; subjectAltNames?: readonly string[] | undefined },
): ClientTlsOptions | undefined {
  if (spec?.mode !== 'SIMPLE' && spec?.mode !== 'MUTUAL' && spec?.mode !== 'ISTIO_MUTUAL') return undefined;
  // Sidecars fetch a named credential only for rules that select their workload; otherwise the settings are dropped.
  if (spec.credentialName && !where.selected && !spec.credentialName.startsWith('configmap://')) return undefined;
  if (spec.mode === 'ISTIO_MUTUAL') {
    const sni = spec.sni || `outbound_.${where.port}_.${where.subset}_.${where.host}`;
    return { mode: spec.mode, sni, ...optional('subjectAltNames', spec.subjectAltNames), ...optional('caCrl', spec.caCrl || undefined) };
  }
  return {
    mode: spec.mode,
    ...(spec.sni && { sni: spec.sni }),
    ...optional('subjectAltNames', spec.subjectAltNames),
    ...optional('caCertificates', spec.caCertificates || undefined),
    ...optional('caCrl', spec.caCrl || undefined),
    ...(spec.mode === 'MUTUAL' && optional('clientCertificate', spec.clientCertificate || undefined)),
    ...(spec.mode === 'MUTUAL' && optional('privateKey', spec.privateKey || undefined)),
    ...optional('serviceSubjectAltNames', where.subjectAltNames),
    ...(spec.insecureSkipVerify === true && { insecureSkipVerify: true }),
  };
}

const HTTPS: ClientTlsOptions = { mode: 'HTTPS' };

/** For calls to `https://` URLs. @param subjectAltNames - that the ServiceEntry expects besides */
export function httpsTls(subjectAltNames: readonly string[] | undefined): ClientTlsOptions {
  return subjectAltNames === undefined ? HTTPS : { ...HTTPS, serviceSubjectAltNames: subjectAltNames };
}

/**
 * The version of HTTP that endpoints are spoken to: the caller's where the rule says so or the port is sniffed, HTTP/2 where
 * the port or an upgrade policy says so.
 *
 * Source: istio `shouldH2Upgrade`, `setHTTPOptions`.
 */
export function upstreamProtocol(port: PortProtocol, pool: ConnectionPoolSpec | undefined, meshUpgrades: boolean): UpstreamProtocol {
  const { useClientProtocol = false, h2UpgradePolicy = 'DEFAULT' } = pool?.http ?? {};
  if (useClientProtocol) return 'downstream';
  if (h2UpgradePolicy === 'UPGRADE' || isHttp2(port)) return 'http2';
  if (port === 'SNIFFED') return 'downstream';
  return meshUpgrades && h2UpgradePolicy !== 'DO_NOT_UPGRADE' && isDeclaredHttp(port) ? 'http2' : 'http1';
}

function optional<K extends string, V>(key: K, value: V | null | undefined): { [Key in K]?: V } {
  return (value === undefined || value === null ? {} : { [key]: value }) as { [Key in K]?: V };
}

function optionalMs<K extends string>(key: K, text: string | undefined): { [Key in K]?: number } {
  return optional(key, text === undefined ? undefined : parseDurationMs(text));
}
