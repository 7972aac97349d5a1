import type { CallKind } from './lib/answer.ts';
import { answerOf, callsChart, entriesOf, raceAll, type CallResults } from './lib/call-race.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import type { RaceOrder } from './lib/race.ts';

const NAMES = ['undici.fetch', 'undici.request', 'mesh.request', 'meshFetch'];
const RIVALS = ['undici.fetch', 'undici.request'];

/** How many calls warm up for a size: large ones take longer, and need fewer to settle the code that is run for each chunk. */
const SIZES = [
  { name: 'no body', bytes: 0, warmUpCalls: 5000 },
  { name: '1 KB', bytes: 1024, warmUpCalls: 5000 },
  { name: '1 MB', bytes: 1_048_576, warmUpCalls: 300 },
];

export const bodies: Question<CallResults> = {
  name: 'bodies',
  asks: 'What do bodies cost, by their size and by how they are read, at concurrency 64?',
  inQuick: false,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<CallResults>> {
    const order = (kind: CallKind, warmUpCalls: number): RaceOrder => ({ concurrency: 64, windowMs: quick ? 200 : 400, warmUpCalls, kind });
    const orders = SIZES.flatMap(({ name, bytes, warmUpCalls }) =>
      (['text', 'stream'] as const).map((read): [string, RaceOrder] => [`${name}, as ${read === 'text' ? 'text' : 'a stream'}`, order({ bytes, read }, warmUpCalls)]),
    );
    return answerOf(await raceAll(entriesOf(NAMES), Object.fromEntries(orders), rounds), rounds, RIVALS);
  },
  picture: ({ parts }) => callsChart('One call: throughput by size and reading of the body', parts),
};
