import { describe, expect, it } from 'vitest';
import { runNode, type Run } from './run-example.ts';

const start = (...args: string[]): Promise<Run> => runNode('examples/start.ts', ...args);

describe('npm start', { timeout: 30_000 }, () => {
  it('runs one scenario, says what it saw, and ends by itself', async () => {
    const { code, stdout } = await start('--only', 'K2');

    expect(stdout).toMatch(/K2 {2}All calls to one version/);
    expect(stdout).toMatch(/configured .*kim-shop\.yaml/);
    expect(stdout).toMatch(/observed {5}answers: v1 ×20/);
    expect(stdout).toMatch(/1 passed, 0 failed in \d+\.\d s\n$/);
    expect(code).toBe(0);
  });

  it('shows its work with --verbose', async () => {
    const { stdout } = await start('--only', 'K3', '--verbose');

    expect(stdout).toMatch(/observation/);
    expect(stdout).toMatch(/Hello v2, cheng!, id: 1 email: cheng@163\.com/);
  });

  it('names the scenarios with --list', async () => {
    const { code, stdout } = await start('--list');

    expect(stdout.trim().split('\n')).toHaveLength(24);
    expect(code).toBe(0);
  });

  it('knows what it does not know', async () => {
    const { code, stdout, stderr } = await start('--only', 'K10');

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^there is no scenario K10; there are K1 K2 .* B15 /);
  });
});
