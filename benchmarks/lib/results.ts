import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';

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

/** Where a full run's results are committed. */
export const RESULTS = join(import.meta.dirname, '..', 'results');

/** Writes the data of an answer as `NAME.json`. Gives the path of the file. */
export function writeData(folder: string, name: string, data: object): string {
  return write(folder, `${name}.json`, `${JSON.stringify({ environment: environment(), ...data }, rounded, 2)}\n`);
}

/** Writes the picture of an answer as `NAME.svg`. Gives the path of the file. */
export function writePicture(folder: string, name: string, picture: string): string {
  return write(folder, `${name}.svg`, picture);
}

function write(folder: string, file: string, content: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, file);
  writeFileSync(path, content);
  return relative(process.cwd(), path);
}

/** What an earlier run wrote; `undefined`: nothing. */
export function readResult(folder: string, name: string): object | undefined {
  const path = join(folder, `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : undefined;
}

// Digits beyond these are noise.
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function versionOf(dependency: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${dependency}/package.json`);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
