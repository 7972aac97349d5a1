import { Histogram } from './histogram.ts';

/** Where the values come from that a cluster's parts keep themselves; read only when statistics are collected. */
export interface ClusterStatSources {
  /** The outlier detector's counters, under Envoy's names. Absent without outlier detection. */
  readonly outlierDetection?: object | undefined;
  /** The circuit breaker. */
  readonly circuitBreaker?: {
    readonly state: {
      readonly cxOpen: boolean;
      readonly pendingOpen: boolean;
      readonly requestsOpen: boolean;
      readonly retriesOpen: boolean;
    };
  };
  /** The host set. */
  readonly hosts?: {
    readonly membershipTotal: number;
    readonly membershipHealthy: number;
    readonly healthyPanics: number;
  };
}

/**
 * Statistics of one cluster: plain numbers to count up in place, under Envoy's names. `…_active` rise and fall, all others
 * only rise.
 *
 * Source: Envoy `ALL_CLUSTER_TRAFFIC_STATS`, cluster manager statistics.
 */
export class ClusterStats {
  upstream_cx_total = 0;
  upstream_cx_active = 0;
  upstream_cx_http1_total = 0;
  upstream_cx_http2_total = 0;
  upstream_cx_close_notify = 0;
  upstream_cx_connect_attempts_exceeded = 0;
  upstream_cx_connect_fail = 0;
  upstream_cx_connect_timeout = 0;
  upstream_cx_idle_timeout = 0;
  upstream_cx_max_duration_reached = 0;
  upstream_cx_max_requests = 0;
  upstream_cx_none_healthy = 0;
  upstream_cx_overflow = 0;
  upstream_cx_pool_overflow = 0;
  upstream_cx_protocol_error = 0;
  upstream_cx_destroy = 0;
  upstream_cx_destroy_local = 0;
  upstream_cx_destroy_local_with_active_rq = 0;
  upstream_cx_destroy_remote = 0;
  upstream_cx_destroy_remote_with_active_rq = 0;
  upstream_cx_destroy_with_active_rq = 0;
  upstream_cx_rx_bytes_total = 0;
  upstream_cx_tx_bytes_total = 0;
  upstream_rq_total = 0;
  upstream_rq_active = 0;
  upstream_rq_active_overflow = 0;
  upstream_rq_cancelled = 0;
  upstream_rq_completed = 0;
  upstream_rq_maintenance_mode = 0;
  upstream_rq_max_duration_reached = 0;
  upstream_rq_pending_active = 0;
  upstream_rq_pending_failure_eject = 0;
  upstream_rq_pending_overflow = 0;
  upstream_rq_pending_total = 0;
  upstream_rq_per_try_timeout = 0;
  upstream_rq_per_try_idle_timeout = 0;
  upstream_rq_retry = 0;
  upstream_rq_retry_backoff_exponential = 0;
  upstream_rq_retry_backoff_ratelimited = 0;
  upstream_rq_retry_limit_exceeded = 0;
  upstream_rq_retry_overflow = 0;
  upstream_rq_retry_success = 0;
  upstream_rq_rx_reset = 0;
  upstream_rq_timeout = 0;
  upstream_rq_tx_reset = 0;
  retry_or_shadow_abandoned = 0;
  original_dst_host_invalid = 0;
  #sources: ClusterStatSources = NO_SOURCES;
  // A cluster that is never called costs neither of these.
  #responses: Map<number, number> | undefined;
  #internal: Map<number, number> | undefined;
  #retried: Map<number, number> | undefined;
  #requestTime: Histogram | undefined;
  #connectTime: Histogram | undefined;

  /** Where to read the rest; replaces what was given before. */
  readFrom(sources: ClusterStatSources): void {
    this.#sources = sources;
  }

  /**
   * Counts the answer that a caller got: `upstream_rq_503`, `upstream_rq_5xx`, `upstream_rq_completed`, and the same once more under
   * `internal.` or `external.`.
   *
   * @param internal - whether its request is one that Envoy takes for its own, which copies for mirrors are
   */
  countResponse(status: number, internal = false): void {
    this.upstream_rq_completed++;
    countUp((this.#responses ??= new Map()), status);
    if (internal) countUp((this.#internal ??= new Map()), status);
  }

  /** Counts an answer that a retry took the place of: `retry.upstream_rq_503`, …. */
  countRetried(status: number): void {
    countUp((this.#retried ??= new Map()), status);
  }

  /** `upstream_rq_time`: milliseconds from the complete request to the end of its answer. */
  recordRequestTime(ms: number): void {
    (this.#requestTime ??= new Histogram()).record(ms);
  }

  /** `upstream_cx_connect_ms`: milliseconds to open a connection. */
  recordConnectTime(ms: number): void {
    (this.#connectTime ??= new Histogram()).record(ms);
  }

  /** Calls `visit` with each counter and gauge, named as in Envoy after `cluster.<name>;.`. */
  visit(visit: (name: string, value: number) => void): void {
    for (const [name, value] of Object.entries(this)) visit(name, value as number);
    for (const name of NEVER_COUNTED) visit(name, 0);
    visitCodes('', this.#responses, visit);
    visitCodes('external.', without(this.#responses, this.#internal), visit);
    visitCodes('internal.', this.#internal, visit);
    visitCodes('retry.', this.#retried, visit);
    const { outlierDetection, circuitBreaker, hosts } = this.#sources;
    if (outlierDetection !== undefined) {
      for (const [name, value] of Object.entries(outlierDetection)) visit(`outlier_detection.${name}`, Number(value));
    }
    if (circuitBreaker !== undefined) {
      const { state } = circuitBreaker;
      visit('circuit_breakers.default.cx_open', Number(state.cxOpen));
      visit('circuit_breakers.default.cx_pool_open', 0);
      visit('circuit_breakers.default.rq_open', Number(state.requestsOpen));
      visit('circuit_breakers.default.rq_pending_open', Number(state.pendingOpen));
      visit('circuit_breakers.default.rq_retry_open', Number(state.retriesOpen));
      // Requests of high priority, which Istio can't ask for.
      for (const name of ['cx_open', 'cx_pool_open', 'rq_open', 'rq_pending_open', 'rq_retry_open']) visit(`circuit_breakers.high.${name}`, 0);
    }
    if (hosts !== undefined) {
      visit('membership_total', hosts.membershipTotal);
      visit('membership_healthy', hosts.membershipHealthy);
      visit('membership_degraded', 0);
      visit('membership_excluded', 0);
      visit('lb_healthy_panic', hosts.healthyPanics);
    }
  }

  /** Calls `visit` with each histogram that has values. */
  visitHistograms(visit: (name: string, histogram: Histogram) => void): void {
    if (this.#requestTime !== undefined) visit('upstream_rq_time', this.#requestTime);
    if (this.#connectTime !== undefined) visit('upstream_cx_connect_ms', this.#connectTime);
  }
}

const NO_SOURCES: ClusterStatSources = Object.freeze({});

/** What Envoy lists too, and what can't happen here or to a cluster that Istio makes. */
const NEVER_COUNTED: readonly string[] = [
  'upstream_cx_connect_with_0_rtt', 'upstream_cx_http3_total', 'upstream_http3_broken', 'upstream_rq_0rtt',
  'upstream_internal_redirect_failed_total', 'upstream_internal_redirect_succeeded_total', 'bind_errors',
];

function countUp(counts: Map<number, number>, status: number): void {
  counts.set(status, (counts.get(status) ?? 0) + 1);
}

/** `counts`, less those of `others`. */
function without(counts: ReadonlyMap<number, number> | undefined, others: ReadonlyMap<number, number> | undefined): ReadonlyMap<number, number> | undefined {
  if (counts === undefined || others === undefined) return counts;
  const left = [...counts].map(([status, count]) => [status, count - (others.get(status) ?? 0)] as const).filter(([, count]) => count > 0);
  return left.length === 0 ? undefined : new Map(left);
}

/** Calls `visit` for each status and each class of them. */
export function visitCodes(
  prefix: string,
  codes: ReadonlyMap<number, number> | undefined,
  visit: (name: string, value: number) => void,
): void {
  if (codes === undefined) return;
  const classes = new Map<number, number>();
  let completed = 0;
  for (const [status, count] of codes) {
    visit(`${prefix}upstream_rq_${status}`, count);
    classes.set(Math.floor(status / 100), (classes.get(Math.floor(status / 100)) ?? 0) + count);
    completed += count;
  }
  for (const [digit, count] of classes) visit(`${prefix}upstream_rq_${digit}xx`, count);
  if (prefix !== '') visit(`${prefix}upstream_rq_completed`, completed);
}
