import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

type Controller = Dispatcher.DispatchController;
type Handler = Dispatcher.DispatchHandler;

/** The handlers of undici before 8, as the native fetch of Node 22 and 24 brings them. */
interface LegacyHandler {
  onConnect(abort: (reason: Error) => void, context: unknown): void;
  onHeaders(status: number, headers: Buffer[], resume: () => void, statusText: string): unknown;
  onData(chunk: Buffer): unknown;
  onComplete(trailers: Buffer[]): void;
  onError(error: Error): void;
  onBodySent?(chunk: Buffer): void;
  onRequestSent?(): void;
  onResponseStarted?(): void;
}

/** Gives a handler of either generation the interface of undici 8; `onContext` is told the context of the call. */
export function relayTo(handler: Handler | LegacyHandler, onContext: (context: unknown) => void): Handler {
  return 'onConnect' in handler && !('onRequestStart' in handler)
    ? relayToLegacy(handler as LegacyHandler, onContext)
    : relayToModern(handler as Handler, onContext);
}

function relayToModern(handler: Handler, onContext: (context: unknown) => void): Handler {
  const known = new Map<Controller, Controller>();
  const theirs = (controller: Controller): Controller => known.get(controller) ?? controller;
  return {
    onRequestStart: (controller, context) => {
      onContext(context);
      const seen = new RelayController(controller);
      known.set(controller, seen);
      handler.onRequestStart?.(seen, context);
    },
    onResponseStart: (controller, status, headers, statusText) => {
      if (status < 200) return;
      const seen = theirs(controller);
      if (seen instanceof RelayController) seen.rawHeaders = rawHeadersOf(headers);
      handler.onResponseStart?.(seen, status, headers, statusText);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(theirs(controller), chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(theirs(controller), trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(theirs(controller), error),
    onBodySent: (chunk) => handler.onBodySent?.(chunk),
    onRequestSent: () => handler.onRequestSent?.(),
    onResponseStarted: () => handler.onResponseStarted?.(),
  };
}

function relayToLegacy(handler: LegacyHandler, onContext: (context: unknown) => void): Handler {
  return {
    onRequestStart: (controller, context) => {
      onContext(context);
      handler.onConnect((reason) => controller.abort(reason), context);
    },
    onResponseStart: (controller, status, headers, statusText = '') => {
      // The old fetch answers informational responses with "pause", which the new interface would take literally.
      if (status < 200) return;
      const resume = (): void => controller.resume();
      if (handler.onHeaders(status, rawHeadersOf(headers), resume, statusText) === false) controller.pause();
    },
    onResponseData: (controller, chunk) => {
      if (handler.onData(chunk) === false) controller.pause();
    },
    onResponseEnd: (_controller, trailers) => handler.onComplete(rawHeadersOf(trailers)),
    onResponseError: (_controller, error) => handler.onError(error),
    onBodySent: (chunk) => handler.onBodySent?.(chunk),
    onRequestSent: () => handler.onRequestSent?.(),
    onResponseStarted: () => handler.onResponseStarted?.(),
  };
}

/**
 * A controller whose raw headers are those that were handed on. The native fetch reads the raw ones, and a dispatcher
 * that changes headers on the way (as the mesh does) can only change the parsed ones.
 */
class RelayController implements Controller {
  rawHeaders: Buffer[] | null = null;
  readonly #inner: Controller;

  constructor(inner: Controller) {
    this.#inner = inner;
  }

  get aborted(): boolean {
    return this.#inner.aborted;
  }

  get paused(): boolean {
    return this.#inner.paused;
  }

  get reason(): Error | null {
    return this.#inner.reason;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  abort(reason: Error): void {
    this.#inner.abort(reason);
  }
}

function rawHeadersOf(headers: IncomingHttpHeaders | undefined): Buffer[] {
  const raw: Buffer[] = [];
  for (const [name, value] of Object.entries(headers ?? {})) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) {
      raw.push(Buffer.from(name, 'latin1'), Buffer.from(one, 'latin1'));
    }
  }
  return raw;
}
