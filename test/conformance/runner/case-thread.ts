import { Worker } from 'node:worker_threads';
import type { CaseName, CaseResult, SuiteFolders } from './run-one.ts';

/** No case takes nearly as long; one that does has caught the thread in a loop. */
const DEADLINE_MS = 60_000;

interface Pending {
  readonly name: CaseName;
  readonly runs: number;
  readonly resolve: (result: CaseResult) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Runs cases in a thread. A mesh that loops for ever, or throws where nobody catches, ends its thread, and with it only the
 * cases that were running there; the next case gets a new one.
 */
export class CaseThread {
  readonly #folders: SuiteFolders;
  readonly #pending = new Map<string, Pending>();
  #worker: Worker | undefined;

  constructor(folders: SuiteFolders) {
    this.#folders = folders;
  }

  run(name: CaseName, runs: number): Promise<CaseResult> {
    const { topic, slug } = name;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#fail(`no result within ${DEADLINE_MS / 1000} s`), DEADLINE_MS);
      this.#pending.set(keyOf(name), { name, runs, resolve, timer });
      this.#start().postMessage({ topic, slug, runs });
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // Without the flags of whatever test runner this may be running in.
    const worker = new Worker(new URL('./case-worker.ts', import.meta.url), { workerData: this.#folders, execArgv: [] });
    worker.on('message', (result: CaseResult) => this.#settle(result));
    worker.on('error', (error) => this.#fail(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    this.#worker = worker;
    return worker;
  }

  #settle(result: CaseResult): void {
    const pending = this.#pending.get(keyOf(result));
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#pending.delete(keyOf(result));
    pending.resolve(result);
  }

  #fail(why: string): void {
    const all = [...this.#pending.values()];
    void this.#worker?.terminate();
    this.#worker = undefined;
    const beside = all.length > 1 ? ` (side by side: ${all.map(({ name }) => keyOf(name)).join(', ')})` : '';
    for (const { name, runs } of all) {
      const differences = [`broke off: ${why}${beside}`];
      this.#settle({ ...name, about: '', verdict: 'failed', differences, notYet: [], runs, elapsedMs: DEADLINE_MS });
    }
  }
}

function keyOf({ topic, slug }: CaseName): string {
  return `${topic}/${slug}`;
}
