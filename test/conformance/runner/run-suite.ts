import { listCases } from '../case/read-case.ts';
import { CaseThread } from './case-thread.ts';
import type { CaseName, CaseResult, SuiteFolders } from './run-one.ts';

/** What to run, and how. */
export interface SuiteOptions extends SuiteFolders {
  /** `topic`, `topic/slug`, or the beginning of one; absent: everything. */
  readonly only?: string;
  /** Cases side by side. */
  readonly jobs: number;
  /**
   * How often a case that differs is run again, alone. A busy machine is late now and then, and where the recording of a single
   * call shows one draw of a weighted route, another draw is no fault; a wrong mesh differs every time.
   */
  readonly retries: number;
  readonly onResult?: (result: CaseResult, done: number, of: number) => void;
}

/** Threads that share the cases; each has an event loop, and so a core, of its own. */
const THREADS = 2;

/** Runs every case of a suite, each with servers and a mesh of its own. Results come in order of name. */
export async function runSuite(options: SuiteOptions): Promise<CaseResult[]> {
  const { jobs, retries, onResult, only, ...folders } = options;
  const names = selectCases(listCases(options.cases), only);
  const threads = Array.from({ length: Math.min(THREADS, jobs) }, () => new CaseThread(folders));
  const results: CaseResult[] = [];
  let done = 0;
  let next = 0;
  const worker = async (_: unknown, number: number): Promise<void> => {
    while (next < names.length) {
      const at = next++;
      const result = await threads[number % threads.length]!.run(names[at]!, 1);
      results[at] = result;
      // One that is run again is reported when that is done.
      if (!isRunAgain(result, retries)) onResult?.(result, ++done, names.length);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  for (const [at, first] of results.entries()) {
    if (!isRunAgain(first, retries)) continue;
    let result = first;
    while (isRunAgain(result, retries)) result = await threads[0]!.run(first, result.runs + 1);
    results[at] = result;
    onResult?.(result, ++done, names.length);
  }
  await Promise.all(threads.map((thread) => thread.close()));
  return results;
}

/** The cases that `only` means: one of that very name, else all whose names begin so. */
export function selectCases(names: readonly CaseName[], only: string | undefined): readonly CaseName[] {
  if (only === undefined) return names;
  const exact = names.filter(({ topic, slug }) => `${topic}/${slug}` === only || topic === only);
  return exact.length > 0 ? exact : names.filter(({ topic, slug }) => `${topic}/${slug}`.startsWith(only));
}

// A case that needs what the runner can't do yet differs every time.
function isRunAgain({ verdict, notYet, runs }: CaseResult, retries: number): boolean {
  return verdict === 'failed' && notYet.length === 0 && runs <= retries;
}
