import { text } from 'node:stream/consumers';
import type { Terminal } from './terminal.ts';

/** The process's own terminal. */
export function processTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process;
  // A reader that has seen enough (`| head`) is no failure.
  stdout.on('error', () => process.exit());
  return {
    cwd: process.cwd(),
    env,
    isScreen: stdout.isTTY === true && env['NO_COLOR'] === undefined,
    columns: stdout.columns ?? 100,
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    input: () => text(stdin),
  };
}
