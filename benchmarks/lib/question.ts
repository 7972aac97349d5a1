import type { Chart } from './chart.ts';

/** How long to measure, and what to hold the result against. */
export interface Effort {
  /** A first impression, in well under a minute. */
  readonly quick: boolean;
  /** Overrides the usual number of rounds. */
  readonly rounds: number | undefined;
  /** Fails the run unless meshFetch reaches this many times the throughput of undici.fetch at concurrency 64. */
  readonly bar: number | undefined;
}

/** An answer: text for people, data for `results/`, and what falls short. */
export interface Answer<Data> {
  readonly text: string;
  /** Plain data; pictures are drawn from it alone. */
  readonly data: Data;
  /** Not empty: the run fails. */
  readonly failures: readonly string[];
}

/** One thing to find out by measuring. Each has a file of its own. */
export interface Question<Data extends object = object> {
  /** Of its file, and of its files in `results/`. */
  readonly name: string;
  readonly asks: string;
  /** Whether a first impression of everything includes it. */
  readonly inQuick: boolean;
  answer(effort: Effort): Promise<Answer<Data>>;
  /** What a page shows of the answer; none said of data without figures. */
  picture(data: Data): Chart | undefined;
}

/** Rounds of a full run, unless said otherwise. Enough for a median that a disturbed round or two do not move. */
export const FULL_ROUNDS = 9;
