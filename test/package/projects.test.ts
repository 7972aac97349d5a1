import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack, type Packed } from './support/packed.ts';
import { freshProject } from './support/project.ts';

/** Projects as people have them, and how many tests each has. */
const PROJECTS = { 'express-5': 2, 'express-4': 2, 'fastify-5': 2, 'nest-11': 2, 'nest-12': 2, vitest: 3, typescript: 3 };

// `npm run test:full` comes here on other versions of Node, too.
describe(`from the tarball, on Node ${process.versions.node}, a fresh project`, { timeout: 120_000 }, () => {
  let packed: Packed;
  beforeAll(async () => {
    packed = await pack();
  }, 180_000);
  afterAll(() => packed?.[Symbol.dispose]());

  it.each(Object.entries(PROJECTS))('%s passes its %i tests', async (name, tests) => {
    using project = await freshProject(packed, name);

    const { code, output } = await project.test();

    // node:test, Vitest and Jest each say it in their way.
    expect({ code, passed: Number(/^(?:# pass|ℹ pass|\s*Tests:?)\s+(\d+)/m.exec(output)?.[1]) }, output).toEqual({ code: 0, passed: tests });
  });
});
