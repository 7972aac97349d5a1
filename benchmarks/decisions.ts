import { atMost, describeBudgets, type Budget } from './lib/budget.ts';
import type { Chart, ChartGroup } from './lib/chart.ts';
import type { Decisions, DecisionTask } from './lib/decide.ts';
import type { DeciderName } from './lib/deciders/all.ts';
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

const SIZES = [10, 100, 1000, 10_000];
const LARGEST = 'ts-mesh, 10,000 rules';
const BASE = 'ts-mesh, Bookinfo';

/** A decision among ten thousand rules takes at most this many times one at Bookinfo size. */
const BUDGET = 3;

const oneHost = (rulesPerHost: number, endpointsPerHost?: number): RuleShape => ({ hosts: 1, rulesPerHost, endpointsPerHost });
const shown = (count: number): string => count.toLocaleString('en-US');

/** Who decides about one host with so many rules. Compiling ten thousand into Hono's first choice, one regular expression, takes most of a minute. */
function decidersAt(rules: number): [string, Entry][] {
  const names: Partial<Record<DeciderName, string>> = { mesh: 'ts-mesh', 'find-my-way': 'find-my-way', ...(rules <= 1000 && { Hono: 'Hono' }), 'Hono, tree': 'Hono, tree' };
  return Object.entries(names).map(([decider, name]) => [`${name}, ${shown(rules)} rules`, { decider: decider as DeciderName, table: oneHost(rules) }]);
}

const ENTRIES: Readonly<Record<string, Entry>> = {
  [BASE]: { decider: 'mesh' },
  ...Object.fromEntries(SIZES.flatMap(decidersAt)),
  'ts-mesh, 1,000 hosts × 10 rules': { decider: 'mesh', table: { hosts: 1000, rulesPerHost: 10 } },
  ...Object.fromEntries([3, 300, 3000].map((count): [string, Entry] => [`ts-mesh, 10 rules, ${shown(count)} endpoints`, { decider: 'mesh', table: oneHost(10, count) }])),
};

/** Enough for a first impression: the base, the budget, a rival. */
const QUICK = [BASE, LARGEST, 'find-my-way, 10,000 rules'];

export const decisions: Question<DecisionResults> = {
  name: 'decisions',
  asks: 'How long does a decision (route, cluster, host) take, and how does that grow with the rules?',
  inQuick: true,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<DecisionResults>> {
    const windowMs = quick ? 150 : 200;
    const laps = await inRounds(quick ? QUICK : Object.keys(ENTRIES), rounds, (name) => decide({ ...ENTRIES[name]!, windowMs }));
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
    bars: Object.entries(deciders).map(([label, summary]) => ({ label, value: summary[key], ours: label.startsWith('ts-mesh') })),
  });
  return {
    title: 'One decision, by the number of rules',
    groups: [group('one call again and again: CPU time, ns (less is better)', 'nsAgain'), group('calls spread over all rules: CPU time, ns (less is better)', 'nsSpread')],
  };
}
