import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { soakPicture, type SoakSample } from './support/soak-picture.ts';

/** Requests in one run, and a twentieth as many connections; `npm run test:full` makes a million. */
const REQUESTS = Number(process.env['TS_MESH_SOAK_REQUESTS'] ?? 2000);
const CONNECTIONS = Math.floor(REQUESTS / 20);
const TIMEOUT_MS = 90_000 + REQUESTS * 2;
const ROOT = join(import.meta.dirname, '..', '..');

type Counts = Readonly<Record<string, number>>;

interface Report {
  readonly seconds: number;
  readonly swaps: number;
  /** Requests that the gateway told of. */
  readonly calls: number;
  /** Connections that it told of, by their flags. */
  readonly flags: Counts;
  readonly problems: readonly string[];
  readonly seen: {
    /** Requests that came to the endpoints. */
    readonly served: number;
    readonly answers: Counts;
    /** Answers by the flags that they were told to have. */
    readonly told: Counts;
    readonly unanswered: number;
    readonly wrong: readonly string[];
    readonly v1: number;
    readonly expected: Counts;
    readonly connections: number;
    readonly ended: Counts;
  };
  readonly stats: Counts;
  readonly samples: readonly SoakSample[];
  readonly left: { readonly active: readonly string[]; readonly heap: number };
}

const sum = (counts: Counts): number => Object.values(counts).reduce((total, one) => total + one, 0);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const told = ({ seen }: Report, flag: string): number => Object.entries(seen.told).reduce((total, [flags, n]) => total + (flags.split(',').includes(flag) ? n : 0), 0);

async function soak(): Promise<Report> {
  const script = join(import.meta.dirname, 'probes', 'gateway-soak.ts');
  // Long runs show how far they are.
  const child = spawn(process.execPath, ['--expose-gc', '--no-warnings', script], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TS_MESH_SOAK_REQUESTS: String(REQUESTS) } });
  const timer = setTimeout(() => child.kill(), TIMEOUT_MS - 5000);
  const printed = await text(child.stdout);
  clearTimeout(timer);
  return JSON.parse(printed) as Report;
}

describe(`${REQUESTS} requests and ${CONNECTIONS} connections through a gateway whose rules change, with faults`, () => {
  let report: Report;
  beforeAll(async () => {
    report = await soak();
    publish(report);
  }, TIMEOUT_MS);

  it('each request had the answer that the rules of its time could give, and none was lost', () => {
    const { seen, calls, problems, swaps } = report;
    expect([seen.wrong, problems, seen.unanswered]).toEqual([[], [], 0]);
    expect([sum(seen.answers), calls]).toEqual([REQUESTS, REQUESTS]);
    expect([seen.answers['301'], seen.answers['404']]).toEqual([Math.ceil(REQUESTS / 50), Math.ceil((REQUESTS - 25) / 50)]);
    expect(swaps).toBeGreaterThan(1);
  });

  it('statistics, endpoints and callers count the same', () => {
    const { seen, stats } = report;
    expect([stats['shop.upstream_rq_total'], stats['shop.upstream_rq_200'], seen.served]).toEqual([seen.answers['200'], seen.answers['200'], seen.answers['200']]);
    expect([stats['.aborts_injected'], stats['.delays_injected']]).toEqual([told(report, 'FI'), told(report, 'DI')]);
    expect(REQUESTS - seen.answers['200']! - seen.answers['301']! - seen.answers['404']!).toBe(told(report, 'FI'));
  });

  it('faults and weights had their shares', () => {
    const { seen, stats } = report;
    const { aborted, abortedVariance, delayed, delayedVariance, v1, v1Variance } = seen.expected;
    const off = (is: number, expected: number, variance: number): number => Math.abs(is - expected) / Math.sqrt(variance);
    expect(off(stats['.aborts_injected']!, aborted!, abortedVariance!)).toBeLessThan(5);
    expect(off(stats['.delays_injected']!, delayed!, delayedVariance!)).toBeLessThan(5);
    expect(off(seen.v1, v1!, v1Variance!)).toBeLessThan(5);
  });

  it('each connection came where it belongs, had its end, and is counted once', () => {
    const { seen, flags, stats } = report;
    expect([seen.connections, flags]).toEqual([CONNECTIONS, seen.ended]);
    expect(stats['echo.upstream_rq_total']! + stats['secure.upstream_rq_total']!).toBe(flags['-']);
  });

  it('left no permit, no socket, no timer', () => {
    const { stats, left } = report;
    const gauges = ['shop.upstream_rq_active', 'echo.upstream_rq_active', 'echo.upstream_cx_active', 'secure.upstream_rq_active', 'secure.upstream_cx_active', '.active_faults'];
    expect(gauges.map((name) => stats[name])).toEqual(gauges.map(() => 0));
    expect(left.active).toEqual([]);
  });

  it('needs no more at its end than in its beginning', () => {
    const { samples } = report;
    const quarter = (n: number): readonly SoakSample[] => samples.slice(Math.floor((samples.length * (n - 1)) / 4), Math.ceil((samples.length * n) / 4));
    const grown = (what: (sample: SoakSample) => number): number => median(quarter(4).map(what)) - median(quarter(2).map(what));
    expect(grown(({ heap }) => heap)).toBeLessThan(3_000_000);
    expect(grown(({ sockets }) => sockets)).toBeLessThan(60);
    expect(grown(({ timers }) => timers)).toBeLessThan(20);
  });
});

/** Prints the figures, draws them, and with `UPDATE_DOCS=1` puts both into the page. */
function publish({ seconds, swaps, samples, seen, stats }: Report): void {
  const heap = samples.map((sample) => sample.heap / 1e6);
  const sockets = samples.map((sample) => sample.sockets);
  const figures: readonly (readonly [string, string])[] = [
    ['requests', count(sum(seen.answers))],
    ['connections beside them, TCP and TLS that passes', count(seen.connections)],
    ['changes of the rules', count(swaps)],
    ['seconds', seconds.toFixed(0)],
    ['requests per second', count(Math.round(REQUESTS / seconds))],
    ['requests without an answer, or with one that no rule could give', count(seen.unanswered + seen.wrong.length)],
    ['aborts: injected, as the gateway counts; answered, as callers do', `${count(stats['.aborts_injected']!)}; ${count(told({ seen } as Report, 'FI'))}`],
    ['delays, likewise', `${count(stats['.delays_injected']!)}; ${count(told({ seen } as Report, 'DI'))}`],
    ['requests to endpoints: as the gateway counts; as they do; answers 200', `${count(stats['shop.upstream_rq_total']!)}; ${count(seen.served)}; ${count(seen.answers['200'] ?? 0)}`],
    ['heap after collection, MB: in the beginning; at most; at the end', [heap[0]!, Math.max(...heap), heap.at(-1)!].map((mb) => mb.toFixed(0)).join('; ')],
    ['sockets at most; when the load has ended', `${Math.max(...sockets)}; ${sockets.at(-1)}`],
  ];
  console.log(figures.map(([what, value]) => `${what}: ${value}`).join('\n'));
  const picture = soakPicture(samples, `${count(REQUESTS)} requests, ${count(seen.connections)} connections, ${count(swaps)} changes of the rules`);
  mkdirSync(join(ROOT, 'reports'), { recursive: true });
  writeFileSync(join(ROOT, 'reports', 'gateway-soak.svg'), picture);
  if (process.env['UPDATE_DOCS'] !== '1') return;
  const page = join(ROOT, 'docs', 'reliability.md');
  const table = ['| of one run | |', '|---|--:|', ...figures.map(([what, value]) => `| ${what} | ${value} |`), `| machine | ${cpus().length} cores, Node ${process.versions.node} |`].join('\n');
  writeFileSync(join(ROOT, 'docs', 'reliability.svg'), picture);
  writeFileSync(page, readFileSync(page, 'utf8').replace(/(<!-- soak -->\n)[^]*(<!-- \/soak -->)/, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`));
}

function count(n: number): string {
  return n.toLocaleString('en');
}
