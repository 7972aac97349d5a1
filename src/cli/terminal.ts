/** Where a command reads and writes: the process's own streams, or a test's. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether colour and the width of the screen matter. */
  readonly isScreen: boolean;
  readonly columns: number;
  out(text: string): void;
  err(text: string): void;
  /** All of the standard input. */
  input(): Promise<string>;
  /** Resolves when the program is told to stop. Whoever tells it twice means at once: then it never comes back. */
  stopped(): Promise<void>;
}

/** How a command ended. Source: sysexits of linters: 0 nothing wrong, 1 errors found, 2 misuse. */
export type ExitCode = 0 | 1 | 2;

/** The command was called in a way that makes no sense; its message says what to do instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
