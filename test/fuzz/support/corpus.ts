import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const ROOT = join(import.meta.dirname, '../../..');

/** Real rules: what the examples, the recorded cases and the services of these cases are configured with. */
export interface RealText {
  readonly name: string;
  readonly text: string;
}

const texts = (pattern: string): RealText[] =>
  globSync(pattern, { cwd: ROOT })
    .toSorted()
    .map((file) => ({ name: file, text: readFileSync(join(ROOT, file), 'utf8') }));

const worlds = texts('test/conformance/data/worlds/*.yaml');
const cases = texts('test/conformance/data/cases/**/*.yaml').flatMap(({ name, text }) => {
  const { config } = parse(text) as { config?: string };
  return config === undefined ? [] : [{ name: basename(name), text: config }];
});

export const CORPUS: readonly RealText[] = [...texts('examples/**/*.yaml'), ...worlds, ...cases];

/** Few and short, yet of every kind. */
export const SMALL: readonly RealText[] = CORPUS.filter(({ text }) => text.length < 1500);

/** Every document of {@link CORPUS} as plain data. */
export const DOCUMENTS: readonly object[] = CORPUS.flatMap(({ text }) =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as unknown)
    .filter((value) => typeof value === 'object' && value !== null),
);
