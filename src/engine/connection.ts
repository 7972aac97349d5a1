import net from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../common/clock.ts';
import { dial, type Connect, type ConnectTarget, type DialSettings, type DialWaiter } from './dial.ts';

/** Gives a Dispatcher in place of a socket (in-memory services, mocks), or `undefined` to open one. */
export type Transport = (target: ConnectTarget) => Dispatcher | undefined;

/** Who is told what becomes of a connection. */
export interface ConnectionOwner {
  onConnected(connection: Connection): void;
  onConnectFailed(connection: Connection, error: Error, timedOut: boolean): void;
  /** The other side, or an error, ended an established connection. Not called after `close()`. */
  onDisconnected(connection: Connection): void;
}

/** What undici asks a second time for: the one socket of this connection is gone, and nothing was written to it. */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}

// undici closes idle sockets by a timer of its own; the pool does that, so this one never comes first.
const NEVER_MS = 2 ** 31 - 1;

/**
 * One connection to one endpoint: a socket that this class opens, and a single-connection undici client around it.
 * Opening the socket here, not in undici, is what lets a pool hold requests back until some connection is ready,
 * as Envoy does, instead of binding each request to a connection that may never come.
 */
export class Connection implements DialWaiter {
  readonly openedAtMs: number;
  idleSinceMs = 0;
  /** Requests begun on it. */
  requests = 0;
  #dispatcher: Dispatcher | undefined;
  #socket: net.Socket | undefined;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #giveUp: (() => void) | undefined;
  readonly #target: ConnectTarget;
  readonly #owner: ConnectionOwner;

  constructor(target: ConnectTarget, settings: DialSettings, owner: ConnectionOwner, clock: Clock, connect: Connect, transport?: Transport) {
    this.#target = target;
    this.#owner = owner;
    this.openedAtMs = clock.now();
    // A pool reckons with connections that become ready, or fail, later, never inside the constructor.
    try {
      this.#dispatcher = transport?.(target);
      if (this.#dispatcher !== undefined) queueMicrotask(() => this.#opened());
      else this.#giveUp = dial(target, settings, this, clock, connect);
    } catch (error) {
      queueMicrotask(() => this.onDialFailed(error as Error, false));
    }
  }

  /** Whether a request can be given to it. */
  get usable(): boolean {
    return this.#state === 'open' && !(this.#socket?.destroyed ?? false);
  }

  get localAddress(): string | undefined {
    return this.#socket?.localAddress === undefined ? undefined : `${this.#socket.localAddress}:${this.#socket.localPort}`;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.requests++;
    this.#dispatcher!.dispatch(options, handler);
  }

  /** Ends it at once; the owner is not told. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#giveUp?.();
    if (this.#socket !== undefined) {
      this.#socket.destroy();
      (this.#dispatcher as Client | undefined)?.destroy().catch(() => {});
    }
  }

  onSocket(socket: net.Socket): void {
    this.#socket = socket;
    // A request that is cut short is told first, by undici, and gives the connection back itself.
    socket.once('close', () => queueMicrotask(() => this.#disconnected()));
    let given = false;
    const { address, port } = this.#target;
    const origin = address.startsWith('/') ? 'http://unix' : `http://${net.isIPv6(address) ? `[${address}]` : address}:${port}`;
    this.#dispatcher = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: NEVER_MS,
      keepAliveMaxTimeout: NEVER_MS,
      connect: (_options: unknown, callback: (error: Error | null, socket: net.Socket | null) => void) => {
        const mine = given || socket.destroyed ? null : socket;
        given = true;
        // undici misses a socket that it is given before its own `connect` has returned.
        queueMicrotask(() => {
          if (mine === null) callback(new StaleConnectionError('the connection was closed before the request was written'), null);
          else callback(null, mine);
        });
      },
    } as Client.Options);
    this.#opened();
  }

  #opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#owner.onConnected(this);
  }

  onDialFailed(error: Error, timedOut: boolean): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'closed';
    this.#owner.onConnectFailed(this, error, timedOut);
  }

  #disconnected(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    (this.#dispatcher as Client).destroy().catch(() => {});
    this.#owner.onDisconnected(this);
  }
}
