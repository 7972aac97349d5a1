import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from './support/node.ts';
import { pack, ROOT, type Packed } from './support/packed.ts';

// The test kit as other test runners meet it; Vitest's own tests are in test/testing.
describe('ts-mesh/testing', { timeout: 120_000 }, () => {
  let packed: Packed;
  beforeAll(async () => {
    packed = await pack();
  }, 180_000);
  afterAll(() => packed?.[Symbol.dispose]());

  it('in Jest: matchers, virtual time, fake timers', async () => {
    const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const { code, stdout, stderr } = await runNode(join(packed.consumer, 'testing'), [jest, '--config', 'jest.config.cjs', '--json', '--watchman=false']);

    const { numPassedTests, numFailedTests } = JSON.parse(stdout) as { numPassedTests: number; numFailedTests: number };
    expect({ code, numPassedTests, numFailedTests }, stderr).toEqual({ code: 0, numPassedTests: 4, numFailedTests: 0 });
  });

  it('in node:test: assertions, virtual time, mock timers, simulate', async () => {
    const { code, stdout } = await runNode(join(packed.consumer, 'testing'), ['--test', '--test-reporter=tap', 'kit.node.mjs']);

    expect(code, stdout).toBe(0);
    expect(stdout).toContain('# pass 3');
  });

  it('is nothing that the package itself loads', async () => {
    const program = "const { registerHooks } = await import('node:module'); const urls = []; registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) }); await import('ts-mesh'); console.log(urls.filter((url) => /testing/.test(url)).length, urls.length > 1)";
    const { stdout } = await runNode(packed.consumer, ['--input-type=module', '-e', program]);

    expect(stdout).toBe('0 true\n');
  });
});
