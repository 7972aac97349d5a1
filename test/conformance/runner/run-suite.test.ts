import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSuite, selectCases } from './run-suite.ts';

const CONFIG = `
config: |
  apiVersion: networking.istio.io/v1
  kind: ServiceEntry
  metadata: {name: solo}
  spec:
    hosts: [solo.default.svc.cluster.local]
    resolution: STATIC
    ports: [{number: 8080, name: http, protocol: HTTP}]
    endpoints: [{address: 127.0.2.51, labels: {version: v1}}]
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conformance-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

// With slack: how long calls take on a busy machine is not the matter here.
function run(options: object = {}): ReturnType<typeof runSuite> {
  return runSuite({ cases: join(folder, 'cases'), worlds: join(folder, 'worlds'), out: join(folder, 'out'), jobs: 2, retries: 0, slackMs: 10_000, ...options });
}

describe('runSuite', () => {
  it('observes cases it has never seen, over real sockets', async () => {
    write('cases/new/one.yaml', `${CONFIG}\nsteps:\n- request: {url: "http://solo:8080/x", method: POST, body: hello, plan: "503{x-a=1}"}\n- wait: 1ms\n`);

    expect(await run()).toMatchObject([{ topic: 'new', slug: 'one', verdict: 'recorded', differences: [] }]);
    expect(JSON.parse(readFileSync(join(folder, 'out/new/one.json'), 'utf8'))).toMatchObject({
      steps: [
        {
          status: 503,
          flags: '-',
          cluster: 'outbound|8080||solo.default.svc.cluster.local',
          headers: { 'x-a': '1' },
          attempts: [{ to: '127.0.2.51:8080', method: 'POST', path: '/x', host: 'solo:8080', body: 'hello' }],
        },
        {},
      ],
    });
  });

  it('compares with recordings where there are some', async () => {
    write('cases/new/one.yaml', `${CONFIG}\nsteps:\n- request: {url: "http://solo:8080/", plan: "404"}\n`);
    await run();
    const recorded = readFileSync(join(folder, 'out/new/one.json'), 'utf8');
    write('expected/new/one.json', recorded);
    expect(await run({ expected: join(folder, 'expected') })).toMatchObject([{ verdict: 'passed' }]);

    write('expected/new/one.json', recorded.replace('404', '200'));
    expect(await run({ expected: join(folder, 'expected'), retries: 1 })).toMatchObject([
      { verdict: 'failed', differences: ['step 1: status: expected 200, got 404'], runs: 2 },
    ]);
  });

  it('never passes over what it can not do, cannot read or cannot apply', async () => {
    write('cases/new/bad-file.yaml', 'steps: {');
    write('cases/new/bad-rules.yaml', 'config: "kind: VirtualService\\napiVersion: networking.istio.io/v1\\nmetadata: {name: x}\\nspec: {hosts: 7}"\nsteps: []');
    write('cases/new/later.yaml', 'steps: [{tcp: {host: a, unheardOf: 1}}]');
    write('cases/new/no-world.yaml', '{world: nowhere, steps: []}');

    const results = await run();

    expect(results.map(({ verdict }) => verdict)).toEqual(['failed', 'failed', 'failed', 'failed']);
    expect(results.map(({ differences }) => differences[0]?.split(':')[0])).toEqual(['not a case', 'broke off in step 1', 'not yet', 'broke off in step 1']);
  });
});

describe('selectCases', () => {
  const names = [{ topic: 'lb', slug: 'ring' }, { topic: 'lb', slug: 'ring-hash' }, { topic: 'lbx', slug: 'a' }];

  it.each([
    [undefined, 3],
    ['lb', 2],
    ['lb/ring', 1],
    ['lb/r', 2],
    ['nothing', 0],
  ])('%s selects %i', (only, count) => {
    expect(selectCases(names, only)).toHaveLength(count);
  });
});
