import { USUAL } from './lib/answer.ts';
import { raceAll, WARM_UP_CALLS, type Entries } from './lib/call-race.ts';
import { Checkout } from './lib/checkout.ts';
import type { Decisions, DecisionTask } from './lib/decide.ts';
import { ratioIn, valuesOf, type Laps, type Measures } from './lib/laps.ts';
import type { Effort } from './lib/question.ts';
import { inRounds } from './lib/rounds.ts';
import { showSpread, spreadOf } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';
import { decide } from './decisions.ts';

const DOORS = ['mesh.dispatcher', 'mesh.request', 'meshFetch'];

const TABLES: Readonly<Record<string, DecisionTask['table']>> = {
  Bookinfo: undefined,
  '10,000 rules': { hosts: 1, rulesPerHost: 10_000 },
};

/** Of the working tree's entry beside `name`. */
const here = (name: string): string => `${name}, here`;

/** The package as of `reference` and that of the working tree, in turns: calls through each door, and decisions. Gives a table. */
export async function compareWith(reference: string, { quick, rounds = quick ? 3 : 9 }: Effort): Promise<string> {
  console.log(`building ${reference} …`);
  using checkout = await Checkout.of(reference);
  const packageAt = checkout.root;
  const note = checkout.wantsOtherDependencies ? `\nnote: ${reference} asks for other versions of dependencies; both were run with those installed` : '';

  const doors: Entries = Object.fromEntries(DOORS.flatMap((contestant) => [[contestant, { contestant, packageAt }], [here(contestant), { contestant }]]));
  const [calls] = await raceAll(doors, { 'concurrency 64': { concurrency: 64, windowMs: quick ? 400 : 1500, warmUpCalls: WARM_UP_CALLS, kind: USUAL } }, rounds);

  const tasks = new Map(
    Object.entries(TABLES).flatMap(([name, table]): [string, DecisionTask][] => {
      const task: DecisionTask = { decider: 'mesh', table, windowMs: quick ? 150 : 400 };
      return [[name, { ...task, packageAt }], [here(name), task]];
    }),
  );
  const decisions: Laps<Decisions> = await inRounds([...tasks.keys()], rounds, (name) => decide(tasks.get(name)!));

  const rows = [
    ...DOORS.flatMap((door) => [row(`${door}: calls/s`, calls!.laps, door, 'callsPerSecond'), row(`${door}: CPU µs/call`, calls!.laps, door, 'clientCpuUsPerCall')]),
    ...Object.keys(TABLES).flatMap((name) => [row(`decision, ${name}, again: ns`, decisions, name, 'nsAgain'), row(`decision, ${name}, spread: ns`, decisions, name, 'nsSpread')]),
  ];
  return `medians of ${rounds} rounds (smallest-largest)\n${formatTable(['', `${reference} (${checkout.commit})`, 'here', 'here / there'], rows)}${note}`;
}

function row<F extends Measures>(what: string, laps: Laps<F>, name: string, figure: keyof F): string[] {
  const spread = (entry: string): string => showSpread(spreadOf(valuesOf(laps, entry, figure)));
  return [what, spread(name), spread(here(name)), `${showSpread(ratioIn(laps, here(name), name, figure))} ×`];
}
