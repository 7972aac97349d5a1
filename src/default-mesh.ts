import { MeshError } from './common/errors.ts';
import { createMesh, type Mesh } from './mesh.ts';
import type { MeshOptions } from './mesh-options.ts';

/** The one default mesh of a process, shared by every copy (ESM, CJS) of this major version. */
interface ProcessState {
  mesh?: Promise<Mesh | undefined>;
}

const STATE = Symbol.for('ts-mesh/1');

function state(): ProcessState {
  const holder = globalThis as { [STATE]?: ProcessState };
  return (holder[STATE] ??= {});
}

/**
 * `fetch` through the process's default mesh: the one that {@link configureMesh} made, else one from the environment
 * variable `TS_MESH_CONFIG` (a file or folder, read at the first call and watched from then on; `TS_MESH_WATCH=0`: not
 * watched), else plain `fetch`. `TS_MESH_DISABLE=1` makes it plain `fetch` always.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG` at every call while the configuration of the environment is bad: a mesh that
 * can't read its rules must not let calls pass without them.
 */
export async function meshFetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  if (process.env['TS_MESH_DISABLE'] === '1') return fetch(input, init);
  const mesh = await (state().mesh ??= fromEnvironment());
  return mesh === undefined ? fetch(input, init) : mesh.fetch(input, init);
}

/**
 * Makes the process's default mesh, or replaces it: calls from now on go through the new one, those under way end on the
 * old one, which is then closed.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG`; the mesh in place stays then.
 */
export async function configureMesh(options: MeshOptions): Promise<Mesh> {
  const mesh = await createMesh(options);
  const before = state().mesh;
  state().mesh = Promise.resolve(mesh);
  before?.then((old) => old?.close()).catch(() => {});
  return mesh;
}

async function fromEnvironment(): Promise<Mesh | undefined> {
  const config = process.env['TS_MESH_CONFIG'];
  if (config === undefined || config === '') return undefined;
  try {
    return await createMesh({ config, watch: process.env['TS_MESH_WATCH'] !== '0', workload: workloadFromEnvironment() });
  } catch (cause) {
    if (!(cause instanceof MeshError)) throw cause;
    throw new MeshError('ERR_INVALID_CONFIG', `TS_MESH_CONFIG=${config}: ${cause.message}`, { issues: cause.issues, cause });
  }
}

/** Kubernetes' downward API gives these to a pod that asks for them. */
function workloadFromEnvironment(): MeshOptions['workload'] {
  const labels = (process.env['TS_MESH_LABELS'] ?? '').split(',').filter((pair) => pair.includes('='));
  return {
    namespace: process.env['TS_MESH_NAMESPACE'] ?? process.env['POD_NAMESPACE'] ?? 'default',
    labels: Object.fromEntries(labels.map((pair) => pair.split('=', 2) as [string, string])),
    ...(process.env['POD_IP'] === undefined ? {} : { address: process.env['POD_IP'] }),
  };
}
