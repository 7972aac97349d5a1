import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, formatIssue, type Mesh } from '../../src/index.ts';
import { TempFolder } from '../discovery/temp-folder.ts';
import { until } from './http-services.ts';
import { answers, HOSTS, SERVICES } from './watched-mesh.ts';

/** Edits in one run. */
const EDITS = Number(process.env['TS_MESH_EDITS'] ?? 60);

const WATCH = { debounceMs: 10, pollMs: 60_000 };

const FILES = ['a.yaml', 'b.yml', 'c.json', 'sub/d.yaml', 'sub/deep/e.yaml', 'z.yaml'];

// Few names, so that files often declare the same, and several rules are often for one host: then their order decides.
const rule = fc.record({ host: fc.constantFrom(...HOSTS), status: fc.integer({ min: 200, max: 599 }), name: fc.constantFrom('one', 'two', 'three', 'four', 'five') })
  .map(({ host, status, name }) => answers(host, status, name));
const policy = fc.record({ host: fc.constantFrom(...HOSTS), name: fc.constantFrom('one', 'two'), pending: fc.integer({ min: 1, max: 9 }) }).map(({ host, name, pending }) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: ${host}, trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: ${pending}}}}, subsets: [{name: v${pending}, labels: {v: "1"}}]}
`);
const doubtful = rule.map((text) => text.replace('hosts:', 'hsots: [x]\n  hosts:'));
const text = fc.array(fc.oneof({ weight: 5, arbitrary: rule }, { weight: 2, arbitrary: policy }, { weight: 1, arbitrary: doubtful }), { minLength: 1, maxLength: 3 })
  .map((documents) => documents.join('---'));
const bad = text.chain((good) => fc.constantFrom('kind: [', `${good}---\nkind: {`, good.slice(0, -12), 'kind: VirtualService'));

const file = fc.constantFrom(...FILES);
type Edit =
  | { readonly do: 'write' | 'replace'; readonly file: string; readonly text: string }
  | { readonly do: 'remove'; readonly file: string }
  | { readonly do: 'rename'; readonly file: string; readonly to: string }
  | { readonly do: 'remove folder' | 'touch' };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('write' as const, 'replace' as const), file, text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), file, text: bad }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), file, to: file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('remove folder' as const, 'touch' as const) }) },
);

/** How long to wait after an edit: not at all, less than the debounce, or until it is told of. */
const wait = fc.constantFrom('none', 'none', 'short', 'told');

async function make(folder: TempFolder, one: Edit, there: Set<string>): Promise<void> {
  const forget = (name: string): boolean => there.delete(name);
  switch (one.do) {
    case 'write':
      await folder.write(one.file, one.text);
      there.add(one.file);
      break;
    case 'replace':
      // Beside the file, as editors do.
      if (!there.has(one.file)) return;
      await folder.replace(one.file, one.text);
      break;
    case 'remove':
      if (forget(one.file)) await folder.remove(one.file);
      break;
    case 'rename':
      if (!there.has(one.file) || one.file === one.to || !there.has(one.to)) return;
      await folder.rename(one.file, one.to);
      forget(one.file);
      break;
    case 'remove folder':
      if (FILES.some((name) => name.startsWith('sub/') && forget(name))) await folder.remove('sub');
      for (const name of FILES) if (name.startsWith('sub/')) forget(name);
      break;
    case 'touch':
      await folder.write('notes.txt', 'No rules here.');
  }
}

/** Everything that a mesh decides about, with the places that it comes from. */
function decisions(mesh: Mesh): unknown {
  const { settings, clusters, routes, resources } = mesh.snapshot;
  return {
    settings,
    resources: resources.map(({ locate, ...resource }) => ({ ...resource, ...locate('spec') })),
    clusters: new Map(clusters),
    routes: routes.configurations,
    calls: HOSTS.map((host) => mesh.explain(`http://${host}/`).toString()),
    warnings: mesh.warnings.map(formatIssue),
  };
}

describe('a mesh that watched its folder', { timeout: 120_000 }, () => {
  let folder: TempFolder;
  beforeAll(async () => {
    folder = await TempFolder.with();
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it('through any edits is as one that begins with the folder as it is left', async () => {
    const perRun = 12;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(edit, wait), { minLength: 1, maxLength: 2 * perRun }), text, async (edits, start) => {
        await folder.remove();
        await folder.write('a.yaml', start);
        const there = new Set(['a.yaml']);
        const config = [SERVICES, folder.path];
        await using mesh = await createMesh({ config, watch: WATCH });
        let told = 0;
        mesh.on('config', () => told++).on('config-error', () => told++);
        for (const [one, how] of edits) {
          const before = told;
          await make(folder, one, there);
          if (how === 'short') await new Promise((resolve) => setTimeout(resolve, 4));
          // Not every edit is worth telling.
          if (how === 'told') await until(() => told > before, '', 60).catch(() => {});
        }

        const fresh = await createMesh({ config, watch: false }).catch((error: Error) => error.message);
        if (typeof fresh === 'string') {
          await until(() => mesh.configError?.message === fresh, `it is told that ${fresh}, not ${mesh.configError?.message}`);
          return;
        }
        const wanted = JSON.stringify({ ...(decisions(fresh) as object), version: 0 });
        await until(() => mesh.configError === undefined && JSON.stringify({ ...(decisions(mesh) as object), version: 0 }) === wanted, 'the last edit is in force').catch(() => {});
        expect(mesh.configError).toBeUndefined();
        expect(decisions(mesh)).toEqual(decisions(fresh));
      }),
      { numRuns: Math.ceil(EDITS / perRun) },
    );
  });
});
