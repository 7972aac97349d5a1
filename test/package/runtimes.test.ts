import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENTRIES } from '../../scripts/api/snapshot.ts';
import { bundle } from './support/bundle.ts';
import { runNode } from './support/node.ts';
import { pack, type Packed } from './support/packed.ts';
import { freshProject, type Project } from './support/project.ts';

const REASON = /Error: ts-mesh opens sockets of Node, and was imported for a runtime without them[^]*Import it only from code that runs on Node/;
const NAMES = ENTRIES.map((entry) => (entry === 'index' ? 'ts-mesh' : `ts-mesh/${entry}`));

// Where there are no sockets. Conditions are all that a package learns of the runtime it is resolved for.
describe('where Node is not', { timeout: 120_000 }, () => {
  let packed: Packed;
  let project: Project;
  beforeAll(async () => {
    packed = await pack();
    project = await freshProject(packed, 'bundled');
  }, 180_000);
  afterAll(() => {
    project?.[Symbol.dispose]();
    packed?.[Symbol.dispose]();
  });

  it.each(['edge-light', 'workerd', 'browser'])('an import for "%s" says so, whatever the entry', async (condition) => {
    const program = (load: string): string => `for (const name of ${JSON.stringify(NAMES)}) try { ${load}; console.log('loaded ' + name); } catch (error) { console.log(String(error)); }`;
    const runs = [
      await runNode(project.folder, [`--conditions=${condition}`, '--input-type=module', '-e', program('await import(name)')]),
      await runNode(project.folder, [`--conditions=${condition}`, '--input-type=commonjs', '-e', program('require(name)')]),
    ];

    for (const { stdout } of runs) {
      const lines = stdout.trim().split('\n');
      expect(lines).toHaveLength(NAMES.length);
      for (const line of lines) expect(line).toMatch(REASON);
    }
  });

  it.each([
    ['a browser', 'browser', []],
    ['an edge function', 'neutral', ['edge-light']],
    ['Workers', 'neutral', ['workerd', 'worker', 'browser']],
  ] as const)('a bundle for %s can be made, and says so when it is loaded', async (name, platform, conditions) => {
    const text = "import { createMesh, isMeshError } from 'ts-mesh';\nimport { meshContext } from 'ts-mesh/hono';\nexport const mesh = () => [createMesh, isMeshError, meshContext];\n";
    const { file, packages, bytes } = await bundle(project.folder, name.replaceAll(' ', '-'), text, platform, conditions);

    expect(packages).toEqual([]);
    expect(bytes).toBeLessThan(5000);
    expect((await runNode(project.folder, [file])).stderr).toMatch(REASON);
  });

  it('a bundler finds every name that the entries have', async () => {
    // Each beside the packages of the repository, which Nest's needs.
    const program = `const names = []; for (const name of ${JSON.stringify(NAMES)}) names.push(...Object.keys(await import(name))); console.log(JSON.stringify(names))`;
    const { stdout } = await runNode(packed.consumer, ['--input-type=module', '-e', program]);
    const names = [...new Set(JSON.parse(stdout) as string[])].sort();

    const source = readFileSync(join(project.folder, 'node_modules', 'ts-mesh', 'dist', 'unsupported.mjs'), 'utf8');
    const exported = [...source.matchAll(/\babsent as (\w+)/g)].map(([, name]) => name!);

    expect(exported.sort(), 'src/unsupported.ts has a name for each export').toEqual(names);
  });
});
