import type { Dispatcher } from 'undici';
import { getGlobalDispatcher } from 'undici';
import { seededRandom, type Random } from '../../src/common/random.ts';
import { compileSnapshot } from '../../src/config/compile.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { readResources } from '../../src/config/read-resources.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';
import type { Transport } from '../../src/engine/connection.ts';
import { ClientTls } from '../../src/engine/client-tls.ts';
import type { Connect } from '../../src/engine/dial.ts';
import type { Lookup } from '../../src/engine/dns-members.ts';
import { Engine } from '../../src/engine/engine.ts';
import { randomUuid } from '../../src/engine/random-ids.ts';
import type { UpstreamCluster } from '../../src/engine/upstream-cluster.ts';
import { MeshDispatcher } from '../../src/mesh-dispatcher.ts';
import { VirtualClock } from '../../src/testing/index.ts';

/** An engine on virtual time, of which tests see the inside that a mesh hides. */
export interface MemoryEngine {
  readonly engine: Engine;
  readonly dispatcher: Dispatcher;
  readonly clock: VirtualClock;
  /** Brings other documents into force. */
  use(config: string): void;
  /** The cluster in use, by a part of its name. */
  cluster(part: string): UpstreamCluster;
}

export interface MemoryEngineOptions {
  readonly clock?: VirtualClock;
  readonly random?: Random;
  readonly transport?: Transport;
  readonly connect?: Connect;
  readonly lookup?: Lookup;
  readonly maxReplayBytes?: number;
}

let version = 0;

/** Compiles documents, which must be without error. */
export function snapshotOf(config: string): Snapshot {
  const { resources, issues } = readResources([{ text: config, file: 'test.yaml' }]);
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(formatIssue).join('\n'));
  return compileSnapshot(resources, { version: ++version, workload: { namespace: 'default', labels: {} }, legacySemantics: false }).snapshot;
}

export function memoryEngine(config: string, options: MemoryEngineOptions): MemoryEngine {
  const clock = options.clock ?? new VirtualClock();
  const random = options.random ?? seededRandom(7);
  const engine = new Engine(
    {
      clock,
      random,
      uuid: () => randomUuid(random),
      tracing: false,
      shadowHosts: false,
      honorsCallerPolicies: false,
      workloadAddress: '127.0.0.1',
      transport: options.transport,
      connect: options.connect ?? ((_target, callback) => callback(new Error('no socket in this test'))),
      lookup: options.lookup ?? (() => Promise.reject(new Error('no DNS in this test'))),
      tls: new ClientTls(),
    },
    snapshotOf(config),
  );
  const dispatcher = new MeshDispatcher({ engine, maxReplayBytes: options.maxReplayBytes ?? 1024 * 1024, isClosed: () => false, passthrough: getGlobalDispatcher });
  return {
    engine,
    dispatcher,
    clock,
    use: (text) => engine.use(snapshotOf(text)),
    cluster: (part) => {
      const found = [...engine.clusters.live()].find(({ name }) => name.includes(part));
      if (found === undefined) throw new Error(`no cluster ${part} was used`);
      return found;
    },
  };
}
