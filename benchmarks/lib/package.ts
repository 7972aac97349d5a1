import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withBuild } from '../../scripts/ensure-build.ts';
import type * as Package from '../../src/index.ts';

// What is measured is what is shipped: the built package, by the very file that its `exports` name. The types come from
// the sources, so that benchmarks compile before anything is built.
const ROOT = join(import.meta.dirname, '..', '..');

/** Tells the processes of a run where its copy of the package is. */
const COPY = 'TS_MESH_BENCHMARK_PACKAGE';

/** Builds the package if need be, and puts a copy aside for this process and those that it starts, so that a run is of one build, whatever happens to the sources meanwhile. */
export async function takePackage(): Promise<void> {
  // Where imports of its dependencies find them.
  const copy = join(ROOT, 'node_modules', '.cache', 'ts-mesh', `benchmark-${process.pid}`);
  await withBuild(() => cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true }));
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  process.env[COPY] = copy;
}

/** The file that `import 'ts-mesh'` leads to. @param root - of the repository; default: this one, or what {@link takePackage} put aside */
export function packageFile(root: string = process.env[COPY] ?? ROOT): string {
  return join(root, 'dist', 'index.mjs');
}

/** The built package. @param root - see {@link packageFile} */
export async function loadPackage(root?: string): Promise<typeof Package> {
  return (await import(pathToFileURL(packageFile(root)).href)) as typeof Package;
}
