import { Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { CallerDisconnected } from './downstream.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { EndpointClosed } from './upgrade-request.ts';

/**
 * The caller's end of a connection that HTTP has left: what is written to it is the body of the request that asked for that, what is read the
 * body of its answer, as Envoy sees them too.
 */
class UpgradedStream extends Duplex {
  /** What the caller sends. */
  readonly sent: Readable;
  #controller: Dispatcher.DispatchController | undefined;
  #release: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false });
    this.sent = new Readable({ read: () => this.#wanted() });
    this.sent.on('error', () => {});
  }

  /** From now on there is somebody to tell. */
  open(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  /** The call is over: there is nobody to tell any more. */
  over(): void {
    this.#controller = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (this.sent.push(chunk)) callback();
    else this.#release = callback;
  }

  override _final(callback: () => void): void {
    this.sent.push(null);
    callback();
  }

  override _read(): void {
    this.#controller?.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#controller?.abort(error ?? new CallerDisconnected());
    this.sent.destroy();
    callback(error);
  }

  #wanted(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }
}

/** Hands the connection to a handler, once the endpoint agrees to speak something else on it. */
export class UpgradeHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #stream = new UpgradedStream();
  #upgraded = false;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  /** What the caller sends, for the request to carry. */
  get body(): Readable {
    return this.#stream.sent;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders, statusText?: string): void {
    try {
      if (status === 101) {
        this.#upgraded = true;
        this.#stream.open(controller);
        this.#handler.onRequestUpgrade?.(controller, status, headers, this.#stream);
      } else {
        this.#handler.onResponseStart?.(controller, status, headers, statusText);
      }
    } catch (error) {
      // undici's own throw at an answer that is no upgrade. That is no failure of the endpoint.
      controller.abort(error as Error);
      if (!controller.aborted) throw error;
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#upgraded) this.#handler.onResponseData?.(controller, chunk);
    else if (!this.#stream.push(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    if (this.#upgraded) this.#end();
    else this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#upgraded) this.#handler.onResponseError?.(controller, error);
    else if (error instanceof EndpointClosed) this.#end();
    else {
      this.#stream.over();
      this.#stream.destroy(error instanceof CallerDisconnected ? undefined : error);
    }
  }

  #end(): void {
    this.#stream.over();
    this.#stream.push(null);
  }
}
