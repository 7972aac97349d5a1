import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCases, loadCase, readCase } from '../case/read-case.ts';
import type { Recording } from '../record/observation.ts';
import { SUITE } from '../suite-paths.ts';
import { loadClusterEndpoints } from './cluster-endpoints.ts';
import { compareCase } from './compare-case.ts';

const CASE = readCase(
  `
steps:
- request: {url: "http://solo/"}
  times: 3
- stats: x$
  compare: {pending: status.503, total: [1, 2]}
- stats: y$
- wait: 10ms
- request: {url: "http://solo/", via: egress}
`,
  'topic',
  'slug',
);
const RECORDING: Recording = {
  steps: [
    { times: 3, status: { 200: 1, 503: 2 } },
    { stats: { 'cluster.a;.pending': 2, 'cluster.a;.total': 1 } },
    { stats: { y: 1 } },
    {},
    { notYet: 'via' },
  ],
};

function withStats(step: number, stats: Record<string, number>): string[] {
  const steps = RECORDING.steps.with(step, { stats });
  return compareCase(CASE, RECORDING, { steps }, { slackMs: 0 }).filter((line) => !line.includes('not yet'));
}

describe('compareCase', () => {
  it('never passes a step that could not be run', () => {
    expect(compareCase(CASE, RECORDING, RECORDING, { slackMs: 0 })).toEqual(['step 5: step: expected {"notYet":"via"}, got not yet: via']);
  });

  it('compares stats exactly where nothing else is said', () => {
    expect(withStats(2, { y: 2 })).toEqual(['step 3: y: expected 1, got 2']);
    expect(withStats(2, {})).toEqual(['step 3: y: expected 1, got nothing']);
    expect(withStats(2, { y: 1, z: 0 })).toEqual(['step 3: z: expected nothing, got 0']);
  });

  it('compares stats with bounds and with the tally before them', () => {
    expect(withStats(1, { 'cluster.a;.pending': 2, 'cluster.a;.total': 2, 'cluster.a;.more': 7 })).toEqual([]);
    expect(withStats(1, { 'cluster.a;.pending': 3, 'cluster.a;.total': 3 })).toEqual([
      'step 2: cluster.a;.pending (as status.503): expected 2, got 3',
      'step 2: cluster.a;.total: expected 1 to 2, got 3',
    ]);
    expect(withStats(1, { 'cluster.a;.total': 1 })).toEqual(['step 2: pending: expected a stat of that name, got none']);
  });

  it('compares stats with a tally of connections, too', () => {
    const text = 'steps: [{tcp: {host: a, port: 1}, times: 2}, {stats: total$, compare: {total: replies.one}}]';
    const tally = { times: 2, replies: { one: 2 }, cluster: { client: { c: 2 } } };
    const compare = (total: number): string[] =>
      compareCase(readCase(text, 'topic', 'slug'), { steps: [tally, { stats: { total } }] }, { steps: [tally, { stats: { total } }] }, { slackMs: 0 });

    expect(compare(2)).toEqual([]);
    expect(compare(3)).toEqual(['step 2: total (as replies.one): expected 2, got 3']);
  });

  it('misses steps that were not reached', () => {
    expect(compareCase(CASE, RECORDING, { steps: [] }, { slackMs: 0 })).toEqual(['steps: expected 5, got 0']);
  });

  it('finds every recording equal to itself', () => {
    const differing = listCases(SUITE.cases).filter(({ topic, slug }) => {
      const conformanceCase = loadCase(SUITE.cases, topic, slug);
      const recording = JSON.parse(readFileSync(join(SUITE.expected, topic, `${slug}.json`), 'utf8')) as Recording;
      const clusters = loadClusterEndpoints(SUITE.istiod, topic, slug, conformanceCase.dns);
      return compareCase(conformanceCase, recording, recording, { clusters, slackMs: 0 }).some((line) => !line.includes('not yet'));
    });

    expect(differing).toEqual([]);
  });
});
