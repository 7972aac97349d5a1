import { execFile } from 'node:child_process';

/** How a process ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `node` (default: the current one) in `cwd`, and waits. */
export function runNode(cwd: string, args: readonly string[], node: string = process.execPath): Promise<Finished> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, NODE_OPTIONS: undefined, VITEST: undefined };
  return new Promise((resolve) => {
    execFile(node, args, { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });
}
