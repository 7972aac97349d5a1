import { describe, expect, it } from 'vitest';
import type { RetryOptions } from '../../src/route/model.ts';
import { type AttemptOutcome, RetryPolicy, type ResetReason } from '../../src/route/retry-policy.ts';
import { sequence } from '../../src/testing/sequence.ts';

const DEFAULT_RETRY_ON = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

function policy(retryOn: string, about: Partial<RetryOptions> = {}): RetryPolicy {
  return new RetryPolicy({
    attempts: 2,
    retryOn,
    perTryTimeoutMs: 0,
    backoffBaseMs: 25,
    ignorePreviousHosts: true,
    retryRemoteLocalities: false,
    ...about,
  });
}

function response(status: number, headers: Record<string, string> = {}): AttemptOutcome {
  return { kind: 'response', status, header: (name) => headers[name] };
}

function reset(reason: ResetReason, requestSent = true): AttemptOutcome {
  return { kind: 'reset', reason, requestSent };
}

describe('RetryPolicy', () => {
  it.each([
    ['5xx', [500, 501, 503, 599], [200, 404, 409, 429, 499, 600, 999]],
    ['gateway-error', [502, 503, 504], [500, 501, 505]],
    ['retriable-4xx', [409], [400, 404, 408, 429, 503]],
    ['503,429', [503, 429], [500, 502, 200]],
    ['retriable-status-codes,503', [503], [502]],
    ['retriable-status-codes', [], [503]],
    [DEFAULT_RETRY_ON, [], [500, 502, 503, 504, 409]],
    ['reset', [], [503]],
    ['', [], [503]],
    ['5xx, 418', [500, 418], [419]],
  ])('%j retries the responses %j and not %j', (retryOn, retried, final) => {
    for (const status of retried) expect(policy(retryOn).shouldRetry(response(status)), `${status}`).toBe(true);
    for (const status of final) expect(policy(retryOn).shouldRetry(response(status)), `${status}`).toBe(false);
  });

  it.each<[string, ResetReason[], ResetReason[]]>([
    ['5xx', ['connection-failure', 'connection-timeout', 'connection-termination', 'remote-reset', 'remote-refused', 'local-reset', 'protocol-error', 'per-try-timeout'], ['overflow']],
    ['gateway-error', ['connection-termination', 'per-try-timeout', 'connection-failure'], ['overflow']],
    ['reset', ['connection-failure', 'connection-termination', 'remote-reset', 'per-try-timeout'], ['overflow']],
    ['connect-failure', ['connection-failure', 'connection-timeout'], ['connection-termination', 'remote-reset', 'per-try-timeout', 'overflow']],
    ['refused-stream', ['remote-refused'], ['remote-reset', 'connection-failure', 'overflow']],
    ['refused-stream,retriable-4xx', [], ['connection-failure', 'per-try-timeout']],
    [DEFAULT_RETRY_ON, ['connection-failure', 'connection-timeout', 'remote-refused'], ['connection-termination', 'remote-reset', 'per-try-timeout', 'overflow', 'protocol-error']],
    ['503', [], ['connection-termination', 'connection-failure']],
  ])('%j retries the resets %j and not %j', (retryOn, retried, final) => {
    for (const reason of retried) expect(policy(retryOn).shouldRetry(reset(reason)), reason).toBe(true);
    for (const reason of final) expect(policy(retryOn).shouldRetry(reset(reason)), reason).toBe(false);
  });

  it('retries by reset-before-request only while nothing was sent', () => {
    const beforeRequest = policy('reset-before-request');

    expect(beforeRequest.shouldRetry(reset('connection-termination', false))).toBe(true);
    expect(beforeRequest.shouldRetry(reset('connection-failure', false))).toBe(true);
    expect(beforeRequest.shouldRetry(reset('per-try-timeout', false))).toBe(true);
    expect(beforeRequest.shouldRetry(reset('connection-termination', true))).toBe(false);
    expect(beforeRequest.shouldRetry(reset('overflow', false))).toBe(false);
  });

  it.each([
    ['cancelled', 1],
    ['deadline-exceeded', 4],
    ['resource-exhausted', 8],
    ['internal', 13],
    ['unavailable', 14],
  ])('%s means grpc-status %i in the response headers', (token, status) => {
    expect(policy(token).shouldRetry(response(200, { 'grpc-status': String(status) }))).toBe(true);
    expect(policy(token).shouldRetry(response(200, { 'grpc-status': '5' }))).toBe(false);
    expect(policy(token).shouldRetry(response(200))).toBe(false);
    expect(policy(token).shouldRetry(response(503))).toBe(false);
    expect(policy('5xx').shouldRetry(response(200, { 'grpc-status': String(status) }))).toBe(false);
  });

  it('retries what an upstream proxy has rate-limited by that token alone', () => {
    const limited = response(503, { 'x-envoy-ratelimited': 'true' });

    expect(policy('5xx,503').shouldRetry(limited)).toBe(false);
    expect(policy('envoy-ratelimited').shouldRetry(limited)).toBe(true);
    expect(policy('envoy-ratelimited').shouldRetry(response(503))).toBe(false);
  });

  it('retries by headers of the response with a token only', () => {
    const about = { retriableHeaders: ['x-again', 'x-later'] };

    expect(policy('retriable-headers', about).shouldRetry(response(200, { 'x-later': '' }))).toBe(true);
    expect(policy('retriable-headers', about).shouldRetry(response(200, { 'x-other': '1' }))).toBe(false);
    expect(policy('5xx', about).shouldRetry(response(200, { 'x-again': '1' }))).toBe(false);
    expect(policy('retriable-headers').shouldRetry(response(200, { 'x-again': '1' }))).toBe(false);
  });

  it('waits for nothing where a request only came too early', () => {
    const retrying = policy('retriable-4xx');

    expect([response(425), response(425, { 'x-envoy-ratelimited': 'true' }), response(503), reset('connection-failure')].map((outcome) => retrying.retriesAtOnce(outcome))).toEqual([true, false, false, false]);
  });

  it('leaves the count to its owner', () => {
    expect(policy('5xx', { attempts: 0 }).shouldRetry(response(503))).toBe(true);
  });

  it('tells the tokens from the numbers', () => {
    const { tokens, statusCodes } = policy('5xx,503, reset');

    expect([...tokens]).toEqual(['5xx', 'reset']);
    expect([...statusCodes]).toEqual([503]);
    expect(policy('x503,503x')).toMatchObject({ tokens: new Set(['x503', '503x']), statusCodes: new Set() });
    expect([...policy(', ,5xx,').tokens]).toEqual(['5xx']);
  });

  it.each([
    [25, [25, 50, 100, 200, 250, 250, 250]],
    [100, [100, 200, 400, 800, 1000, 1000]],
    [1, [1, 2, 4, 8, 10, 10]],
  ])('with base %i ms the pauses stay below %j', (backoffBaseMs, ceilings) => {
    const retries = policy('5xx', { backoffBaseMs });

    ceilings.forEach((ceiling, i) => {
      expect(retries.backoffMs(i + 1, sequence(0))).toBe(0);
      expect(retries.backoffMs(i + 1, sequence(0.999999))).toBe(ceiling - 1);
    });
  });

  it('is one for all who share their options', () => {
    const options: RetryOptions = {
      attempts: 1, retryOn: '5xx', perTryTimeoutMs: 0, backoffBaseMs: 25, ignorePreviousHosts: true, retryRemoteLocalities: false,
    };

    expect(RetryPolicy.of(options)).toBe(RetryPolicy.of(options));
    expect(RetryPolicy.of({ ...options })).not.toBe(RetryPolicy.of(options));
  });
});
