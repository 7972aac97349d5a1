import { USUAL } from './lib/answer.ts';
import { answerOf, callsChart, entriesOf, raceAll, WARM_UP_CALLS, type CallResults } from './lib/call-race.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import type { RaceOrder } from './lib/race.ts';

const NAMES = ['undici.fetch', 'undici.request', 'mesh.request', 'meshFetch'];
const RIVALS = ['undici.fetch', 'undici.request'];

export const concurrency: Question<CallResults> = {
  name: 'concurrency',
  asks: 'What becomes of it with more callers, and with one?',
  inQuick: false,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<CallResults>> {
    const windowMs = quick ? 300 : 800;
    const orders: Record<string, RaceOrder> = {
      '64 callers': { concurrency: 64, windowMs, warmUpCalls: WARM_UP_CALLS, kind: USUAL },
      '1 caller': { concurrency: 1, windowMs, warmUpCalls: 200, kind: USUAL },
      // As many connections are opened first, and that is not what is measured.
      '512 callers': { concurrency: 512, windowMs, warmUpCalls: 3000, kind: USUAL },
    };
    return answerOf(await raceAll(entriesOf(NAMES), orders, rounds), rounds, RIVALS);
  },
  picture: ({ parts }) => callsChart('One call: throughput by the number of callers', parts),
};
