// Checked by the compiler (`npm run typecheck`), never run.
import { expectTypeOf } from 'vitest';
import {
  compileSnapshot, createMesh, formatIssue, readResources, seededRandom,
  type Clock, type ConfigChange, type ConfigIssue, type ConfigSource, type EndpointInput, type MeshOptions, type Random, type Resource, type Snapshot,
} from '../../src/index.ts';

// Every spelling of a source.
const sources: ConfigSource[] = ['./mesh', 'kind: Service\n', { text: 'kind: Service', file: 'a.yaml' }, { kind: 'Service' }, ['./a', './b']];
expectTypeOf<MeshOptions['config']>().toEqualTypeOf<ConfigSource | undefined>();

// Everything is optional, nothing is guessed.
expectTypeOf<object>().toExtend<MeshOptions>();
void createMesh({ config: sources, seed: 7, strict: true, legacySemantics: false, workload: { namespace: 'shop', labels: { app: 'page' }, locality: 'eu/a' } });
void createMesh({ lookup: async () => ['10.0.0.1'], accessLog: (line) => line.toUpperCase(), discovery: { dns: true } });
// @ts-expect-error: a misspelt field
void createMesh({ conifg: './mesh' });
// @ts-expect-error: a misspelt field further in
void createMesh({ workload: { nameSpace: 'shop' } });
// @ts-expect-error: durations and sizes are numbers
void createMesh({ maxReplayBytes: '1MiB' });

// Watching.
void createMesh({ config: './mesh', watch: false });
void createMesh({ config: './mesh', watch: { debounceMs: 20, pollMs: 1000 } });
// @ts-expect-error: a misspelt field
void createMesh({ config: './mesh', watch: { debounce: 20 } });

// Endpoints.
const endpoint: EndpointInput = { address: '127.0.0.1:9081', labels: { version: 'v1' }, weight: 2, locality: 'eu/a/1' };
void createMesh({ endpoints: { reviews: [endpoint], 'ratings:9080': [{ address: 'localhost', port: 9082 }] } });
// @ts-expect-error: an endpoint has an address
void createMesh({ endpoints: { reviews: [{ labels: { version: 'v1' } }] } });
// @ts-expect-error: a misspelt field
void createMesh({ endpoints: { reviews: [{ address: '127.0.0.1:9081', label: { version: 'v1' } }] } });
// @ts-expect-error: labels are text, as in Kubernetes
void createMesh({ endpoints: { reviews: [{ address: '127.0.0.1:9081', labels: { version: 1 } }] } });

// What is injected.
expectTypeOf<MeshOptions['clock']>().toEqualTypeOf<Clock | undefined>();
expectTypeOf<MeshOptions['random']>().toEqualTypeOf<Random | undefined>();
expectTypeOf(seededRandom(1)).toEqualTypeOf<() => number>();

// Changes at run time.
const mesh = await createMesh();
expectTypeOf(mesh.apply(sources)).resolves.toEqualTypeOf<ConfigChange>();
expectTypeOf(mesh.delete('vs/reviews')).resolves.toEqualTypeOf<ConfigChange>();
expectTypeOf<ConfigChange>().toEqualTypeOf<{
  readonly version: number;
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
  readonly warnings: readonly ConfigIssue[];
  readonly cause: 'apply' | 'delete' | 'watch';
  readonly files: readonly string[];
}>();
expectTypeOf(mesh.get('vs')).toBeArray();
expectTypeOf(mesh.warnings).toEqualTypeOf<readonly ConfigIssue[]>();
expectTypeOf(mesh.snapshot).toEqualTypeOf<Snapshot>();
// @ts-expect-error: a snapshot is replaced, never changed
mesh.snapshot.version = 2;

// The same by hand.
const { resources, issues } = readResources([{ text: 'kind: Service', file: 'a.yaml' }, { object: {} }]);
expectTypeOf(resources).toExtend<readonly Resource[]>();
expectTypeOf(issues.map(formatIssue)).toEqualTypeOf<string[]>();
expectTypeOf(compileSnapshot(resources, { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics: true }).snapshot).toEqualTypeOf<Snapshot>();
