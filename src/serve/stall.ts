/** Ends callers that do not read what they asked for. */
export class Stall {
  readonly #limitMs: number;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param limitMs - how long nothing may be read; 0: for ever */
  constructor(limitMs: number, onStall: () => void) {
    this.#limitMs = limitMs;
    this.#onStall = onStall;
  }

  /** Something waits to be read. */
  begin(): void {
    if (this.#limitMs > 0) this.#timer ??= setTimeout(this.#onStall, this.#limitMs).unref();
  }

  /** It was read. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
