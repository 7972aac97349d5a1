import { defineConfig } from 'vitest/config';

/** Many more runs of every property; for long nights. */
const moreRuns = process.env['PROPERTY_FACTOR'] !== undefined;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**', 'node_modules/**'],
    testTimeout: moreRuns ? 600_000 : 20_000,
    setupFiles: moreRuns ? ['test/support/more-runs.ts'] : [],
    // Files that open sockets share two cores with the servers they call; more workers only make timings worse.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
