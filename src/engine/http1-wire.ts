import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../common/clock.ts';
import { ExpectantRequest, isExpectant } from './expectant-request.ts';
import { OrdinaryWire } from './ordinary-wire.ts';
import { soon } from './soon.ts';
import { UpgradeRequest } from './upgrade-request.ts';
import { StaleConnectionError, type Wire } from './wire.ts';

// undici closes idle sockets by a timer of its own; the pool does that, so this one never comes first.
const NEVER_MS = 2 ** 31 - 1;

/** The socket is open already, so that the name is of no use; but undici makes one out of every Host that comes without. */
const NO_SERVERNAME = '-';

/** undici asks for origin and protocol at each request, and a URL makes a new string for each answer. */
function settledUrl(origin: string): URL {
  const url = new URL(origin);
  return Object.defineProperties(url, { origin: { value: url.origin }, protocol: { value: url.protocol } });
}

/**
 * A socket that is open already, and whoever speaks HTTP/1.1 on it: this project's own few lines as long as requests and responses are
 * ordinary; from the first that is not, a single-connection undici client. A request with `Expect: 100-continue`, or a path without a slash
 * before it, takes the socket for itself before undici has it, and no other follows.
 */
export class Http1Wire implements Wire {
  readonly capacity = 1;
  readonly #socket: Socket;
  readonly #origin: string;
  #client: Client | undefined;
  readonly #clock: Clock;
  readonly #ordinary: OrdinaryWire;
  /** Who has the socket. */
  #user: 'nobody' | 'ordinary' | 'undici' | 'expectant' = 'nobody';
  /** Whether no further request can follow. */
  #isLast = false;

  /** @param origin - what undici takes the other side for */
  constructor(socket: Socket, origin: string, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#ordinary = new OrdinaryWire(socket, (options, handler) => this.#toUndici(options, handler));
    this.#origin = origin;
  }

  get alive(): boolean {
    return !this.#socket.destroyed;
  }

  get usable(): boolean {
    return !this.#socket.destroyed && !this.#isLast;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const mayBeOrdinary = this.#user === 'nobody' || this.#user === 'ordinary';
    if (mayBeOrdinary && this.#ordinary.tryDispatch(options, handler)) {
      this.#user = 'ordinary';
    } else if (typeof options.upgrade === 'string') {
      this.#isLast = true;
      const { body, ...rest } = options;
      this.#toUndici({ ...rest, body: null }, new UpgradeRequest(body as never, handler));
    } else if (!isExpectant(options.headers as readonly string[]) && options.path.startsWith('/')) {
      this.#toUndici(options, handler);
    } else if (this.#user === 'nobody') {
      this.#user = 'expectant';
      this.#isLast = true;
      new ExpectantRequest(this.#socket, options, handler, this.#clock);
    } else {
      handler.onResponseError?.(undefined as never, new StaleConnectionError('others have used this connection'));
    }
  }

  #toUndici({ method, path, headers, body, upgrade }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    if (this.#user === 'ordinary') {
      this.#ordinary.leave();
      this.#user = 'nobody';
    }
    // undici closes a connection after HEAD, for the sake of servers that answer with a body nevertheless; Envoy does not.
    const reset = method === 'HEAD' ? false : null;
    this.#client ??= this.#createClient();
    this.#client.dispatch({ method, path, headers: headers!, body: body!, upgrade, servername: NO_SERVERNAME, reset } as Dispatcher.DispatchOptions, handler);
  }

  #createClient(): Client {
    return new Client(settledUrl(this.#origin), {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: NEVER_MS,
      keepAliveMaxTimeout: NEVER_MS,
      connect: (_options: unknown, callback: (error: Error | null, socket: Socket | null) => void) => this.#give(callback),
    } as Client.Options);
  }

  destroy(): void {
    this.#socket.destroy();
    this.#client?.destroy().catch(() => {});
  }

  /** A request that still waits in undici makes it ask for another socket. */
  lost(): void {}

  /** undici asks a second time when the one socket is gone. */
  #give(callback: (error: Error | null, socket: Socket | null) => void): void {
    const mine = this.#user !== 'nobody' || this.#socket.destroyed ? null : this.#socket;
    this.#user = 'undici';
    // undici misses a socket that it is given before its own `connect` has returned.
    soon(() => {
      if (mine === null) callback(new StaleConnectionError('the connection was closed before the request was written'), null);
      else callback(null, mine);
    });
  }
}
