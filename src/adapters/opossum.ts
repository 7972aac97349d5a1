import CircuitBreaker from 'opossum';

/** What {@link withBreaker} needs of an answer: fetch's `Response` and the result of `mesh.request` both have it. */
export interface BreakerAnswer {
  readonly status?: number;
  readonly statusCode?: number;
  readonly body?: unknown;
}

/** What {@link withBreaker} takes; everything has a default. */
export interface WithBreakerOptions<Args extends unknown[], Fallback> {
  /**
   * What to answer when the call fails or the breaker is open. `error` is what went wrong: what the call threw, a
   * {@link FailedAnswerError} for a 5xx, opossum's `ETIMEDOUT` or `EOPENBREAKER`. Default: no fallback; then a 5xx is
   * returned as it came, and everything else is thrown.
   */
  readonly fallback?: (error: Error, ...args: Args) => Fallback | Promise<Fallback>;
  /**
   * How long the caller waits, in milliseconds, before the call counts as failed; its `signal` is aborted then.
   * Default 10000 (opossum's). `false`: no limit but that of the route.
   */
  readonly timeoutMs?: number | false;
  /** Which answers count as errors. Default: status 500 and above. */
  readonly isFailure?: (answer: BreakerAnswer) => boolean;
  /**
   * opossum's own options, such as `errorThresholdPercentage`, `resetTimeout`, `volumeThreshold`. Those that would share
   * one answer, and so one body, among several callers are left out.
   */
  readonly opossum?: Omit<
    CircuitBreaker.Options,
    'timeout' | 'abortController' | 'autoRenewAbortController' | 'cache' | 'cacheTTL' | 'cacheGetKey' | 'cacheTransport'
  >;
}

/** A call behind a breaker. Call it as the wrapped function, without the signal. */
export interface ProtectedCall<Args extends unknown[], Answer> {
  (...args: Args): Promise<Answer>;
  /** The opossum instance: state, `stats`, events, `shutdown()`. */
  readonly breaker: CircuitBreaker;
}

/** Stands for an answer that counts as an error. It reaches the fallback and opossum's `failure` listeners, no one else. */
export class FailedAnswerError extends Error {
  override readonly name = 'FailedAnswerError';
  readonly code = 'EFAILEDANSWER';
  /** The answer itself. A body that the fallback leaves unread is discarded. */
  readonly answer: BreakerAnswer;

  constructor(answer: BreakerAnswer) {
    super(`the call was answered with status ${statusOf(answer)}`);
    this.answer = answer;
  }
}

/** What a call takes besides the signal. */
type ArgumentsOf<Call> = Call extends (signal: AbortSignal, ...args: infer Args) => unknown ? Args : never;
type AnswerOf<Call extends (...args: never[]) => unknown> = Awaited<ReturnType<Call>>;

/**
 * Puts the classic open / half-open breaker, with a fallback, around a mesh call.
 *
 * It is the application's own last line: Istio's limits and ejections (`connectionPool`, `outlierDetection`) decide
 * inside the call, and what is left of their failures arrives here as a 5xx. So a 5xx counts as an error, like a
 * thrown error, and like a call that lasts longer than `timeoutMs`.
 *
 * ```ts
 * const findUser = withBreaker(
 *   (signal, name: string) => mesh.fetch(`http://uc:8080/user/${name}`, { signal }),
 *   { timeoutMs: 1000, fallback: () => Response.json({ name: 'guest' }) },
 * );
 * const response = await findUser('cheng');
 * ```
 *
 * Call {@link ProtectedCall.breaker}`.shutdown()` when done with it.
 *
 * @typeParam Call - the function to protect; its first parameter is the signal
 * @typeParam Fallback - what `fallback` gives
 */
export function withBreaker<Call extends (signal: AbortSignal, ...args: never[]) => Promise<BreakerAnswer>, Fallback = never>(
  call: Call,
  options: WithBreakerOptions<ArgumentsOf<Call>, Fallback> = {},
): ProtectedCall<ArgumentsOf<Call>, AnswerOf<Call> | Fallback> {
  type Args = ArgumentsOf<Call>;
  type Answer = AnswerOf<Call>;
  const { fallback, timeoutMs = 10_000, isFailure = (answer) => statusOf(answer) >= 500 } = options;

  const breaker = new CircuitBreaker<[AbortController, ...Args], Answer | Fallback>(
    async (controller, ...args) => {
      const answer = (await call(controller.signal, ...(args as never[]))) as Answer;
      if (controller.signal.aborted) discard(answer);
      else if (isFailure(answer)) throw new FailedAnswerError(answer);
      return answer;
    },
    { name: call.name || undefined, ...options.opossum, timeout: timeoutMs },
  );

  // opossum's `abortController` option is one per breaker and would cut the calls of everybody; ours travels with the
  // call, as its first argument. The event does carry the arguments, though the published types don't say so.
  const onTimeout = (error: Error, _latencyMs: number, [controller]: [AbortController]): void => controller.abort(error);
  breaker.on('timeout', onTimeout as (error: Error) => void);

  if (fallback !== undefined) {
    breaker.fallback(async (_controller: AbortController, ...rest: [...Args, Error]) => {
      const error = rest.pop() as Error;
      const failed = error instanceof FailedAnswerError ? error.answer : undefined;
      let result: unknown;
      try {
        result = await fallback(error, ...(rest as unknown as Args));
        return result;
      } finally {
        // A fallback may also decide that the failed answer is the best there is.
        if (failed !== undefined && result !== failed) discard(failed);
      }
    });
  }

  const protectedCall = async (...args: Args): Promise<Answer | Fallback> => {
    try {
      return await breaker.fire(new AbortController(), ...args);
    } catch (error) {
      if (error instanceof FailedAnswerError) return error.answer as Answer;
      throw error;
    }
  };
  return Object.assign(protectedCall, { breaker: breaker as unknown as CircuitBreaker });
}

function statusOf(answer: BreakerAnswer): number {
  return answer.status ?? answer.statusCode ?? 0;
}

/** Lets go of a body that nobody will read, so that its connection does not stay taken. */
function discard({ body }: BreakerAnswer): void {
  if (typeof body !== 'object' || body === null) return;
  if ('dump' in body && typeof body.dump === 'function') void Promise.resolve(body.dump()).catch(() => undefined);
  // A locked stream has a reader, and the reader decides.
  else if (body instanceof ReadableStream && !body.locked) void body.cancel().catch(() => undefined);
}
