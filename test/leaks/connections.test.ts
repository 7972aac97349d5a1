import { beforeAll, describe, expect, it } from 'vitest';
import { runProbe } from './support/run-probe.ts';

/** Connections in one run; `npm run test:full` makes fifty thousand. */
const CONNECTIONS = Number(process.env['TS_MESH_CONNECTIONS'] ?? 1000);
const TIMEOUT_MS = 60_000 + CONNECTIONS * 10;

interface Report {
  readonly connections: number;
  readonly seconds: number;
  readonly editions: number;
  readonly wrong: number;
  /** Reset by an endpoint that went down before it had accepted them. */
  readonly lost: number;
  readonly ejections: { readonly ejected: number; readonly unejected: number };
  readonly flags: Readonly<Record<string, number>>;
  readonly unknown: number;
  /** Of the number of connections that each subset got from what the weights said, in standard deviations. */
  readonly deviations: readonly number[];
  /** What was there after each tenth of them, when all were closed. */
  readonly samples: readonly { readonly heap: number; readonly open: number; readonly held: number; readonly inProcess: number }[];
}

describe(`${CONNECTIONS} connections through weights, ejections and changes of the rules`, () => {
  let report: Report;
  beforeAll(async () => {
    report = (await runProbe('connections', TIMEOUT_MS)) as unknown as Report;
    const { samples, ...rest } = report;
    console.log(JSON.stringify({ ...rest, heapKB: samples.map(({ heap }) => Math.round(heap / 1024)) }));
  }, TIMEOUT_MS);

  it('each had an end, and an answer if it was to have one', () => {
    expect([report.connections, report.wrong, report.unknown]).toEqual([CONNECTIONS, 0, 0]);
    expect(report.lost).toBeLessThan(CONNECTIONS / 10);
    expect(report.editions).toBe(Math.floor(CONNECTIONS / 50));
  });

  it('some met an endpoint that was down, or a limit, and nothing else', () => {
    expect(Object.keys(report.flags).toSorted()).toEqual(['-', 'UF,URX', 'UO']);
    expect(report.ejections.ejected).toBeGreaterThan(0);
    expect(report.ejections.unejected).toBeGreaterThan(0);
  });

  it('went where the weights of their time said', () => {
    for (const deviation of report.deviations) expect(Math.abs(deviation)).toBeLessThan(5);
  });

  it('left no socket and no permit', () => {
    expect(report.samples.map(({ open, held, inProcess }) => [open, held, inProcess])).toEqual(report.samples.map(() => [0, 0, 0]));
  });

  it('left nothing on the heap', () => {
    const [, , warm, ...later] = report.samples.map(({ heap }) => heap);
    // Caches and compiled code come and go; a connection that stayed would be some kilobytes.
    expect(later.at(-1)! - warm!).toBeLessThan(1_000_000);
  });
});
