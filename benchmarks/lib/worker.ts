import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A fresh process that measures something and tells it. */
export interface Worker extends Disposable {
  /** Sends a command and waits for what is said to it. */
  ask<Answer>(command: object): Promise<Answer>;
  /** Waits for what is said unasked. */
  result<Answer>(): Promise<Answer>;
}

interface WorkerOptions {
  /** What it is called when it fails. */
  readonly label: string;
  /** Of Node. */
  readonly execArgv?: readonly string[];
}

/** Starts `file` of this folder with `task` as JSON. */
export function startWorker(file: string, task: object, { label, execArgv = [] }: WorkerOptions): Worker {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(task)], { execArgv: [...execArgv] });
  const failed = once(child, 'exit').then(([code, signal]: unknown[]) => {
    throw new Error(`${label}: its process ended with ${typeof code === 'number' ? `code ${code}` : signal}`);
  });
  failed.catch(() => {});
  const result = async <Answer>(): Promise<Answer> => (await Promise.race([once(child, 'message'), failed]))[0] as Answer;
  return {
    result,
    ask<Answer>(command: object) {
      const answer = result<Answer>();
      // Node keeps the message until the process listens. One that has ended is told of by `failed`.
      child.send(command, () => {});
      return answer;
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}

/** Starts `file`, waits for the one thing it has to tell, and ends it. */
export async function resultOf<Answer>(file: string, task: object, options: WorkerOptions): Promise<Answer> {
  using worker = startWorker(file, task, options);
  return await worker.result();
}
