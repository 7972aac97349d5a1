import type { Dispatcher } from 'undici';
import { BODY_TOO_LARGE, type ResponseHeaders } from '../engine/local-reply.ts';
import { refuseCall } from '../engine/refuse-call.ts';

/**
 * Counts a body that comes without a word of its length, and ends its call with 413 when it gets too long. It takes the place of the answerer, to
 * have a hand on the call.
 */
export class LimitedBody implements Dispatcher.DispatchHandler, AsyncIterable<Uint8Array> {
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #maxBytes: number;
  readonly #answer: Dispatcher.DispatchHandler;
  #controller: Dispatcher.DispatchController | undefined;
  #answered = false;

  constructor(body: AsyncIterable<Uint8Array>, maxBytes: number, answer: Dispatcher.DispatchHandler) {
    this.#body = body;
    this.#maxBytes = maxBytes;
    this.#answer = answer;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of this.#body) {
      bytes += chunk.length;
      if (bytes > this.#maxBytes) {
        if (this.#controller !== undefined) refuseCall(this.#controller, BODY_TOO_LARGE, this.#answered);
        throw new Error(BODY_TOO_LARGE.details);
      }
      yield chunk;
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#controller = controller;
    this.#answer.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestUpgrade']>>): void {
    this.#answer.onRequestUpgrade?.(...args);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders, statusText?: string): void {
    this.#answered ||= status >= 200;
    this.#answer.onResponseStart?.(controller, status, headers, statusText);
  }

  onResponseData(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseData']>>): void {
    this.#answer.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.#answer.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseError']>>): void {
    this.#answer.onResponseError?.(...args);
  }
}
