// A thread that runs cases as it is told to, several at a time, and sends their results.
import { parentPort, workerData } from 'node:worker_threads';
import { type CaseName, runOne, type SuiteFolders } from './run-one.ts';

/** Asks for one case; answered by its `CaseResult`. */
export interface CaseOrder extends CaseName {
  readonly runs: number;
}

const folders = workerData as SuiteFolders;

parentPort?.on('message', ({ topic, slug, runs }: CaseOrder) => {
  // Whatever goes wrong is in the result; what a mesh throws where nobody catches ends the thread, and is reported so.
  void runOne(folders, { topic, slug }, runs).then((result) => parentPort?.postMessage(result));
});
