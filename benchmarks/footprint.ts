import { atMost, describeBudgets, type Budget } from './lib/budget.ts';
import { bundleSizes, type Size } from './lib/bundle-size.ts';
import type { Chart, ChartGroup } from './lib/chart.ts';
import { importTimes } from './lib/import-time.ts';
import { summaryOf, type Measures, type Summary } from './lib/laps.ts';
import { FULL_ROUNDS, type Answer, type Effort, type Question } from './lib/question.ts';
import { inRounds } from './lib/rounds.ts';
import { figure, showSpread, spreadOf, type Spread } from './lib/statistics.ts';
import { formatTable } from './lib/table.ts';
import { Upstream } from './lib/upstream.ts';
import type { Weighed, Weights } from './lib/weighed.ts';
import { resultOf } from './lib/worker.ts';

interface Footprint {
  readonly rounds: number;
  /** Bytes of heap, each. */
  readonly heap: Readonly<Record<string, Spread>>;
  /** Milliseconds that a process lives which imports this and ends. */
  readonly processMs: Readonly<Record<string, Spread>>;
  readonly sizes: Readonly<Record<string, Size>>;
  readonly budgets: readonly Budget[];
}

const CALLERS = ['undici.request', 'undici.fetch', 'mesh.request', 'meshFetch'] as const;
const QUICK_CALLERS = ['undici.request', 'meshFetch'] as const;
const HEAP_BYTES = 4096;
const IMPORT_MS = 60;

export const footprint: Question<Footprint> = {
  name: 'footprint',
  asks: 'How much memory do clusters, endpoints and requests take, how long does the import take, and how large is the package?',
  inQuick: true,
  async answer({ quick, rounds = quick ? 1 : FULL_ROUNDS }: Effort): Promise<Answer<Footprint>> {
    using upstream = await Upstream.start(3);
    const weighed: Readonly<Record<string, Weighed>> = {
      clusters: { what: 'clusters' },
      endpoints: { what: 'endpoints' },
      ...Object.fromEntries((quick ? QUICK_CALLERS : CALLERS).map((contestant): [string, Weighed] => [contestant, { what: 'requests', contestant, ports: upstream.ports }])),
    };
    const laps = await inRounds<Measures>([...Object.keys(weighed), 'imports'], rounds, async (name) => (name === 'imports' ? importTimes() : weigh(weighed[name]!)));
    const times = laps.get('imports')!;
    laps.delete('imports');
    const heap = Object.fromEntries([...laps].flatMap(([name, each]) => Object.entries(summaryOf(each)).map(([what, spread]) => [weighed[name]!.what === 'requests' ? `${what}, ${name}` : what, spread])));
    const sizes = await bundleSizes();
    const budgets = budgetsOf(heap, times);
    return {
      text: [describeHeap(heap), describeImports(times), describeSizes(sizes), describeBudgets(budgets)].join('\n\n'),
      data: { rounds, heap, processMs: summaryOf(times), sizes, budgets },
      failures: [],
    };
  },
  picture: ({ heap, processMs }) => pictureOf(heap, processMs),
};

function weigh(weighed: Weighed): Promise<Weights> {
  return resultOf('weigh.ts', weighed, { label: `weighing ${weighed.what}`, execArgv: ['--expose-gc'] });
}

/** By how much longer a process lives that imports `name` than one that imports `base`. */
function importMs(times: readonly Measures[], name: string, base = 'nothing'): Spread {
  return spreadOf(times.map((lap) => lap[name]! - lap[base]!));
}

function budgetsOf(heap: Footprint['heap'], times: readonly Measures[]): Budget[] {
  return [atMost('heap per idle cluster, bytes', heap['cluster once called, idle again']!, HEAP_BYTES), atMost('import of ts-mesh, ms', importMs(times, 'ts-mesh'), IMPORT_MS)];
}

function describeHeap(heap: Footprint['heap']): string {
  return formatTable(['one more', 'bytes of heap'], Object.entries(heap).map(([what, spread]) => [what, showSpread(spread)]));
}

function describeImports(times: readonly Measures[]): string {
  const { nothing, ...others } = summaryOf(times) as Summary<Record<'nothing' | 'undici' | 'ts-mesh', number>>;
  const rows = Object.entries(others).map(([name, process]) => [name, showSpread(process), showSpread(importMs(times, name)), showSpread(importMs(times, name, 'undici'))]);
  return formatTable(['imports', 'the process, ms', 'beyond none', 'beyond undici'], [['nothing', showSpread(nothing)], ...rows]);
}

function describeSizes(sizes: Footprint['sizes']): string {
  return formatTable(['package', 'KiB', 'gzipped'], Object.entries(sizes).map(([what, { bytes, gzipped }]) => [what, figure(bytes / 1024), figure(gzipped / 1024)]));
}

function pictureOf(heap: Footprint['heap'], processMs: Footprint['processMs']): Chart {
  const group = (heading: string, spreads: readonly (readonly [string, Spread])[]): ChartGroup => ({
    heading: `${heading} (less is better)`,
    bars: spreads.map(([label, value]) => ({ label, value, ours: !label.includes('undici') && label !== 'nothing' })),
  });
  const entries = Object.entries(heap);
  const perCaller = (what: string) => entries.filter(([name]) => name.startsWith(`${what}, `)).map(([name, spread]) => [name.slice(what.length + 2), spread] as const);
  return {
    title: 'Memory, and the time to start',
    groups: [
      group('heap of one more, bytes', entries.filter(([name]) => !name.includes(', undici.') && !/, mesh/.test(name))),
      group('heap of an idle connection, bytes', perCaller('idle connection')),
      group('heap of a request in flight, bytes', perCaller('request in flight')),
      group('a process that imports this and ends, ms', Object.entries(processMs)),
    ],
  };
}
