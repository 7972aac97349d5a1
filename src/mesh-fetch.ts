import { Exchange, type HandOver } from './fetch/exchange.ts';
import { compileLeanCall, type LeanCall } from './fetch/lean-call.ts';
import { prepareLeanResponse } from './fetch/lean-response.ts';
import { type Dispatch, NativeLane, type Refusal } from './fetch/native-lane.ts';

export type { Dispatch } from './fetch/native-lane.ts';

/** What a fetch is made of. */
export interface FetchOptions {
  /**
   * Sends one request and brings its response, as an undici 8 `Dispatcher` does. Every hop of a redirect comes through
   * it. The authority is in `origin`; there is never a `host` header. It must not change `options.headers`.
   */
  readonly dispatch: Dispatch;
  /**
   * The fetch that takes over what the lean lane leaves: rarer inputs, redirects, content codings, non-HTTP URLs, and
   * every mistake. It must honour a `dispatcher` in its init. Default: the global one when the fetch is created.
   */
  readonly native?: typeof globalThis.fetch;
  /** Asked before a call goes through a `dispatcher` that its init names. Default: refuses nothing. */
  readonly refusal?: Refusal;
}

/**
 * A fetch over `dispatch`, with the contract of the global one.
 *
 * Plain calls (a URL or a Request without a body, headers, a body in memory, a signal) take a lean lane that gives a
 * Response without building the native one. All others are done by the native fetch over the same `dispatch`.
 * `docs/fetch-compatibility.md` lists what a caller can tell apart.
 */
export function createFetch({ dispatch, native = globalThis.fetch, refusal = () => undefined }: FetchOptions): typeof globalThis.fetch {
  const nativeLane = new NativeLane(native, dispatch, refusal);
  const handOver: HandOver = (call, handover) => nativeLane.continue(call, handover);

  // The default value only makes `length` 1, as of the native fetch.
  function fetch(input: string | URL | Request, init: RequestInit | undefined = undefined): Promise<Response> {
    prepareLeanResponse();
    let call: LeanCall | undefined;
    try {
      call = compileLeanCall(input, init);
      // After a signal that fired before the call, nothing is sent; the native fetch knows what comes first.
      if (call === undefined || call.signal?.aborted === true) {
        return nativeLane.call(arguments.length === 0 ? [] : [input, init]);
      }
    } catch (error) {
      // A getter of the caller's threw. fetch itself never throws.
      return Promise.reject(error as Error);
    }
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(call, handOver, resolve, reject);
      try {
        dispatch(call.options as never, exchange);
      } catch (error) {
        exchange.onResponseError(undefined as never, error as Error);
      }
    });
  }
  return fetch as typeof globalThis.fetch;
}
