import type { Dispatcher } from 'undici';
import { isAnswer, type CallKind } from '../answer.ts';
import type { Call } from './contestant.ts';

/** A call by `dispatch`, the lowest door there is, with the least that a handler can do to read an answer. */
export function dispatchCall(dispatcher: Dispatcher, url: string, kind: CallKind): Call {
  const { origin, pathname: path } = new URL(url);
  const options: Dispatcher.DispatchOptions = { origin, path, method: 'GET' };
  return () => new Promise((resolve, reject) => dispatcher.dispatch(options, new Collector(kind, resolve, reject)));
}

class Collector implements Dispatcher.DispatchHandler {
  readonly #kind: CallKind;
  readonly #resolve: (right: boolean) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #type: unknown;

  constructor(kind: CallKind, resolve: (right: boolean) => void, reject: (error: Error) => void) {
    this.#kind = kind;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number, headers: Record<string, unknown>): void {
    this.#status = status;
    this.#type = headers['content-type'];
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#resolve(isAnswer(this.#kind, this.#status, this.#type, Buffer.concat(this.#chunks).toString().length));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#reject(error);
  }
}
