import { describe, expect, it } from 'vitest';
import type { RetryOptions } from '../../src/route/model.ts';
import { requestedRetries } from '../../src/route/retry-headers.ts';
import { RetryPolicy } from '../../src/route/retry-policy.ts';

const OPTIONS: RetryOptions = {
  attempts: 2, retryOn: 'connect-failure', perTryTimeoutMs: 0, backoffBaseMs: 40, ignorePreviousHosts: true, retryRemoteLocalities: true,
};
const NONE: RetryOptions = { ...OPTIONS, attempts: 0, retryOn: '5xx' };

function requested(headers: string[], options = OPTIONS): { policy: RetryPolicy; same: boolean; headers: string[] } {
  const given = new RetryPolicy(options);
  const policy = requestedRetries(headers, given);
  return { policy, same: policy === given, headers };
}

// Source: Envoy `RetryStateImpl::create`, `RetryStateImpl::RetryStateImpl`, `parseRetryOn`, `parseRetryGrpcOn`.
describe('requestedRetries', () => {
  it('leaves the policy of a request that asks for nothing', () => {
    expect(requested(['x-envoy-retry', '5xx', 'a', 'x-envoy-retry-on'])).toMatchObject({ same: true, headers: ['x-envoy-retry', '5xx', 'a', 'x-envoy-retry-on'] });
  });

  it('gives a route without retries what Envoy takes for their defaults', () => {
    const { policy } = requested(['x-envoy-retry-on', '5xx'], NONE);

    expect(policy.options).toMatchObject({ attempts: 1, retryOn: '5xx', perTryTimeoutMs: 0, backoffBaseMs: 25, ignorePreviousHosts: false, retryRemoteLocalities: false });
  });

  it('takes every header of retries away, also where none are made', () => {
    const names = ['retry-on', 'retry-grpc-on', 'max-retries', 'hedge-on-per-try-timeout', 'retriable-header-names', 'retriable-status-codes', 'upstream-rq-per-try-timeout-ms'];
    const headers = ['a', '1', ...names.flatMap((name) => [`x-envoy-${name}`, '7']), 'b', '2'];

    expect(requested(headers, NONE)).toMatchObject({ same: true, headers: ['a', '1', 'b', '2'] });
  });

  it.each<[string, string[], string]>([
    ['adds tokens', ['x-envoy-retry-on', '5xx, reset,reset-before-request'], 'connect-failure,5xx,reset,reset-before-request'],
    ['adds tokens of gRPC', ['x-envoy-retry-grpc-on', 'cancelled,internal ,unavailable,deadline-exceeded,resource-exhausted'], 'connect-failure,cancelled,internal,unavailable,deadline-exceeded,resource-exhausted'],
    ['takes each only in its own header', ['x-envoy-retry-on', 'cancelled,gateway-error,503,what', 'x-envoy-retry-grpc-on', '5xx,internal,14'], 'connect-failure,gateway-error,internal'],
    ['listens to status codes with their token', ['x-envoy-retry-on', 'retriable-status-codes', 'x-envoy-retriable-status-codes', '404, 418,x'], 'connect-failure,retriable-status-codes,404,418'],
    ['and not without', ['x-envoy-retry-on', 'retriable-4xx', 'x-envoy-retriable-status-codes', '404'], 'connect-failure,retriable-4xx'],
    ['knows the rest', ['x-envoy-retry-on', 'envoy-ratelimited,refused-stream,connect-failure,retriable-headers'], 'connect-failure,envoy-ratelimited,refused-stream,connect-failure,retriable-headers'],
  ])('%s', (_what, headers, retryOn) => {
    const { policy } = requested(headers);

    expect(policy.options).toEqual({ ...OPTIONS, retryOn, retriableHeaders: [] });
  });

  it('takes numbers of the rule for the token of status codes', () => {
    const { policy } = requested(['x-envoy-retriable-status-codes', '418'], { ...OPTIONS, retryOn: '503' });

    expect([...policy.statusCodes]).toEqual([503, 418]);
  });

  it('listens to names of response headers', () => {
    const { policy } = requested(['x-envoy-retry-on', 'retriable-headers', 'x-envoy-retriable-header-names', 'X-Again, x-later']);

    expect(policy.options.retriableHeaders).toEqual(['x-again', 'x-later']);
  });

  it.each([
    [['x-envoy-max-retries', '5'], 5],
    [['x-envoy-max-retries', ' 0 '], 0],
    [['x-envoy-max-retries', '-1'], 2],
    [['x-envoy-max-retries', '3x'], 2],
    [['x-envoy-retry-on', '5xx'], 2],
  ])('%j gives %i retries', (headers, attempts) => {
    expect(requested(headers).policy.attempts).toBe(attempts);
  });

  it('gives one retry, to any host, where the rule has none', () => {
    expect(requested(['x-envoy-retry-on', 'reset'], NONE).policy.options).toMatchObject({
      attempts: 1, retryOn: 'reset', backoffBaseMs: 25, ignorePreviousHosts: false,
    });
    expect(requested(['x-envoy-retry-on', 'reset', 'x-envoy-max-retries', '3'], NONE).policy.attempts).toBe(3);
    expect(requested(['x-envoy-retry-on', 'what', 'x-envoy-max-retries', '3'], NONE)).toMatchObject({ same: true });
  });
});
