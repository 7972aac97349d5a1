import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from './support/node.ts';
import { pack, ROOT, type Packed } from './support/packed.ts';
import { freshProject, type Project } from './support/project.ts';

const { exports, peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown>; peerDependencies: Record<string, string> };
const entries = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'ts-mesh'));

const ENGINE = ['eventemitter3', 'p-limit', 're2js', 'undici', 'yaml', 'yocto-queue'];

/** What an import of each entry loads, and a call through it: nobody's start-up pays for a framework, or a tool, that it does not use. */
const LOADED: Readonly<Record<string, readonly string[]>> = {
  'ts-mesh': ENGINE,
  'ts-mesh/clients': ['re2js'],
  'ts-mesh/express': [],
  'ts-mesh/fastify': [],
  'ts-mesh/gateway': ENGINE,
  'ts-mesh/hono': [],
  'ts-mesh/opossum': ['opossum'],
  'ts-mesh/testing': ENGINE,
};

/** Those that travel inside the CJS files. */
const INSIDE_CJS = new Set(['p-limit', 'yocto-queue']);

describe('optional packages', { timeout: 120_000 }, () => {
  let packed: Packed;
  let bare: Project;
  beforeAll(async () => {
    packed = await pack();
    bare = await freshProject(packed, 'bare');
  }, 180_000);
  afterAll(() => {
    bare?.[Symbol.dispose]();
    packed?.[Symbol.dispose]();
  });

  /** In a project beside all packages of the repository. */
  const loadedBy = async (how: string, name: string): Promise<unknown> => JSON.parse((await runNode(packed.consumer, ['loads.mjs', how, name])).stdout);
  const importIn = (name: string) => runNode(bare.folder, ['--input-type=module', '-e', `console.log(Object.keys(await import('${name}')).length > 0)`]);
  const requireIn = (name: string) => runNode(bare.folder, ['-e', `console.log(Object.keys(require('${name}')).length > 0)`]);

  it('are told for every entry', () => {
    expect([...Object.keys(LOADED), 'ts-mesh/nest'].sort()).toEqual([...entries].sort());
  });

  it.each(Object.entries(LOADED))('%s loads no other packages than %j, though all are there', async (name, packages) => {
    expect(await loadedBy('import', name)).toEqual(packages);
    expect(await loadedBy('require', name)).toEqual(packages.filter((one) => !INSIDE_CJS.has(one)));
  });

  it('ts-mesh/nest loads what it is for', async () => {
    expect(await loadedBy('import', 'ts-mesh/nest')).toEqual(expect.arrayContaining([...Object.keys(peerDependencies), 'undici']));
  });

  it('need not be there for all that does not name them', async () => {
    for (const name of Object.keys(LOADED)) {
      expect(await importIn(name)).toEqual({ code: 0, stdout: 'true\n', stderr: '' });
      expect(await requireIn(name)).toEqual({ code: 0, stdout: 'true\n', stderr: '' });
    }
  });

  it('are named where one is missing', async () => {
    for (const { code, stderr } of [await importIn('ts-mesh/nest'), await requireIn('ts-mesh/nest')]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/Cannot find (package|module) '@nestjs\/common'/);
    }
  });
});
