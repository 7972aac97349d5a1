import { createWriteStream, type WriteStream } from 'node:fs';

/** Lines that wait for a slow reader, in bytes of text; above that, lines are dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

const DESCRIPTORS: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/**
 * Whether the mesh writes its access log there by itself. Configuration comes from outside, and a path in it must not make a process
 * append to any file it can reach; other paths are for the `accessLog` option.
 */
export function isLogOutput(file: string): boolean {
  return file in DESCRIPTORS;
}

/**
 * The process's own output as an access log. Writing goes through Node's thread pool: `process.stdout` would block the process while
 * a pipe is full. Source: Istio `meshConfig.accessLogFile`.
 */
export class AccessLogOutput {
  /** Lines that were not written, since too many were waiting. */
  dropped = 0;
  readonly #stream: WriteStream;
  #broken = false;

  /** @param file - one that {@link isLogOutput} takes */
  constructor(file: string) {
    // The descriptor is the process's, not ours to close.
    this.#stream = createWriteStream('', { fd: DESCRIPTORS[file]!, autoClose: false });
    this.#stream.on('error', (error) => {
      this.#broken = true;
      process.emitWarning(`the access log can't be written to ${file} any more: ${error.message}`, 'MeshWarning');
    });
  }

  write(line: string): void {
    if (this.#broken || this.#stream.writableLength > MAX_WAITING_BYTES) this.dropped++;
    else this.#stream.write(`${line}\n`);
  }

  /** Resolves when what was written is out. */
  async flush(): Promise<void> {
    if (this.#broken || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
  }
}
