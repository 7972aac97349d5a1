import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** The entries of the package, by the names of their files; `index` is the first. */
export const ENTRIES: readonly string[] = (() => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Readonly<Record<string, unknown>> };
  return Object.keys(exports).filter((path) => path !== './package.json').map((path) => (path === '.' ? 'index' : path.slice(2)));
})();

/** Where the text of an entry is kept. */
export function apiFile(entry: string): string {
  return join(ROOT, 'test', 'package', 'api', `${entry}.txt`);
}
