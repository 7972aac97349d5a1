import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../examples/demo/arguments.ts';
import { SCENARIOS } from '../../examples/demo/scenarios/index.ts';
import { ROOT, runNode } from './run-example.ts';

const EXAMPLES = join(ROOT, 'examples');
const FOLDERS = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
const INDEX = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');

/** The commands that the README of a folder tells, each a line of a block; none without one. */
function commandsOf(folder: string): string[] {
  const file = join(EXAMPLES, folder, 'README.md');
  if (!existsSync(file)) return [];
  return [...readFileSync(file, 'utf8').matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, lines]) => lines!.trim().split('\n'));
}

/** Examples of frameworks check what they tell themselves. */
function tells(...calls: readonly string[]): (stdout: string) => void {
  return (stdout) => {
    expect(stdout).toContain('sees {"product":"7","reviews":{"version":"v1"}}\n');
    expect(stdout).toContain('sees {"product":"7","reviews":{"version":"v2","stars":5}}\n  outbound|9080||ratings.default.svc.cluster.local: 200 - in ');
    for (const call of calls) expect(stdout).toContain(`.default.svc.cluster.local: ${call} in `);
    expect(stdout).toMatch(/Each request that ratings got carries the id and the trace of its visit, and the time that is left for it\.\n$/);
  };
}

/** What a command has to print. */
const PRINTS: Readonly<Record<string, (stdout: string) => void>> = {
  'node examples/quick-start/quick-start.ts': (stdout) => {
    expect(Number(/'hello from v2': (\d+)/.exec(stdout)?.[1] ?? 0)).toBeLessThan(26);
    expect(stdout).toMatch(/'hello from v1': \d+/);
    expect(stdout).toMatch(/jason: {3}hello from v2\n/);
  },
  'node examples/clients/clients.ts': (stdout) => {
    const lines = stdout.trim().split('\n').map((line) => line.split(/: +/));
    expect(lines.map(([client]) => client)).toEqual(['axios', 'got', 'ky', 'OpenAPI', 'OpenAI', 'ws', 'EventSource', 'grpc-js', 'fetch']);
    for (const [client, answers] of lines) expect(answers, client).toBe(client === 'EventSource' ? 'hello from v1' : 'hello from v1 · hello from v2');
  },
  'node examples/express/express.ts': tells('504 DI,UT'),
  'node examples/fastify/fastify.ts': tells('503 FI'),
  'node examples/hono/hono.ts': tells('504 UT'),
  'node examples/nest/nest.ts': tells('200 - after 2 tries'),
  'npx vitest run --root examples/unit-tests': (stdout) => expect(stdout).toMatch(/Tests +4 passed \(4\)/),
  'node --test examples/unit-tests/node-test.ts': (stdout) => expect(stdout).toMatch(/pass 2\n[^]*fail 0\n/),
};

const VITEST = 'node_modules/vitest/vitest.mjs';

describe.each(FOLDERS)('examples/%s', (folder) => {
  it('has a README that begins with two commands, and a place in the index', () => {
    const [install, command = ''] = commandsOf(folder);

    expect(install).toBe('npm ci');
    expect(command).toMatch(/^(node|npx|npm start --) /);
    expect(INDEX).toContain(`[\`${folder}/\`](${folder}/README.md)`);
    if (!command.startsWith('npm')) expect(INDEX).toContain(`| \`${command}\` |`);
  });
});

const commands = FOLDERS.flatMap((folder) => commandsOf(folder).slice(1));

describe('the commands of the examples', { timeout: 60_000 }, () => {
  const processes = pLimit(2);

  it.concurrent.each(commands.filter((command) => !command.startsWith('npm ')))('%s', async (command) => {
    const [program = '', ...args] = command.split(' ');
    const { code, stdout, stderr } = await processes(() => (program === 'npx' ? runNode(VITEST, ...args.slice(1)) : runNode(...args)));

    expect(code, stdout + stderr).toBe(0);
    expect(PRINTS).toHaveProperty([command]);
    PRINTS[command]!(stdout);
  });

  it.each(commands.filter((command) => command.startsWith('npm ')))('%s: a scenario, as the tests of test/seeds play', (command) => {
    expect(command).toMatch(/^npm start -- /);
    expect(readArguments(command.split(' ').slice(3), SCENARIOS).scenarios).toHaveLength(1);
  });
});
