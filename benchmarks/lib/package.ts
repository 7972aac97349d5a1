import type * as Package from '../../src/index.ts';

// What is measured is what is shipped: the built package, by the very file that its `exports` name. The types come from
// the sources, so that benchmarks compile before anything is built.
const BUILT = new URL('../../dist/index.mjs', import.meta.url).href;

/** The built package. */
export async function loadPackage(): Promise<typeof Package> {
  return (await import(BUILT)) as typeof Package;
}
