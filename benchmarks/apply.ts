import { AGAIN, type Applied, type ApplyFigures, type ApplyTask } from './lib/applied.ts';
import { atMost, describeBudgets, type Budget } from './lib/budget.ts';
import type { Chart } from './lib/chart.ts';
import { ratioIn, summariesOf, valuesOf, type Laps, type Summary } from './lib/laps.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import { inRounds } from './lib/rounds.ts';
import { figure, showSpread, spreadOf } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';
import { resultOf } from './lib/worker.ts';

/** One size of the mesh. */
interface SizeResult {
  readonly resources: number;
  /** By what was applied. */
  readonly applied: Readonly<Record<string, Summary<ApplyFigures>>>;
}

interface ApplyResults {
  readonly rounds: number;
  readonly sizes: readonly SizeResult[];
  readonly budgets: readonly Budget[];
}

const SIZES = [10, 1000, 10_000];
const LARGEST = 10_000;

/** What one changed resource among the most may cost of a full compile, and for how long it may keep timers waiting. */
const SHARE = 1 / 100;
const BLOCKED_MS = 10;

export const apply: Question<ApplyResults> = {
  name: 'apply',
  asks: 'How long does it take to bring rules into force, all of them and one that changed, and how long does that block the event loop?',
  inQuick: true,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<ApplyResults>> {
    const perSize = await inRounds(SIZES.map(String), rounds, (size) => applyAt({ resources: Number(size), changes: quick ? 5 : 15 }));
    const sizes = [...perSize].map(([size, laps]) => ({ resources: Number(size), laps: byWhat(laps) }));
    const budgets = sizes.filter(({ resources }) => resources === LARGEST).flatMap(({ laps }) => budgetsOf(laps));
    return {
      text: [...sizes.map(describe), describeBudgets(budgets)].join('\n\n'),
      data: { rounds, sizes: sizes.map(({ resources, laps }) => ({ resources, applied: summariesOf(laps) })), budgets },
      failures: [],
    };
  },
  picture: ({ sizes }) => pictureOf(sizes),
};

function applyAt(task: ApplyTask): Promise<Applied> {
  return resultOf('apply-changes.ts', task, { label: `applying to ${task.resources} resources` });
}

function byWhat(rounds: readonly Applied[]): Laps<ApplyFigures> {
  return new Map(Object.keys(rounds[0]!).map((what) => [what, rounds.map((applied) => applied[what]!)]));
}

function budgetsOf(laps: Laps<ApplyFigures>): Budget[] {
  const changes = [...laps.keys()].filter((what) => what.startsWith('one '));
  return [
    ...changes.map((what) => atMost(`${what} / ${AGAIN}`, ratioIn(laps, what, AGAIN, 'tookMs'), SHARE)),
    ...changes.map((what) => atMost(`${what}: ms blocked`, spreadOf(valuesOf(laps, what, 'blockedMs')), BLOCKED_MS)),
  ];
}

function describe({ resources, laps }: { readonly resources: number; readonly laps: Laps<ApplyFigures> }): string {
  const rows = [...laps.keys()].map((what) => [
    what,
    showSpread(spreadOf(valuesOf(laps, what, 'tookMs'))),
    `1/${figure(spreadOf(valuesOf(laps, AGAIN, 'tookMs')).median / spreadOf(valuesOf(laps, what, 'tookMs')).median)}`,
    showSpread(spreadOf(valuesOf(laps, what, 'blockedMs'))),
  ]);
  return `${resources.toLocaleString('en-US')} resources: medians over rounds (smallest-largest)\n${formatTable(['applied', 'ms', `of ${AGAIN}`, 'longest block, ms'], rows)}`;
}

function pictureOf(sizes: readonly SizeResult[]): Chart {
  const groups = sizes.map(({ resources, applied }) => ({
    heading: `${resources.toLocaleString('en-US')} resources: time to bring into force, ms (less is better)`,
    bars: Object.entries(applied).map(([label, { tookMs }]) => ({ label, value: tookMs, ours: label.startsWith('one ') })),
  }));
  return { title: 'Rules that come into force: all of them, and one that changed', groups };
}
