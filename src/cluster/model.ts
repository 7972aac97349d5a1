import type { Origin } from '../common/origin.ts';

/** One address that a cluster sends to. */
export interface Endpoint {
  /** IP address, host name (DNS clusters, code), or path of a Unix socket. */
  readonly address: string;
  readonly port: number;
  /** Further addresses of the same server, for where the first can't be reached. Source: Envoy LOGICAL_DNS, `address_list`. */
  readonly alternatives?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Relative to the other endpoints. Default 1. */
  readonly weight: number;
  readonly locality: Locality;
  /** Where it was declared. */
  readonly origin?: Origin;
}

/** Source: Istio locality `region/zone/subzone`; empty strings where unknown. */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

/**
 * Limits of one cluster, shared by all its hosts; `Infinity` where unlimited (Istio's default of 2^32-1).
 *
 * Source: Istio `connectionPool`; Envoy circuit breaker thresholds of the default priority.
 */
export interface CircuitBreakerOptions {
  /** `tcp.maxConnections` */
  readonly maxConnections?: number;
  /** `http.http1MaxPendingRequests`: requests that wait for a connection. */
  readonly maxPendingRequests?: number;
  /** `http.http2MaxRequests`: active requests, HTTP/1 included. */
  readonly maxRequests?: number;
  /** `http.maxRetries`: retries under way at once. */
  readonly maxRetries?: number;
  /** `trafficPolicy.retryBudget`; takes the place of `maxRetries`. */
  readonly retryBudget?: { readonly percent: number; readonly minRetryConcurrency: number };
}

/** How connections of a cluster live. Source: Istio `connectionPool`. */
export interface ConnectionOptions {
  /** Milliseconds, TLS handshake included. Default 10000. Source: `tcp.connectTimeout`. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a request after which a connection is closed; 0: never. Default 1 h. */
  readonly idleTimeoutMs: number;
  /** 0: unlimited. 1 turns keep-alive off. */
  readonly maxRequestsPerConnection: number;
  /** Milliseconds; 0: unlimited. */
  readonly maxConnectionDurationMs: number;
  readonly maxConcurrentStreams?: number;
  /** Milliseconds between pings of an HTTP/2 connection, and for an answer. Source: `http.http2KeepAlive`. */
  readonly http2Keepalive?: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly tcpKeepalive?: { readonly probes?: number; readonly timeMs?: number; readonly intervalMs?: number };
}

/** Source: Istio `outlierDetection`, with Istio's reading of unset and 0 (semantics §10). */
export interface OutlierDetectionOptions {
  /** 5xx in a row that eject; 0: never. Default 5. */
  readonly consecutive5xxErrors?: number;
  /** 502, 503, 504 in a row that eject; 0 or absent: counted at 5 but never ejects. */
  readonly consecutiveGatewayErrors?: number;
  /** Milliseconds between sweeps. Default 10000. */
  readonly intervalMs?: number;
  /** Milliseconds. Default 30000. */
  readonly baseEjectionTimeMs?: number;
  /** Percent of all hosts. Default 10. */
  readonly maxEjectionPercent?: number;
  readonly splitExternalLocalOriginErrors?: boolean;
  /** Default 5; counts only with the split. */
  readonly consecutiveLocalOriginFailures?: number;
  /** When given, only these codes count as errors. */
  readonly httpErrorCodes?: readonly number[];
}

/** Which balancer, and what it needs. Source: Istio `loadBalancer`. */
export type LoadBalancerOptions =
  | { readonly kind: 'LEAST_REQUEST' | 'ROUND_ROBIN' | 'RANDOM'; readonly warmup?: WarmupOptions }
  | { readonly kind: 'PASSTHROUGH' }
  | { readonly kind: 'RING_HASH'; readonly minimumRingSize: number }
  | { readonly kind: 'MAGLEV'; readonly tableSize: number };

/** Source: `loadBalancer.warmup`. */
export interface WarmupOptions {
  readonly durationMs: number;
  readonly minimumPercent: number;
  readonly aggression: number;
}

/** TLS from the mesh to the endpoints. Source: Istio `trafficPolicy.tls`. */
export interface ClientTlsOptions {
  /** `HTTPS`: as clients of https do it, for calls to `https://` URLs; whom it trusts, and what it shows, are options of the mesh. */
  readonly mode: 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL' | 'HTTPS';
  readonly sni?: string;
  readonly subjectAltNames?: readonly string[];
  /** Names of which the server must have one as well. Source: ServiceEntry `subjectAltNames` of external services. */
  readonly serviceSubjectAltNames?: readonly string[];
  readonly caCertificates?: string;
  /** Path of a PEM file: certificates that their authorities have taken back. */
  readonly caCrl?: string;
  readonly clientCertificate?: string;
  readonly privateKey?: string;
  readonly insecureSkipVerify?: boolean;
}

/** Which version of HTTP is spoken to the endpoints; `downstream` follows the caller (`useClientProtocol`). */
export type UpstreamProtocol = 'http1' | 'http2' | 'downstream';

/** A group of endpoints with one policy. Source: Envoy cluster. */
export interface ClusterSpec {
  /** `outbound|9080|v1|reviews.default.svc.cluster.local`, `PassthroughCluster`, `BlackHoleCluster`. */
  readonly name: string;
  /** FQDN of the service. */
  readonly host: string;
  readonly port: number;
  /** Empty for the whole service. */
  readonly subset: string;
  /**
   * `static`: the endpoints are given. `strict-dns`, `logical-dns`: endpoint addresses are names to look up.
   * `original-dst`: the address that the caller dialled. `dynamic-dns`: what the name leads to that the caller asks for.
   */
  readonly discovery: 'static' | 'strict-dns' | 'logical-dns' | 'dynamic-dns' | 'original-dst';
  /** Milliseconds between look-ups of a DNS cluster in use. Default 60000. Source: `meshConfig.dnsRefreshRate`. */
  readonly dnsRefreshMs?: number;
  /** Takes the place of the dialled address's port; of `dynamic-dns` always given. */
  readonly dialledPort?: number;
  readonly endpoints: readonly Endpoint[];
  /** Priority of each endpoint, index by index, 0 first; absent when all are 0. Source: Istio locality failover. */
  readonly priorities?: readonly number[];
  /**
   * Weight of each endpoint's locality within its priority, index by index; absent unless localities are weighted.
   * Source: Istio `localityLbSetting.distribute` and `.failover`.
   */
  readonly localityWeights?: readonly number[];
  readonly protocol: UpstreamProtocol;
  readonly loadBalancer: LoadBalancerOptions;
  readonly circuitBreaker: CircuitBreakerOptions;
  readonly connection: ConnectionOptions;
  readonly outlierDetection?: OutlierDetectionOptions;
  /** Percent of healthy hosts below which health is ignored; 0: never. Envoy's default is 50. */
  readonly panicThreshold: number;
  readonly tls?: ClientTlsOptions;
  /** Of a port that speaks TLS: what calls to `https://` URLs do where there is no `tls`, so that none goes in the clear. */
  readonly httpsTls?: ClientTlsOptions;
  /** The service first, then the DestinationRules whose policy is in force. */
  readonly origins: readonly Origin[];
}
