import { USUAL } from './lib/answer.ts';
import { answerOf, callsChart, raceAll, WARM_UP_CALLS, type CallResults, type Entries, type Part } from './lib/call-race.ts';
import { valuesOf } from './lib/laps.ts';
import { POLICY_SETS, type PolicySet } from './lib/policies.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import { spreadOf } from './lib/statistics.ts';

const NAMES: Readonly<Record<PolicySet, string>> = {
  none: 'no rules',
  routes: "Bookinfo's routes",
  all: 'all policies',
  mirror: 'all, mirror 100 %',
};

const BASE = 'undici.request';
const ENTRIES: Entries = {
  [BASE]: { contestant: BASE },
  ...Object.fromEntries(POLICY_SETS.map((policies) => [`meshFetch, ${NAMES[policies]}`, { contestant: 'meshFetch', policies }])),
};

export const policies: Question<CallResults> = {
  name: 'policies',
  asks: 'What does each set of policies add to a call, at concurrency 64?',
  inQuick: false,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<CallResults>> {
    const parts = await raceAll(ENTRIES, { 'concurrency 64': { concurrency: 64, windowMs: quick ? 400 : 1000, warmUpCalls: WARM_UP_CALLS, kind: USUAL } }, rounds);
    return answerOf(parts, rounds, [BASE, `meshFetch, ${NAMES.none}`], dropped(parts[0]!));
  },
  picture: ({ parts }) => callsChart('One call: throughput by policies', parts),
};

/** A mesh drops copies when too many wait; then the row of the mirror understates what a mirror costs. */
function dropped({ laps }: Part): string[] {
  const sent = spreadOf(valuesOf(laps, `meshFetch, ${NAMES.mirror}`, 'copiesPerCall')).median;
  return sent > 0.99 ? [] : [`note: only ${(sent * 100).toFixed(0)} % of the copies were sent`];
}
