import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What the server did since it was asked last. */
export interface ServerReport {
  readonly answered: number;
  /** Share of the time its event loop was not idle, 0 to 1. At 1 the server is the limit, not the contestant. */
  readonly busy: number;
  /** CPU seconds per second; below `busy` when other processes take its core away. */
  readonly cpuShare: number;
}

/** The server process, as the runner sees it. */
export class Upstream implements Disposable {
  readonly ports: readonly number[];
  readonly #process: ChildProcess;

  private constructor(server: ChildProcess, ports: readonly number[]) {
    this.#process = server;
    this.ports = ports;
  }

  /** @param count - how many ports it listens on, each an endpoint */
  static async start(count: number): Promise<Upstream> {
    const server = fork(join(import.meta.dirname, 'server.ts'), [String(count)]);
    const [ports] = (await once(server, 'message')) as [number[]];
    return new Upstream(server, ports);
  }

  /** Tells what happened since the last report, and begins a new one. */
  async report(): Promise<ServerReport> {
    const answer = once(this.#process, 'message');
    this.#process.send('report');
    const [report] = (await answer) as [ServerReport];
    return report;
  }

  [Symbol.dispose](): void {
    this.#process.disconnect();
  }
}
