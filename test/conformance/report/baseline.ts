import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { CaseResult } from '../runner/run-one.ts';

/** The cases that passed when the baseline was last written, as `topic/slug`. */
export function loadBaseline(file: string): readonly string[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { passed: string[] }).passed : [];
}

/** A case that needed more runs than this to pass is not steady enough to be relied on. */
const STEADY_RUNS = 2;

/** Writes the cases of `results` that passed, and did so steadily. */
export function writeBaseline(file: string, results: readonly CaseResult[]): void {
  const passed = results.filter(({ verdict, runs }) => verdict === 'passed' && runs <= STEADY_RUNS).map(nameOf);
  writeFileSync(file, `${JSON.stringify({ passed }, null, 1)}\n`);
}

/** Cases of the baseline that no longer pass, with their first difference. */
export function regressions(baseline: readonly string[], results: readonly CaseResult[]): string[] {
  const known = new Set(baseline);
  return results
    .filter((result) => result.verdict === 'failed' && known.has(nameOf(result)))
    .map((result) => `${nameOf(result)}: ${result.differences[0] ?? 'failed'}`);
}

/** `topic/slug` */
export function nameOf({ topic, slug }: Pick<CaseResult, 'topic' | 'slug'>): string {
  return `${topic}/${slug}`;
}
