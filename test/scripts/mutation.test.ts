import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EQUIVALENT, type Equivalent, equivalentOf, outdated } from '../../scripts/mutation/equivalent.ts';
import { updatePage } from '../../scripts/mutation/page.ts';
import { scoreFiles, type StrykerReport, total } from '../../scripts/mutation/report.ts';

const SOURCE = 'const a = 1;\n  return a +\n    b;\n';

function report(...statuses: StrykerReport['files'][string]['mutants'][number]['status'][]): StrykerReport {
  const location = { start: { line: 2, column: 10 }, end: { line: 3, column: 6 } };
  return {
    files: {
      'src/route/b.ts': { source: SOURCE, mutants: statuses.map((status) => ({ mutatorName: 'ArithmeticOperator', replacement: 'a -\n b', status, location })) },
      'src/route/a.ts': { source: SOURCE, mutants: [{ mutatorName: 'BlockStatement', status: 'Timeout', location }] },
      'src/route/types.ts': { source: '', mutants: [] },
    },
  };
}

describe('the mutation score', () => {
  it('is the share that tests notice, of all that can run', () => {
    const [, file] = scoreFiles(report('Killed', 'Timeout', 'Survived', 'NoCoverage', 'Ignored', 'CompileError', 'RuntimeError', 'Killed'));

    expect(file?.score).toEqual({ mutants: 6, noticed: 3, survived: 1, uncovered: 1, ignored: 1, percent: 50 });
    expect(file?.survivors).toHaveLength(3);
  });

  it('leaves out files without mutants, and adds up the others', () => {
    const files = scoreFiles(report('Survived', 'Survived', 'Killed'));

    expect(files.map(({ file }) => file)).toEqual(['src/route/a.ts', 'src/route/b.ts']);
    expect(total(files)).toEqual({ mutants: 4, noticed: 2, survived: 2, uncovered: 0, ignored: 0, percent: 50 });
  });

  it('tells what stood where a survivor stands', () => {
    expect(scoreFiles(report('Survived'))[1]?.survivors).toEqual([{ file: 'src/route/b.ts', line: 2, lineText: 'return a +', from: 'a + b', to: 'a - b' }]);
  });
});

describe('docs/mutation.md', () => {
  it('gets the section of one folder anew and keeps the other', () => {
    const both = updatePage(updatePage('', 'cluster', scoreFiles(report('Killed'))), 'route', scoreFiles(report('Survived', 'Killed')));

    expect(both.match(/^#.*$/gm)).toEqual(['# Mutation testing', '## src/route', '## src/cluster']);
    expect(both).toContain('\n| b.ts | 50.0 % | 2 | 1 | 1 | 0 | 0 |\n| in all | 66.7 % | 3 | 2 | 1 | 0 | 0 |\n');
    expect(both).toContain('\n| in all | 100.0 % | 2 | 2 | 0 | 0 | 0 |\n');
    expect(updatePage(both, 'route', scoreFiles(report('Survived', 'Killed')))).toBe(both);
  });
});

describe('changes that change nothing', () => {
  const known: Equivalent = { file: 'src/route/b.ts', line: 'return a', changes: [['a + b', 'a - b']], why: '' };

  it('are known by file, line and change', () => {
    const [survivor] = scoreFiles(report('Survived'))[1]!.survivors;

    expect(equivalentOf(survivor!, [known])).toBe(known);
    for (const other of [{ file: 'src/route/a.ts' }, { lineText: 'a' }, { from: 'a' }, { to: 'a' }]) expect(equivalentOf({ ...survivor!, ...other }, [known])).toBeUndefined();
  });

  it('are outdated once a test notices them', () => {
    const files = ['src/route/b.ts'];

    expect(outdated(files, scoreFiles(report('Survived'))[1]!.survivors, [known])).toEqual([]);
    expect(outdated(files, [], [known, { ...known, file: 'src/route/c.ts' }])).toEqual([known]);
  });

  it.each(EQUIVALENT)('$file: $line', ({ file, line, changes, why }) => {
    const lines = readFileSync(join(import.meta.dirname, '../..', file), 'utf8').split('\n').filter((text) => text.includes(line));

    expect(lines.length).toBeGreaterThan(0);
    expect(changes.length * why.length).toBeGreaterThan(0);
  });
});
