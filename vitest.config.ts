import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**', 'node_modules/**'],
    testTimeout: 20_000,
    // Files that open sockets share two cores with the servers they call; more workers only make timings worse.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
