import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { errors, type Dispatcher } from 'undici';
import { afterPoll, type AfterPoll } from './after-poll.ts';
import { ordinaryRequest, type OrdinaryRequest } from './ordinary-request.ts';
import { ordinaryResponse, type OrdinaryResponse } from './ordinary-response.ts';
import { soon } from './soon.ts';
import { StaleConnectionError } from './wire.ts';

/** Gives a request, which is on the wire already, to undici, which reads its response. */
export type HandOver = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => void;

/** By which tracers hear of undici's requests: while anybody listens, undici makes them. */
const CHANNELS = ['request:create', 'client:sendHeaders', 'request:bodySent', 'request:bodyChunkSent', 'request:headers', 'request:bodyChunkReceived', 'request:trailers', 'request:error'].map((name) =>
  channel(`undici:${name}`),
);

/**
 * Ordinary requests and their ordinary responses on a socket, one at a time. This is the fast path: no streams, no parser, a few lines of text.
 * Whatever is not ordinary goes to undici, and the socket with it.
 *
 * A request is written only once the event loop has looked at the socket again: what a server sends, or that it closes, unasked, must
 * not be taken for an answer.
 */
export class OrdinaryWire implements AfterPoll {
  readonly #socket: Socket;
  readonly #handOver: HandOver;
  #exchange: Exchange | undefined;
  #listening = false;
  /** Whether it will be told when the event loop has looked. */
  #awaitsPoll = false;
  #heldOpen = true;
  #error: Error | undefined;
  #keepAliveMs = 0;
  #reading = false;
  /** Whether it was seen open after a response: until then nobody knows whether the server keeps it. */
  #kept = false;

  /** @param handOver - called with the socket as if its response were still to come */
  constructor(socket: Socket, handOver: HandOver) {
    this.#socket = socket;
    this.#handOver = handOver;
  }

  /** @returns whether it took the request. */
  tryDispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    for (const one of CHANNELS) if (one.hasSubscribers) return false;
    const request = ordinaryRequest(options);
    if (request === undefined) return false;
    const exchange = new Exchange(this.#socket, this, options, handler, request);
    this.#exchange = exchange;
    const isNew = !this.#listening && !this.#socket.destroyed;
    this.#listen();
    if (isNew) exchange.start();
    else this.#awaitPoll();
    return true;
  }

  /** Leaves the socket to others. */
  leave(): void {
    if (!this.#listening) return;
    this.#listening = false;
    this.#hold(true);
    this.#socket.off('readable', this.#onReadable).off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose);
    if (this.#keepAliveMs > 0) this.#keepFor(0);
  }

  onPolled(): void {
    this.#awaitsPoll = false;
    if (!this.#listening) return;
    const exchange = this.#exchange;
    if (exchange === undefined) this.#hold(this.#socket.destroyed);
    else if (exchange.started) return;
    else if (this.#kept) this.#start(exchange);
    else {
      // Its first response was read in this very turn: that the server hung up after it, without a word, is seen in the next.
      this.#kept = true;
      this.#awaitPoll();
    }
  }

  #start(exchange: Exchange): void {
    if (this.#socket.destroyed) {
      this.#exchange = undefined;
      exchange.fail(new StaleConnectionError('the connection was closed before the request was written'));
      return;
    }
    this.#hold(true);
    exchange.start();
  }

  /** The response is all there. */
  finished({ keepAliveMs }: OrdinaryResponse): void {
    this.#exchange = undefined;
    if (keepAliveMs !== this.#keepAliveMs) this.#keepFor(keepAliveMs);
    this.#awaitPoll();
  }

  /** The exchange was broken off. */
  aborted(): void {
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  /** The response, which begins with `bytes`, is not ordinary. */
  hand({ options, handler }: Exchange, bytes: Buffer): void {
    this.#exchange = undefined;
    this.leave();
    rewind(this.#socket, bytes);
    this.#handOver(options, handler);
  }

  /** Reads what is there, as far as anybody wants it. */
  read(): void {
    // Who reads on from within a callback gets the rest after it.
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#listening && this.#readOne());
    } finally {
      this.#reading = false;
    }
  }

  /** @returns whether there may be more. */
  #readOne(): boolean {
    const exchange = this.#exchange;
    if (exchange?.paused === true) return false;
    if (exchange?.complete === true) {
      exchange.end();
      return true;
    }
    const bytes = this.#socket.read() as Buffer | null;
    if (bytes === null) return false;
    if (exchange?.started === true) {
      exchange.take(bytes);
      return true;
    }
    // Nobody asked for it: not for a line end either, over which undici would pass. Envoy closes the connection for that too.
    this.#socket.destroy();
    return false;
  }

  #awaitPoll(): void {
    if (this.#awaitsPoll) return;
    this.#awaitsPoll = true;
    afterPoll(this);
  }

  /** An idle connection does not keep the process alive. */
  #hold(open: boolean): void {
    if (this.#heldOpen === open) return;
    this.#heldOpen = open;
    if (open) this.#socket.ref?.();
    else this.#socket.unref?.();
  }

  /** @param idleMs - 0: for as long as the pool likes */
  #keepFor(idleMs: number): void {
    if (this.#keepAliveMs === 0) this.#socket.on('timeout', this.#onTimeout);
    if (idleMs === 0) this.#socket.off('timeout', this.#onTimeout);
    this.#keepAliveMs = idleMs;
    this.#socket.setTimeout(idleMs);
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#socket.on('readable', this.#onReadable).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose);
  }

  readonly #onReadable = (): void => this.read();

  readonly #onTimeout = (): void => {
    if (this.#exchange === undefined) this.#socket.destroy();
  };

  readonly #onEnd = (): void => {
    this.#error ??= new errors.SocketError('other side closed', infoOf(this.#socket));
    this.#socket.destroy();
  };

  readonly #onError = (error: Error): void => {
    this.#error = error;
  };

  readonly #onClose = (): void => {
    const exchange = this.#exchange;
    // One that was not begun is told so when its turn comes.
    if (exchange?.started !== true) return;
    this.#exchange = undefined;
    exchange.fail(this.#error ?? new errors.SocketError('closed', infoOf(this.#socket)));
  };
}

/** One request and its response. */
class Exchange implements Dispatcher.DispatchController {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
  started = false;
  paused = false;
  aborted = false;
  reason: Error | null = null;
  rawHeaders = null;
  rawTrailers = null;
  readonly #socket: Socket;
  readonly #wire: OrdinaryWire;
  readonly #request: OrdinaryRequest;
  #response: OrdinaryResponse | undefined;
  /** Bytes of the body that are still to come. */
  #left = 0;
  #over = false;

  constructor(socket: Socket, wire: OrdinaryWire, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, request: OrdinaryRequest) {
    this.#socket = socket;
    this.#wire = wire;
    this.options = options;
    this.handler = handler;
    this.#request = request;
  }

  start(): void {
    this.started = true;
    try {
      this.handler.onRequestStart?.(this, null);
      if (this.#over) return;
      const { head, body } = this.#request;
      if (body === undefined) {
        this.#socket.write(head, 'latin1');
      } else {
        this.#socket.cork();
        this.#socket.write(head, 'latin1');
        this.#socket.write(body);
        this.#socket.uncork();
      }
    } catch (error) {
      this.abort(error as Error);
    }
  }

  /** Takes bytes of the response. */
  take(bytes: Buffer): void {
    try {
      if (this.#response === undefined) this.#begin(bytes);
      else this.#takeBody(bytes, 0);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #begin(bytes: Buffer): void {
    const response = ordinaryResponse(bytes);
    if (response === undefined) {
      this.#wire.hand(this, bytes);
      this.#over = true;
      return;
    }
    this.#response = response;
    this.#left = response.length;
    this.handler.onResponseStart?.(this, response.status, response.headers, response.statusText);
    if (!this.#over) this.#takeBody(bytes, response.bodyAt);
  }

  #takeBody(bytes: Buffer, from: number): void {
    // What is not taken now comes again when somebody reads on.
    const to = this.paused ? from : Math.min(bytes.length, from + this.#left);
    if (to > from) {
      this.#left -= to - from;
      this.handler.onResponseData?.(this, to - from === bytes.length ? bytes : bytes.subarray(from, to));
    }
    if (to < bytes.length && !this.#over) this.#socket.unshift(bytes.subarray(to));
  }

  /** Whether the response is all there. */
  get complete(): boolean {
    return this.#response !== undefined && this.#left === 0;
  }

  end(): void {
    this.#over = true;
    this.#wire.finished(this.#response!);
    try {
      this.handler.onResponseEnd?.(this, {});
    } catch (error) {
      this.handler.onResponseError?.(this, error as Error);
    }
  }

  /** The connection is lost. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.handler.onResponseError?.(this, error);
  }

  abort(reason: Error): void {
    if (this.#over) return;
    this.aborted = true;
    this.reason = reason;
    this.#wire.aborted();
    this.fail(reason ?? new errors.RequestAbortedError());
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (!this.#over) this.#wire.read();
  }
}

/**
 * Puts `bytes` back, for whoever reads next. The request is written already: that reader writes it once more, into the void, and does not
 * read before it has.
 */
function rewind(socket: Socket, bytes: Buffer): void {
  socket.unshift(bytes);
  const own = socket as unknown as Record<string, unknown>;
  own['read'] = () => null;
  own['write'] = () => {
    delete own['read'];
    // Whatever it writes of this request it writes in one go.
    soon(() => void delete own['write']);
    return true;
  };
}

function infoOf(socket: Socket): object {
  const { localAddress, localPort, remoteAddress, remotePort, remoteFamily, timeout, bytesWritten, bytesRead } = socket;
  return { localAddress, localPort, remoteAddress, remotePort, remoteFamily, timeout, bytesWritten, bytesRead };
}
