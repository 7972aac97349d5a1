import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LISTENER_DOORS } from './client-doors.ts';
import { FETCHES, HTTP_DOORS, REQUESTS, type Trick } from './trick.ts';
import { TRICKS } from './tricks.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'egress.md');
const ANOTHER_PORT = ', another port';

const list = (doors: readonly { readonly door: string }[]): string => doors.map(({ door }) => door).join('; ');

/** The page says what these are. */
const GROUPS: Readonly<Record<string, string>> = {
  [list(HTTP_DOORS)]: 'all for HTTP',
  [list(FETCHES)]: 'all of fetch',
  [`${list(FETCHES)}; undici.request, redirect interceptor`]: 'all that follow',
  [list(REQUESTS)]: 'all of request',
  'mesh.connect; mesh.createConnection': 'all for connections',
  [list(LISTENER_DOORS)]: 'all of the listener',
};

/** `code` in the table for what is a code. */
const shown = (text: string): string => (/^(ERR_|UND_|TypeError)/.test(text) ? `\`${text}\`` : text);

function rowOf({ trick, attempts, outcome }: Trick, elsewhere: Trick | undefined): string {
  const doors = GROUPS[list(attempts)] ?? list(attempts);
  return `| ${trick} | ${doors} | ${shown(outcome)}${elsewhere === undefined ? '' : `; on another port ${shown(elsewhere.outcome)}`} |`;
}

/** A trick and the same on another port are one row. */
function rowsOf(tricks: readonly Trick[]): string[] {
  const twin = (one: Trick): Trick | undefined =>
    tricks.find(({ trick, attempts }) => trick === one.trick + ANOTHER_PORT && list(attempts) === list(one.attempts));
  const told = new Set(tricks.map(twin));
  return tricks.filter((one) => !told.has(one)).map((one) => rowOf(one, twin(one)));
}

function tables(): string {
  return Object.entries(TRICKS)
    .map(([subject, tricks]) => [`### ${subject[0]!.toUpperCase()}${subject.slice(1)}`, '', '| trick | door | outcome |', '|---|---|---|', ...rowsOf(tricks)].join('\n'))
    .join('\n\n');
}

it('docs/egress.md tells every trick, its doors and its outcome', () => {
  const page = readFileSync(PAGE, 'utf8');
  const expected = page.replace(/(<!-- tricks -->\n)[^]*(<!-- \/tricks -->)/, (_, begin: string, end: string) => `${begin}\n${tables()}\n\n${end}`);
  // UPDATE_DOCS=1 writes it.
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, expected);
  else expect(page).toBe(expected);
  for (const group of Object.values(GROUPS)) expect(page).toContain(`**${group}**`);
});

it('there are at least forty tricks, each told once', () => {
  const names = Object.values(TRICKS).flat().map(({ trick, attempts }) => `${trick} ${list(attempts)}`);
  expect(names.length).toBeGreaterThanOrEqual(40);
  expect(new Set(names).size).toBe(names.length);
});
