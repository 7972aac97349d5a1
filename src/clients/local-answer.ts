import type { Dispatcher } from 'undici';
import { getHeader } from '../common/headers.ts';
import { deliver, finishGrpcReply, finishReply, type ResponseHeaders } from '../engine/local-reply.ts';
import { isGrpcContentType } from '../route/grpc.ts';
import type { ServedRequest } from '../serve/served-request.ts';

/** For answers that no call stands behind. */
export const NO_CONTROLLER: Dispatcher.DispatchController = { aborted: false, paused: false, reason: null, abort: () => {}, pause: () => {}, resume: () => {} };

/** Answers `request` with a status and a reason in words, in gRPC's way where it is a call of gRPC. */
export function say(request: Pick<ServedRequest<unknown>, 'headers'>, answer: Dispatcher.DispatchHandler, status: number, reason: string): void {
  const isGrpc = isGrpcContentType(getHeader(request.headers, 'content-type'));
  const reply = { status, body: Buffer.from(isGrpc ? reason : `${reason}\n`), flags: 0, details: '' };
  const headers: ResponseHeaders = {};
  (isGrpc ? finishGrpcReply : finishReply)(headers, reply);
  answer.onRequestStart?.(NO_CONTROLLER, undefined);
  deliver(answer, NO_CONTROLLER, isGrpc ? 200 : status, headers, isGrpc ? '' : reply.body);
}

/** An answer that another is made of where there is none: what a call that came to nothing tells its caller. */
export class AnswerOr implements Dispatcher.DispatchHandler {
  readonly #answer: Dispatcher.DispatchHandler;
  readonly #onFailure: (error: Error) => void;
  #hasBegun = false;

  /** @param onFailure - called in place of `onResponseError` when no answer has begun */
  constructor(answer: Dispatcher.DispatchHandler, onFailure: (error: Error) => void) {
    this.#answer = answer;
    this.#onFailure = onFailure;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#answer.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestUpgrade']>>): void {
    this.#hasBegun = true;
    this.#answer.onRequestUpgrade?.(...args);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    this.#hasBegun ||= status >= 200;
    this.#answer.onResponseStart?.(controller, status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#answer.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    this.#answer.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#hasBegun) this.#answer.onResponseError?.(controller, error);
    else this.#onFailure(error);
  }
}
