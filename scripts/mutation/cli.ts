// npm run mutation -- FOLDER [FILE…]: the mutation score of src/FOLDER, and docs/mutation.md. With files: theirs alone, and no page.
// A mutant whose code and tests have not changed since the last run of the folder keeps its result; with --force all are tried again, as
// after a change of what tests share, which Stryker does not see.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { equivalentOf, outdated } from './equivalent.ts';
import { FILE_BAR, type Folder, FOLDERS, isFolder, TOTAL_BAR } from './folders.ts';
import { updatePage } from './page.ts';
import { type FileScore, scoreFiles, type StrykerReport, total } from './report.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs', 'mutation.md');

const { values, positionals } = parseArgs({ allowPositionals: true, options: { force: { type: 'boolean', default: false } } });
const [folder, ...files] = positionals;
if (isFolder(folder)) {
  process.exitCode = measure(folder, files);
} else {
  console.error(`usage: npm run mutation -- ${Object.keys(FOLDERS).join('|')} [--force] [FILE…]`);
  process.exitCode = 2;
}

/** The exit code: 0 when the bars are reached. */
function measure(folder: Folder, only: readonly string[]): number {
  const stryker = join(ROOT, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  const scope = only.length > 0 ? ['--mutate', only.join(',')] : ['--incremental', ...(values.force ? ['--force'] : [])];
  const { status } = spawnSync(process.execPath, [stryker, 'run', 'scripts/mutation/stryker.config.mjs', ...scope], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, MUTATION_FOLDER: folder },
  });
  if (status !== 0) return status ?? 1;

  const report = JSON.parse(readFileSync(join(ROOT, 'reports', 'mutation', `${folder}.json`), 'utf8')) as StrykerReport;
  const scores = scoreFiles(report);
  const problems = print(scores);
  if (only.length === 0) writeFileSync(PAGE, updatePage(existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '', folder, scores));
  return problems.length === 0 ? 0 : 1;
}

/** Prints what was missed and what is below its bar; returns the latter. */
function print(scores: readonly FileScore[]): string[] {
  for (const { file, score, survivors } of scores) {
    console.log(`\n${file}: ${score.percent.toFixed(1)} % of ${score.mutants}`);
    for (const survivor of survivors) {
      const known = equivalentOf(survivor) === undefined ? '' : ' (changes nothing)';
      console.log(`  ${survivor.line}: ${survivor.from}  →  ${survivor.to || 'nothing'}${known}`);
    }
  }
  const all = total(scores);
  const problems = [
    ...(all.percent < TOTAL_BAR ? [`in all ${all.percent.toFixed(1)} %, must be ${TOTAL_BAR} %`] : []),
    ...scores.filter(({ score }) => score.percent < FILE_BAR).map(({ file, score }) => `${file} ${score.percent.toFixed(1)} %, must be ${FILE_BAR} %`),
    ...outdated(scores.map(({ file }) => file), scores.flatMap(({ survivors }) => survivors)).map(
      ({ file, line }) => `scripts/mutation/equivalent.ts lists a change of ${file} that was noticed or is gone: ${line}`,
    ),
  ];
  console.log(`\nin all: ${all.percent.toFixed(2)} % of ${all.mutants} noticed${problems.map((problem) => `\n  ${problem}`).join('')}`);
  return problems;
}
