// npm run conformance -- [CASES_DIR [OUT_DIR]] [--worlds DIR] [--expected DIR] [--istiod DIR] [--only topic/slug] [--jobs N]
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nameOf, regressions, loadBaseline, writeBaseline } from './report/baseline.ts';
import { docsPage } from './report/docs-page.ts';
import { loadStatedDifferences } from './report/stated-differences.ts';
import { formatTable } from './report/table.ts';
import type { CaseResult } from './runner/run-one.ts';
import { runSuite } from './runner/run-suite.ts';
import { JOBS, SUITE } from './suite-paths.ts';

// Output may be cut off by `head`; that is no failure.
process.stdout.on('error', () => process.exit());

const USAGE = `usage: npm run conformance -- [CASES_DIR [OUT_DIR]] [options]

Runs CASES_DIR/TOPIC/SLUG.yaml against ts-mesh and writes OUT_DIR/TOPIC/SLUG.json. Without CASES_DIR: the recorded suite.

  --worlds DIR     world files (default: CASES_DIR/../worlds, else the recorded suite's)
  --expected DIR   recordings to compare with (default: none for CASES_DIR, else the recorded suite's)
  --istiod DIR     istiod's dumps, for the endpoints of clusters (default: next to --expected)
  --only NAME      a topic, topic/slug, or the beginning of one
  --jobs N         cases side by side (default: ${JOBS})
  --retries N      further runs, alone, for a case that differs (default: 2)
  --slack MS       calls may be that much later than the tolerance allows (a busy machine; default: 0)
  --differences N  differences to print per case (default: 3)
  --baseline       write the list of passing cases that must keep passing
  --docs           write docs/conformance.md`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    worlds: { type: 'string' },
    expected: { type: 'string' },
    istiod: { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string', default: String(JOBS) },
    retries: { type: 'string', default: '2' },
    slack: { type: 'string', default: '0' },
    differences: { type: 'string', default: '3' },
    baseline: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(USAGE);
} else {
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const [cases, out] = positionals.map((path) => resolve(path));
  const own = cases === undefined;
  const expected = values.expected ?? (own ? SUITE.expected : undefined);
  const startedAt = performance.now();
  const results = await runSuite({
    cases: cases ?? SUITE.cases,
    worlds: firstExisting(values.worlds, cases && join(dirname(cases), 'worlds')) ?? SUITE.worlds,
    out,
    expected,
    istiod: firstExisting(values.istiod, expected && join(dirname(resolve(expected)), 'istiod')),
    only: values.only,
    jobs: Number(values.jobs),
    retries: Number(values.retries),
    slackMs: Number(values.slack),
    onResult: report,
  });
  if (results.length === 0) {
    console.error(`no case found in ${cases ?? SUITE.cases}${values.only === undefined ? '' : ` for --only ${values.only}`}`);
    return 2;
  }
  return conclude(results, own, performance.now() - startedAt);
}

function report(result: CaseResult, done: number, of: number): void {
  const again = result.runs > 1 ? ` (run ${result.runs})` : '';
  console.log(`${String(done).padStart(String(of).length)}/${of} ${result.verdict.padEnd(8)} ${nameOf(result)}${again} ${Math.round(result.elapsedMs)} ms`);
  if (result.notYet.length > 0) console.log(`      not yet: ${result.notYet.join(', ')}`);
  const shown = Number(values.differences);
  for (const difference of result.differences.slice(0, shown)) console.log(`      ${difference}`);
  if (result.differences.length > shown) console.log(`      and ${result.differences.length - shown} more`);
}

function conclude(results: readonly CaseResult[], own: boolean, elapsedMs: number): number {
  const failed = results.filter(({ verdict }) => verdict === 'failed').length;
  const unsteady = results.filter(({ verdict, runs }) => verdict === 'passed' && runs > 1);
  console.log(`\n${formatTable(results)}\n`);
  if (unsteady.length > 0) console.log(`passed in a second run: ${unsteady.map(nameOf).join(', ')}`);
  const whole = own && values.only === undefined;
  if (whole && values.docs) {
    mkdirSync(dirname(SUITE.docs), { recursive: true });
    writeFileSync(SUITE.docs, docsPage(results, loadStatedDifferences(SUITE.differences)));
  }
  if (whole && values.baseline) writeBaseline(SUITE.baseline, results);
  const lost = own ? regressions(loadBaseline(SUITE.baseline), results) : [];
  for (const line of lost) console.log(`passed before: ${line}`);
  console.log(`${results.length - failed} passed, ${failed} failed, ${Math.round(elapsedMs / 1000)} s`);
  // What fails was known to fail; what is new is the news.
  if (own) return Number(lost.length > 0);
  return Number(values.expected !== undefined && failed > 0);
}

function firstExisting(...paths: readonly (string | undefined)[]): string | undefined {
  return paths.find((path) => path !== undefined && existsSync(path));
}
