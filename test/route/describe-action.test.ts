import { describe, expect, it } from 'vitest';
import { describeAction } from '../../src/route/describe-action.ts';
import type { FaultOptions, RetryOptions, RouteAction } from '../../src/route/model.ts';
import { Route } from '../../src/route/route.ts';
import { forward, head } from './support.ts';

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

describe('a sticky split', () => {
  const sticky = { keys: [{ kind: 'header', name: 'end-user' }, { kind: 'cookie', name: 'session' }], salt: '' } as const;
  const split = new Route({ match: {}, action: { ...forward({ cluster: 'v1', weight: 0 }, { cluster: 'v2', weight: 1 }, { cluster: 'v3', weight: 1 }), sticky } });
  const shares = ['50 % to v2', '50 % to v3'];
  const keys = 'sticky by header end-user, cookie session';

  it('tells by what, and no more without a request', () => {
    expect(describeAction(split)).toEqual([...shares, keys]);
  });

  it('tells where the key of a request goes, and not the key', () => {
    const request = head({ headers: ['end-user', 'jason'] });
    const { action } = split;
    const cluster = action.kind === 'forward' ? action.pick(request, () => 0).cluster : '';

    expect(['v2', 'v3']).toContain(cluster);
    expect(describeAction(split, request)).toEqual([...shares, `${keys}: the key of this request goes to ${cluster}`]);
  });

  it('tells that chance decides without a key', () => {
    expect(describeAction(split, head())).toEqual([...shares, `${keys}: this request has no key, so chance decides`]);
  });

  it('is none where one destination is left', () => {
    expect(describeAction(new Route({ match: {}, action: { ...forward('v1'), sticky } }))).toEqual(['to v1']);
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
    [{ retries: { ...RETRIES, safety: { budgetPercent: 20.5, leastPerSecond: 3, leastTimeMs: 1 } } }, ['2 retries on 5xx', 'retries only where safe: at most 20.5 % of calls (or 3/s), with 1ms left of the deadline']],
    [{ retries: { ...RETRIES, attempts: 0, safety: { budgetPercent: 20, leastPerSecond: 3, leastTimeMs: 1 } } }, []],
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
    [{ scope: 'request', abort: { httpStatus: 503, percentage: 1 } }, ['aborts 1 % with 503']],
    [{ scope: 'attempt', abort: { httpStatus: 503, percentage: 1 } }, ['aborts 1 % with 503', 'faults are drawn for each try, and retried']],
    [{ scope: 'host', delay: { fixedDelayMs: 5, percentage: 1 } }, ['delays 1 % by 5ms', 'faults are drawn for each try, and retried; hosts are ejected for them']],
    [{ scope: 'host' }, []],
    // Such an abort passes validation and does nothing.
    [{ abort: { percentage: 100 } }, []],
  ])('%j: %j, between destinations and treatment', (fault, expected) => {
    expect(phrases({ ...forward('v1'), timeoutMs: 1000 }, fault)).toEqual(['to v1', ...expected, 'timeout 1s']);
  });

  it('come before an answer too', () => {
    expect(phrases({ kind: 'direct', status: 200 }, { delay: { fixedDelayMs: 1000, percentage: 100 } })).toEqual(['direct response 200', 'delays 100 % by 1s']);
  });
});
