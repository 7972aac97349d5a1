/** What a rule or a DestinationRule can ask for, as far as this suite pairs it. */
export const POLICIES = [
  'fault delay', 'fault abort', 'route timeout', 'per-try timeout', 'retries',
  'pending limit', 'connection limit', 'request limit', 'retry limit', 'outlier detection',
  'mirror', 'weighted split', 'load balancing', 'request headers', 'response headers',
  'rewrite', 'redirect', 'direct response', 'cors',
] as const;

export type Policy = (typeof POLICIES)[number];

/** Two policies, the earlier of {@link POLICIES} first. */
export type Pair = readonly [Policy, Policy];

/** Every pair there is. */
export function allPairs(): Pair[] {
  return POLICIES.flatMap((first, i) => POLICIES.slice(i + 1).map((second): Pair => [first, second]));
}

// Parts of one rule, to be joined by commas.

/** To endpoint `a` alone. */
export const TO_A = 'route: [{destination: {host: reviews, subset: v1}}]';
/** To `a` and `b`, as the balancer likes. */
export const TO_BOTH = 'route: [{destination: {host: reviews}}]';
/** By chance: below 0.5 to `a`, above to `b`. */
export const SPLIT = 'route: [{destination: {host: reviews, subset: v1}, weight: 50}, {destination: {host: reviews, subset: v2}, weight: 50}]';
/** A delay of two seconds for everyone. */
export const DELAY = 'fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}}';
/** An abort with 418 for everyone. */
export const ABORT = 'fault: {abort: {httpStatus: 418, percentage: {value: 100}}}';
/** Copies to `c`, a service of its own. */
export const MIRROR = 'mirror: {host: copies}';
export const CORS = 'corsPolicy: {allowOrigins: [{exact: "http://shop"}], allowMethods: [GET]}';
/** Two retries of 5xx, resets and timeouts; with no chance at all they come without a pause. */
export const RETRIES = 'retries: {attempts: 2, retryOn: 5xx}';
export const REQUEST_HEADERS = 'headers: {request: {set: {x-rule: "yes"}, remove: [x-secret]}}';
export const RESPONSE_HEADERS = 'headers: {response: {set: {x-rule: "yes"}, remove: [x-secret]}}';
/** `/old…` becomes `/new…`. */
export const REWRITE = 'match: [{uri: {prefix: /old}}], rewrite: {uri: /new}';

// Traffic policies.

export const ROUND_ROBIN = 'loadBalancer: {simple: ROUND_ROBIN}';
/** One connection, one request that waits; the next is refused. */
export const PENDING_LIMIT = 'connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}';
export const CONNECTION_LIMIT = 'connectionPool: {tcp: {maxConnections: 1}}';
export const REQUEST_LIMIT = 'connectionPool: {http: {http2MaxRequests: 1}}';
export const RETRY_LIMIT = 'connectionPool: {http: {maxRetries: 1}}';
/** Two errors in a row, and an endpoint is out for 30 s. */
export const OUTLIER = 'outlierDetection: {consecutive5xxErrors: 2, interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 100}';

// What calls come to.

export const OK = { status: 200, flags: '-', details: 'via_upstream', attempts: 1 } as const;
export const OVERFLOW = { status: 503, flags: 'UO', details: 'upstream_reset_before_response_started{overflow}', attempts: 1 } as const;
export const ROUTE_TIMEOUT = { status: 504, flags: 'UT', details: 'response_timeout', attempts: 1 } as const;
export const TRY_TIMEOUT = { status: 504, flags: 'UT', details: 'upstream_per_try_timeout', attempts: 1 } as const;
export const NO_HOST = { status: 503, flags: 'UH', details: 'no_healthy_upstream', attempts: 0 } as const;
export const ABORTED = { status: 418, flags: 'FI', details: 'fault_filter_abort', attempts: 0, body: 'fault filter abort' } as const;
export const HANG = { ending: 'hang without headers' } as const;
export const RESET = { ending: 'reset without headers' } as const;
export const FAIL = { status: 503 } as const;
export const REFUSED = {
  status: 503, flags: 'URX,UF', attempts: 3,
  details: 'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}',
} as const;
export const NOT_CONNECTED = { ...REFUSED, details: 'upstream_reset_before_response_started{connection_timeout}' } as const;
/** Operations that show how often they ran: `c` becomes `c1`, then `c11`. */
export const COUNTING_HEADERS = 'headers: {request: {set: {x-count: "%REQ(x-count)%1"}}}';
/** A rewrite whose result it would change again. */
export const COUNTING_REWRITE = 'match: [{uri: {prefix: /old}}], rewrite: {uri: /old/old}';
