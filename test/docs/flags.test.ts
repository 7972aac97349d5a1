import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_SUCH_NAME, resetReply, type LocalReply } from '../../src/engine/local-reply.ts';
import { meshInfo } from '../../src/index.ts';
import { FLAG, formatFlags } from '../../src/telemetry/response-flags.ts';
import { createTestMesh, type TestFault, type TestMesh } from '../../src/testing/index.ts';
import { ROOT } from './page.ts';

const PAGE = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');

const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const source = sources.map((name) => readFileSync(join(ROOT, 'src', name), 'utf8')).join('\n');
const named = (pattern: RegExp): string[] => [...new Set([...source.matchAll(pattern)].map(([, name]) => name!))].sort();

describe('docs/troubleshooting.md', () => {
  it('has a section for each flag that a call can have, and no other', () => {
    const raised = named(/\bFLAG\.(\w+)/g).filter((name) => Object.hasOwn(FLAG, name));
    expect([...PAGE.matchAll(/^### ([A-Z]+): /gm)].map(([, flag]) => flag)).toEqual(raised);
  });

  it('has a section for each code of MeshError, and no other', () => {
    const firstArguments = named(/new MeshError\(([^,`]+),/g).join(' ');
    expect([...PAGE.matchAll(/^### (ERR_\w+)$/gm)].map(([, code]) => code).sort()).toEqual([...new Set(firstArguments.match(/ERR_\w+/g))].sort());
  });
});

const SERVICE = { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { name: 'reviews' }, spec: { hosts: ['reviews.default.svc.cluster.local'], resolution: 'STATIC', location: 'MESH_INTERNAL', ports: [{ number: 9080, name: 'http', protocol: 'HTTP' }], endpoints: [{ address: '10.0.0.1' }] } };
const route = [{ destination: { host: 'reviews' } }];
const rule = (http: object): object => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'reviews' }, spec: { hosts: ['reviews'], http: [{ route, retries: { attempts: 0 }, ...http }] } });
const policy = (spec: object): object => ({ apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name: 'reviews' }, spec: { host: 'reviews', ...spec } });
const NOBODY = [{ destination: { host: 'reviews', subset: 'v9' } }];

interface Scenario {
  readonly rules: readonly object[];
  readonly fault?: TestFault;
  readonly headers?: Record<string, string>;
  /** How many calls at once; the last is looked at. */
  readonly calls?: number;
}

/** What makes failures. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  DPE: { rules: [], headers: { cookie: 'x'.repeat(61_440) } },
  FI: { rules: [rule({ fault: { abort: { percentage: { value: 100 }, httpStatus: 418 } } })] },
  NC: { rules: [rule({ route: NOBODY })] },
  NR: { rules: [rule({ match: [{ uri: { exact: '/elsewhere' } }] })] },
  UC: { rules: [rule({})], fault: { reset: true } },
  UF: { rules: [rule({})], fault: { refuse: true } },
  UH: { rules: [rule({ route: NOBODY }), policy({ subsets: [{ name: 'v9', labels: { version: 'v9' } }] })] },
  UO: { rules: [rule({}), policy({ trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 1 } } } })], fault: { delay: '1s' }, calls: 2 },
  UT: { rules: [rule({ timeout: '1s' })], fault: { delay: '2s' } },
};

/** Answers to failures that take sockets to make. */
const REPLIES: Readonly<Record<string, LocalReply>> = {
  DF: NO_SUCH_NAME,
  LR: resetReply('local-reset', false, ''),
  UPE: resetReply('protocol-error', false, ''),
  UR: resetReply('remote-reset', false, ''),
};

/** How the page shows an answer. */
const shown = ({ status, body, details }: { status: number; body: string; details: string }): string => `\n**${status}**${body === '' ? '' : ` \`${body}\``} · \`${details}\`\n`;
const sectionOf = (flag: string): string => PAGE.split(`### ${flag}: `)[1]!.split('\n### ')[0]!;

async function play(mesh: TestMesh, { fault, headers, calls = 1 }: Scenario): Promise<Response> {
  if (fault !== undefined) mesh.fault('reviews', fault);
  const responses = await Promise.all(Array.from({ length: calls }, () => mesh.fetch('http://reviews:9080/', { headers })));
  return responses.at(-1)!;
}

describe('what docs/troubleshooting.md says that callers get', () => {
  it.each(Object.entries(SCENARIOS))('%s', async (flag, scenario) => {
    await using mesh = await createTestMesh([SERVICE, ...scenario.rules]);

    const response = await play(mesh, scenario);

    const { status, details, flags } = meshInfo(response)!;
    expect(flags).toBe(flag);
    expect(sectionOf(flag)).toContain(shown({ status, body: await response.text(), details }));
  });

  it.each(Object.entries(REPLIES))('%s, of sockets', (flag, { status, body, details, flags }) => {
    expect(formatFlags(flags)).toBe(flag);
    expect(sectionOf(flag)).toContain(shown({ status, body: String(body), details }));
  });

  it('is tried for each answer that the page shows', () => {
    const answers = [...PAGE.matchAll(/^### ([A-Z]+): .*\n\n\*\*\d/gm)].map(([, flag]) => flag);
    expect([...Object.keys(SCENARIOS), ...Object.keys(REPLIES)].sort()).toEqual(answers.sort());
  });
});
