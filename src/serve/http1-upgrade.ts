import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { CallerDisconnected } from '../engine/downstream.ts';
import type { ResponseHeaders } from '../engine/local-reply.ts';
import { Http1Response } from './http1-response.ts';

/** What stands in no answer that has no body. */
const OF_A_BODY = new Set(['content-length', 'transfer-encoding', 'keep-alive', 'proxy-connection']);

/** Answers a request to go on with another protocol: the caller's connection becomes the endpoint's, or the answer is its last. */
export class Http1Upgrade implements Dispatcher.DispatchHandler {
  readonly #caller: Duplex;
  readonly #response: ServerResponse;
  readonly #ordinary: Http1Response;

  constructor(message: IncomingMessage, caller: Duplex) {
    this.#caller = caller;
    this.#response = new ServerResponse(message);
    this.#response.assignSocket(caller as Socket);
    this.#response.shouldKeepAlive = false;
    this.#response.once('finish', () => close(caller));
    this.#ordinary = new Http1Response(this.#response, () => false);
    caller.on('readable', this.#watch).on('end', this.#leave);
  }

  /** Nobody reads yet, which a caller that leaves could do unnoticed. */
  readonly #watch = (): void => {
    if (this.#caller.readableLength === 0) this.#caller.read(0);
  };
  readonly #leave = (): void => void this.#caller.destroy();

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#ordinary.onRequestStart(controller);
  }

  onRequestUpgrade(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders, endpoint: Duplex): void {
    const caller = this.#caller;
    caller.off('readable', this.#watch).off('end', this.#leave);
    this.#response.detachSocket(caller as Socket);
    caller.write(headOf(status, headers));
    endpoint.on('error', () => caller.destroy()).on('end', () => close(caller)).on('close', () => close(caller));
    caller.on('close', () => endpoint.destroy()).on('error', () => endpoint.destroy(new CallerDisconnected()));
    caller.pipe(endpoint).pipe(caller);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    this.#ordinary.onResponseStart(controller, status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#ordinary.onResponseData(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    this.#ordinary.onResponseEnd(controller, trailers);
  }

  onResponseError(): void {
    this.#ordinary.onResponseError();
  }
}

/** When everything is written. */
function close(socket: Duplex): void {
  socket.end(() => socket.destroy());
}

function headOf(status: number, headers: ResponseHeaders): string {
  const lines = [`HTTP/1.1 ${status} Switching Protocols`];
  for (const [name, value] of Object.entries(headers)) {
    if (OF_A_BODY.has(name)) continue;
    for (const one of [value].flat()) lines.push(`${name}: ${one}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
