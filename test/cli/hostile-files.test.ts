import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SMALL } from '../fuzz/support/corpus.ts';
import { mutationsOf, yamlSoup } from '../fuzz/support/mutations.ts';
import { tsMesh } from './test-terminal.ts';

/** `npm run test:full` gives a hundred thousand. */
const FILES = Number(process.env['TS_MESH_FILES'] ?? 500);

/** Of one file: far more than the worst takes on a busy machine. */
const HANG_MS = 20_000;

const COMMANDS = [
  ['validate', '-'],
  ['validate', '-', '--apply', '--json'],
  ['analyze', '-'],
  ['analyze', '-', '--rules-only', '--sarif'],
  ['routes', '--config', '-'],
  ['explain', 'http://reviews:9080/reviews/0?a=b', '-H', 'end-user: jason', '--config', '-', '--json'],
] as const;

const file = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...SMALL).chain(({ text }) => mutationsOf(text)) },
  { weight: 2, arbitrary: yamlSoup },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => new TextDecoder().decode(bytes)) },
);

describe('the command line', () => {
  it(`neither crashes nor hangs on ${FILES} hostile files`, { timeout: 3_600_000 }, async () => {
    const codes = new Map<number, number>();
    let slowestMs = 0;
    const result = await fc.check(
      fc.asyncProperty(file, fc.constantFrom(...COMMANDS), async (stdin, args) => {
        const startedAt = performance.now();
        const { code, out, err } = await tsMesh(args, { stdin });
        const tookMs = performance.now() - startedAt;
        slowestMs = Math.max(slowestMs, tookMs);
        codes.set(code, (codes.get(code) ?? 0) + 1);
        // A stack is what `run` prints of an error that nobody foresaw.
        if (/^ts-mesh: .*\n\s+at /m.test(err)) throw new Error(`${args.join(' ')} crashed: ${err}`);
        if (args[0] === 'validate' || args[0] === 'analyze') expect(code).toBeLessThan(2);
        if (code < 2 && (args as readonly string[]).some((arg) => arg === '--json' || arg === '--sarif') && out !== '') JSON.parse(out);
        expect(tookMs).toBeLessThan(HANG_MS);
      }),
      { numRuns: FILES },
    );
    console.log(`${FILES} files: exit codes ${[...codes].sort().map(([code, times]) => `${code} × ${times}`).join(', ')}; the slowest took ${slowestMs.toFixed(0)} ms`);
    if (result.failed) expect.fail(`seed ${result.seed}, path ${result.counterexamplePath}: ${JSON.stringify(result.counterexample)}\n${String(result.errorInstance)}`);
    expect(Math.min(codes.get(0) ?? 0, codes.get(1) ?? 0)).toBeGreaterThan(FILES / 20);
  });
});
