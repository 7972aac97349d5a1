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
    stopped,
  };
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Of a second signal Node's own answer would be nothing where this is the first process of a container. Exit status: as shells give it. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    // Listeners of signals keep no process alive; what it waits for may be nothing else.
    const waiting = setInterval(() => {}, 60_000);
    for (const [signal, number] of Object.entries(SIGNALS)) {
      process.on(signal, () => {
        if (isStopping) process.exit(128 + number);
        isStopping = true;
        clearInterval(waiting);
        resolve();
      });
    }
  });
}
