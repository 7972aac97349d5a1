import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example as a user does, in a process of its own. */
function node(script: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(EXAMPLES, script), ...args], { env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

describe('npm start', { timeout: 30_000 }, () => {
  it('runs one scenario, says what it saw, and ends by itself', async () => {
    const { code, stdout } = await node('start.ts', '--only', 'K2');

    expect(stdout).toMatch(/K2 {2}All calls to one version/);
    expect(stdout).toMatch(/configured .*kim-shop\.yaml/);
    expect(stdout).toMatch(/observed {5}answers: v1 ×20/);
    expect(stdout).toMatch(/1 passed, 0 failed in \d+\.\d s\n$/);
    expect(code).toBe(0);
  });

  it('shows its work with --verbose', async () => {
    const { stdout } = await node('start.ts', '--only', 'K3', '--verbose');

    expect(stdout).toMatch(/observation/);
    expect(stdout).toMatch(/Hello v2, cheng!, id: 1 email: cheng@163\.com/);
  });

  it('names the scenarios with --list', async () => {
    const { code, stdout } = await node('start.ts', '--list');

    expect(stdout.trim().split('\n')).toHaveLength(24);
    expect(code).toBe(0);
  });

  it('knows what it does not know', async () => {
    const { code, stdout, stderr } = await node('start.ts', '--only', 'K10');

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^there is no scenario K10; there are K1 K2 .* B15 /);
  });
});

describe('the quick start', { timeout: 30_000 }, () => {
  it('splits the calls, and sends jason to v2', async () => {
    const { code, stdout } = await node('quick-start/quick-start.ts');

    const v2 = Number(/'hello from v2': (\d+)/.exec(stdout)?.[1] ?? 0);
    expect(v2).toBeLessThan(26);
    expect(stdout).toMatch(/'hello from v1': \d+/);
    expect(stdout).toMatch(/jason: {3}hello from v2\n/);
    expect(code).toBe(0);
  });
});

describe('other clients', { timeout: 30_000 }, () => {
  it('all go by one rule, and end', async () => {
    const { code, stdout } = await node('clients/clients.ts');

    const lines = stdout.trim().split('\n').map((line) => line.split(/: +/));
    expect(lines.map(([client]) => client)).toEqual(['axios', 'got', 'ws', 'EventSource', 'grpc-js', 'fetch']);
    for (const [client, answers] of lines) expect(answers).toBe(client === 'EventSource' ? 'hello from v1' : 'hello from v1 · hello from v2');
    expect(code).toBe(0);
  });
});
