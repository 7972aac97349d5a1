import type { Socket } from 'node:net';
import type { Clock, TimerHandle } from '../common/clock.ts';

/** How long a connection may live; 0: without limit. */
export interface Lifetime {
  /** Milliseconds without a byte either way. */
  readonly idleTimeoutMs: number;
  /** Milliseconds in all. */
  readonly maxConnectionDurationMs: number;
}

/** Looks within an idle time. The last byte is known to that part of it, without a listener for every byte. */
const LOOKS = 16;

/**
 * Watches one connection and tells when its time is over. Bytes are counted by the socket itself, whoever reads it.
 *
 * Source: Envoy `tcp_proxy` `idle_timeout`, `max_downstream_connection_duration`.
 */
export class ConnectionLifetime {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #onOver: (why: 'idle' | 'duration') => void;
  readonly #idleTimeoutMs: number;
  #idleTimer: TimerHandle;
  #durationTimer: TimerHandle;
  #bytes = 0;
  #activeAtMs: number;

  constructor(socket: Socket, { idleTimeoutMs, maxConnectionDurationMs }: Lifetime, clock: Clock, onOver: (why: 'idle' | 'duration') => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#onOver = onOver;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#activeAtMs = clock.now();
    if (idleTimeoutMs > 0) this.#look();
    if (maxConnectionDurationMs > 0) this.#durationTimer = clock.setTimeout(() => onOver('duration'), maxConnectionDurationMs, true);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#idleTimer);
    this.#clock.clearTimeout(this.#durationTimer);
  }

  #look(): void {
    const now = this.#clock.now();
    const bytes = this.#socket.bytesRead + this.#socket.bytesWritten;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#activeAtMs = now;
    }
    const left = this.#activeAtMs + this.#idleTimeoutMs - now;
    if (left <= 0) {
      this.#onOver('idle');
      return;
    }
    this.#idleTimer = this.#clock.setTimeout(() => this.#look(), Math.max(1, Math.min(left, this.#idleTimeoutMs / LOOKS)), true);
  }
}
