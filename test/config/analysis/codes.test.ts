import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../../src/config/analysis/codes.ts';

const PAGE = readFileSync(new URL('../../../docs/findings.md', import.meta.url), 'utf8');

describe('docs/findings.md', () => {
  it.each(Object.entries(CODES))('lists %s', (code, { level, title }) => {
    expect(PAGE).toContain(`| ${code} | ${level} | ${title} |`);
    if (code.startsWith('TSM')) expect(PAGE).toContain(`### ${code}: ${title}`);
  });

  it('lists no code that is gone', () => {
    const listed = [...PAGE.matchAll(/^\| (\w+\d+) \|/gm)].map(([, code]) => code);
    expect(listed.filter((code) => !Object.hasOwn(CODES, code!))).toEqual([]);
  });
});
