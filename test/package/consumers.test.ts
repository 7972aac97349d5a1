import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_WELL } from './support/exercise.ts';
import { runNode } from './support/node.ts';
import { pack, ROOT, type Packed } from './support/packed.ts';

// Projects that have installed the package, each a process of its own.
describe('a project', { timeout: 120_000 }, () => {
  let packed: Packed;
  beforeAll(async () => {
    packed = await pack();
  }, 180_000);
  afterAll(() => packed?.[Symbol.dispose]());

  const result = async (script: string, ...flags: string[]): Promise<unknown> => {
    const { stdout, stderr } = await runNode(packed.consumer, [...flags, script]);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  it('in CJS requires the package', async () => {
    expect(await result('require.cjs')).toEqual(ALL_WELL);
  });

  it('in ESM imports the package', async () => {
    expect(await result('import.mjs')).toEqual(ALL_WELL);
  });

  it('that loads several copies has one default mesh, one context of requests, calls that are routed once, and errors and results that each copy knows', async () => {
    // A third copy: the install of a dependency.
    cpSync(join(packed.consumer, 'node_modules', 'ts-mesh'), join(packed.consumer, 'other', 'node_modules', 'ts-mesh'), { recursive: true });

    const handedOn = 'hello jason in time';
    const layers = {
      all: ['001 hello', '100 one', '010 two', '001 three', '000 127.0.0.1'],
      two: ['001 hello', '100 one', '000 127.0.0.1'],
      one: ['001 hello', '000 127.0.0.1'],
      none: '000 127.0.0.1',
    };
    expect(await result('copies.mjs')).toEqual({
      copies: 3,
      errors: [[true, true, true, false], [true, true, true, false], [true, true, true, false]],
      defaultMesh: [200, 'hello', 'hello', 2],
      info: ['lean', 'lean', 'lean'],
      context: [handedOn, handedOn, handedOn, handedOn, handedOn, handedOn],
      current: Array.from({ length: 9 }, () => 'a:b').join(),
      installed: [layers, layers],
    });
  });

  it('finds the subpaths', async () => {
    expect(await result('subpaths.cjs')).toEqual(['function', 'function', 'function', 'function', 'function', 'function', 'function', 'number', 0.5, 'string']);
  });

  it('without any call opens nothing that keeps it alive', async () => {
    const { code, stdout } = await runNode(packed.consumer, ['-e', "require('ts-mesh'); console.log(process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap').join())"]);

    expect({ code, stdout }).toEqual({ code: 0, stdout: '\n' });
  });

  it('with Jest requires the package', async () => {
    const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const { code, stdout, stderr } = await runNode(join(packed.consumer, 'jest'), [jest, '--config', 'jest.config.cjs', '--json', '--watchman=false']);

    const report = JSON.parse(stdout) as { numPassedTests: number; numFailedTests: number };
    expect({ code, passed: report.numPassedTests, failed: report.numFailedTests }, stderr).toEqual({ code: 0, passed: 2, failed: 0 });
  });

  it('in strict TypeScript compiles against the published types, in both module systems', async () => {
    const types = join(packed.consumer, 'types');
    for (const extension of ['mts', 'cts']) cpSync(join(types, 'program.txt'), join(types, `program.${extension}`));

    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, stdout } = await runNode(types, [tsc, '-p', '.']);

    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('reports how long an import takes', async () => {
    const time = async (name: string): Promise<number> => {
      const program = `const start = performance.now(); await import('${name}'); console.log(performance.now() - start)`;
      const runs = [];
      for (let i = 0; i < 5; i++) runs.push(Number((await runNode(packed.consumer, ['--input-type=module', '-e', program])).stdout));
      return runs.toSorted((a, b) => a - b)[2]!;
    };
    const [mesh, undici] = [await time('ts-mesh'), await time('undici')];

    // A figure to read, not a bar: it depends on what else the machine does.
    console.log(`import of ts-mesh: ${mesh.toFixed(0)} ms, of undici alone: ${undici.toFixed(0)} ms (medians of 5 fresh processes)`);
    expect(mesh).toBeGreaterThan(0);
  });
});
