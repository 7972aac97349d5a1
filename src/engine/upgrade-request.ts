import { Readable, type Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { ResponseHeaders } from './local-reply.ts';

/** The endpoint ended a connection that HTTP had left, in good order. */
export class EndpointClosed extends Error {
  override readonly name = 'EndpointClosed';
  readonly code = 'ECONNRESET';

  constructor() {
    super('the endpoint closed the connection');
  }
}

/**
 * A request to go on with another protocol on its connection. Once the endpoint has agreed, the request's body is what the caller sends,
 * the answer's what the endpoint sends. Until then, and where it does not agree, it is a request without a body.
 */
export class UpgradeRequest implements Dispatcher.DispatchHandler, Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders = null;
  rawTrailers = null;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #body: AsyncIterable<unknown>;
  #socket: Duplex | undefined;
  #isOver = false;

  constructor(body: AsyncIterable<unknown>, handler: Dispatcher.DispatchHandler) {
    this.#body = body;
    this.#handler = handler;
  }

  pause(): void {
    this.paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#socket?.resume();
  }

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
    this.#fail(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders, socket: Duplex): void {
    this.#socket = socket;
    // Whoever would abort the call has this to abort from now on.
    this.#handler.onRequestStart?.(this, undefined);
    this.#tell(() => this.#handler.onResponseStart?.(this, status, headers, 'Switching Protocols'));
    if (this.#isOver) return;
    let left = false;
    const sent = Readable.from(this.#body, { objectMode: false });
    sent.on('error', (error) => this.#fail(error)).on('end', () => (left = true));
    socket
      .on('data', (chunk: Buffer) => this.#tell(() => this.#handler.onResponseData?.(this, chunk)))
      .on('error', (error) => this.#fail(error))
      .on('end', () => {
        // Whoever ends it first: to Envoy, an endpoint that does breaks it off.
        if (left) this.#end();
        else this.#fail(new EndpointClosed());
      })
      .on('close', () => {
        sent.destroy();
        this.#fail(new EndpointClosed());
      });
    sent.pipe(socket);
    if (!this.paused) socket.resume();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders, statusText?: string): void {
    this.#handler.onResponseStart?.(controller, status, headers, statusText);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }

  #end(): void {
    this.#tell(() => {
      this.#isOver = true;
      this.#handler.onResponseEnd?.(this, {});
    });
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket?.destroy();
    this.#handler.onResponseError?.(this, error);
  }

  #tell(tell: () => void): void {
    if (this.#isOver) return;
    try {
      tell();
    } catch (error) {
      this.#fail(error as Error);
    }
  }
}
