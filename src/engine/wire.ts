import type { Dispatcher } from 'undici';

/** Which version of HTTP a connection speaks. */
export type WireProtocol = 'http1' | 'http2';

/** HTTP over one open socket. */
export interface Wire {
  /** Whether a further request can begin. */
  readonly usable: boolean;
  /** Whether requests that are under way can go on. */
  readonly alive: boolean;
  /** How many requests can be under way at once. */
  readonly capacity: number;
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /** Ends it, with everything on it. */
  destroy(): void;
  /** The socket is gone. A request of which nothing was written still has a chance elsewhere, and must not be failed here. */
  lost(): void;
}

/** What a wire hands to a handler with a response. */
export interface ResponseController extends Dispatcher.DispatchController {
  /** Whether the headers said that nothing follows them, where the wire knows. */
  readonly bodiless?: boolean | undefined;
}

/** Nothing of the request was written: the connection that was to carry it is gone. */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}
