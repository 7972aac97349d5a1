import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { ResponseHeaders } from '../engine/local-reply.ts';
import { Stall } from './stall.ts';

/** What belongs to one connection, not to the answer. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te'];

/** Writes an answer to a caller on a connection, no faster than the caller reads. */
export class Http1Response implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #mayKeepAlive: () => boolean;
  readonly #stall: Stall;
  #controller: Dispatcher.DispatchController | undefined;
  /** Known, but not sent yet: whether the answer ends with it is told in the same breath, if at all. */
  #head: { readonly status: number; readonly headers: OutgoingHttpHeaders } | undefined;

  /**
   * @param mayKeepAlive - whether another request may follow on the connection, asked when the answer begins
   * @param stallMs - see `ServeLimits`
   */
  constructor(response: ServerResponse, mayKeepAlive: () => boolean, stallMs = 0) {
    this.#response = response;
    this.#mayKeepAlive = mayKeepAlive;
    this.#stall = new Stall(stallMs, () => response.destroy());
    response.on('drain', () => {
      this.#stall.end();
      this.#controller?.resume();
    });
    response.on('error', () => {});
    response.on('close', () => {
      this.#stall.end();
      if (!response.writableEnded) this.#controller?.abort(new Error('the caller left'));
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It may have left while the request was still looked at.
    if (this.#response.destroyed) controller.abort(new Error('the caller left'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    const response = this.#response;
    if (status === 100) response.writeContinue();
    else if (status === 103 && headers['link'] !== undefined) response.writeEarlyHints({ ...headers, link: headers['link'] });
    if (status < 200) return;
    const own: OutgoingHttpHeaders = { ...headers };
    for (const name of OF_THE_CONNECTION) delete own[name];
    if (!this.#mayKeepAlive()) own['connection'] = 'close';
    this.#head = { status, headers: own };
    // A body may be long in coming: whoever waits for events waits for the head first.
    queueMicrotask(() => {
      if (this.#head === undefined) return;
      this.#writeHead();
      if (!response.destroyed) response.flushHeaders();
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#writeHead();
    if (this.#response.write(chunk)) return;
    this.#stall.begin();
    controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    const isEnd = Object.keys(trailers).length === 0;
    this.#writeHead(isEnd);
    // Only chunks have a place for them.
    if (!isEnd && this.#response.chunkedEncoding) this.#response.addTrailers(trailers as OutgoingHttpHeaders);
    this.#response.end();
    if (!this.#response.writableFinished) this.#stall.begin();
  }

  onResponseError(): void {
    // What has begun can only be broken off; what has not is a request that can't be sent on.
    if (this.#response.headersSent || this.#head !== undefined) this.#response.destroy();
    else this.#response.writeHead(400, { connection: 'close', 'content-length': 0 }).end();
  }

  /** @param isAll - whether nothing follows: then it says so, as Envoy's does. Source: Envoy `StreamEncoderImpl::encodeHeadersBase` */
  #writeHead(isAll = false): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    const { status, headers } = head;
    // A head that answers HEAD, or is a 304, tells of a body that it does not bring.
    if (isAll && this.#response.req.method !== 'HEAD' && status !== 204 && status !== 304) headers['content-length'] ??= 0;
    try {
      this.#response.writeHead(status, headers);
    } catch {
      // A header of an endpoint that can't be written to others.
      this.#response.destroy();
    }
  }
}
