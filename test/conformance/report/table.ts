import type { CaseResult } from '../runner/run-one.ts';

/** The figures of one topic, or of several together. */
export interface Score {
  readonly name: string;
  /** Passed, or observed where there was nothing to compare with. */
  readonly passed: number;
  readonly total: number;
  /** What the runner can't do yet, with the number of cases that need it. */
  readonly notYet: ReadonlyMap<string, number>;
}

/** One score per topic, in order of name. */
export function scoreByTopic(results: readonly CaseResult[]): Score[] {
  const topics = [...new Set(results.map(({ topic }) => topic))].sort();
  return topics.map((topic) => score(topic, results.filter((result) => result.topic === topic)));
}

/** The score of `results` under `name`. */
export function score(name: string, results: readonly CaseResult[]): Score {
  const notYet = new Map<string, number>();
  for (const what of results.flatMap((result) => result.notYet)) notYet.set(what, (notYet.get(what) ?? 0) + 1);
  return { name, passed: results.filter(({ verdict }) => verdict !== 'failed').length, total: results.length, notYet };
}

/** Percent of the cases that passed; 100 for none. */
export function percent({ passed, total }: Score): number {
  return total === 0 ? 100 : (100 * passed) / total;
}

/** A table for terminals. */
export function formatTable(results: readonly CaseResult[]): string {
  const scores = [...scoreByTopic(results), score('all', results)];
  const width = Math.max(...scores.map(({ name }) => name.length));
  const rows = scores.map((one) => {
    const share = `${Math.floor(percent(one))} %`.padStart(5);
    return `${one.name.padEnd(width)}  ${String(one.passed).padStart(4)} / ${String(one.total).padEnd(4)} ${share}${describeNotYet(one)}`;
  });
  rows.splice(-1, 0, '-'.repeat(width + 20));
  return rows.join('\n');
}

/** `  not yet: tcp (4), tls (2)`, or nothing. */
function describeNotYet({ notYet }: Score): string {
  if (notYet.size === 0) return '';
  return `  not yet: ${[...notYet].sort().map(([what, count]) => `${what} (${count})`).join(', ')}`;
}
