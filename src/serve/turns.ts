import type { Duplex } from 'node:stream';

interface Turn {
  isBusy: boolean;
  readonly waiting: (() => void)[];
}

/**
 * Has the requests of one connection served one after the other, whatever comes at once: else a connection could ask for thousands of things at a
 * time, and keep all others waiting. No more is read while one waits. Source: Envoy's HTTP/1 codec, which reads on when it has answered.
 */
export class Turns {
  readonly #turns = new WeakMap<Duplex, Turn>();

  /** Whether a request of `socket` is being served. */
  isBusy(socket: Duplex): boolean {
    return this.#turns.get(socket)?.isBusy === true;
  }

  /** Calls `serve` when all before it are over. Who calls this calls {@link end} once its request is. */
  begin(socket: Duplex, serve: () => void): void {
    let turn = this.#turns.get(socket);
    if (turn === undefined) this.#turns.set(socket, (turn = { isBusy: false, waiting: [] }));
    if (turn.isBusy) {
      turn.waiting.push(serve);
      socket.pause();
      return;
    }
    turn.isBusy = true;
    serve();
  }

  end(socket: Duplex): void {
    const turn = this.#turns.get(socket)!;
    const next = turn.waiting.shift();
    if (next === undefined) {
      turn.isBusy = false;
      return;
    }
    // The rest of the last one may still be to come.
    if (turn.waiting.length === 0) socket.resume();
    next();
  }
}
