import { setTimeout as sleep } from 'node:timers/promises';
import type { CallKind } from '../answer.ts';
import { direct, type Contestant } from './contestant.ts';
import { readFetched } from './reading.ts';

/** As in `bookinfo.yaml`: three retries, of whose tries each has two seconds. */
const RETRIES = 3;
const TRY_MS = 2000;

/** What is tried again, and what a breaker counts: a failure of the connection, or a status of 500 and above. */
async function tryOnce(url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal });
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  return response;
}

/** fetch with retry, timeout and breaker, as people write them who have no mesh. */
export const RESILIENT: Readonly<Record<string, Contestant>> = {
  // opossum brings breaker and timeout; retries are a loop of one's own.
  'opossum + fetch': direct(async () => {
    const { default: CircuitBreaker } = await import('opossum');
    const breaker = new CircuitBreaker((url: string) => tryOnce(url, AbortSignal.timeout(TRY_MS)), { timeout: TRY_MS, errorThresholdPercentage: 50 });
    const fetchWithRetry = async (url: string): Promise<Response> => {
      for (let retry = 0; ; retry++) {
        try {
          return await breaker.fire(url);
        } catch (error) {
          if (retry === RETRIES) throw error;
          await sleep(25 * 2 ** retry);
        }
      }
    };
    return (url, kind) => async () => readFetched(await fetchWithRetry(url), kind);
  }),
  'cockatiel + fetch': direct(async () => {
    const { circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleAll, retry, timeout, TimeoutStrategy, wrap } = await import('cockatiel');
    const policy = wrap(
      retry(handleAll, { maxAttempts: RETRIES, backoff: new ExponentialBackoff() }),
      circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(5) }),
      // The body is read after the policy has returned.
      timeout(TRY_MS, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false }),
    );
    return (url: string, kind: CallKind) => async () => readFetched(await policy.execute(({ signal }) => tryOnce(url, signal)), kind);
  }),
};
