import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const RESULTS = join(import.meta.dirname, '..', 'results');

/** What the figures depend on; nothing that tells whose machine it was. */
export function environment(): Readonly<Record<string, unknown>> {
  return {
    node: process.versions.node,
    undici: versionOf('undici'),
    builtInUndici: process.versions['undici'],
    platform: `${process.platform}-${process.arch}`,
    cpus: availableParallelism(),
  };
}

/** Writes `results/NAME.json`, or `results/NAME.quick.json`, which is not committed. Gives its path in the repository. */
export function writeResult(name: string, quick: boolean, data: unknown): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = `${name}${quick ? '.quick' : ''}.json`;
  writeFileSync(join(RESULTS, file), `${JSON.stringify({ environment: environment(), ...(data as object) }, rounded, 2)}\n`);
  return `benchmarks/results/${file}`;
}

// Digits beyond these are noise.
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function versionOf(dependency: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${dependency}/package.json`);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
