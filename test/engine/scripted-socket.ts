import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import type { Socket } from 'node:net';

/** What a server does once it has a request: sends these pieces, one for each turn of the event loop, and then this. */
export interface ServerTurn {
  readonly pieces: readonly Buffer[];
  readonly then: 'stays' | 'ends' | 'resets';
}

/** A connection without a network, to a server that takes one turn for each request, whatever it asks. */
export class ScriptedSocket extends Duplex {
  readonly #turns: ServerTurn[];
  /** All that the client wrote. */
  written = '';
  #answered = 0;
  /** Turns that are being taken. */
  #busy = 0;
  #told: (() => void)[] = [];

  constructor(turns: readonly ServerTurn[]) {
    super({ allowHalfOpen: false });
    this.#turns = [...turns];
  }

  /** As those who want a socket take it. */
  get asSocket(): Socket {
    return this as unknown as Socket;
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1');
    done();
    // Requests here end with their heads.
    while (this.written.split('\r\n\r\n').length - 1 > this.#answered) {
      this.#answered++;
      void this.#take(this.#turns.shift());
    }
  }

  async #take(turn: ServerTurn | undefined): Promise<void> {
    if (turn === undefined) return;
    this.#busy++;
    for (const piece of turn.pieces) {
      await turnOfLoop();
      if (this.destroyed) break;
      this.push(piece);
    }
    await turnOfLoop();
    if (!this.destroyed && turn.then === 'ends') this.push(null);
    if (turn.then === 'resets') this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    this.#busy--;
    if (this.#busy === 0) for (const tell of this.#told.splice(0)) tell();
  }

  /** Resolves when the server has nothing more to do. */
  async quiet(): Promise<void> {
    if (this.#busy > 0) await new Promise<void>((resolve) => this.#told.push(resolve));
    for (let i = 0; i < 4; i++) await turnOfLoop();
  }
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
