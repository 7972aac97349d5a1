import { describe, expect, it } from 'vitest';
import { requestedTimeouts } from '../../src/route/timeout-headers.ts';
import { TimeoutPolicy } from '../../src/route/timeout-policy.ts';

const ROUTE = 'x-envoy-upstream-rq-timeout-ms';
const TRY = 'x-envoy-upstream-rq-per-try-timeout-ms';

describe('timeouts that a caller asks for', () => {
  const policy = new TimeoutPolicy({ routeTimeoutMs: 5000, perTryTimeoutMs: 1000 });

  it.each([
    [[ROUTE, '2000'], 2000, 1000],
    [[TRY, '300'], 5000, 300],
    [[ROUTE, '2000', TRY, '300'], 2000, 300],
    [[ROUTE, '0'], 0, 1000],
    [[ROUTE, '800'], 800, 0],
    [[TRY, '0'], 5000, 0],
    [[ROUTE, 'soon'], 5000, 1000],
    [[ROUTE, '-1'], 5000, 1000],
    [[ROUTE, '1e3', TRY, ''], 5000, 1000],
  ])('%j: %i ms, %i ms a try', (asked, routeTimeoutMs, perTryTimeoutMs) => {
    const headers = ['a', '1', ...asked, 'b', '2'];

    expect(requestedTimeouts(headers, policy)).toMatchObject({ routeTimeoutMs, perTryTimeoutMs });
    expect(headers).toEqual(['a', '1', 'b', '2']);
  });

  it('are none without such headers: the policy is the route’s very own', () => {
    expect(requestedTimeouts(['a', '1'], policy)).toBe(policy);
  });
});
