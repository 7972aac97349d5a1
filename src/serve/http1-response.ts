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
    const own = { ...headers };
    for (const name of OF_THE_CONNECTION) delete own[name];
    if (!this.#mayKeepAlive()) own['connection'] = 'close';
    try {
      response.writeHead(status, own);
    } catch {
      // A header of an endpoint that can't be written to others.
      response.destroy();
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    this.#stall.begin();
    controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    // Only chunks have a place for them.
    if (Object.keys(trailers).length > 0 && this.#response.chunkedEncoding) this.#response.addTrailers(trailers as OutgoingHttpHeaders);
    this.#response.end();
    if (!this.#response.writableFinished) this.#stall.begin();
  }

  onResponseError(): void {
    // What has begun can only be broken off; what has not is a request that can't be sent on.
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(400, { connection: 'close', 'content-length': 0 }).end();
  }
}
