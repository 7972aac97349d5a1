import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ConformanceCase } from '../case/case-file.ts';
import { loadCase } from '../case/read-case.ts';
import { loadClusterEndpoints } from '../compare/cluster-endpoints.ts';
import { compareCase } from '../compare/compare-case.ts';
import type { Recording } from '../record/observation.ts';
import { runCase } from './run-case.ts';

/** Where the files of a suite are. */
export interface SuiteFolders {
  readonly cases: string;
  readonly worlds: string;
  /** Where observations are written; absent: nowhere. */
  readonly out?: string;
  /** Recordings to compare with; absent: nothing is compared. */
  readonly expected?: string;
  /** istiod's dumps, which say which endpoints a cluster has; absent: the mesh's own view of them. */
  readonly istiod?: string;
  /** Milliseconds that calls may be later than the tolerance allows, for a busy machine. Default 0. */
  readonly slackMs?: number;
}

/** A case of a suite. */
export interface CaseName {
  readonly topic: string;
  readonly slug: string;
}

/** `recorded`: there was nothing to compare with. */
export type Verdict = 'passed' | 'failed' | 'recorded';

/** How one case ended. */
export interface CaseResult extends CaseName {
  readonly about: string;
  readonly verdict: Verdict;
  /** Differences from the recording, as `step 2: status: expected 503, got 200`. */
  readonly differences: readonly string[];
  /** What of the case the runner can't do yet. */
  readonly notYet: readonly string[];
  /** How many runs it took; more than 1 for a case that was not steady. */
  readonly runs: number;
  readonly elapsedMs: number;
}

/** Runs one case, writes what was observed, and compares it. */
export async function runOne(folders: SuiteFolders, { topic, slug }: CaseName, runs: number): Promise<CaseResult> {
  const startedAt = performance.now();
  const conformanceCase = tryLoad(folders.cases, topic, slug);
  if (conformanceCase instanceof Error) {
    const differences = [`not a case: ${conformanceCase.message}`];
    return { topic, slug, about: '', verdict: 'failed', differences, notYet: [], runs, elapsedMs: 0 };
  }
  const { recording, clusters, failure } = await runCase(conformanceCase, folders.worlds);
  if (folders.out !== undefined) writeRecording(join(folders.out, topic, `${slug}.json`), recording);
  const expected = folders.expected === undefined ? undefined : readRecording(join(folders.expected, topic, `${slug}.json`));
  const known = loadClusterEndpoints(folders.istiod, topic, slug, conformanceCase.dns) ?? clusters;
  const { notYet } = conformanceCase;
  const differences = [
    ...(failure === undefined ? [] : [`broke off in step ${recording.steps.length + 1}: ${failure}`]),
    ...(expected === undefined && notYet.length > 0 ? [`not yet: ${notYet.join(', ')}`] : []),
    ...(expected === undefined ? [] : compareCase(conformanceCase, expected, recording, { clusters: known, slackMs: folders.slackMs ?? 0 })),
  ];
  return {
    topic,
    slug,
    about: conformanceCase.about,
    verdict: differences.length > 0 ? 'failed' : expected === undefined ? 'recorded' : 'passed',
    differences,
    notYet,
    runs,
    elapsedMs: performance.now() - startedAt,
  };
}

// A file that is no case is that case's failure alone.
function tryLoad(folder: string, topic: string, slug: string): ConformanceCase | Error {
  try {
    return loadCase(folder, topic, slug);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function readRecording(file: string): Recording | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recording) : undefined;
}

function writeRecording(file: string, recording: Recording): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(recording, null, 1)}\n`);
}
