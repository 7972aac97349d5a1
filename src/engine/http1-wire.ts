import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import { StaleConnectionError, type Wire } from './wire.ts';

// undici closes idle sockets by a timer of its own; the pool does that, so this one never comes first.
const NEVER_MS = 2 ** 31 - 1;

/** A single-connection undici client around a socket that is open already. */
export class Http1Wire implements Wire {
  readonly capacity = 1;
  readonly #socket: Socket;
  readonly #client: Client;
  #given = false;

  /** @param origin - what undici takes the other side for */
  constructor(socket: Socket, origin: string) {
    this.#socket = socket;
    this.#client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: NEVER_MS,
      keepAliveMaxTimeout: NEVER_MS,
      connect: (_options: unknown, callback: (error: Error | null, socket: Socket | null) => void) => this.#give(callback),
    } as Client.Options);
  }

  get usable(): boolean {
    return !this.#socket.destroyed;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  destroy(): void {
    this.#socket.destroy();
    this.#client.destroy().catch(() => {});
  }

  /** undici asks a second time when the one socket is gone. */
  #give(callback: (error: Error | null, socket: Socket | null) => void): void {
    const mine = this.#given || this.#socket.destroyed ? null : this.#socket;
    this.#given = true;
    // undici misses a socket that it is given before its own `connect` has returned.
    queueMicrotask(() => {
      if (mine === null) callback(new StaleConnectionError('the connection was closed before the request was written'), null);
      else callback(null, mine);
    });
  }
}
