import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { watchResponse } from './abandoned.ts';
import { networkError, terminated } from './fetch-errors.ts';
import { Handover } from './handover.ts';
import { IncomingBody } from './incoming-body.ts';
import type { LeanCall } from './lean-call.ts';
import { LeanResponse, type ResponseParts } from './lean-response.ts';

type Controller = Dispatcher.DispatchController;

/** Lets the native fetch go on with a call whose response needs more than the lean lane knows. */
export type HandOver = (call: LeanCall, handover: Handover) => Promise<Response>;

/**
 * One call of the lean lane: the handler that `dispatch` gets, and what the Response reads from.
 *
 * The connection holds the exchange, and the Response holds it too; it holds neither stream nor Response, so that an
 * abandoned Response can be collected (see IncomingBody).
 */
export class Exchange implements Dispatcher.DispatchHandler, ResponseParts {
  readonly call: LeanCall;
  status = 0;
  statusText = '';
  headers: IncomingHttpHeaders = NO_HEADERS;
  body: IncomingBody | null = null;
  context: unknown;
  #controller: Controller | undefined;
  #handover: Handover | undefined;
  #resolve: ((response: Response | Promise<Response>) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  readonly #handOver: HandOver;

  constructor(
    call: LeanCall,
    handOver: HandOver,
    resolve: (response: Response | Promise<Response>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.call = call;
    this.#handOver = handOver;
    this.#resolve = resolve;
    this.#reject = reject;
    call.signal?.addEventListener('abort', this, { once: true });
  }

  get url(): string {
    const { host, path } = this.call.target;
    return host.origin + path;
  }

  /** The signal fired. */
  handleEvent(): void {
    const reason: unknown = this.call.signal!.reason;
    if (this.#reject !== undefined) this.#settle(this.#reject, reason);
    this.body?.fail(reason);
    // Not started yet: onRequestStart will see that the call is over.
    this.#controller?.abort(reason as Error);
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    this.context = context;
    if (this.#reject === undefined) controller.abort(this.call.signal?.reason as Error);
  }

  onResponseStart(controller: Controller, status: number, headers: IncomingHttpHeaders, statusText = ''): void {
    // Informational responses (100, 103) precede the one that counts.
    if (status < 200 || this.#resolve === undefined) return;
    const { call } = this;
    if (needsNative(call, status, headers)) {
      this.#handover = new Handover(controller, this.context, status, headers, statusText);
      this.#settle(this.#resolve, this.#handOver(call, this.#handover));
      return;
    }
    this.status = status;
    this.headers = headers;
    this.statusText = statusText;
    const resolve = this.#resolve;
    const response = new LeanResponse(this) as unknown as Response;
    if (call.options.method === 'HEAD' || isNullBody(status)) {
      this.#settle(resolve, response);
      return;
    }
    this.#resolve = this.#reject = undefined;
    const { signal } = call;
    this.body = new IncomingBody(controller, signal === null ? undefined : () => this.#unlisten());
    resolve(response);
    watchResponse(response, this.body, signal !== null);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handover !== undefined) this.#handover.onResponseData(controller, chunk);
    else this.body?.push(chunk);
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#controller = undefined;
    if (this.#handover !== undefined) this.#handover.onResponseEnd(controller, trailers);
    else this.body?.end();
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#controller = undefined;
    if (this.#handover !== undefined) this.#handover.onResponseError(controller, error);
    else if (this.#resolve !== undefined) this.#settle(this.#resolve, networkError(error));
    else this.body?.fail(terminated(error));
  }

  /** Settles the call when nothing of the exchange is left to abort. */
  #settle<T>(settle: (value: T) => void, value: T): void {
    this.#resolve = this.#reject = undefined;
    this.#unlisten();
    settle(value);
  }

  #unlisten(): void {
    this.call.signal?.removeEventListener('abort', this);
  }
}

const NO_HEADERS: IncomingHttpHeaders = Object.freeze({});

// Source: fetch, "null body status".
function isNullBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

// Redirects are followed, codings are decoded, and 407 and 421 are treated by the native fetch, as it does them itself.
function needsNative({ manualRedirect }: LeanCall, status: number, headers: IncomingHttpHeaders): boolean {
  if (headers['content-encoding'] !== undefined || status === 407 || status === 421) return true;
  return !manualRedirect && status >= 301 && status <= 308 && (status <= 303 || status >= 307);
}
