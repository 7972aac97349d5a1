import { describe, expect, it } from 'vitest';
import type { FaultOptions, RouteAction } from '../../src/route/model.ts';
import { Route } from '../../src/route/route.ts';

const FAULT: FaultOptions = { abort: { httpStatus: 503, percentage: 100 } };
const FORWARD: RouteAction = { kind: 'forward', destinations: [{ cluster: 'a', weight: 1 }] };

function faultsOf(fault: FaultOptions, action: RouteAction): string {
  const route = new Route({ match: {}, action, fault });
  const ofAttempts = route.action.kind === 'forward' ? route.action.attemptFaults : undefined;
  return [route.faults && 'request', ofAttempts && (ofAttempts.blamesHost ? 'host' : 'attempt')].filter(Boolean).join(' and ');
}

describe('the faults of a route', () => {
  it.each([[undefined, 'request'], ['request', 'request'], ['attempt', 'attempt'], ['host', 'host']] as const)('of scope %s are decided for each %s', (scope, expected) => {
    expect(faultsOf(scope === undefined ? FAULT : { ...FAULT, scope }, FORWARD)).toBe(expected);
  });

  it('are the request\'s where nothing is tried', () => {
    expect(faultsOf({ ...FAULT, scope: 'attempt' }, { kind: 'direct', status: 204 })).toBe('request');
    expect(faultsOf({ ...FAULT, scope: 'host' }, { kind: 'redirect', redirect: { uri: '/' } })).toBe('request');
  });
});
