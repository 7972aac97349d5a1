/** In the order of their numbers. Source: istio `grpc.SupportedGRPCStatus`. */
export const GRPC_STATUSES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** What `retryOn` may list besides HTTP statuses. Source: Envoy `x-envoy-retry-on`, `x-envoy-retry-grpc-on`. */
export const RETRY_TOKENS: readonly string[] = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'refused-stream',
  'envoy-ratelimited',
  'retriable-4xx',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

// Ranges of the statuses that have a registered meaning. Source: Go net/http `StatusText`.
const STATUSES: readonly (readonly [number, number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
];

/** Whether `text` is the number of a registered HTTP status; `599` is none. */
export function isRegisteredStatus(text: string): boolean {
  const status = /^[-+]?\d+$/.test(text) ? Number(text) : 0;
  return STATUSES.some(([first, last]) => status >= first && status <= last);
}
