import { getHeader, removeHeader, type HeaderList } from '../common/headers.ts';
import { TimeoutPolicy } from './timeout-policy.ts';

const ROUTE_TIMEOUT = 'x-envoy-upstream-rq-timeout-ms';
const PER_TRY_TIMEOUT = 'x-envoy-upstream-rq-per-try-timeout-ms';

/**
 * Takes out of a request's headers the timeouts that its caller asks for, and gives back the policy with these in place of the
 * route's own. What is no number of milliseconds changes nothing; 0 is no timeout.
 *
 * Source: Envoy `FilterUtility::finalTimeout`, for callers that it trusts.
 */
export function requestedTimeouts(headers: HeaderList, policy: TimeoutPolicy): TimeoutPolicy {
  const routeTimeoutMs = milliseconds(getHeader(headers, ROUTE_TIMEOUT));
  const perTryTimeoutMs = milliseconds(getHeader(headers, PER_TRY_TIMEOUT));
  removeHeader(headers, ROUTE_TIMEOUT);
  removeHeader(headers, PER_TRY_TIMEOUT);
  if (routeTimeoutMs === undefined && perTryTimeoutMs === undefined) return policy;
  return new TimeoutPolicy({ routeTimeoutMs: routeTimeoutMs ?? policy.routeTimeoutMs, perTryTimeoutMs: perTryTimeoutMs ?? policy.perTryTimeoutMs });
}

/** What a header of Envoy's says of a time; `undefined`: nothing. */
export function milliseconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
