import type { Dispatcher } from 'undici';
import { RequestWalk } from '../engine/request-walk.ts';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** Who is told of a call's beginning and end. */
export interface CallWatcher {
  /** It walks through the mesh: nothing is decided yet. */
  onWalk(walk: RequestWalk): void;
  /** It is over, however it went. */
  onOver(walk: RequestWalk | undefined): void;
}

/** Passes everything on to the caller's handler, and tells a watcher. */
export class WatchedCall implements Handler {
  readonly #handler: Handler;
  readonly #watcher: CallWatcher;
  readonly #touch: () => void;
  #walk: RequestWalk | undefined;

  constructor(handler: Handler, watcher: CallWatcher, touch: () => void) {
    this.#handler = handler;
    this.#watcher = watcher;
    this.#touch = touch;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    if (controller instanceof RequestWalk) {
      this.#walk = controller;
      this.#watcher.onWalk(controller);
    }
    this.#handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(...args: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    this.#watcher.onOver(this.#walk);
    this.#handler.onRequestUpgrade?.(...args);
  }

  onResponseStart(...args: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    this.#touch();
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<NonNullable<Handler['onResponseData']>>): void {
    this.#touch();
    this.#handler.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<Handler['onResponseEnd']>>): void {
    this.#watcher.onOver(this.#walk);
    this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<NonNullable<Handler['onResponseError']>>): void {
    this.#watcher.onOver(this.#walk);
    this.#handler.onResponseError?.(...args);
  }
}
