import net from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock, TimerHandle } from '../common/clock.ts';

/** Where a connection goes. */
export interface ConnectTarget {
  /** IP address, host name, or path of a Unix socket. */
  readonly address: string;
  readonly port: number;
  /** The cluster that asks. */
  readonly cluster: string;
}

/**
 * Opens a socket; calls back once, with an error or with a connected socket. Default: `net.connect`.
 *
 * @returns perhaps a function that gives up: it is called when nobody waits any more, after the connect timeout for one
 */
export type Connect = (target: ConnectTarget, callback: (error: Error | null, socket?: net.Socket) => void) => (() => void) | void;

/** Gives a Dispatcher in place of a socket (in-memory services, mocks), or `undefined` to open one. */
export type Transport = (target: ConnectTarget) => Dispatcher | undefined;

/** Who is told what becomes of a connection. */
export interface ConnectionOwner {
  onConnected(connection: Connection): void;
  onConnectFailed(connection: Connection, error: Error, timedOut: boolean): void;
  /** The other side, or an error, ended an established connection. Not called after `close()`. */
  onDisconnected(connection: Connection): void;
}

export interface ConnectionSettings {
  readonly connectTimeoutMs: number;
  readonly keepAliveDelayMs: number | undefined;
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
export class Connection {
  readonly openedAtMs: number;
  idleSinceMs = 0;
  /** Requests begun on it. */
  requests = 0;
  #dispatcher: Dispatcher | undefined;
  #socket: net.Socket | undefined;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #connectTimer: TimerHandle | undefined;
  #giveUp: (() => void) | undefined;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;

  constructor(target: ConnectTarget, settings: ConnectionSettings, owner: ConnectionOwner, clock: Clock, connect: Connect, transport?: Transport) {
    this.#owner = owner;
    this.#clock = clock;
    this.openedAtMs = clock.now();
    // A pool reckons with connections that become ready, or fail, later, never inside the constructor.
    try {
      this.#dispatcher = transport?.(target);
      if (this.#dispatcher !== undefined) queueMicrotask(() => this.#opened());
      else this.#begin(target, settings, connect);
    } catch (error) {
      queueMicrotask(() => this.#failed(error as Error, false));
    }
  }

  #begin(target: ConnectTarget, settings: ConnectionSettings, connect: Connect): void {
    this.#connectTimer = this.#clock.setTimeout(() => this.#failed(new Error('connection timeout'), true), settings.connectTimeoutMs);
    const giveUp = connect(target, (error, socket) => {
      queueMicrotask(() => {
        this.#giveUp = undefined;
        if (error !== null || socket === undefined) this.#failed(error ?? new Error('no socket'), false);
        else this.#connected(socket, target, settings);
      });
    });
    if (typeof giveUp === 'function') this.#giveUp = giveUp;
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
    this.#stopConnecting();
    if (this.#socket !== undefined) {
      this.#socket.destroy();
      (this.#dispatcher as Client | undefined)?.destroy().catch(() => {});
    }
  }

  #connected(socket: net.Socket, target: ConnectTarget, settings: ConnectionSettings): void {
    if (this.#state !== 'connecting') {
      socket.on('error', () => {}).destroy();
      return;
    }
    if (socket.destroyed) {
      this.#failed(new Error('the socket was closed before it was used'), false);
      return;
    }
    this.#socket = socket;
    socket.setNoDelay(true);
    if (settings.keepAliveDelayMs !== undefined) socket.setKeepAlive(true, settings.keepAliveDelayMs);
    socket.on('error', () => {});
    // A request that is cut short is told first, by undici, and gives the connection back itself.
    socket.once('close', () => queueMicrotask(() => this.#disconnected()));
    let given = false;
    const origin = target.address.startsWith('/') ? 'http://unix' : `http://${net.isIPv6(target.address) ? `[${target.address}]` : target.address}:${target.port}`;
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
    this.#stopConnecting();
    this.#owner.onConnected(this);
  }

  #failed(error: Error, timedOut: boolean): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'closed';
    this.#stopConnecting();
    this.#owner.onConnectFailed(this, error, timedOut);
  }

  #stopConnecting(): void {
    this.#clock.clearTimeout(this.#connectTimer);
    this.#giveUp?.();
    this.#giveUp = undefined;
  }

  #disconnected(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    (this.#dispatcher as Client).destroy().catch(() => {});
    this.#owner.onDisconnected(this);
  }
}

/** The `Connect` of production. */
export const netConnect: Connect = ({ address, port }, callback) => {
  const socket = address.startsWith('/') ? net.connect({ path: address }) : net.connect({ host: address, port, noDelay: true });
  const onError = (error: Error): void => callback(error);
  socket.once('error', onError);
  socket.once('connect', () => {
    socket.removeListener('error', onError);
    callback(null, socket);
  });
  // The system would go on trying for minutes, and keep the process alive meanwhile.
  return () => socket.connecting && socket.on('error', () => {}).destroy();
};
