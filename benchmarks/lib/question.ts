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
export interface Answer {
  readonly text: string;
  readonly data: unknown;
  /** Not empty: the run fails. */
  readonly failures: readonly string[];
}

/** One thing to find out by measuring. Each has a file of its own. */
export interface Question {
  /** Of its file, and of its file in `results/`. */
  readonly name: string;
  readonly asks: string;
  answer(effort: Effort): Promise<Answer>;
}
