import { getHeader, removeHeader, type HeaderList } from '../common/headers.ts';
import { NO_RETRIES, RetryPolicy } from './retry-policy.ts';

const CONSUMED = new Set([
  'x-envoy-retry-on', 'x-envoy-retry-grpc-on', 'x-envoy-max-retries', 'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-retriable-header-names', 'x-envoy-retriable-status-codes', 'x-envoy-upstream-rq-per-try-timeout-ms',
]);
const TOKENS = new Set([
  '5xx', 'gateway-error', 'connect-failure', 'envoy-ratelimited', 'retriable-4xx', 'refused-stream', 'retriable-status-codes',
  'retriable-headers', 'reset', 'reset-before-request',
]);
const GRPC_TOKENS = new Set(['cancelled', 'deadline-exceeded', 'resource-exhausted', 'unavailable', 'internal']);

/**
 * Takes out of a request's headers those that speak of its retries, and widens `policy` by what they ask for. They come from header
 * operations, and from callers that are trusted to send them.
 *
 * Source: Envoy `RetryStateImpl::create` and its constructor.
 */
export function requestedRetries(headers: HeaderList, policy: RetryPolicy): RetryPolicy {
  if (!headers.some((name, i) => i % 2 === 0 && CONSUMED.has(name))) return policy;
  const listed = (name: string): string[] => words(getHeader(headers, name) ?? '');
  const tokens = listed('x-envoy-retry-on').filter((word) => TOKENS.has(word));
  const grpcTokens = listed('x-envoy-retry-grpc-on').filter((word) => GRPC_TOKENS.has(word));
  const codes = listed('x-envoy-retriable-status-codes').filter(isNumber);
  const retriableHeaders = listed('x-envoy-retriable-header-names').map((name) => name.toLowerCase());
  const limit = getHeader(headers, 'x-envoy-max-retries')?.trim() ?? '';
  for (const name of CONSUMED) removeHeader(headers, name);
  // A route without retries lets a header ask for one.
  const base = policy.attempts === 0 ? { ...NO_RETRIES, attempts: 1, safety: policy.safety } : policy.options;
  const retryOn = [...words(base.retryOn), ...tokens, ...grpcTokens];
  if (retryOn.length === 0) return policy;
  // A listed number stands for the token too.
  if (retryOn.some((word) => word === 'retriable-status-codes' || isNumber(word))) retryOn.push(...codes);
  const attempts = isNumber(limit) ? Number(limit) : base.attempts;
  return new RetryPolicy({ ...base, attempts, retryOn: retryOn.join(','), retriableHeaders });
}

function words(list: string): string[] {
  return list.split(',').map((word) => word.trim()).filter((word) => word !== '');
}

function isNumber(word: string): boolean {
  return /^\d+$/.test(word);
}
