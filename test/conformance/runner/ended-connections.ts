import type { ConnectionFacts } from './outcome.ts';

/** A connection that the caller has left is over at once; one that is not by then is a mesh that keeps it. */
const PATIENCE_MS = 1_000;

/** The connections of a case that are over, in the order in which they ended. */
export class EndedConnections {
  readonly #ended: ConnectionFacts[] = [];
  readonly #waiting = new Set<() => void>();

  add(facts: ConnectionFacts): void {
    this.#ended.push(facts);
    for (const check of this.#waiting) check();
  }

  get count(): number {
    return this.#ended.length;
  }

  /** Those that ended after the first `mark`, as soon as there are `expected` of them; fewer when that takes too long. */
  async since(mark: number, expected: number): Promise<readonly ConnectionFacts[]> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.#ended.length >= mark + expected) done();
      };
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(done, PATIENCE_MS);
      this.#waiting.add(check);
      check();
    });
    return this.#ended.slice(mark);
  }
}
