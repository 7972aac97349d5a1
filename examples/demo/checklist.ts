import { isDeepStrictEqual, inspect } from 'node:util';
import type { MeshCall } from './pod.ts';
import type { Verdict } from './scenario.ts';

/** Collects what differs from the expected, each with both sides named. */
export class Checklist {
  readonly #failures: string[] = [];

  equal<Value>(what: string, observed: Value, expected: Value): this {
    if (!isDeepStrictEqual(observed, expected)) this.#fail(what, show(expected), show(observed));
    return this;
  }

  /** `low` and `high` are allowed too. */
  between(what: string, observed: number, low: number, high: number): this {
    if (!(observed >= low && observed <= high)) this.#fail(what, `${round(low)} to ${round(high)}`, String(round(observed)));
    return this;
  }

  /** Around `share` of `total` random draws, within five standard deviations: one run in two million fails by chance. */
  share(what: string, observed: number, total: number, share: number): this {
    const deviation = Math.sqrt(total * share * (1 - share));
    const low = Math.max(0, Math.ceil(total * share - 5 * deviation));
    const high = Math.min(total, Math.floor(total * share + 5 * deviation));
    return this.between(`${what}, of ${total}`, observed, low, high);
  }

  matches(what: string, observed: string | undefined, pattern: RegExp): this {
    if (observed === undefined || !pattern.test(observed)) this.#fail(what, `${pattern}`, show(observed));
    return this;
  }

  holds(what: string, condition: boolean, observed: unknown): this {
    if (!condition) this.#fail(what, 'it to hold', show(observed));
    return this;
  }

  /** Every answer came from the mesh's own engine over its own connections, none past it. */
  lean(calls: readonly MeshCall[]): this {
    const others = calls.filter((call) => call.lane !== 'lean');
    this.holds('the mesh was asked', calls.length > 0, 'no call at all');
    return this.equal('calls that went past the mesh', others.map(({ url, lane }) => `${url} (${lane})`), []);
  }

  verdict(figures: Verdict['figures']): Verdict {
    return { pass: this.#failures.length === 0, figures, failures: this.#failures };
  }

  #fail(what: string, expected: string, observed: string): void {
    this.#failures.push(`${what}: expected ${expected}, observed ${observed}`);
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : inspect(value, { breakLength: Infinity, depth: 4 });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
