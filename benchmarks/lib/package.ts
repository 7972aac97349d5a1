import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Package from '../../src/index.ts';

// What is measured is what is shipped: the built package, by the very file that its `exports` name. The types come from
// the sources, so that benchmarks compile before anything is built.
const HERE = join(import.meta.dirname, '..', '..');

/** The file that `import 'ts-mesh'` leads to. @param root - of the repository */
export function packageFile(root: string = HERE): string {
  return join(root, 'dist', 'index.mjs');
}

/** The built package. @param root - of the repository; default: this one */
export async function loadPackage(root?: string): Promise<typeof Package> {
  return (await import(pathToFileURL(packageFile(root)).href)) as typeof Package;
}
