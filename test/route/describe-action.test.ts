import { describe, expect, it } from 'vitest';
import { describeAction } from '../../src/route/describe-action.ts';
import type { FaultOptions, RetryOptions, RouteAction } from '../../src/route/model.ts';
import { Route } from '../../src/route/route.ts';
import { forward } from './support.ts';

function phrases(action: RouteAction, fault?: FaultOptions): string[] {
  return describeAction(new Route({ match: {}, action, fault }));
}

const RETRIES: RetryOptions = { attempts: 2, retryOn: '5xx', perTryTimeoutMs: 0, backoffBaseMs: 25, ignorePreviousHosts: false, retryRemoteLocalities: false };

describe('where a request goes', () => {
  it.each<[string, RouteAction, string[]]>([
    ['one destination has no share to tell', forward({ cluster: 'v1', weight: 20 }), ['to v1']],
    ['a rule without destinations leads nowhere', forward(), ['to no cluster']],
    ['shares are of the sum of the weights', forward({ cluster: 'v1', weight: 1 }, { cluster: 'v2', weight: 3 }), ['25 % to v1', '75 % to v2']],
    ['shares have four decimals at most', forward({ cluster: 'v1', weight: 1 }, { cluster: 'v2', weight: 2 }), ['33.3333 % to v1', '66.6667 % to v2']],
    ['of a split only one choice may be left', forward({ cluster: 'v1', weight: 0 }, { cluster: 'v2', weight: 50 }), ['to v2']],
    ['a redirect', { kind: 'redirect', redirect: { uri: '/' } }, ['redirect 301']],
    ['a redirect with a status of its own', { kind: 'redirect', redirect: { redirectCode: 307 } }, ['redirect 307']],
    ['a direct response', { kind: 'direct', status: 410, body: 'gone' }, ['direct response 410']],
  ])('%s', (_, action, expected) => {
    expect(phrases(action)).toEqual(expected);
  });
});

describe('what happens to it', () => {
  it.each<[Partial<RouteAction & { kind: 'forward' }>, string[]]>([
    [{ timeoutMs: 1500 }, ['timeout 1.5s']],
    [{ timeoutMs: 0 }, []],
    [{ retries: RETRIES }, ['2 retries on 5xx']],
    [{ retries: { ...RETRIES, attempts: 1 } }, ['1 retry on 5xx']],
    [{ retries: { ...RETRIES, attempts: 0, perTryTimeoutMs: 500 } }, ['per try 500ms']],
    [{ timeoutMs: 500, retries: { ...RETRIES, perTryTimeoutMs: 500, retryOn: 'reset, 503,connect-failure' } }, ['timeout 500ms', '2 retries on reset,connect-failure,503']],
    [{ mirrors: [{ cluster: 'v3', percentage: 100 / 3 }, { cluster: 'v4', percentage: 100 }] }, ['mirrors 33.3333 % to v3', 'mirrors 100 % to v4']],
    [{ cors: { allowOrigins: [], allowMethods: [], allowHeaders: [], exposeHeaders: [] } }, ['CORS policy']],
  ])('%j: %j', (more, expected) => {
    expect(phrases({ ...forward('v1'), ...more })).toEqual(['to v1', ...expected]);
  });
});

describe('faults', () => {
  it.each<[FaultOptions, string[]]>([
    [{}, []],
    [{ delay: { fixedDelayMs: 7000 } }, ['delays 0 % by 7s']],
    [{ delay: { fixedDelayMs: 50, percentage: 12.34567 } }, ['delays 12.3457 % by 50ms']],
    [{ abort: { httpStatus: 500 } }, ['aborts 0 % with 500']],
    [{ abort: { httpStatus: 503, percentage: 0.5 } }, ['aborts 0.5 % with 503']],
    [{ abort: { grpcStatus: 14, percentage: 100 } }, ['aborts 100 % with gRPC status 14']],
    [{ abort: { grpcStatus: 0 } }, ['aborts 0 % with gRPC status 0']],
    // Such an abort passes validation and does nothing.
    [{ abort: { percentage: 100 } }, []],
  ])('%j: %j, between destinations and treatment', (fault, expected) => {
    expect(phrases({ ...forward('v1'), timeoutMs: 1000 }, fault)).toEqual(['to v1', ...expected, 'timeout 1s']);
  });

  it('come before an answer too', () => {
    expect(phrases({ kind: 'direct', status: 200 }, { delay: { fixedDelayMs: 1000, percentage: 100 } })).toEqual(['direct response 200', 'delays 100 % by 1s']);
  });
});
