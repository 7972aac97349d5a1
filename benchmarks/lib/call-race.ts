import type { Chart, ChartGroup } from './chart.ts';
import { ratioIn, summariesOf, valuesOf, type Laps, type Summary } from './laps.ts';
import type { Answer } from './question.ts';
import { race, type Figures, type RaceOrder, type RacerTask } from './race.ts';
import { inRounds } from './rounds.ts';
import { figure, showSpread, spreadOf } from './statistics.ts';
import { formatTable } from './table.ts';
import { Upstream } from './upstream.ts';

/** Until the compiler has settled. With half as many, whoever has more code looks twice as slow as it stays. */
export const WARM_UP_CALLS = 20_000;

/** Above this the server, not the contestant, may be what was measured. */
const BUSY_LIMIT = 0.7;

/** A client that calls as fast as it can and yet gets less of a core than this was kept from it by other processes. */
const CLIENT_SHARE = 0.75;

/** Who races, by the name it has in the tables. */
export type Entries = Readonly<Record<string, Omit<RacerTask, 'ports'>>>;

/** One kind of race: by what name, and how everyone did. */
export interface Part {
  readonly name: string;
  readonly order: RaceOrder;
  readonly laps: Laps<Figures>;
}

/** What is kept of it. */
export interface PartResult {
  readonly name: string;
  readonly order: RaceOrder;
  readonly contestants: Readonly<Record<string, Summary<Figures>>>;
}

/** What is kept of a question that is about calls alone. */
export interface CallResults {
  readonly rounds: number;
  readonly parts: readonly PartResult[];
}

/** Contestants under their own names. */
export function entriesOf(names: readonly string[]): Entries {
  return Object.fromEntries(names.map((contestant) => [contestant, { contestant }]));
}

/** Everyone runs every race once per round, in a fresh process per round. */
export async function raceAll(entries: Entries, orders: Readonly<Record<string, RaceOrder>>, rounds: number): Promise<Part[]> {
  using upstream = await Upstream.start(3);
  const results = await inRounds(Object.keys(entries), rounds, (name) => race(entries[name]!, Object.values(orders), upstream));
  return Object.entries(orders).map(([name, order], at) => ({ name, order, laps: new Map([...results].map(([entry, laps]) => [entry, laps.map((lap) => lap[at]!)])) }));
}

/** A table of one part, with throughput as multiples of the rivals'. */
export function describePart({ name, laps }: Part, rivals: readonly string[]): string {
  const median = (entry: string, key: keyof Figures): string => figure(spreadOf(valuesOf(laps, entry, key)).median);
  const rows = [...laps.keys()].map((entry) => [
    entry,
    showSpread(spreadOf(valuesOf(laps, entry, 'callsPerSecond'))),
    ...rivals.map((rival) => `${showSpread(ratioIn(laps, entry, rival, 'callsPerSecond'))} ×`),
    showSpread(spreadOf(valuesOf(laps, entry, 'clientCpuUsPerCall'))),
    median(entry, 'medianUs'),
    median(entry, 'p99Us'),
    figure(spreadOf(valuesOf(laps, entry, 'allocatedBytesPerCall')).median / 1024),
    median(entry, 'gcUsPerCall'),
    median(entry, 'loopDelayP99Ms'),
    `${(spreadOf(valuesOf(laps, entry, 'serverBusy')).median * 100).toFixed(0)} %`,
  ]);
  const head = ['contestant', 'calls/s', ...rivals.map((rival) => `of ${rival}`), 'CPU µs/call', 'median µs', 'p99 µs', 'KiB/call', 'GC µs/call', 'loop p99 ms', 'server'];
  return `${name}: medians over rounds (smallest-largest)\n${formatTable(head, rows)}`;
}

/** The answer to a question that is about calls alone. @param remarks - below the tables */
export function answerOf(parts: readonly Part[], rounds: number, rivals: readonly string[], remarks: readonly string[] = []): Answer<CallResults> {
  return {
    text: [...parts.map((part) => describePart(part, rivals)), ...remarks, ...doubtsAbout(parts)].join('\n\n'),
    data: { rounds, parts: toResults(parts) },
    failures: [],
  };
}

/** What casts doubt on which figures. */
export function doubtsAbout(parts: readonly Part[]): string[] {
  const median = ({ laps }: Part, entry: string, key: keyof Figures): number => spreadOf(valuesOf(laps, entry, key)).median;
  const each = parts.flatMap((part) => [...part.laps.keys()].map((entry) => ({ part, entry })));
  const busy = each
    .map(({ part, entry }) => ({ part, entry, busy: median(part, entry, 'serverBusy') }))
    .filter(({ busy }) => busy > BUSY_LIMIT)
    .map(({ part, entry, busy }) => `note: under ${entry}, ${part.name}, the server was ${(busy * 100).toFixed(0)} % busy, so that row may understate the contestant`);
  const share = Math.min(...each.filter(({ part }) => part.order.concurrency >= 64).map(({ part, entry }) => median(part, entry, 'clientShareOfACore')));
  const disturbed = share < CLIENT_SHARE ? [`note: other processes kept the clients from the processor (one got ${(share * 100).toFixed(0)} % of a core); trust CPU per call more than calls/s`] : [];
  return [...busy, ...disturbed];
}

/** What is written of the parts. */
export function toResults(parts: readonly Part[]): PartResult[] {
  return parts.map(({ name, order, laps }) => ({ name, order, contestants: summariesOf(laps) }));
}

/** Calls per second of everyone, a group of bars for each part. */
export function callsChart(title: string, parts: readonly PartResult[], isOurs: (entry: string) => boolean = isMesh): Chart {
  const groups = parts.map(
    ({ name, contestants }): ChartGroup => ({
      heading: `${name}: calls per second`,
      bars: Object.entries(contestants).map(([label, { callsPerSecond }]) => ({ label, value: callsPerSecond, ours: isOurs(label) })),
    }),
  );
  return { title, groups };
}

/** Whether a contestant of this name goes through the mesh. */
export function isMesh(entry: string): boolean {
  return entry.startsWith('mesh');
}
