import { atMost, describeBudgets, type Budget } from './lib/budget.ts';
import type { Chart, ChartGroup } from './lib/chart.ts';
import type { Decisions, DecisionTask } from './lib/decide.ts';
import { ratioIn, summariesOf, valuesOf, type Laps, type Summary } from './lib/laps.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import { inRounds } from './lib/rounds.ts';
import type { RuleShape } from './lib/rules.ts';
import { figure, showSpread, spreadOf } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';
import { resultOf } from './lib/worker.ts';

type Entry = Pick<DecisionTask, 'decider' | 'table'>;

interface DecisionResults {
  readonly rounds: number;
  readonly windowMs: number;
  readonly deciders: Readonly<Record<string, Summary<Decisions>>>;
  readonly budgets: readonly Budget[];
}

const BASE = 'Bookinfo';
const LARGEST = '10,000 rules';

/** A decision among ten thousand rules takes at most this many times one at Bookinfo size. */
const BUDGET = 3;

const oneHost = (rulesPerHost: number, endpointsPerHost?: number): RuleShape => ({ hosts: 1, rulesPerHost, endpointsPerHost });
const SIZES = [10, 100, 1000, 10_000];
const rules = (count: number): string => `${count.toLocaleString('en-US')} rules`;

const MESH: Readonly<Record<string, Entry>> = {
  [BASE]: { decider: 'mesh' },
  ...Object.fromEntries(SIZES.map((count): [string, Entry] => [rules(count), { decider: 'mesh', table: oneHost(count) }])),
  '1,000 hosts × 10 rules': { decider: 'mesh', table: { hosts: 1000, rulesPerHost: 10 } },
  ...Object.fromEntries([3, 300, 3000].map((count): [string, Entry] => [`10 rules, ${count.toLocaleString('en-US')} endpoints`, { decider: 'mesh', table: oneHost(10, count) }])),
};

const ROUTERS: Readonly<Record<string, Entry>> = Object.fromEntries(
  (['find-my-way', 'Hono', 'Hono, tree'] as const).flatMap((decider) =>
    // Its tree by itself only where the regular expression is what Hono takes: elsewhere both are the same.
    SIZES.map((count): [string, Entry] => [`${decider}, ${rules(count)}`, { decider, table: oneHost(count) }]),
  ),
);

/** Enough for a first impression: the base and the budget. */
const QUICK = [BASE, LARGEST, `find-my-way, ${LARGEST}`];

export const decisions: Question<DecisionResults> = {
  name: 'decisions',
  asks: 'How long does a decision (route, cluster, host) take, and how does that grow with the rules?',
  inQuick: true,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<DecisionResults>> {
    const windowMs = quick ? 150 : 250;
    const entries = { ...MESH, ...ROUTERS };
    const laps = await inRounds(quick ? QUICK : Object.keys(entries), rounds, (name) => decide({ ...entries[name]!, windowMs }));
    const ratio = (figureOf: keyof Decisions) => ratioIn(laps, LARGEST, BASE, figureOf);
    const budgets = [atMost(`one call again and again: ${LARGEST} / ${BASE}`, ratio('nsAgain'), BUDGET), atMost(`calls over all rules: ${LARGEST} / ${BASE}`, ratio('nsSpread'), BUDGET)];
    return {
      text: `medians over rounds (smallest-largest)\n${describe(laps)}\n\n${describeBudgets(budgets)}`,
      data: { rounds, windowMs, deciders: summariesOf(laps), budgets },
      failures: [],
    };
  },
  picture: ({ deciders }) => pictureOf(deciders),
};

/** One figure of one decider. */
export function decide(task: DecisionTask): Promise<Decisions> {
  // The young generation is made large, so that what a decision allocates can be counted before it is collected.
  const execArgv = ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64'];
  return resultOf('decide.ts', task, { label: `${task.decider} deciding about ${JSON.stringify(task.table ?? BASE)}`, execArgv });
}

function describe(laps: Laps<Decisions>): string {
  const median = (name: string, key: keyof Decisions): number => spreadOf(valuesOf(laps, name, key)).median;
  const cells = [...laps.keys()].map((name) => [
    name,
    figure(1e9 / median(name, 'nsAgain')),
    showSpread(spreadOf(valuesOf(laps, name, 'nsAgain'))),
    `${showSpread(ratioIn(laps, name, BASE, 'nsAgain'))} ×`,
    showSpread(spreadOf(valuesOf(laps, name, 'nsSpread'))),
    `${showSpread(ratioIn(laps, name, BASE, 'nsSpread'))} ×`,
    figure(median(name, 'bytesPerDecision')),
    figure(median(name, 'compileMs')),
  ]);
  const head = ['rules', 'again: per s', 'CPU ns each', `of ${BASE}`, 'spread: CPU ns each', `of ${BASE}`, 'bytes each', 'ms to compile'];
  return formatTable(head, cells);
}

function pictureOf(deciders: DecisionResults['deciders']): Chart {
  const group = (heading: string, key: keyof Decisions): ChartGroup => ({
    heading,
    bars: Object.entries(deciders).map(([label, summary]) => ({ label, value: summary[key], ours: label in MESH })),
  });
  return {
    title: 'One decision, by the number of rules',
    groups: [group('one call again and again: CPU time, ns (less is better)', 'nsAgain'), group('calls spread over all rules: CPU time, ns (less is better)', 'nsSpread')],
  };
}
