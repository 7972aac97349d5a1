import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadClusterEndpoints } from '../compare/cluster-endpoints.ts';
import { compareCase } from '../compare/compare-case.ts';
import { listCases, loadCase } from '../case/read-case.ts';
import type { Recording } from '../record/observation.ts';
import { runCase } from './run-case.ts';

/** What to run, and against what. */
export interface SuiteOptions {
  readonly cases: string;
  readonly worlds: string;
  /** Where observations are written; absent: nowhere. */
  readonly out?: string;
  /** Recordings to compare with; absent: nothing is compared. */
  readonly expected?: string;
  /** istiod's dumps, which say which endpoints a cluster has; absent: the mesh's own view of them. */
  readonly istiod?: string;
  /** `topic`, `topic/slug`, or a beginning of either; absent: everything. */
  readonly only?: string;
  /** Cases side by side. */
  readonly jobs: number;
  /** How often a case that differs is run again, alone: a busy machine is late now and then, a wrong mesh always. */
  readonly retries: number;
  readonly onResult?: (result: CaseResult, done: number, of: number) => void;
}

export type Verdict = 'passed' | 'failed' | 'recorded';

/** How one case ended. */
export interface CaseResult {
  readonly topic: string;
  readonly slug: string;
  readonly about: string;
  /** `recorded`: there was nothing to compare with. */
  readonly verdict: Verdict;
  /** Differences from the recording, as `step 2: status: expected 503, got 200`. */
  readonly differences: readonly string[];
  /** What of the case the runner can't do yet. */
  readonly notYet: readonly string[];
  /** How many runs it took; more than 1 for a case that was not steady. */
  readonly runs: number;
  readonly elapsedMs: number;
}

/** Runs every case of a suite, each with servers and a mesh of its own. Results come in order of name. */
export async function runSuite(options: SuiteOptions): Promise<CaseResult[]> {
  const { cases, only, jobs, retries, onResult } = options;
  const names = listCases(cases).filter(({ topic, slug }) => only === undefined || `${topic}/${slug}`.startsWith(only));
  const results: CaseResult[] = [];
  let done = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < names.length) {
      const at = next++;
      const { topic, slug } = names[at]!;
      results[at] = await runOne(options, topic, slug, 1);
      // One that may yet be run again is reported when that is done.
      if (results[at].verdict !== 'failed' || retries === 0) onResult?.(results[at], ++done, names.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, names.length) }, worker));
  for (const [at, first] of results.entries()) {
    if (first.verdict !== 'failed' || retries === 0) continue;
    let result = first;
    for (let run = 2; run <= retries + 1 && isWorthAnotherRun(result); run++) result = await runOne(options, first.topic, first.slug, run);
    results[at] = result;
    onResult?.(result, ++done, names.length);
  }
  return results;
}

function isWorthAnotherRun(result: CaseResult): boolean {
  return result.verdict === 'failed' && result.notYet.length === 0;
}

async function runOne(options: SuiteOptions, topic: string, slug: string, runs: number): Promise<CaseResult> {
  const startedAt = performance.now();
  const conformanceCase = loadCase(options.cases, topic, slug);
  const { recording, clusters, failure } = await runCase(conformanceCase, options.worlds);
  if (options.out !== undefined) writeRecording(join(options.out, topic, `${slug}.json`), recording);
  const expected = options.expected === undefined ? undefined : readRecording(join(options.expected, topic, `${slug}.json`));
  const differences =
    expected === undefined
      ? []
      : compareCase(conformanceCase, expected, recording, loadClusterEndpoints(options.istiod, topic, slug, conformanceCase.dns) ?? clusters);
  const { notYet } = conformanceCase;
  const all = [
    ...(failure === undefined ? [] : [`broke off in step ${recording.steps.length + 1}: ${failure}`]),
    ...(expected === undefined && notYet.length > 0 ? [`not yet: ${notYet.join(', ')}`] : []),
    ...differences,
  ];
  return {
    topic,
    slug,
    about: conformanceCase.about,
    verdict: all.length > 0 ? 'failed' : expected === undefined ? 'recorded' : 'passed',
    differences: all,
    notYet,
    runs,
    elapsedMs: performance.now() - startedAt,
  };
}

function readRecording(file: string): Recording | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recording) : undefined;
}

function writeRecording(file: string, recording: Recording): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(recording, null, 1)}\n`);
}
