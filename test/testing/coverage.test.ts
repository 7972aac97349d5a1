import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestMesh, RouteCoverage, type CoverageReport } from '../../src/testing/index.ts';
import { BOOKS, BOOKS_FILE } from './rules.ts';

const reached = ({ rules }: CoverageReport): Record<string, number> => Object.fromEntries(rules.map(({ kind, origin, calls }) => [`${origin.name} ${kind} ${origin.path}`, calls]));

const RATINGS = {
  file: 'ratings.yaml',
  text: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec:
  hosts: [ratings]
  http:
  - match:
    - uri: {prefix: /slow}
    - headers: {x-slow: {exact: "yes"}}
    fault:
      delay: {fixedDelay: 2s, percentage: {value: 100}}
      abort: {httpStatus: 503, percentage: {value: 50}}
    route: [{destination: {host: ratings}}]
  - match: [{uri: {prefix: /copied}}]
    mirror: {host: reviews, subset: v1}
    route: [{destination: {host: ratings}}]
  - match: [{uri: {prefix: /gone}}]
    redirect: {uri: /}
  - match: [{sourceLabels: {app: others}}]
    route: [{destination: {host: ratings}}]
  - route: [{destination: {host: ratings}}]
`,
};

describe('mesh.coverage', () => {
  it('tells every rule apart: entries of a match, destinations, faults, mirrors', async () => {
    await using mesh = await createTestMesh([BOOKS_FILE, RATINGS]);
    expect(mesh.coverage().share).toBe(0);
    for (let i = 0; i < 12; i++) await mesh.fetch('http://ratings:9080/slow');
    await mesh.fetch('http://ratings:9080/copied');
    await mesh.fetch('http://ratings:9080/gone', { redirect: 'manual' });
    await mesh.fetch('http://reviews:9080/', { headers: { 'end-user': 'jason' } });
    await mesh.clock.advance(1);

    expect(reached(mesh.coverage())).toEqual({
      'reviews route spec.http[0].match[0]': 1,
      'reviews route spec.http[1]': 0,
      'reviews destination spec.http[1].route[0]': 0,
      'reviews destination spec.http[1].route[1]': 0,
      'ratings route spec.http[0].match[0]': 12,
      'ratings route spec.http[0].match[1]': 0,
      'ratings delay spec.http[0].fault.delay': 12,
      'ratings abort spec.http[0].fault.abort': mesh.calls.filter(({ flags }) => flags === 'DI,FI').length,
      'ratings route spec.http[1].match[0]': 1,
      'ratings mirror spec.http[1].mirror': 1,
      'ratings route spec.http[2].match[0]': 1,
      'ratings route spec.http[4]': 0,
    });
  });

  it('names what was not reached, with file and line', async () => {
    await using mesh = await createTestMesh([BOOKS_FILE, RATINGS]);
    await mesh.fetch('http://ratings:9080/');
    const text = String(mesh.coverage());

    expect(text).toMatch(/^1 of 12 rules reached \(8\.3 %\)\nnot reached:\n/);
    expect(text).toContain('  destination reviews.default.svc.cluster.local v2 (weight 10) of VirtualService default/reviews spec.http[1].route[1] (books.yaml:28)');
    expect(text).toContain('  delay of VirtualService default/ratings spec.http[0].fault.delay (ratings.yaml:11)');
    expect(text).toContain('  VirtualService default/ratings spec.http[0].match[1] (ratings.yaml:9)');
    expect(text).toContain('  mirror of VirtualService default/ratings spec.http[1].mirror (ratings.yaml:15)');
    expect(text).not.toContain('spec.http[3]');
    expect(text).not.toContain('Service default/ratings (');
  });

  it('adds up several meshes that share a collector', async () => {
    const coverage = new RouteCoverage();
    for (const user of ['jason', 'ann']) {
      await using mesh = await createTestMesh(BOOKS_FILE, { coverage, seed: 3 });
      for (let i = 0; i < 30; i++) await mesh.fetch('http://reviews:9080/', { headers: { 'end-user': user } });
      expect(mesh.coverage().share).toBe(user === 'jason' ? 0.25 : 1);
    }

    expect(coverage.report().rules.map(({ calls }) => calls).slice(0, 2)).toEqual([30, 30]);
    expect(String(coverage.report())).toBe('4 of 4 rules reached (100 %)');
  });

  it('takes in rules that come later, and keeps those that go', async () => {
    await using mesh = await createTestMesh(BOOKS_FILE);
    await mesh.apply(RATINGS);
    expect(mesh.coverage().rules).toHaveLength(12);
    await mesh.delete('vs/ratings');
    expect(mesh.coverage().rules).toHaveLength(12);
  });

  it('is whole where there are no rules', async () => {
    await using mesh = await createTestMesh();

    expect(mesh.coverage()).toMatchObject({ share: 1, reached: 0, rules: [] });
  });

  it('whatever is called, counts each call at its route and its destination', async () => {
    const call = fc.record({ user: fc.constantFrom('jason', 'ann', ''), times: fc.integer({ min: 0, max: 4 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 8 }), fc.integer({ min: 1, max: 1e6 }), async (calls, seed) => {
        await using mesh = await createTestMesh(BOOKS, { seed });
        for (const { user, times } of calls) for (let i = 0; i < times; i++) await mesh.request('http://reviews:9080/', { headers: { 'end-user': user } });
        const report = mesh.coverage();
        const at = reached(report);
        const of = (isJason: boolean): number => calls.filter(({ user }) => (user === 'jason') === isJason).reduce((sum, { times }) => sum + times, 0);
        const ofSubset = (subset: string): number => mesh.calls.for(`reviews/${subset}`).length;

        expect(at['reviews route spec.http[0].match[0]']).toBe(of(true));
        expect(at['reviews route spec.http[1]']).toBe(of(false));
        expect(at['reviews destination spec.http[1].route[0]']).toBe(ofSubset('v1'));
        expect(at['reviews destination spec.http[1].route[1]']! + of(true)).toBe(ofSubset('v2'));
        expect(report.reached + report.unreached.length).toBe(report.rules.length);
        expect(report.share).toBe(Object.values(at).filter((count) => count > 0).length / report.rules.length);
      }),
      { numRuns: 30 },
    );
  });
});
