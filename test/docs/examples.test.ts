import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as kit from '../../src/testing/index.ts';
import { filesBefore, pages, placeOf, writeFiles, type Page } from './page.ts';

/**
 * The tests that guide pages show are run, with the YAML of their page in the folder `mesh/`. What they import from runners is what
 * a runner here gives.
 */
type Hook = () => unknown;
interface Collected {
  readonly before: Hook[];
  readonly tests: [name: string, run: Hook][];
  readonly after: Hook[];
}

function collect(code: string, cwd: string): Collected {
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 } });
  const collected: Collected = { before: [], tests: [], after: [] };
  const push = (hooks: Hook[]) => (hook: Hook) => void hooks.push(hook);
  const runner = { expect, vi, it: (name: string, run: Hook) => void collected.tests.push([name, run]), beforeAll: push(collected.before), before: push(collected.before), beforeEach: push(collected.before), afterAll: push(collected.after), after: push(collected.after) };
  const inFolder = <T>(config: T): T | string => (config === 'mesh/' ? join(cwd, 'mesh') : config);
  const modules: Record<string, object> = {
    vitest: runner,
    '@jest/globals': runner,
    'node:test': runner,
    'ts-mesh/testing': {
      ...kit,
      createTestMesh: (config: string, options?: kit.TestMeshOptions) => kit.createTestMesh(inFolder(config), options),
      simulate: (config: string, options: kit.SimulationOptions) => kit.simulate(inFolder(config), options),
    },
  };
  new Function('require', 'exports', outputText)((name: string) => modules[name] ?? expect.fail(`an example may not import ${name}`), {});
  return collected;
}

const isTest = (text: string): boolean => /^it\(/m.test(text);
const guides: readonly Page[] = pages().filter(({ name, blocks }) => name.startsWith('docs/guide/') && blocks.some(({ text }) => isTest(text)));

describe.each(guides.map((page) => [page.name, page] as const))('%s', (_, page) => {
  const cwd = mkdtempSync(join(tmpdir(), 'ts-mesh-docs-'));
  beforeAll(() => writeFiles(cwd, filesBefore(page, page.blocks.length)));
  afterAll(() => rmSync(cwd, { recursive: true }));

  for (const block of page.blocks.filter(({ text }) => isTest(text))) {
    const { before, tests, after } = collect(block.text, cwd);
    it.each(tests)(`${placeOf(block)}: %s`, async (_name, run) => {
      for (const hook of before) await hook();
      await run();
      for (const hook of after) await hook();
    });
  }
});
