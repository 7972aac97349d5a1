import { Dispatcher } from 'undici';

/** A connection to where nothing may go: every call on it ends with one error. */
export class RefusingDispatcher extends Dispatcher {
  readonly #error: Error;

  constructor(error: Error) {
    super();
    this.#error = error;
  }

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = { aborted: true, paused: false, reason: this.#error, abort: () => {}, pause: () => {}, resume: () => {} };
    queueMicrotask(() => handler.onResponseError?.(controller, this.#error));
    return true;
  }
}
