import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { packageFile } from './package.ts';

/** What a process imports that does nothing else. */
export const IMPORTS: Readonly<Record<string, string>> = {
  nothing: '',
  undici: `import 'undici';`,
  'ts-mesh': `import ${JSON.stringify(pathToFileURL(packageFile()).href)};`,
};

const LAPS = 5;

/** How long a process lives that imports this and ends, in milliseconds: the median of a few, taken in turns so that all see the same machine. */
export function importTimes(): Record<string, number> {
  const laps = Array.from({ length: LAPS }, () => Object.values(IMPORTS).map(timeOf));
  return Object.fromEntries(Object.keys(IMPORTS).map((name, at) => [name, laps.map((lap) => lap[at]!).toSorted((a, b) => a - b)[LAPS >> 1]!]));
}

function timeOf(program: string): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: import.meta.dirname, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}
