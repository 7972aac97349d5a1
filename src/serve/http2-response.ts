import { constants, type Http2Session, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { CallerDisconnected } from '../engine/downstream.ts';
import type { ResponseHeaders } from '../engine/local-reply.ts';
import type { ResponseController } from '../engine/wire.ts';
import { Stall } from './stall.ts';

/** What HTTP/1.1 says about its connection. Source: RFC 9113 §8.2.2. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te'];

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

/** Writes an answer to a caller on a stream, no faster than the caller reads. */
export class Http2Response implements Dispatcher.DispatchHandler {
  readonly #stream: ServerHttp2Stream;
  /** A stream that is closed has none any more. */
  readonly #session: Http2Session | undefined;
  readonly #stall: Stall;
  #controller: Dispatcher.DispatchController | undefined;
  /** Known, but not sent yet: whether the answer ends with it is told in the same breath, if at all. */
  #head: OutgoingHttpHeaders | undefined;
  #trailers: IncomingHttpHeaders = {};
  #over = false;

  /** @param stallMs - see `ServeLimits` */
  constructor(stream: ServerHttp2Stream, stallMs = 0) {
    this.#stream = stream;
    this.#stall = new Stall(stallMs, () => stream.close(NGHTTP2_CANCEL));
    this.#session = stream.session;
    stream
      .on('drain', () => {
        this.#stall.end();
        this.#controller?.resume();
      })
      .on('error', () => {})
      .on('wantTrailers', () => this.#end())
      .once('close', () => {
        this.#stall.end();
        this.#left();
      });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stream.closed) this.#left();
  }

  onResponseStart(controller: ResponseController, status: number, headers: ResponseHeaders): void {
    const head: OutgoingHttpHeaders = { ...headers, ':status': status };
    for (const name of OF_THE_CONNECTION) delete head[name];
    if (status < 200) {
      this.#try(() => this.#stream.additionalHeaders(head));
      return;
    }
    this.#head = head;
    if (controller.bodiless === true) this.#sendHead(true);
    else queueMicrotask(() => this.#sendHead(false));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#sendHead(false);
    if (this.#stream.write(chunk)) return;
    this.#stall.begin();
    controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#over = true;
    this.#trailers = trailers;
    // gRPC takes a status among the headers for the last word only if they are the last.
    this.#sendHead(Object.keys(trailers).length === 0);
    if (!this.#stream.writableEnded) this.#stream.end();
    if (!this.#stream.destroyed) this.#stall.begin();
  }

  onResponseError(): void {
    this.#over = true;
    // What has begun can only be broken off; what has not is a request that can't be sent on.
    if (this.#stream.headersSent || this.#head !== undefined) this.#stream.close(NGHTTP2_INTERNAL_ERROR);
    else this.#try(() => this.#stream.respond({ ':status': 400 }, { endStream: true }));
  }

  #sendHead(endStream: boolean): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    this.#try(() => this.#stream.respond(head, { endStream, waitForTrailers: !endStream }));
    if (endStream) this.#stopRequest();
  }

  #end(): void {
    // None at all are an empty frame that ends the stream.
    this.#try(() => this.#stream.sendTrailers(this.#trailers));
    this.#stopRequest();
  }

  /** The answer is whole: what the caller still sends is of no use. Source: RFC 9113 §8.1. */
  #stopRequest(): void {
    const stream = this.#stream;
    if (!stream.readableEnded && !stream.endAfterHeaders) setImmediate(() => stream.close(NGHTTP2_NO_ERROR));
  }

  #left(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.abort(this.#session?.destroyed !== false ? new CallerDisconnected() : new Error('the caller reset the stream'));
  }

  /** An endpoint may say what can't be said to others; a caller may be gone. */
  #try(act: () => void): void {
    if (this.#stream.closed || this.#stream.destroyed) return;
    try {
      act();
    } catch {
      this.#stream.close(NGHTTP2_INTERNAL_ERROR);
    }
  }
}
