import { USUAL } from './lib/answer.ts';
import { atLeast, atMost, describeBudgets, type Budget } from './lib/budget.ts';
import { callsChart, describePart, doubtsAbout, entriesOf, raceAll, toResults, WARM_UP_CALLS, type Part, type PartResult } from './lib/call-race.ts';
import { CONTESTANTS } from './lib/contestants/all.ts';
import { ratioIn } from './lib/laps.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import type { RaceOrder } from './lib/race.ts';
import { figure } from './lib/statistics.ts';

interface Throughput {
  readonly rounds: number;
  readonly parts: readonly PartResult[];
  readonly budgets: readonly Budget[];
}

/** For a first impression: those that the budgets are about. */
const QUICK = ['undici.fetch', 'undici.request', 'dispatch', 'mesh.dispatcher', 'mesh.request', 'meshFetch'];

const RIVALS = ['undici.fetch', 'undici.request'];

const BUSY: RaceOrder = { concurrency: 64, windowMs: 1200, warmUpCalls: WARM_UP_CALLS, kind: USUAL };
const ALONE: RaceOrder = { concurrency: 1, windowMs: 400, warmUpCalls: 200, kind: USUAL };

export const throughput: Question<Throughput> = {
  name: 'throughput',
  asks: 'What does a call cost through the mesh, all policies on, and what without it?',
  inQuick: true,
  async answer(effort: Effort): Promise<Answer<Throughput>> {
    const { quick, rounds = quick ? 2 : FULL_ROUNDS } = effort;
    const orders: Record<string, RaceOrder> = quick ? { 'concurrency 64': { ...BUSY, windowMs: 500 } } : { 'concurrency 64': BUSY, 'concurrency 1': ALONE };
    const parts = await raceAll(entriesOf(quick ? QUICK : Object.keys(CONTESTANTS)), orders, rounds);
    const budgets = budgetsOf(parts[0]!);
    return {
      text: [...parts.map((part) => describePart(part, RIVALS)), describeBudgets(budgets), ...doubtsAbout(parts)].join('\n\n'),
      data: { rounds, parts: toResults(parts), budgets },
      failures: failuresOf(effort, budgets[0]!),
    };
  },
  picture: ({ parts }) => callsChart('One call: throughput by client', parts),
};

/** What the project has set itself, at concurrency 64. */
function budgetsOf({ laps }: Part): Budget[] {
  const calls = (name: string, rival: string, least: number): Budget => atLeast(`calls/s: ${name} / ${rival}`, ratioIn(laps, name, rival, 'callsPerSecond'), least);
  return [
    calls('meshFetch', 'undici.fetch', 3),
    calls('meshFetch', 'undici.request', 1),
    calls('mesh.request', 'undici.request', 0.95),
    calls('mesh.dispatcher', 'dispatch', 0.9),
    atMost('p99: meshFetch / undici.fetch', ratioIn(laps, 'meshFetch', 'undici.fetch', 'p99Us'), 1),
  ];
}

function failuresOf({ bar }: Effort, { measured: { median } }: Budget): string[] {
  return bar === undefined || median >= bar ? [] : [`meshFetch is ${figure(median)} × undici.fetch at concurrency 64; the bar is ${bar} ×`];
}
