import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate, type SimulationOptions, type SimulationReport } from '../../src/testing/index.ts';
import { BOOKS } from './rules.ts';

const REVIEWS = 'http://reviews:9080/';

/** As objects: a thousand meshes need not read YAML. */
const SMALL = [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'reviews' }, spec: { ports: [{ name: 'http', port: 80 }] } },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'reviews' },
    spec: {
      host: 'reviews',
      trafficPolicy: { outlierDetection: { consecutive5xxErrors: 1, interval: '1s', baseEjectionTime: '2s', maxEjectionPercent: 100 } },
      subsets: [{ name: 'v1', labels: { version: 'v1' } }, { name: 'v2', labels: { version: 'v2' } }],
    },
  },
];

const flaky: SimulationOptions['services'] = {
  reviews: (_, at) => ({ status: at.random() < 0.2 ? 500 : 200, delay: 5 + at.random() * 200 }),
};

const OUTLIERS = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings}
spec: {host: ratings, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5, interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 50}}}
`;

describe('simulate', () => {
  it('sends minutes of traffic', async () => {
    const report = await simulate(BOOKS, { seed: 1, rps: 10, for: '3m', request: REVIEWS, services: { reviews: () => ({ delay: '20ms' }) } });

    expect(report).toMatchObject({ seed: 1, forMs: 180_000, requests: 1800, statuses: { 200: 1800 }, flags: { '-': 1800 }, retries: 0, unfinished: 0, copies: {} });
    expect(report.latencyMs).toEqual({ mean: 20, p50: 20, p90: 20, p99: 20, max: 20 });
    const { 'reviews/v1': v1, 'reviews/v2': v2 } = report.arrivals;
    expect(v1! + v2!).toBe(1800);
    expect(v2! / 1800).toBeCloseTo(0.1, 1);
    expect(Object.values(report.clusters)).toEqual([v1, v2]);
    expect(String(report)).toContain('1800 requests in 180 s, seed 1\n  statuses   200 1800\n');
  });

  it('makes requests one by one, each with its number and chance', async () => {
    const report = await simulate(BOOKS, {
      rps: 5,
      for: '20s',
      request: (number, random) => ({ url: REVIEWS, path: `/${number}`, headers: random() < 0.5 ? { 'end-user': 'jason' } : {} }),
      check: (_, mesh) => expect(mesh.calls).toHaveLength(0),
    });

    expect(report.requests).toBe(100);
    expect(report.arrivals['reviews/v2']).toBeGreaterThan(30);
  });

  it('tells ejections and what happens on the way, with its times', async () => {
    const report = await simulate(BOOKS + OUTLIERS, {
      rps: 20,
      for: '2m',
      request: 'http://ratings:9080/',
      endpoints: { ratings: [{ address: '10.0.0.1', labels: { version: 'good' } }, { address: '10.0.0.2', labels: { version: 'bad' } }] },
      at: { '1m': (mesh) => mesh.fault('ratings/bad', { status: 500 }), '110s': (mesh) => mesh.clearFaults() },
    });

    expect(report.ejections.map(({ kind, endpoint }) => `${kind} ${endpoint}`)).toEqual(['ejected 10.0.0.2:9080', 'unejected 10.0.0.2:9080', 'ejected 10.0.0.2:9080']);
    expect(report.ejections[0]!.atMs).toBeGreaterThanOrEqual(60_000);
    expect(report.ejections[0]!.atMs).toBeLessThan(62_000);
    expect(report.ejections[1]!.atMs - report.ejections[0]!.atMs).toBeGreaterThanOrEqual(30_000);
    // Five of a row each time, and what its balancer still sends it until it has learnt of that.
    expect(report.statuses['500']).toBeGreaterThanOrEqual(10);
    expect(report.statuses['500']).toBeLessThan(40);
    expect(String(report)).toMatch(/ejected {4}10\.0\.0\.2:9080 of outbound\|9080\|\|ratings\.default\.svc\.cluster\.local at 6\d/);
  });

  it('counts tries, timeouts and what never ends', async () => {
    const rules = (more: string): string => `---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ratings}\nspec: {hosts: [ratings], http: [{route: [{destination: {host: ratings}}]${more}}]}\n`;
    const about = { rps: 2, for: '5s', request: 'http://ratings:9080/' } as const;
    const retried = await simulate(BOOKS + rules(', retries: {attempts: 2, retryOn: 5xx}, mirror: {host: reviews, subset: v1}'), { ...about, services: { ratings: () => ({ status: 500 }) } });
    expect(retried).toMatchObject({ requests: 10, retries: 20, statuses: { 500: 10 }, flags: { URX: 10 }, arrivals: { ratings: 30 }, copies: { 'reviews/v1': 10 } });
    const late = await simulate(BOOKS + rules(', timeout: 3s'), { ...about, services: { ratings: () => 'hang' } });
    expect(late).toMatchObject({ statuses: { 504: 10 }, flags: { UT: 10 }, unfinished: 0, latencyMs: { p50: 3000, max: 3000 } });
    const hung = await simulate(BOOKS, { ...about, services: { ratings: () => 'hang' } });
    expect(hung).toMatchObject({ requests: 10, unfinished: 10, statuses: {} });
  });

  it('puts the seed into what a check throws, and keeps the rest of it', async () => {
    const failing = simulate(BOOKS, { seed: 4711, rps: 1, for: '3s', request: REVIEWS, check: ({ requests }) => expect(requests).toBe(4) });

    await expect(failing).rejects.toMatchObject({ actual: 3, expected: 4, message: expect.stringMatching(/expected 3 to be 4[^]*simulate\(…, \{ seed: 4711 \}\) makes the same run:\n3 requests in 3 s, seed 4711/) });
  });

  it('puts the seed where runners look that show stacks, as Jest and node:test do', async () => {
    const failing = simulate(BOOKS, { seed: 4711, rps: 1, for: '3s', request: REVIEWS, check: ({ requests }) => assert.equal(requests, 4, 'how many, for $&?') });

    await expect(failing).rejects.toMatchObject({ stack: expect.stringMatching(/^AssertionError.*: how many, for \$&\?[^]*simulate\(…, \{ seed: 4711 \}\)[^]*\n {4}at .*simulate\.test\.ts/) });
  });

  it('tells why calls end without an answer', async () => {
    const about = { rps: 1, for: '2s' } as const;

    const nowhere = await simulate(BOOKS, { ...about, request: 'http://rating:9080/' });
    expect(String(nowhere)).toMatch(/statuses {3}error 2\n {2}an error {3}no service of this test mesh is at http:\/\/rating:9080.*its services: ratings, reviews/);
    const broken = await simulate(BOOKS, {
      ...about,
      request: REVIEWS,
      services: {
        reviews: () => {
          throw new Error('expected another path');
        },
      },
    });
    expect(String(broken)).toContain('\n  an error   expected another path\n');
  });

  it('asks for a request', async () => {
    await expect(simulate(BOOKS, { rps: 1, for: '1s' } as SimulationOptions)).rejects.toThrow('simulate needs a `request`: a URL');
  });

  it('refuses rates and times that are none', async () => {
    await expect(simulate(BOOKS, { rps: 0, for: '1s', request: REVIEWS })).rejects.toThrow('rps must be above 0');
    await expect(simulate(BOOKS, { rps: 1, for: 'a while', request: REVIEWS })).rejects.toThrow('a duration must be');
  });

  it('the same seed replays the same run a thousand times, ejections and latencies included', { timeout: 60_000 }, async () => {
    const run = async (seed: number): Promise<SimulationReport> => simulate(SMALL, { seed, rps: 4, for: '2s', request: 'http://reviews/', services: flaky });
    const first = JSON.stringify(await run(42));
    const others = new Set<string>();
    for (let i = 0; i < 1000; i++) expect(JSON.stringify(await run(42))).toBe(first);
    for (let seed = 1; seed <= 10; seed++) others.add(JSON.stringify({ ...(await run(seed)), seed: 0 }));

    expect(others.size).toBe(10);
  });

  it('whatever the traffic, accounts for every request, alike for the same seed', async () => {
    const scenario = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      rps: fc.integer({ min: 1, max: 30 }),
      seconds: fc.integer({ min: 1, max: 8 }),
      failing: fc.double({ min: 0, max: 1, noNaN: true }),
      slow: fc.integer({ min: 0, max: 900 }),
      faultAt: fc.integer({ min: 0, max: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, rps, seconds, failing, slow, faultAt }) => {
        const run = (): Promise<SimulationReport> =>
          simulate(SMALL, {
            seed,
            rps,
            for: seconds * 1000,
            request: 'http://reviews/',
            services: { reviews: (_, at) => (at.random() < failing ? 'reset' : { delay: at.random() * slow }) },
            at: { [`${faultAt}s`]: (mesh) => mesh.fault('reviews/v1', { delay: '2s', times: 3 }) },
          });
        const report = await run();
        const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

        expect(report.requests).toBe(rps * seconds);
        expect(report.unfinished).toBe(0);
        expect([sum(report.statuses), sum(report.flags), sum(report.clusters)]).toEqual([report.requests, report.requests, report.requests]);
        expect(sum(report.arrivals)).toBeLessThanOrEqual(report.requests + report.retries);
        expect(JSON.stringify(await run())).toBe(JSON.stringify(report));
      }),
      { numRuns: 15 },
    );
  });
});
