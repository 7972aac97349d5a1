import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../src/config/analysis/analyze.ts';
import type { Finding } from '../../../src/config/analysis/finding.ts';
import { readResources } from '../../../src/config/read-resources.ts';

const folder = new URL('../data/analysis/', import.meta.url);

interface Recorded {
  readonly code: string;
  readonly level: string;
  readonly resource: string;
  readonly message: string;
  readonly line?: number;
  /** Whether it was also said without Services, Pods and the like. */
  readonly cli: boolean;
}

const recorded = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Record<string, Recorded[]>;

/** Where the words are those of Istio's validation, or of Go's JSON reader. */
const OTHER_WORDS = ['IST0106', 'IST0133', 'PARSE'];

type Said = Pick<Finding | Recorded, 'code' | 'level' | 'resource' | 'message'>;

function line({ code, level, resource, message }: Said): string {
  return `${level.toLowerCase()} ${code} ${resource}: ${OTHER_WORDS.includes(code) ? '' : message}`;
}

function analyzed(file: string, complete: boolean): string[] {
  const text = readFileSync(new URL(`cases/${file}`, folder), 'utf8');
  const { resources, issues } = readResources([{ text, file }], { rules: 'analysis' });
  return analyze(resources, { issues, complete }).filter(({ code }) => !code.startsWith('TSM')).map(line).sort();
}

describe('what istioctl analyze finds', () => {
  it.each(Object.entries(recorded))('%s', (file, findings) => {
    expect(analyzed(file, true)).toEqual(findings.map(line).sort());
  });

  it.each(Object.entries(recorded))('%s, of rules alone', (file, findings) => {
    expect(analyzed(file, false)).toEqual(findings.filter(({ cli }) => cli).map(line).sort());
  });
});
