import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/finding.ts';
import { resourceJsonSchema } from '../../src/config/json-schema.ts';
import { tsMesh, type Printed } from './test-terminal.ts';

const REVIEWS = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  resolution: STATIC
  location: MESH_INTERNAL
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.0.1, labels: {version: v1}}, {address: 10.0.0.2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
`;

const rule = (subset: string): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: ${subset}}}]
`;

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ts-mesh-cli-'));
});

afterEach(() => rmSync(cwd, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
}

const cli = (args: string, options: Parameters<typeof tsMesh>[1] = {}): Promise<Printed> => tsMesh(args.split(' '), { cwd, ...options });

const BAD = rule('v1').replace('host: reviews, subset: v2', 'hosst: reviews');

describe('ts-mesh validate', () => {
  it('says that good files are good', async () => {
    write({ 'mesh/a.yaml': REVIEWS, 'mesh/sub/b.yml': rule('v1') });

    expect(await cli('validate mesh')).toEqual({ code: 0, out: '2 files, 3 valid resources: 0 errors', err: '' });
  });

  it('tells what is wrong, where, and how to mend it', async () => {
    write({ 'bad.yaml': BAD });

    const { code, out } = await cli('validate bad.yaml');

    expect(code).toBe(1);
    expect(out).toContain('bad.yaml:9:28 error ERR_UNKNOWN_FIELD VirtualService default/reviews spec.http[0].route[0].destination.hosst');
    expect(out).toContain('did you mean host');
    expect(out).toMatch(/1 file, 0 valid resources: \d errors?/);
  });

  it('reads the standard input, patterns and lists as kubectl prints them', async () => {
    write({ 'x/1.yaml': REVIEWS, 'x/2.yaml': BAD, 'x/3.txt': 'not rules' });
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ name: 'http', port: 80 }] } }] });

    expect((await cli('validate -', { stdin: REVIEWS })).out).toContain('1 file, 2 valid resources');
    expect((await cli('validate -', { stdin: list })).code).toBe(0);
    expect((await cli('validate x/*.yaml')).out).toContain('2 files');
  });

  it('prints findings as data', async () => {
    write({ 'bad.yaml': BAD });

    const findings = JSON.parse((await cli('validate bad.yaml --json')).out) as Finding[];

    expect(findings.find(({ code }) => code === 'ERR_UNKNOWN_FIELD')).toMatchObject({ level: 'error', resource: 'VirtualService default/reviews', file: 'bad.yaml', line: 9, column: 28, message: expect.any(String) });
    expect(JSON.parse((await cli('validate bad.yaml --sarif')).out)).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'ERR_REQUIRED', level: 'error', locations: [{ physicalLocation: { artifactLocation: { uri: 'bad.yaml' }, region: { startLine: 9, startColumn: 27 } } }] }, { ruleId: 'ERR_UNKNOWN_FIELD' }] }],
    });
    expect(JSON.parse((await cli('validate - --json', { stdin: REVIEWS })).out)).toEqual([]);
  });

  it('takes unreadable files for errors', async () => {
    write({ 'empty/keep.txt': '' });

    expect(await cli('validate missing.yaml')).toMatchObject({ code: 1, out: expect.stringContaining('missing.yaml:1:1 error') });
    expect(await cli('validate empty')).toMatchObject({ code: 1, out: expect.stringContaining('no .yaml') });
  });

  it('is misused without files, with patterns that nothing fits, with unknown options', async () => {
    expect(await cli('validate')).toMatchObject({ code: 2, err: expect.stringContaining("missing required argument 'files'") });
    expect(await cli('validate *.yaml')).toMatchObject({ code: 2, err: expect.stringContaining('no file fits the pattern *.yaml') });
    expect(await cli('validate --frobnicate x')).toMatchObject({ code: 2, err: expect.stringContaining('unknown option') });
    expect(await cli('frobnicate')).toMatchObject({ code: 2 });
  });

  it('lets no file speak to the terminal', async () => {
    const { out } = await cli('validate -', { stdin: BAD.replace('hosst', '"ho\\u001b]0;title\\u0007sst"') });

    expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
    expect(out).toContain('\\u001b');
  });

  it('survives whatever it is given', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 0, max: REVIEWS.length }).map((at) => REVIEWS.slice(0, at)));
    await fc.assert(
      fc.asyncProperty(text, async (stdin) => {
        expect((await tsMesh(['validate', '-'], { stdin })).code).toBeLessThan(2);
      }),
    );
  });
});

describe('ts-mesh analyze', () => {
  it('tells what does not fit together, in istioctl’s codes', async () => {
    write({ 'mesh.yaml': REVIEWS + rule('v3') });

    const { code, out } = await cli('analyze mesh.yaml --json');

    expect(code).toBe(1);
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ code: 'IST0101', level: 'error', resource: 'VirtualService default/reviews', file: 'mesh.yaml' }));
    expect((await cli('analyze mesh.yaml')).out).toMatch(/mesh\.yaml:\d+:\d+ error IST0101 VirtualService default\/reviews/);
  });

  it('has nothing to say of rules that fit', async () => {
    write({ 'mesh.yaml': REVIEWS + rule('v1') });

    expect(await cli('analyze mesh.yaml --rules-only')).toMatchObject({ code: 0, out: expect.stringContaining('0 errors') });
  });

  it('looks for no Services where there are only rules', async () => {
    const alone = rule('v1').slice(4).replaceAll(/, subset: v\d/g, '');

    expect((await cli('analyze -', { stdin: alone })).out).toContain('IST0101');
    expect((await cli('analyze - --rules-only', { stdin: alone })).out).not.toContain('IST0101');
  });
});

describe('ts-mesh explain', () => {
  beforeEach(() => write({ 'mesh.yaml': REVIEWS + rule('v1') }));

  it('tells why a request goes where it goes', async () => {
    const jason = await tsMesh(['explain', 'http://reviews:9080/x', '-H', 'end-user: jason', '-f', 'mesh.yaml'], { cwd });
    const others = await tsMesh(['explain', 'http://reviews:9080/x', '-H', 'end-user: jim'], { cwd, env: { TS_MESH_CONFIG: 'mesh.yaml' } });

    expect(jason.code).toBe(0);
    expect(jason.out).toContain('outbound|9080|v2|reviews.default.svc.cluster.local (100 %)');
    expect(jason.out).toContain('endpoint 10.0.0.2:9080 version v2');
    expect(others.out).toContain('headers.end-user: exact "jason" ≠ "jim"');
    expect(others.out).toMatch(/mesh\.yaml:\d+/);
  });

  it('tells why a connection goes where it goes', async () => {
    write({ 'db.yaml': REVIEWS.replaceAll('reviews', 'db').replace('name: http, protocol: HTTP', 'name: tcp, protocol: TCP').replace('9080', '5432') });

    const { code, out } = await cli('explain tcp://db:5432 -f db.yaml');

    expect(code).toBe(0);
    expect(out).toContain('outbound|5432||db.default.svc.cluster.local (100 %)\n    endpoint 10.0.0.1:5432 version v1');
  });

  it('shows no secrets', async () => {
    const { out } = await tsMesh(['explain', 'http://reviews:9080/?token=abc123', '-H', 'authorization: Bearer abc123', '-f', 'mesh.yaml', '--json'], { cwd });

    expect(JSON.parse(out)).toMatchObject({ kind: 'mesh' });
  });

  it('asks for what it needs', async () => {
    expect(await cli('explain http://reviews/')).toMatchObject({ code: 2, err: expect.stringContaining('--config FILE') });
    expect(await cli('explain reviews:9080 -f mesh.yaml')).toMatchObject({ code: 2, err: expect.stringContaining('not an http, https, tcp or tls URL') });
    expect(await cli('explain http://reviews/ -f mesh.yaml -H nonsense')).toMatchObject({ code: 2, err: expect.stringContaining('name:value') });
    expect(await cli('explain http://reviews/ -f mesh.yaml -l nonsense')).toMatchObject({ code: 2, err: expect.stringContaining('key=value') });
    expect(await cli('explain http://reviews/ -f missing.yaml')).toMatchObject({ code: 2, err: expect.stringContaining('missing.yaml') });
  });

  it('tells what is wrong with the rules instead', async () => {
    write({ 'bad.yaml': BAD.replace('hosts: [reviews]', 'hosts: 7') });

    expect(await cli('explain http://reviews/ -f bad.yaml')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('bad.yaml:') });
  });
});

describe('ts-mesh routes', () => {
  it('lists what the rules come to', async () => {
    write({ 'mesh.yaml': REVIEWS + rule('v1') });

    const { code, out } = await cli('routes -f mesh.yaml');

    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^PORT {2}VIRTUAL HOST +WHEN +THEN$/);
    expect(out).toMatch(/9080 {2}reviews\.default\.svc\.cluster\.local:9080 +headers\.end-user exact "jason" +to outbound\|9080\|v2\|.*VirtualService default\/reviews/);
    expect(JSON.parse((await cli('routes -f mesh.yaml --json')).out)).toHaveLength(3);
  });

  it('says what to do when there are none', async () => {
    write({ 'mesh.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n' });

    expect((await cli('routes -f mesh.yaml')).out).toContain('add a Service or a ServiceEntry');
  });

  it('fits a screen', async () => {
    write({ 'mesh.yaml': REVIEWS + rule('v1') });

    const { out } = await cli('routes -f mesh.yaml', { isScreen: true, columns: 110 });

    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });
});

describe('ts-mesh diff', () => {
  beforeEach(() => write({ 'old.yaml': REVIEWS + rule('v1'), 'new.yaml': REVIEWS + rule('v2') }));

  it('tells what changes, for routes and for requests', async () => {
    const { code, out } = await cli('diff old.yaml new.yaml --url http://reviews:9080/');

    expect(code).toBe(0);
    expect(out).toContain('- reviews.default.svc.cluster.local:9080 (port 9080): (everything) → to outbound|9080|v1|');
    expect(out).toContain('+ reviews.default.svc.cluster.local:9080 (port 9080): (everything) → to outbound|9080|v2|');
    expect(out).toContain('1 of 1 requests are treated otherwise.');
  });

  it('tells that nothing changes for a request', async () => {
    write({ requests: '# jason\nGET http://reviews:9080/a\n\nhttp://reviews:9080/b\n' });

    const same = await tsMesh(['diff', 'old.yaml', 'new.yaml', '--requests', join(cwd, 'requests'), '-H', 'end-user: jason'], { cwd });

    expect(same.out).toContain('0 of 2 requests');
    expect((await cli('diff old.yaml old.yaml')).out).toContain('Nothing changes');
  });

  it('prints it as data', async () => {
    write({ 'less.yaml': REVIEWS });

    expect(JSON.parse((await cli('diff old.yaml less.yaml --json')).out)).toMatchObject({ resources: { added: [], removed: ['VirtualService default/reviews'] }, requests: [] });
  });

  it('compares no rules that have errors', async () => {
    write({ 'bad.yaml': BAD.replace('hosts: [reviews]', 'hosts: 7') });

    expect(await cli('diff old.yaml bad.yaml')).toMatchObject({ code: 1, out: '' });
  });
});

describe('ts-mesh', () => {
  it('helps', async () => {
    expect(await cli('--help')).toMatchObject({ code: 0, out: expect.stringContaining('validate'), err: '' });
    expect(await cli('explain --help')).toMatchObject({ code: 0, out: expect.stringContaining('Examples:') });
  });

  it.each(['bash', 'zsh', 'fish'])('completes in %s', async (shell) => {
    const { code, out } = await cli(`completion ${shell}`);
    expect(code).toBe(0);
    for (const word of ['validate', 'explain', 'routes', 'diff', shell === 'fish' ? '-l sarif' : '--sarif']) expect(out).toContain(word);
  });

  it('prints a schema for editors', async () => {
    const { code, out } = await cli('schema');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(resourceJsonSchema());
  });

  it('completes in no other shell', async () => {
    expect(await cli('completion cmd')).toMatchObject({ code: 2, err: expect.stringContaining('bash, zsh, fish') });
  });
});
