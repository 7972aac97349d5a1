import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, type ConfigIssue, type MeshError } from '../../src/index.ts';

/**
 * Nothing here may take more of the processor's time, counted so that a busy machine does not matter. It is a few times what
 * the slowest takes: the point is that nothing is quadratic.
 */
const QUICKLY_MS = 20_000;

const SERVICE = (i: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: s${i}}
spec:
  hosts: [s${i}.example.com]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.${i >> 8}.${i & 255}}]
`;

const BOMB = `a: &a [x, x, x, x, x, x, x, x, x, x]
${['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name, i) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefghij'[i]}`).join(', ')}]`).join('\n')}
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ts-mesh-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

interface Verdict {
  /** `ok`, or the error's code. */
  readonly code: string;
  readonly message: string;
  readonly issues: readonly ConfigIssue[];
  readonly tookMs: number;
  readonly clusters: number;
}

/** Milliseconds of the processor that this process has used. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function judge(config: string | readonly string[]): Promise<Verdict> {
  const began = cpuMs();
  try {
    await using mesh = await createMesh({ config });
    return { code: 'ok', message: '', issues: mesh.warnings, tookMs: cpuMs() - began, clusters: mesh.snapshot.clusters.size };
  } catch (error) {
    const { code, message, issues } = error as Omit<MeshError, 'issues'> & { issues: readonly ConfigIssue[] };
    return { code, message, issues, tookMs: cpuMs() - began, clusters: 0 };
  }
}

describe('a clear answer, quickly:', { timeout: 60_000 }, () => {
  it('a path where nothing is', async () => {
    const verdict = await judge(join(folder, 'nowhere.yaml'));

    expect(verdict).toMatchObject({ code: 'ERR_INVALID_CONFIG', message: expect.stringContaining('there is no such file or folder') as string });
    expect(verdict.message).toContain('nowhere.yaml');
  });

  it('a folder that may not be read', async () => {
    expect(await judge('/proc/1/root/x')).toMatchObject({ code: 'ERR_INVALID_CONFIG', message: expect.stringContaining('/proc/1/root/x') as string });
  });

  it('an empty folder, and one with other files only', async () => {
    await mkdir(join(folder, 'empty'));
    await mkdir(join(folder, 'other'));
    await file('other/README.md', '# rules');
    await file('other/.hidden.yaml', 'kind: [');

    for (const name of ['empty', 'other']) {
      const { code, issues } = await judge(join(folder, name));
      expect(code).toBe('ok');
      expect(issues).toMatchObject([{ severity: 'warning', code: 'WARN_EMPTY', file: join(folder, name) }]);
    }
  });

  it.each([
    ['nothing at all', ''],
    ['line breaks', '\n\n'],
    ['comments', '# nothing here yet\n'],
    ['separators', '---\n---\n...\n'],
    ['null', 'null\n'],
    ['a byte order mark', '\uFEFF'],
  ])('a file of %s', async (name, content) => {
    const path = await file(`empty-${name.replaceAll(' ', '-')}.yaml`, content);

    const { code, issues } = await judge(path);

    expect(code).toBe('ok');
    expect(issues).toMatchObject([{ severity: 'warning', code: 'WARN_EMPTY', file: path, message: expect.stringContaining('holds no document') as string }]);
  });

  it('a binary file', async () => {
    const path = await file('image.yaml', Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256));

    const { code, issues } = await judge(path);

    expect(code).toBe('ERR_INVALID_CONFIG');
    expect(issues).toMatchObject([{ code: 'ERR_BINARY', file: path, message: expect.stringContaining('binary') as string }]);
  });

  it('a text in UTF-16', async () => {
    const { issues } = await judge(await file('utf16.yaml', Buffer.from(`\uFEFF${SERVICE(1)}`, 'utf16le')));

    expect(issues).toMatchObject([{ code: 'ERR_BINARY', hint: expect.stringContaining('encoding') as string }]);
  });

  it('an alias bomb', async () => {
    const { code, issues, tookMs } = await judge(await file('bomb.yaml', BOMB));

    expect(code).toBe('ERR_INVALID_CONFIG');
    expect(issues[0]).toMatchObject({ severity: 'error', message: expect.stringMatching(/alias/i) as string });
    expect(tookMs).toBeLessThan(QUICKLY_MS);
  });

  it('an alias bomb inside a resource', async () => {
    const { code, issues } = await judge(`${SERVICE(1)}---\n${BOMB}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x}\nspec: {hosts: *j}\n`);

    expect([code, issues[0]?.code]).toEqual(['ERR_INVALID_CONFIG', expect.any(String)]);
  });

  it('an alias of itself', async () => {
    expect(await judge('a: &a [*a]\n')).toMatchObject({ code: 'ERR_INVALID_CONFIG' });
  });

  it.each([
    ['lists', `${'['.repeat(50_000)}\n`],
    ['maps', `${'{a: '.repeat(50_000)}\n`],
    ['closed lists', `a: ${'['.repeat(5000)}${']'.repeat(5000)}\n`],
    ['blocks', Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('nesting without end: %s', async (_what, text) => {
    const { code, tookMs } = await judge(text);

    expect(code).toBe('ERR_INVALID_CONFIG');
    expect(tookMs).toBeLessThan(QUICKLY_MS);
  });

  it('10,000 documents', async () => {
    const path = await file('many.yaml', Array.from({ length: 10_000 }, (_, i) => SERVICE(i)).join('---\n'));

    const { code, clusters, tookMs } = await judge(path);

    expect(code).toBe('ok');
    expect(clusters).toBeGreaterThan(10_000);
    expect(tookMs).toBeLessThan(QUICKLY_MS);
  });

  it('10,000 documents, the last of them bad', async () => {
    const path = await file('many-bad.yaml', `${Array.from({ length: 9999 }, (_, i) => SERVICE(i)).join('---\n')}---\n${SERVICE(1).replace('number: 80', 'number: 80000')}`);

    const { code, issues, tookMs } = await judge(path);

    expect(code).toBe('ERR_INVALID_CONFIG');
    expect(issues[0]).toMatchObject({ severity: 'error', path: 'spec.ports[0].number', line: 9999 * 10 + 8, file: path });
    expect(tookMs).toBeLessThan(QUICKLY_MS);
  });

  it('100,000 separators', async () => {
    const { code, tookMs } = await judge(await file('separators.yaml', '---\n'.repeat(100_000)));

    expect(code).toBe('ok');
    expect(tookMs).toBeLessThan(QUICKLY_MS);
  });

  it('a regular expression that never ends elsewhere', async () => {
    const began = cpuMs();
    const rules = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: s1}
spec:
  hosts: [s1.example.com]
  http: [{match: [{uri: {regex: "(a+)+(a|aa)*b"}}], route: [{destination: {host: s1.example.com}}]}]`;
    await using mesh = await createMesh({ config: [SERVICE(1), rules] });

    const response = await mesh.request(`http://s1.example.com/${'a'.repeat(30_000)}`);

    expect(response.statusCode).toBe(404);
    expect(cpuMs() - began).toBeLessThan(QUICKLY_MS);
    await response.body.dump();
  });

  it('a file that is too long', async () => {
    const { code, issues } = await judge(await file('long.yaml', `# ${'x'.repeat(20 * 1024 * 1024)}\n`));

    expect(code).toBe('ERR_INVALID_CONFIG');
    expect(issues).toMatchObject([{ code: 'ERR_TOO_LARGE', message: expect.stringMatching(/longer than \d+ characters, got \d+/) as string }]);
  });
});
