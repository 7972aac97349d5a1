import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TRICKS } from './tricks.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'egress.md');

/** `code` in the table for what is a code or a flag. */
const shown = (text: string): string => (/^(ERR_|UND_|TypeError)/.test(text) ? `\`${text}\`` : text).replaceAll('|', '\\|');

function tables(): string {
  return Object.entries(TRICKS)
    .map(([subject, tricks]) => {
      const rows = tricks.map(({ trick, attempts, outcome }) => `| ${shown(trick)} | ${attempts.map(({ door }) => door).join('; ')} | ${shown(outcome)} |`);
      return [`### ${subject[0]!.toUpperCase()}${subject.slice(1)}`, '', '| trick | door | outcome |', '|---|---|---|', ...rows].join('\n');
    })
    .join('\n\n');
}

it('docs/egress.md tells every trick, its doors and its outcome', () => {
  const page = readFileSync(PAGE, 'utf8');
  const expected = page.replace(/(<!-- tricks -->\n)[^]*(<!-- \/tricks -->)/, (_, begin: string, end: string) => `${begin}\n${tables()}\n\n${end}`);
  // UPDATE_DOCS=1 writes it.
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, expected);
  else expect(page).toBe(expected);
});

it('there are at least forty tricks, each told once', () => {
  const names = Object.values(TRICKS).flat().map(({ trick, attempts }) => `${trick} ${attempts.map(({ door }) => door).join()}`);
  expect(names.length).toBeGreaterThanOrEqual(40);
  expect(new Set(names).size).toBe(names.length);
});
