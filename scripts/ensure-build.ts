// Builds `dist/` unless it was built from exactly these sources. Benchmarks and package tests call it, perhaps at the
// same time, so one builds and the others wait.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'ts-mesh');
const STAMP = join(CACHE, 'built-from');
const LOCK = join(CACHE, 'build.lock');

/** Building and packing take seconds; a lock this old was left behind by one that was killed. */
const LOCK_EXPIRES_MS = 120_000;

/** Makes sure that `dist/` is what a build of the sources as they are now gives. */
export function ensureBuild(): Promise<void> {
  return withBuild(() => undefined);
}

/** As {@link ensureBuild}, and nobody builds again before `use` is done with `dist/`. */
export async function withBuild<T>(use: () => T | Promise<T>): Promise<T> {
  mkdirSync(CACHE, { recursive: true });
  while (!tryLock()) await sleep(200);
  try {
    if (!isFresh()) build();
    return await use();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function isFresh(): boolean {
  return existsSync(join(ROOT, 'dist', 'index.mjs')) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint();
}

function build(): void {
  const before = fingerprint();
  rmSync(STAMP, { force: true });
  const tsdown = join(ROOT, 'node_modules', 'tsdown', 'dist', 'run.mjs');
  execFileSync(process.execPath, [tsdown, '--logLevel', 'error'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(STAMP, before);
}

function fingerprint(): string {
  const hash = createHash('sha256');
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const file of ['package.json', 'tsconfig.json', 'tsdown.config.ts', ...sources.sort().map((name) => join('src', name))]) {
    hash.update(file).update('\0').update(readFileSync(join(ROOT, file))).update('\0');
  }
  return hash.digest('hex');
}

function tryLock(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    const heldSince = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - heldSince > LOCK_EXPIRES_MS) rmSync(LOCK, { recursive: true, force: true });
    return false;
  }
}
