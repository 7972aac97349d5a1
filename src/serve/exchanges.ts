import type { Duplex } from 'node:stream';

/** The requests under way, and the connections they are on. */
export class Exchanges {
  readonly #sockets = new Map<Duplex, number>();
  #size = 0;
  #onIdle: (() => void)[] = [];

  begin(socket: Duplex): void {
    this.#size++;
    this.#sockets.set(socket, (this.#sockets.get(socket) ?? 0) + 1);
  }

  end(socket: Duplex): void {
    this.#size--;
    const left = this.#sockets.get(socket)! - 1;
    if (left > 0) this.#sockets.set(socket, left);
    else this.#sockets.delete(socket);
    if (this.#size === 0) for (const listener of this.#onIdle.splice(0)) listener();
  }

  has(socket: Duplex): boolean {
    return this.#sockets.has(socket);
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.#size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }
}
