import type { ConfigSource, MeshOptions } from '../mesh-options.ts';
import { RouteCoverage } from './coverage.ts';
import { Furniture } from './furnish.ts';
import type { ServiceHandlers } from './service-handler.ts';
import { AutoClock, ProcessClock } from './test-clock.ts';
import { begin, TestMesh } from './test-mesh.ts';
import { TestWorld } from './test-world.ts';

/** What {@link createTestMesh} takes: what a mesh does, but for what makes it a test's. */
export interface TestMeshOptions extends Omit<MeshOptions, 'clock' | 'random' | 'transport' | 'lookup' | 'watch' | 'seed'> {
  /**
   * What services answer: `{ reviews: () => ({ json: [] }) }`, `{ reviews: { v1: …, v2: … } }`. By default each endpoint answers with a
   * `DefaultAnswer`, which says who served. A name that no rule knows becomes a service at port 80, or at the port it has
   * (`'payments:8080'`).
   */
  readonly services?: ServiceHandlers;
  /**
   * `virtual`: time stands still, but jumps ahead whenever a call waits for nothing but time; `manual`: only `mesh.clock.advance` moves it;
   * `real`: the process's own time, or that of its fake timers, which then move it. Default `virtual`.
   */
  readonly clock?: 'virtual' | 'manual' | 'real';
  /** Default: the number in the environment variable `TS_MESH_SEED`, else 1. */
  readonly seed?: number;
  /** Where to count what is reached, for several meshes together. Default: one of its own. */
  readonly coverage?: RouteCoverage;
  /**
   * Which calls to hosts that no service has leave for the network, or for mocks there: all, or those to these hosts (`127.0.0.1`, or
   * `127.0.0.1:3000` for one port). Default `false`: they fail, and say why.
   */
  readonly passthrough?: boolean | readonly string[];
}

/**
 * Makes a mesh for tests: services in memory, virtual time, seeded chance, no network.
 *
 * ```ts
 * await using mesh = await createTestMesh('mesh/');
 * using fault = mesh.fault('ratings', { delay: '7s' });
 * const response = await mesh.fetch('http://reviews:9080/reviews/0'); // at once
 * ```
 *
 * @param config - YAML text, a path of a file or folder, a resource, several of these, or all options with `config` among them
 * @throws {MeshError} `ERR_INVALID_CONFIG` with every issue of the configuration; `ERR_INVALID_ARGUMENT` for services with unknown subsets.
 */
export async function createTestMesh(config: ConfigSource | TestMeshOptions = {}, options: TestMeshOptions = {}): Promise<TestMesh> {
  const given: TestMeshOptions = isConfig(config) ? { ...options, config } : { ...(config as TestMeshOptions), ...options };
  const { config: rules, services: handlers = {}, clock: kind = 'virtual', coverage = new RouteCoverage(), passthrough = false, seed = seedOfProcess(), ...rest } = given;
  const namespace = rest.workload?.namespace ?? 'default';
  const clock = kind === 'real' ? new ProcessClock() : new AutoClock(kind === 'virtual');
  const world = new TestWorld({ clock, seed, namespace, handlers, coverage, passthrough });
  const furniture = new Furniture(handlers, namespace, rest.endpoints);
  // Before the mesh is there: services of handlers alone come into being with it.
  await furniture.furnishFor(rules ?? [], [], { workload: { labels: {}, ...rest.workload, namespace }, legacySemantics: rest.legacySemantics ?? true });
  const mesh = new TestMesh(
    {
      connect: world.connect,
      accessLog: false,
      ...rest,
      seed,
      clock,
      endpoints: furniture.endpoints,
      transport: (target) => world.transport(target),
      lookup: (name) => world.lookup(name),
    },
    world,
    furniture,
  );
  await begin(mesh, rules);
  return mesh;
}

/** Options have neither text nor a kind. */
function isConfig(given: ConfigSource | TestMeshOptions): given is ConfigSource {
  return typeof given !== 'object' || Array.isArray(given) || 'text' in given || 'kind' in given;
}

function seedOfProcess(): number {
  const given = Number(process.env['TS_MESH_SEED']);
  return Number.isInteger(given) && given > 0 ? given : 1;
}
