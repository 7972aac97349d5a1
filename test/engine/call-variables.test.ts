import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CallInfo } from '../../src/engine/call-info.ts';
import { callVariable, type VariableFacts } from '../../src/engine/call-variables.ts';

const INFO: Omit<CallInfo, 'explanation'> = {
  status: 503, flags: 'URX,UF', details: 'some detail', cluster: 'outbound|80||reviews', route: 'mine', rule: 'no rule', endpoint: '10.0.0.1:80', attempts: 2, lane: 'lean', durationMs: 12.9,
};

const FACTS: Omit<VariableFacts, 'describe'> = {
  callerAddress: '192.0.2.1',
  forwardedAddress: '198.51.100.7',
  dialledAddress: '203.0.113.9:9080',
  startedAtWallMs: Date.UTC(2026, 0, 1),
  bytesReceived: 5,
  clusterName: 'outbound|80||reviews',
  upstreamLocalAddress: '192.0.2.1:4000',
  upstreamProtocol: 'http1',
  attempt: 2,
};

const value = (name: string, info: Partial<CallInfo> = {}, facts: Partial<VariableFacts> = {}): string | undefined =>
  callVariable({ ...FACTS, describe: () => ({ ...INFO, ...info }), ...facts }, name, undefined);

describe('callVariable', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['PROTOCOL', 'HTTP/1.1'],
    ['RESPONSE_CODE', '503'],
    ['RESPONSE_CODE_DETAILS', 'some_detail'],
    ['RESPONSE_FLAGS', 'URX,UF'],
    ['RESPONSE_FLAGS_LONG', 'UpstreamRetryLimitExceeded,UpstreamConnectionFailure'],
    ['ROUTE_NAME', 'mine'],
    // As Istio names clusters for observation, and as they are called.
    ['UPSTREAM_CLUSTER', 'outbound|80||reviews;'],
    ['UPSTREAM_CLUSTER_RAW', 'outbound|80||reviews'],
    ['UPSTREAM_HOST', '10.0.0.1:80'],
    ['UPSTREAM_HOST_NAME', '10.0.0.1:80'],
    ['UPSTREAM_HOST_NAME_WITHOUT_PORT', '10.0.0.1'],
    ['UPSTREAM_REMOTE_ADDRESS', '10.0.0.1:80'],
    ['UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', '10.0.0.1'],
    ['UPSTREAM_REMOTE_PORT', '80'],
    ['UPSTREAM_LOCAL_ADDRESS', '192.0.2.1:4000'],
    ['UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT', '192.0.2.1'],
    ['UPSTREAM_PROTOCOL', 'HTTP/1.1'],
    ['UPSTREAM_REQUEST_ATTEMPT_COUNT', '2'],
    ['UPSTREAM_NO_SUCH_THING', undefined],
    ['DOWNSTREAM_REMOTE_ADDRESS', '198.51.100.7:0'],
    ['DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', '198.51.100.7'],
    ['DOWNSTREAM_DIRECT_REMOTE_ADDRESS', '192.0.2.1:0'],
    ['DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT', '192.0.2.1'],
    ['DOWNSTREAM_LOCAL_ADDRESS', '203.0.113.9:9080'],
    ['DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT', '203.0.113.9'],
    ['DOWNSTREAM_LOCAL_PORT', '9080'],
    ['BYTES_RECEIVED', '5'],
    ['BYTES_SENT', '0'],
    ['START_TIME', '2026-01-01T00:00:00.000Z'],
    ['DURATION', '12'],
    ['REQUEST_DURATION', '12'],
    ['NO_SUCH_THING', undefined],
  ])('%s', (name, expected) => {
    expect(value(name)).toBe(expected);
  });

  it('knows nothing of an upstream that was not chosen', () => {
    const info = { cluster: 'outbound|80|gone|reviews', endpoint: undefined, route: undefined };
    const facts = { clusterName: undefined, upstreamLocalAddress: undefined, upstreamProtocol: undefined, attempt: 0 };
    const names = ['UPSTREAM_CLUSTER', 'UPSTREAM_CLUSTER_RAW', 'UPSTREAM_HOST', 'UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', 'UPSTREAM_REMOTE_PORT', 'UPSTREAM_LOCAL_ADDRESS', 'UPSTREAM_PROTOCOL', 'ROUTE_NAME'];

    expect(names.map((name) => value(name, info, facts))).toEqual(names.map(() => undefined));
    expect(value('UPSTREAM_REQUEST_ATTEMPT_COUNT', info, facts)).toBe('0');
    expect(value('RESPONSE_CODE', { status: 0 })).toBe('0');
  });

  it("takes the connection's own address for the caller's where no header tells another", () => {
    expect(value('DOWNSTREAM_REMOTE_ADDRESS', {}, { forwardedAddress: undefined })).toBe('192.0.2.1:0');
    expect(value('DOWNSTREAM_LOCAL_PORT', {}, { dialledAddress: undefined })).toBeUndefined();
    expect(value('BYTES_RECEIVED', {}, { bytesReceived: undefined as never })).toBe('0');
  });

  it('formats the start as asked', () => {
    expect(callVariable({ ...FACTS, describe: () => INFO }, 'START_TIME', '%Y/%m/%dT%H:%M %s.%3f')).toBe('2026/01/01T00:00 1767225600.000');
    expect(callVariable({ ...FACTS, describe: () => INFO }, 'START_TIME', '')).toBe('2026-01-01T00:00:00.000Z');
  });

  it('names the protocols of the caller and of the endpoint', () => {
    expect(value('UPSTREAM_PROTOCOL', {}, { upstreamProtocol: 'http2' })).toBe('HTTP/2');
    expect(value('PROTOCOL', {}, { request: { http2: true } })).toBe('HTTP/2');
    expect(value('PROTOCOL', {}, { request: {} })).toBe('HTTP/1.1');
  });

  it('takes the host name from the environment', () => {
    vi.stubEnv('HOSTNAME', 'pod-1');
    expect(value('HOSTNAME')).toBe('pod-1');
  });

  it('writes IPv6 addresses without their port', () => {
    expect(value('UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', { endpoint: '[::1]:80' })).toBe('[::1]');
    expect(value('UPSTREAM_REMOTE_PORT', { endpoint: '[::1]:80' })).toBe('80');
  });
});
