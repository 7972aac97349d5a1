import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, type Bundle } from './support/bundle.ts';
import { pack, type Packed } from './support/packed.ts';
import { freshProject, type Project } from './support/project.ts';

const PROGRAMS = {
  everything: "export * from 'ts-mesh';",
  meshFetch: "export { meshFetch } from 'ts-mesh';",
  createMesh: "export { createMesh } from 'ts-mesh';",
  compileSnapshot: "export { compileSnapshot } from 'ts-mesh';",
  RouteTable: "export { RouteTable } from 'ts-mesh';",
  decisions: "export { CircuitBreaker, createBalancer, FaultInjector, HostSet, OutlierDetector, RetryPolicy, seededRandom, SubsetResolver, TimeoutPolicy, WeightedClusters } from 'ts-mesh';",
  FaultInjector: "export { FaultInjector } from 'ts-mesh';",
  'ts-mesh/express': "export * from 'ts-mesh/express';",
  nothing: "import 'ts-mesh';",
};
type Program = keyof typeof PROGRAMS;

describe('a bundle of a program that imports', { timeout: 120_000 }, () => {
  let packed: Packed;
  let project: Project;
  const bundles = new Map<string, Bundle>();
  beforeAll(async () => {
    packed = await pack();
    project = await freshProject(packed, 'bundled');
    for (const [name, text] of Object.entries(PROGRAMS)) bundles.set(name, await bundle(project.folder, name.replace('/', '-'), text));
    const rows = [...bundles].map(([name, { bytes, gzipped, packages }]) => `  ${name.padEnd(18)}${kilobytes(bytes)}  ${kilobytes(gzipped)} gzipped   ${packages.join(' ')}`);
    console.log(`what a bundle gets, minified, and what of it is other packages:\n${rows.join('\n')}`);
  }, 180_000);
  afterAll(() => {
    project?.[Symbol.dispose]();
    packed?.[Symbol.dispose]();
  });

  const of = (program: Program): Bundle => bundles.get(program)!;
  /** How large it is, as a share of a mesh's. */
  const share = (program: Program): number => of(program).bytes / of('createMesh').bytes;

  it('a mesh has the packages that carry it out, and no adapter, test kit, gateway or command', () => {
    for (const program of ['createMesh', 'meshFetch', 'everything'] as const) {
      expect(of(program).packages).toEqual(['eventemitter3', 'p-limit', 're2js', 'undici', 'yaml', 'yocto-queue']);
      expect(of(program).files.filter((file) => /(testing|gateway|nest|express|fastify|hono|opossum|clients|cli)[-.]/.test(file))).toEqual([]);
    }
  });

  it('decisions of the core has none of them, and is a small part of a mesh', () => {
    expect(of('decisions').packages).toEqual([]);
    expect(share('decisions')).toBeLessThan(0.05);
    expect(share('FaultInjector')).toBeLessThan(share('decisions') / 4);
  });

  it('routes has the regular expressions of rules besides', () => {
    expect(of('RouteTable').packages).toEqual(['re2js']);
    expect(share('RouteTable')).toBeLessThan(0.25);
  });

  it('the compiler of rules has their YAML besides', () => {
    expect(of('compileSnapshot').packages).toEqual(['re2js', 'yaml']);
    expect(share('compileSnapshot')).toBeLessThan(0.5);
  });

  it('an adapter has little besides', () => {
    expect(of('ts-mesh/express').packages).toEqual([]);
    expect(share('ts-mesh/express')).toBeLessThan(0.01);
  });

  it('the package, and takes nothing of it, gets nothing', () => {
    expect(of('nothing').files).toEqual([]);
  });
});

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1).padStart(7)} KiB`;
}
