import { describe, expect, it } from 'vitest';
import type { CaseResult, Verdict } from '../runner/run-one.ts';
import { regressions } from './baseline.ts';
import { docsPage } from './docs-page.ts';
import { formatTable, percent, score } from './table.ts';

function result(name: string, verdict: Verdict, rest: Partial<CaseResult> = {}): CaseResult {
  const [topic = '', slug = ''] = name.split('/');
  return { topic, slug, about: `the rule of ${slug}`, verdict, differences: [], notYet: [], runs: 1, elapsedMs: 1, ...rest };
}

const RESULTS = [
  result('faults/a', 'passed'),
  result('faults/b', 'failed', { differences: ['step 1: status: expected 503, got 200', 'step 2: more'] }),
  result('tcp/c', 'failed', { notYet: ['tcp'] }),
];

describe('formatTable', () => {
  it('has a line per topic, counts what is not yet there, and sums up', () => {
    expect(formatTable(RESULTS).split('\n')).toEqual([
      'faults     1 / 2     50 %',
      'tcp        0 / 1      0 %  not yet: tcp (1)',
      '--------------------------',
      'all        1 / 3     33 %  not yet: tcp (1)',
    ]);
  });
});

describe('percent', () => {
  it('never rounds a failure away', () => {
    expect(percent(score('all', RESULTS))).toBeCloseTo(33.33);
    expect(percent(score('none', []))).toBe(100);
  });
});

describe('regressions', () => {
  it('names what passed before and fails now, and nothing else', () => {
    expect(regressions(['faults/a', 'faults/b', 'faults/gone'], RESULTS)).toEqual(['faults/b: step 1: status: expected 503, got 200']);
  });
});

describe('docsPage', () => {
  it('gives every differing case its reason', () => {
    const page = docsPage(RESULTS, new Map([['faults/b', 'in process there is no socket to cut']]));

    expect(page).toContain('| faults | 1 | 2 | 50 % |  |');
    expect(page).toContain('- **faults/b** (the rule of b): in process there is no socket to cut');
    expect(page).toContain('- **tcp/c** (the rule of c): not yet: tcp');
    expect(docsPage(RESULTS, new Map())).toContain('- **faults/b** (the rule of b): no reason stated');
  });
});
