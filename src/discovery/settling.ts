/** How long files have to be left alone before they are read, in milliseconds. */
export interface SettlingTimes {
  /** Without any change. Writers pause between the parts of a file, and between files. */
  readonly quietMs: number;
  /** The same while a file has just become empty: whoever writes with `>` empties it first. */
  readonly emptiedMs: number;
  /** At most, since the first change, so that files which never rest don't hold up the others. */
  readonly patienceMs: number;
}

/** What to do after a look at the files. */
export type Verdict =
  /** They are as they were read last. */
  | { readonly kind: 'same' }
  /** They may be half written; look again. */
  | { readonly kind: 'moving'; readonly waitMs: number }
  /** They can be read. */
  | { readonly kind: 'settled' };

/** Tells files that have come to rest from those that are being written, by looks at them from time to time. */
export class Settling {
  readonly #times: SettlingTimes;
  #read: string;
  #seen: string;
  #seenAtMs = 0;
  /** When they were first seen to be different from what was read; `undefined` while they are not. */
  #movingSinceMs: number | undefined;

  /** @param read - what the files looked like when they were read, in any text that is equal when they are */
  constructor(times: SettlingTimes, read: string) {
    this.#times = times;
    this.#read = read;
    this.#seen = read;
  }

  /** Takes a look at `now`, in milliseconds. */
  observe(seen: string, isEmptied: boolean, now: number): Verdict {
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#seenAtMs = now;
    }
    if (seen === this.#read) {
      this.#movingSinceMs = undefined;
      return { kind: 'same' };
    }
    this.#movingSinceMs ??= now;
    const { quietMs, emptiedMs, patienceMs } = this.#times;
    const quietAtMs = this.#seenAtMs + (isEmptied ? emptiedMs : quietMs);
    const waitMs = Math.min(quietAtMs, this.#movingSinceMs + patienceMs) - now;
    return waitMs <= 0 ? { kind: 'settled' } : { kind: 'moving', waitMs };
  }

  /** Whether they have been moving for so long that they are to be read as they are. */
  isOverdue(now: number): boolean {
    return this.#movingSinceMs !== undefined && now - this.#movingSinceMs >= this.#times.patienceMs;
  }

  /** They were read while they looked like `seen`. */
  recordRead(seen: string): void {
    this.#read = seen;
    this.#movingSinceMs = undefined;
  }
}
