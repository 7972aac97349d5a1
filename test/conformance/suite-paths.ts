import { join } from 'node:path';

const here = import.meta.dirname;

/** Where the recorded suite and what belongs to it lies. */
export const SUITE = {
  cases: join(here, 'data', 'cases'),
  worlds: join(here, 'data', 'worlds'),
  expected: join(here, 'data', 'expected'),
  istiod: join(here, 'data', 'istiod'),
  /** What `${CERTS}` in a case stands for. */
  certs: join(here, 'data', 'certs'),
  baseline: join(here, 'baseline.json'),
  differences: join(here, 'differences.yaml'),
  docs: join(here, '..', '..', 'docs', 'conformance.md'),
} as const;

/** Cases side by side at which the recorded times still hold on two cores. */
export const JOBS = 6;
