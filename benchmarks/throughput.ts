import { CONTESTANTS } from './lib/contestants.ts';
import type { Latency } from './lib/latency.ts';
import type { Answer, Effort, Question } from './lib/question.ts';
import { race, type Figures, type RaceOrder } from './lib/race.ts';
import { inRounds } from './lib/rounds.ts';
import { figure, ratioOf, showSpread, spreadOf, type Spread } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';
import { Upstream } from './lib/upstream.ts';

/** Above this the server, not the contestant, may be what was measured. */
const BUSY_LIMIT = 0.7;

/** A client that calls as fast as it can and yet gets less of a core than this was kept from it by other processes. */
const CLIENT_SHARE = 0.75;

interface Budget {
  readonly contestant: string;
  readonly rival: string;
  readonly atLeast: number;
}

/** What the project has set itself: throughput at concurrency 64 as a multiple of a rival's. */
const BUDGETS: readonly Budget[] = [
  { contestant: 'meshFetch', rival: 'undici.fetch', atLeast: 3 },
  { contestant: 'meshFetch', rival: 'undici.request', atLeast: 1 },
  { contestant: 'mesh.request', rival: 'undici.request', atLeast: 0.95 },
  { contestant: 'mesh.dispatcher', rival: 'dispatch', atLeast: 0.9 },
];

/** For a first impression: those that the budgets are about. */
const QUICK = ['undici.fetch', 'undici.request', 'dispatch', 'mesh.dispatcher', 'mesh.request', 'meshFetch'];

/** Until the compiler has settled. With half as many, whoever has more code looks twice as slow as it stays. */
const WARM_UP_CALLS = 20_000;

const RIVALS = ['undici.fetch', 'undici.request'] as const;

/** The figures of one contestant, one per round. */
type Laps = ReadonlyMap<string, readonly Figures[]>;

export const throughput: Question = {
  name: 'throughput',
  asks: 'What does a call cost through the mesh, all policies on, and what without it?',
  async answer(effort: Effort): Promise<Answer> {
    const orders: RaceOrder[] = effort.quick
      ? [{ concurrency: 64, windowMs: 600 }]
      : [{ concurrency: 64, windowMs: 2500 }, { concurrency: 1, windowMs: 1000 }];
    const rounds = effort.rounds ?? (effort.quick ? 3 : 7);

    using upstream = await Upstream.start(3);
    const results = await inRounds(effort.quick ? QUICK : Object.keys(CONTESTANTS), rounds, (contestant) =>
      race({ contestant, warmUpCalls: WARM_UP_CALLS }, orders, upstream),
    );

    const parts = orders.map(({ concurrency }, at) => {
      const laps: Laps = new Map([...results].map(([name, figures]) => [name, figures.map((perOrder) => perOrder[at]!)]));
      return { concurrency, laps };
    });
    const busiest = parts[0]!;
    const bars = BUDGETS.map((budget) => ({
      ...budget,
      ratio: throughputRatio(busiest.laps, budget.contestant, budget.rival),
      byCpu: ratioOf(per(busiest.laps, budget.rival, 'cpuUsPerCall'), per(busiest.laps, budget.contestant, 'cpuUsPerCall')),
    }));
    return {
      text: [...parts.map(describe), describeBudgets(bars), ...notes(parts)].join('\n\n'),
      data: { rounds, orders, warmUpCalls: WARM_UP_CALLS, contestants: parts.map(toData), budgets: bars },
      failures: failuresOf(effort, bars[0]!.ratio),
    };
  },
};

function throughputRatio(laps: Laps, contestant: string, rival: string): Spread {
  return ratioOf(per(laps, contestant, 'callsPerSecond'), per(laps, rival, 'callsPerSecond'));
}

function per(laps: Laps, contestant: string, key: Exclude<keyof Figures, 'latency'>): number[] {
  return laps.get(contestant)!.map((figures) => figures[key]);
}

function latencies(laps: Laps, contestant: string, key: keyof Latency): number[] {
  return laps.get(contestant)!.map(({ latency }) => latency[key]);
}

function describe({ concurrency, laps }: { readonly concurrency: number; readonly laps: Laps }): string {
  const rows = [...laps.keys()].map((name) => [
    name,
    showSpread(spreadOf(per(laps, name, 'callsPerSecond'))),
    ...RIVALS.map((rival) => `${showSpread(throughputRatio(laps, name, rival))} ×`),
    showSpread(spreadOf(per(laps, name, 'cpuUsPerCall'))),
    `${figure(ratioOf(per(laps, name, 'cpuUsPerCall'), per(laps, 'undici.request', 'cpuUsPerCall')).median)} ×`,
    figure(spreadOf(latencies(laps, name, 'medianUs')).median),
    figure(spreadOf(latencies(laps, name, 'p99Us')).median),
    `${(spreadOf(per(laps, name, 'serverBusy')).median * 100).toFixed(0)} %`,
  ]);
  const head = ['contestant', 'calls/s', ...RIVALS.map((rival) => `of ${rival}`), 'client CPU µs/call', 'of undici.request', 'median µs', 'p99 µs', 'server busy'];
  return `concurrency ${concurrency}: medians over rounds (smallest-largest)\n${formatTable(head, rows)}`;
}

function describeBudgets(bars: readonly (Budget & { ratio: Spread; byCpu: Spread })[]): string {
  const rows = bars.map(({ contestant, rival, atLeast, ratio, byCpu }) => [
    `${contestant} / ${rival}`,
    showSpread(ratio),
    `≥ ${atLeast}`,
    ratio.median >= atLeast ? 'met' : 'not met',
    showSpread(byCpu),
  ]);
  return `budgets at concurrency 64\n${formatTable(['calls/s', 'ratio', 'budget', '', 'calls per CPU second'], rows)}`;
}

/** What casts doubt on which figures. */
function notes(parts: readonly { readonly concurrency: number; readonly laps: Laps }[]): string[] {
  const busy = parts.flatMap(({ concurrency, laps }) =>
    [...laps.keys()]
      .map((name) => ({ name, busy: spreadOf(per(laps, name, 'serverBusy')).median }))
      .filter(({ busy }) => busy > BUSY_LIMIT)
      .map(({ name, busy }) => `note: under ${name} at concurrency ${concurrency} the server was ${(busy * 100).toFixed(0)} % busy, so that row may understate the contestant`),
  );
  const { laps } = parts[0]!;
  const share = Math.min(...[...laps.keys()].map((name) => spreadOf(per(laps, name, 'clientShare')).median));
  const disturbed = share < CLIENT_SHARE ? [`note: other processes kept the clients from the processor (one got ${(share * 100).toFixed(0)} % of a core); trust CPU per call more than calls/s`] : [];
  return [...busy, ...disturbed];
}

function toData({ concurrency, laps }: { readonly concurrency: number; readonly laps: Laps }): unknown {
  const summary = (name: string): object => ({
    callsPerSecond: spreadOf(per(laps, name, 'callsPerSecond')),
    clientCpuUsPerCall: spreadOf(per(laps, name, 'cpuUsPerCall')),
    clientShareOfACore: spreadOf(per(laps, name, 'clientShare')),
    serverBusy: spreadOf(per(laps, name, 'serverBusy')),
    medianUs: spreadOf(latencies(laps, name, 'medianUs')),
    p99Us: spreadOf(latencies(laps, name, 'p99Us')),
    throughputOf: Object.fromEntries(RIVALS.map((rival) => [rival, throughputRatio(laps, name, rival)])),
  });
  return { concurrency, ...Object.fromEntries([...laps.keys()].map((name) => [name, summary(name)])) };
}

function failuresOf({ bar }: Effort, { median }: Spread): string[] {
  return bar === undefined || median >= bar ? [] : [`meshFetch is ${figure(median)} × undici.fetch at concurrency 64; the bar is ${bar} ×`];
}
