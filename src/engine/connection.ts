import net from 'node:net';
import type { Dispatcher } from 'undici';
import type { ConnectionOptions } from '../cluster/model.ts';
import type { Clock } from '../common/clock.ts';
import { dial, type Connect, type ConnectTarget, type DialSettings, type DialWaiter } from './dial.ts';
import { Http1Wire } from './http1-wire.ts';
import { Http2Wire } from './http2-wire.ts';
import { soon } from './soon.ts';
import type { Wire, WireProtocol } from './wire.ts';

/** Gives a Dispatcher in place of a socket (in-memory services, mocks), or `undefined` to open one. */
export type Transport = (target: ConnectTarget) => Dispatcher | undefined;

/** Who is told what becomes of a connection. */
export interface ConnectionOwner {
  onConnected(connection: Connection): void;
  onConnectFailed(connection: Connection, error: Error, timedOut: boolean): void;
  /** The other side, or an error, ended an established connection. Not called after `close()`. */
  onDisconnected(connection: Connection): void;
  /** The other side allows another number of requests at once. */
  onCapacityChanged(connection: Connection): void;
}

/** What a connection is opened with. */
export interface ConnectionEnvironment {
  readonly clock: Clock;
  readonly connect: Connect;
  readonly transport?: Transport | undefined;
}

/** How it is opened, and what is spoken on it. */
export interface ConnectionSettings extends DialSettings, Pick<ConnectionOptions, 'http2Keepalive'> {
  readonly protocol: WireProtocol;
}

/**
 * One connection to one endpoint: a socket that this class opens, and HTTP over it. Opening the socket here, not in undici, is
 * what lets a pool hold requests back until some connection is ready, as Envoy does, instead of binding each request to a
 * connection that may never come.
 */
export class Connection implements DialWaiter {
  readonly protocol: WireProtocol;
  /** `Infinity` while it is being opened. */
  openedAtMs = Infinity;
  /** `Infinity` while it is not idle. Kept by the pool. */
  idleSinceMs = Infinity;
  /** Whether no further request is to begin on it, though it could. Kept by the pool. */
  retired = false;
  /** Whether it is in its pool's list of those with room. Kept by the pool. */
  listed = false;
  /** Requests begun on it. */
  requests = 0;
  /** Requests on it now. Kept by the pool. */
  streams = 0;
  #wire: Wire | undefined;
  /** The local end as `ip:port`; it stays known when the connection is gone. */
  localAddress: string | undefined;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #giveUp: (() => void) | undefined;
  readonly #target: ConnectTarget;
  readonly #http2Keepalive: ConnectionOptions['http2Keepalive'];
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;

  constructor(target: ConnectTarget, settings: ConnectionSettings, owner: ConnectionOwner, environment: ConnectionEnvironment) {
    const { clock, connect, transport } = environment;
    this.#target = target;
    this.#owner = owner;
    this.#clock = clock;
    this.protocol = settings.protocol;
    this.#http2Keepalive = settings.http2Keepalive;
    // A pool reckons with connections that become ready, or fail, later, never inside the constructor.
    try {
      const dispatcher = transport?.(target);
      if (dispatcher === undefined) this.#giveUp = dial(target, settings, this, clock, connect);
      else {
        this.#wire = new TransportWire(dispatcher, settings.protocol);
        soon(() => this.#opened());
      }
    } catch (error) {
      soon(() => this.onDialFailed(error as Error, false));
    }
  }

  /** Whether a request can be given to it. */
  get usable(): boolean {
    return this.#state === 'open' && this.#wire!.usable;
  }

  /** Whether requests that are on it can go on. */
  get alive(): boolean {
    return this.#state === 'open' && this.#wire!.alive;
  }

  /** How many requests can be on it at once. */
  get capacity(): number {
    return this.#wire?.capacity ?? 0;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.requests++;
    this.#wire!.dispatch(options, handler);
  }

  /** Ends it at once; the owner is not told. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#giveUp?.();
    this.#wire?.destroy();
  }

  onSocket(socket: net.Socket): void {
    if (socket.localAddress !== undefined) this.localAddress = `${socket.localAddress}:${socket.localPort}`;
    // A request that is cut short is told first, by its wire, and gives the connection back itself.
    socket.once('close', () => soon(() => this.#disconnected()));
    const { address, port } = this.#target;
    const origin = address.startsWith('/') ? 'http://unix' : `http://${net.isIPv6(address) ? `[${address}]` : address}:${port}`;
    this.#wire = this.protocol === 'http2' ? this.#http2(socket) : new Http1Wire(socket, origin, this.#clock);
    this.#opened();
  }

  #http2(socket: net.Socket): Http2Wire {
    const options = this.#http2Keepalive;
    return new Http2Wire(socket, () => this.#owner.onCapacityChanged(this), options && { options, clock: this.#clock });
  }

  onDialFailed(error: Error, timedOut: boolean): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'closed';
    this.#owner.onConnectFailed(this, error, timedOut);
  }

  #opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.openedAtMs = this.#clock.now();
    this.#owner.onConnected(this);
  }

  #disconnected(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#wire!.lost();
    this.#owner.onDisconnected(this);
  }
}

/** A dispatcher in the place of a socket. It is not ours to close. */
class TransportWire implements Wire {
  readonly usable = true;
  readonly alive = true;
  readonly capacity: number;
  readonly #dispatcher: Dispatcher;

  constructor(dispatcher: Dispatcher, protocol: WireProtocol) {
    this.#dispatcher = dispatcher;
    this.capacity = protocol === 'http2' ? Infinity : 1;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#dispatcher.dispatch(options, handler);
  }

  destroy(): void {}

  lost(): void {}
}
