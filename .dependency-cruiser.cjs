// The floors of the house: imports go downward only, never up, never in circles.
const FLOORS = [
  ['common', '^src/common/'],
  ['route, cluster, telemetry', '^src/(route|cluster|telemetry)/'],
  ['config', '^src/config/'],
  ['discovery, engine', '^src/(discovery|engine)/'],
  ['serve', '^src/serve/'],
  // src/fetch/ and src/request/ hold the parts of those doors.
  ['mesh', '^src/(fetch/|request/|[^/]+\\.ts$)'],
  ['doors and tools', '^src/(gateway|clients|adapters|testing|admin|cli)/'],
];

const upward = FLOORS.flatMap(([name, path], floor) =>
  FLOORS.slice(floor + 1).map(([above, abovePath]) => ({
    name: `${name} may not import ${above}`,
    severity: 'error',
    from: { path },
    to: { path: abovePath, ...(above === 'mesh' ? {} : {}) },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upward,
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'route, cluster and telemetry know nothing of each other',
      severity: 'error',
      from: { path: '^src/(route|cluster|telemetry)/' },
      to: { path: '^src/(route|cluster|telemetry)/', pathNot: '^src/$1/' },
    },
    { name: 'pure code has no I/O', severity: 'error', from: { path: '^src/(common|route|cluster|telemetry|config)/' }, to: { dependencyTypes: ['core'] } },
    { name: 'src stands alone', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|examples|benchmarks|scripts)/' } },
    { name: 'no dev dependency in src', severity: 'error', from: { path: '^src/' }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer'] } },
    { name: 'no orphan', severity: 'error', from: { orphan: true, path: '^src/', pathNot: '^src/(index|unsupported|testing|adapters|cli)' }, to: {} },
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' } },
};
