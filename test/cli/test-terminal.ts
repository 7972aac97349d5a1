import { run } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

/** What a command line printed, and how it ended. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `ts-mesh ARGS` in this process. */
export async function tsMesh(args: readonly string[], options: Partial<Pick<Terminal, 'cwd' | 'env' | 'isScreen' | 'columns'>> & { readonly stdin?: string } = {}): Promise<Printed> {
  const out: string[] = [];
  const err: string[] = [];
  const { stdin = '', ...rest } = options;
  const terminal: Terminal = {
    cwd: process.cwd(),
    env: {},
    isScreen: false,
    columns: 100,
    ...rest,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    input: () => Promise.resolve(stdin),
    stopped: () => Promise.resolve(),
  };
  const code = await run(args, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
}
