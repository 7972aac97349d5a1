import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Decisions, DecisionTask } from './lib/decider.ts';
import type { Answer, Effort, Question } from './lib/question.ts';
import { inRounds } from './lib/rounds.ts';
import type { RuleShape } from './lib/rules.ts';
import { figure, ratioOf, showSpread, spreadOf } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';

const BASE = 'Bookinfo';

/** The budget: a decision among ten thousand rules takes at most this many times one at Bookinfo size. */
const BUDGET = 3;

const SHAPES: Readonly<Record<string, RuleShape | undefined>> = {
  [BASE]: undefined,
  '10 hosts × 10 rules': { hosts: 10, rulesPerHost: 10 },
  '1,000 hosts × 10 rules': { hosts: 1000, rulesPerHost: 10 },
  '100 hosts × 100 rules': { hosts: 100, rulesPerHost: 100 },
  '10 hosts × 1,000 rules': { hosts: 10, rulesPerHost: 1000 },
  '1 host × 10,000 rules': { hosts: 1, rulesPerHost: 10_000 },
};

/** Enough for a first impression: the base, many hosts, many rules. */
const QUICK = [BASE, '1,000 hosts × 10 rules', '1 host × 10,000 rules'];

export const decisions: Question = {
  name: 'decisions',
  asks: 'How long does a decision (route, cluster, host) take, and how does that grow with the rules?',
  async answer({ quick, rounds = quick ? 1 : 5 }: Effort): Promise<Answer> {
    const windowMs = quick ? 250 : 1000;
    const names = quick ? QUICK : Object.keys(SHAPES);
    const results = await inRounds(names, rounds, (name) => decide({ shape: SHAPES[name], windowMs }));
    const per = (name: string, key: keyof Decisions): number[] => results.get(name)!.map((one) => one[key]);
    const rows = names.map((name) => ({
      name,
      nsPerDecision: spreadOf(per(name, 'nsPerDecision')),
      ofBookinfo: ratioOf(per(name, 'nsPerDecision'), per(BASE, 'nsPerDecision')),
      bytesPerDecision: spreadOf(per(name, 'bytesPerDecision')),
      compileMs: spreadOf(per(name, 'compileMs')),
    }));
    const cells = rows.map(({ name, nsPerDecision, ofBookinfo, bytesPerDecision, compileMs }) => [
      name,
      figure(1e9 / nsPerDecision.median),
      showSpread(nsPerDecision),
      `${showSpread(ofBookinfo)} ×`,
      ofBookinfo.median <= BUDGET ? 'met' : 'not met',
      figure(bytesPerDecision.median),
      figure(compileMs.median),
    ]);
    const head = ['rules', 'decisions/s', 'CPU ns each', `of ${BASE}`, `≤ ${BUDGET} ×`, 'bytes each', 'ms to compile'];
    return { text: `medians over rounds (smallest-largest)\n${formatTable(head, cells)}`, data: { rounds, windowMs, rules: rows }, failures: [] };
  },
};

async function decide(task: DecisionTask): Promise<Decisions> {
  // The young generation is made large, so that what a decision allocates can be counted before it is collected.
  const execArgv = ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64'];
  const child = fork(join(import.meta.dirname, 'lib', 'decider.ts'), [JSON.stringify(task)], { execArgv });
  const failed = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`deciding about ${JSON.stringify(task.shape ?? BASE)} ended with code ${code}`);
  });
  failed.catch(() => {});
  const [result] = (await Promise.race([once(child, 'message'), failed])) as [Decisions];
  return result;
}
