import type { Seeds } from './seeds.ts';

/**
 * One row of the two walk-throughs: what it configures, how it is tried, what must come out. `npm start` and the seed
 * tests run the same objects.
 */
export interface Scenario<Observation = unknown> {
  /** `K1`…`K9` of the kim walk-through, `B1`…`B15` of the Bookinfo one. */
  readonly id: string;
  /** The section of the walk-through. */
  readonly source: string;
  readonly title: string;
  /** The rule files, below `examples/`, and what they say, in a line each. */
  readonly configured: readonly Configured[];
  /** What a caller must observe, in a sentence. */
  readonly expected: string;
  /** Starts the services, applies the rules, makes the calls. */
  run(context: ScenarioContext): Promise<Observation>;
  /** Judges what was observed. Pure: the same observation always gets the same verdict. */
  check(observation: Observation): Verdict;
}

export interface Configured {
  readonly file: string;
  readonly says: string;
}

/** What a running scenario is given. */
export interface ScenarioContext {
  /** The rule files, and the factor by which times shrink. */
  readonly seeds: Seeds;
  /** Tells what is going on; shown with `--verbose`. */
  readonly note: (text: string) => void;
}

export interface Verdict {
  readonly pass: boolean;
  /** What was observed, in numbers and words, for the report. */
  readonly figures: Readonly<Record<string, string | number>>;
  /** What differs from the expected, one sentence each; empty when all is well. */
  readonly failures: readonly string[];
}

/** The outcome of one scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
  /** What `run` gave; absent when it threw. */
  readonly observation?: unknown;
  readonly durationMs: number;
}

/** No scenario waits this long unless something hangs. */
const LIMIT_MS = 60_000;

/** Runs one scenario and judges it. An error or a hang is a FAIL, not an exception. */
export async function play(scenario: Scenario, context: ScenarioContext): Promise<Outcome> {
  const startedAtMs = performance.now();
  const judge = async (): Promise<Omit<Outcome, 'durationMs'>> => {
    const observation = await scenario.run(context);
    return { scenario, observation, verdict: scenario.check(observation) };
  };
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });
  try {
    return { ...(await Promise.race([judge(), limit])), durationMs: performance.now() - startedAtMs };
  } catch (error) {
    context.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const failures = [`the run broke off: ${error instanceof Error ? error.message : String(error)}`];
    return { scenario, verdict: { pass: false, figures: {}, failures }, durationMs: performance.now() - startedAtMs };
  } finally {
    clearTimeout(timer);
  }
}
