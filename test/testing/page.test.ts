import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assertRoute, createTestMesh, simulate } from '../../src/testing/index.ts';

const PAGE = join(import.meta.dirname, '../../docs/testing.md');

/** What readers have in their place. */
const NAMES: readonly (readonly [string, string])[] = [
  ['../../src/testing/index.ts', 'ts-mesh/testing'],
  ['test/testing/books', 'mesh'],
];

const messageOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
  throw new Error('it passed');
};

/** A region of a test as a reader would write it. */
function example(name: string, file = 'page-examples.test.ts'): string {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  const region = new RegExp(`^( *)// #region ${name}\\n([^]*?)\\n *// #endregion`, 'm').exec(text);
  if (region === null) throw new Error(`${file} has no region ${name}`);
  const lines = region[2]!.split('\n').map((line) => (line.startsWith(region[1]!) ? line.slice(region[1]!.length) : line));
  return `\`\`\`ts\n${lines.filter((line) => !line.includes('eslint-disable')).join('\n')}\n\`\`\``;
}

async function outputs(): Promise<Readonly<Record<string, string>>> {
  await using mesh = await createTestMesh('test/testing/books');
  const refused = await messageOf(() => mesh.fetch('http://payments:8080/'));
  const failure = await messageOf(() => assertRoute(mesh, '/reviews/0', 'reviews/v2'));
  await mesh.fetch('http://reviews:9080/', { headers: { 'end-user': 'jason' } });
  const simulation = await messageOf(() =>
    simulate('test/testing/books', {
      seed: 42,
      rps: 20,
      for: '5m',
      request: 'http://ratings:9080/ratings/0',
      services: { ratings: (_, at) => ({ delay: 5 + at.random() * 20 }) },
      endpoints: { ratings: [{ address: '10.0.0.1', labels: { version: 'v1' } }, { address: '10.0.0.2', labels: { version: 'v2' } }] },
      at: { '1m': (running) => running.fault('ratings/v2', { status: 500 }), '2m': (running) => running.clearFaults() },
      check: () => {
        throw new Error('expected the canary to be healthy');
      },
    }),
  );
  return { refused, failure, simulation, coverage: String(mesh.coverage()) };
}

it('docs/testing.md shows what runs', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const printed = await outputs();
  const named = (text: string): string => NAMES.reduce((all, [from, to]) => all.replaceAll(from, to).replaceAll(join(process.cwd(), from), to), text);
  const expected = page
    .replace(/(<!-- example (\S+)(?: (\S+))? -->\n)[^]*?(<!-- \/example -->)/g, (_, begin: string, name: string, file: string | undefined, end: string) => `${begin}${named(example(name, file))}\n${end}`)
    .replace(/(<!-- output (\S+) -->\n)[^]*?(<!-- \/output -->)/g, (_, begin: string, name: string, end: string) => `${begin}\`\`\`text\n${named(printed[name]!)}\n\`\`\`\n${end}`);
  // UPDATE_DOCS=1 writes it.
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, expected);
  else expect(page).toBe(expected);

  expect(page.match(/<!-- example /g)).toHaveLength(11);
  expect(page.match(/<!-- output /g)).toHaveLength(4);
});
