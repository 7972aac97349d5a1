import { MeshError } from './common/errors.ts';
import { formatIssue } from './config/issue.ts';
import { createMesh, type Mesh } from './mesh.ts';
import type { MeshOptions } from './mesh-options.ts';

/** The one default mesh of a process, shared by every copy (ESM, CJS) of this major version. */
interface ProcessState {
  mesh?: Promise<Mesh | undefined>;
  /** What calls go through once the mesh is there: to wait for it, and to read the environment, costs more than routing does. */
  fetch?: typeof fetch;
}

const STATE = Symbol.for('ts-mesh/1');

function state(): ProcessState {
  const holder = globalThis as { [STATE]?: ProcessState };
  return (holder[STATE] ??= {});
}

/**
 * `fetch` through the process's default mesh: the one that {@link configureMesh} made, else one from the environment
 * variable `TS_MESH_CONFIG` (a file or folder, read at the first call and watched from then on; `TS_MESH_WATCH=0`: not
 * watched), else plain `fetch`. `TS_MESH_DISABLE=1`, as it is when the default mesh is made, makes it plain `fetch` whatever is configured.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG` at every call while the configuration of the environment is bad: a mesh that
 * can't read its rules must not let calls pass without them. Warnings about it are process warnings.
 */
export function meshFetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  return (state().fetch ?? firstFetch)(input, init);
}

async function firstFetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const process = state();
  const pending = isDisabled() ? Promise.resolve(undefined) : (process.mesh ??= fromEnvironment());
  const mesh = await pending;
  const through = fetchOf(mesh);
  // Another may have been configured meanwhile.
  if (process.mesh === pending) process.fetch = through;
  return through(input, init);
}

/** Without a mesh whatever `fetch` is at the time of the call: others may replace it. */
function fetchOf(mesh: Mesh | undefined): typeof fetch {
  return mesh === undefined || isDisabled() ? (input, init) => fetch(input, init) : mesh.fetch;
}

function isDisabled(): boolean {
  return process.env['TS_MESH_DISABLE'] === '1';
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
  state().fetch = fetchOf(mesh);
  before?.then((old) => old?.close()).catch(() => {});
  return mesh;
}

async function fromEnvironment(): Promise<Mesh | undefined> {
  const config = process.env['TS_MESH_CONFIG'];
  if (config === undefined || config === '') return undefined;
  try {
    const mesh = await createMesh({ config, watch: process.env['TS_MESH_WATCH'] !== '0', workload: workloadFromEnvironment() });
    tellWarnings(mesh, config);
    return mesh;
  } catch (cause) {
    if (!(cause instanceof MeshError)) throw cause;
    throw new MeshError('ERR_INVALID_CONFIG', `TS_MESH_CONFIG=${config}: ${cause.message}`, { issues: cause.issues, cause });
  }
}

/** How many warnings are told in full. */
const TOLD = 20;

/** Nobody has this mesh in hand to ask for its `warnings`: they are a process warning, and those that an edit brings are one more. */
function tellWarnings(mesh: Mesh, config: string): void {
  let told: ReadonlySet<string> = new Set();
  const tell = (): void => {
    const now = mesh.warnings.map(formatIssue);
    const news = now.filter((text) => !told.has(text));
    told = new Set(now);
    if (news.length === 0) return;
    const more = news.length > TOLD ? `\n  … and ${news.length - TOLD} more` : '';
    process.emitWarning(`TS_MESH_CONFIG=${config} is in force, with warnings:\n  ${news.slice(0, TOLD).join('\n  ')}${more}`, { type: 'MeshWarning', code: 'WARN_CONFIG' });
  };
  tell();
  mesh.on('config', tell);
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
