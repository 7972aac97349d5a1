// What `npm run mutation` gives to Stryker; MUTATION_FOLDER names the folder of src.
const folder = process.env.MUTATION_FOLDER;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [`src/${folder}/**/*.ts`],
  testRunner: 'vitest',
  // By file names alone vitest would run the tests of everything that imports a mutated file.
  vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // Mutants that act while a file is loaded count like all others.
  ignoreStatic: false,
  concurrency: 2,
  // Endless loops are mostly found by counting; this is for a busy machine.
  timeoutMS: 30_000,
  ignorePatterns: ['/dist', '/docs', '/reports', '/benchmarks', '/test/conformance/data'],
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `reports/mutation/${folder}.json` },
  incrementalFile: `reports/mutation/${folder}.last.json`,
  tempDirName: '.stryker-tmp',
  allowConsoleColors: false,
  warnings: { slow: false },
};
