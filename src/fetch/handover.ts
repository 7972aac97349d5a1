import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { READ_AHEAD } from './incoming-body.ts';

type Controller = Dispatcher.DispatchController;
type Handler = Dispatcher.DispatchHandler;

/**
 * A response that has begun, on its way to another handler: keeps what comes until that handler is attached, and plays
 * it then as if the request had just been made.
 */
export class Handover {
  readonly #controller: Controller;
  readonly #context: unknown;
  readonly #status: number;
  readonly #headers: IncomingHttpHeaders;
  readonly #statusText: string;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #heldBack = false;
  /** How the response ended before the handler came. */
  #ending: ((handler: Handler) => void) | undefined;
  #handler: Handler | undefined;

  constructor(controller: Controller, context: unknown, status: number, headers: IncomingHttpHeaders, statusText: string) {
    this.#controller = controller;
    this.#context = context;
    this.#status = status;
    this.#headers = headers;
    this.#statusText = statusText;
  }

  attach(handler: Handler): void {
    const controller = this.#controller;
    this.#handler = handler;
    handler.onRequestStart?.(controller, this.#context);
    if (controller.aborted) return;
    handler.onResponseStart?.(controller, this.#status, this.#headers, this.#statusText);
    for (const chunk of this.#chunks) handler.onResponseData?.(controller, chunk);
    this.#chunks.length = 0;
    this.#ending?.(handler);
    if (this.#heldBack && this.#ending === undefined) controller.resume();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handler !== undefined) {
      this.#handler.onResponseData?.(controller, chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < READ_AHEAD) return;
    this.#heldBack = true;
    controller.pause();
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#finish((handler) => handler.onResponseEnd?.(controller, trailers));
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#finish((handler) => handler.onResponseError?.(controller, error));
  }

  #finish(ending: (handler: Handler) => void): void {
    if (this.#handler !== undefined) ending(this.#handler);
    else this.#ending = ending;
  }
}
