import type { Clock } from '../../src/common/clock.ts';
import type { Connection, ConnectionOwner } from '../../src/engine/connection.ts';
import type { WireProtocol } from '../../src/engine/wire.ts';

/** A connection of which the test says when it opens, fails and closes. */
export class FakeConnection {
  openedAtMs = Infinity;
  idleSinceMs = Infinity;
  retired = false;
  requests = 0;
  streams = 0;
  capacity: number;
  usable = false;
  alive = false;
  closed = false;
  onClosed: (() => void) | undefined;
  readonly protocol: WireProtocol;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;

  constructor(owner: ConnectionOwner, clock: Clock, protocol: WireProtocol = 'http1') {
    this.#owner = owner;
    this.#clock = clock;
    this.protocol = protocol;
    this.capacity = protocol === 'http1' ? 1 : Infinity;
  }

  get self(): Connection {
    return this as unknown as Connection;
  }

  open(): void {
    this.usable = true;
    this.alive = true;
    this.openedAtMs = this.#clock.now();
    this.#owner.onConnected(this.self);
  }

  fail(timedOut = false): void {
    this.close();
    this.#owner.onConnectFailed(this.self, new Error('refused'), timedOut);
  }

  /** The other side hangs up, with no request on it. */
  hangUp(): void {
    this.close();
    this.#owner.onDisconnected(this.self);
  }

  /** The other side allows another number of requests at once. */
  allow(capacity: number): void {
    this.capacity = capacity;
    this.#owner.onCapacityChanged(this.self);
  }

  close(): void {
    this.usable = false;
    this.alive = false;
    if (!this.closed) this.onClosed?.();
    this.closed = true;
  }
}
