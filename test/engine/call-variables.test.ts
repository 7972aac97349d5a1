import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CallInfo } from '../../src/engine/call-info.ts';
import { callVariable } from '../../src/engine/call-variables.ts';

const INFO: CallInfo = {
  status: 503, flags: 'URX,UF', details: 'x', cluster: 'outbound|80||reviews', route: 'mine', rule: 'no rule', endpoint: '10.0.0.1:80', attempts: 2, lane: 'lean', durationMs: 12.9,
};

const value = (name: string, info: Partial<CallInfo> = {}): string | undefined =>
  callVariable({ callerAddress: '192.0.2.1', startedAtWallMs: Date.UTC(2026, 0, 1), describe: () => ({ ...INFO, ...info }) }, name, undefined);

describe('callVariable', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['PROTOCOL', 'HTTP/1.1'],
    ['RESPONSE_CODE', '503'],
    ['RESPONSE_FLAGS', 'URX,UF'],
    ['ROUTE_NAME', 'mine'],
    ['UPSTREAM_CLUSTER', 'outbound|80||reviews'],
    ['UPSTREAM_HOST', '10.0.0.1:80'],
    ['UPSTREAM_REMOTE_ADDRESS', '10.0.0.1:80'],
    ['UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', '10.0.0.1'],
    ['DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', '192.0.2.1'],
    ['START_TIME', '2026-01-01T00:00:00.000Z'],
    ['REQUEST_DURATION', '12'],
    ['NO_SUCH_THING', undefined],
  ])('%s', (name, expected) => {
    expect(value(name)).toBe(expected);
  });

  it('knows nothing of an upstream that was not chosen', () => {
    const none = { cluster: undefined, endpoint: undefined, route: undefined };
    expect(['UPSTREAM_CLUSTER', 'UPSTREAM_HOST', 'UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', 'ROUTE_NAME'].map((name) => value(name, none))).toEqual([undefined, undefined, undefined, undefined]);
    expect(value('RESPONSE_CODE', { status: 0 })).toBe('0');
  });

  it('takes the host name from the environment', () => {
    vi.stubEnv('HOSTNAME', 'pod-1');
    expect(value('HOSTNAME')).toBe('pod-1');
  });

  it('writes IPv6 addresses without their port', () => {
    expect(value('UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', { endpoint: '[::1]:80' })).toBe('[::1]');
  });
});
