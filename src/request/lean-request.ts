import type { Dispatcher } from 'undici';
import { LeanBody, end, fail, push } from './lean-body.ts';

type Options = Dispatcher.RequestOptions;
type Result = Dispatcher.ResponseData;
type Headers = Record<string, string | string[] | undefined>;

/**
 * undici's `request` over `dispatcher`, without its stream as long as nobody touches one. Calls that ask for what only undici's own handler
 * gives (a signal, informational or raw headers, a stream as body) are made by that.
 */
export function leanRequest(dispatcher: Dispatcher, options: Options): Promise<Result> {
  if (!isLean(options)) return dispatcher.request(options);
  return new Promise((resolve, reject) => {
    const exchange = new RequestExchange(options, resolve, reject);
    try {
      dispatcher.dispatch(options, exchange);
    } catch (error) {
      reject(error as Error);
    }
  });
}

/** {@link leanRequest} of a URL, with undici's own methods where none is given. */
export function requestUrl(dispatcher: Dispatcher, url: string | URL, options: { readonly method?: string; readonly body?: unknown }): Promise<Result> {
  const { origin, path } = splitUrl(url);
  const method = options.method ?? (options.body ? 'PUT' : 'GET');
  return leanRequest(dispatcher, { ...options, origin, path, method } as Options);
}

/** Plain URLs are cut by hand: `new URL` costs more than all of routing. Anything unusual goes the long way. */
const PLAIN_URL = /^(http:\/\/[a-z0-9.-]+(?::\d{1,5})?)(\/[\w/~!$&'()*+,;=:@%-]*(?:\?[\w/~!$&'()*+,;=:@%?.-]*)?)?$/;

function splitUrl(url: string | URL): { origin: string; path: string } {
  if (typeof url === 'string') {
    const plain = PLAIN_URL.exec(url);
    if (plain !== null) return { origin: plain[1]!, path: plain[2] ?? '/' };
  }
  const parsed = new URL(url);
  return { origin: parsed.origin, path: parsed.pathname + parsed.search };
}

function isLean({ method, body, signal, onInfo, responseHeaders, highWaterMark }: Options): boolean {
  if (signal != null || onInfo != null || responseHeaders != null || highWaterMark != null || (method as string) === 'CONNECT') return false;
  return body == null || typeof body === 'string' || body instanceof Uint8Array;
}

/** One call: what the mesh tells becomes a result as undici gives it. */
class RequestExchange implements Dispatcher.DispatchHandler {
  readonly #options: Options;
  #resolve: ((result: Result) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #context: unknown = null;
  #body: LeanBody | undefined;
  readonly #trailers: Headers = {};

  constructor(options: Options, resolve: (result: Result) => void, reject: (error: Error) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(_controller: Dispatcher.DispatchController, context: unknown): void {
    this.#context = context;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers, statusText?: string): void {
    const resolve = this.#resolve;
    // Informational responses precede the one that counts.
    if (status < 200 || resolve === undefined) return;
    this.#resolve = this.#reject = undefined;
    const { method, opaque } = this.#options;
    const body = new LeanBody({ controller, context: this.#context, method: method ?? 'GET', status, headers, statusText });
    this.#body = body;
    const trailers = this.#trailers;
    resolve({ statusCode: status, statusText, headers, trailers, opaque: opaque ?? null, body, context: this.#context } as unknown as Result);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body !== undefined) push(this.#body, chunk);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: Headers): void {
    for (const name of Object.keys(trailers)) Object.defineProperty(this.#trailers, name, { value: trailers[name], enumerable: true, configurable: true, writable: true });
    if (this.#body !== undefined) end(this.#body, trailers);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#body !== undefined) fail(this.#body, error);
    else this.#reject?.(error);
    this.#resolve = this.#reject = undefined;
  }
}
