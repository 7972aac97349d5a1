import { createMesh, isMeshError, type ConfigChange, type Mesh, type MeshError, type MeshOptions } from '../../src/index.ts';
import { TempFolder } from '../discovery/temp-folder.ts';
import { until } from './http-services.ts';

/** Short, and without looks that nobody caused: what these tests see, the system told. */
export const QUICK = { debounceMs: 40, pollMs: 60_000 };

/** Hosts that the rules of these tests are for. */
export const HOSTS = ['a', 'b', 'c', 'd'];

/** The hosts, as services without endpoints: their rules answer themselves. */
export const SERVICES = HOSTS.map((host) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host}}
spec:
  hosts: [${host}.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
`).join('---');

/** A rule by which `host` answers with `status`, itself. */
export function answers(host: string, status: number, name = host): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec:
  hosts: [${host}]
  http: [{directResponse: {status: ${status}}}]
`;
}

/** A mesh on a folder of its own that it watches, and what it told of it. */
export class WatchedMesh implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly mesh: Mesh;
  /** In the order in which it was told. */
  readonly told: (ConfigChange | MeshError)[] = [];
  #heard = 0;

  private constructor(folder: TempFolder, mesh: Mesh) {
    this.folder = folder;
    this.mesh = mesh;
    mesh.on('config', (change) => this.told.push(change));
    mesh.on('config-error', (error) => this.told.push(error));
  }

  static async on(files: Readonly<Record<string, string>>, options: MeshOptions = {}): Promise<WatchedMesh> {
    const folder = await TempFolder.with(files);
    try {
      return new WatchedMesh(folder, await createMesh({ config: [SERVICES, folder.path], watch: QUICK, ...options }));
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The next thing that is told, which must be a change. */
  async change(): Promise<ConfigChange> {
    const told = await this.#next();
    if (isMeshError(told)) throw told;
    return told;
  }

  /** The next thing that is told, which must be an error. */
  async error(): Promise<MeshError> {
    const told = await this.#next();
    if (!isMeshError(told)) throw new Error(`no error but a change of ${told.changed.join(', ')}`);
    return told;
  }

  async #next(): Promise<ConfigChange | MeshError> {
    await until(() => this.told.length > this.#heard, 'the edit is told of', 10_000);
    return this.told[this.#heard++]!;
  }

  /** Names of edited files, as in the folder. */
  files(change: ConfigChange): string[] {
    return change.files.map((file) => file.slice(this.folder.path.length + 1));
  }

  /** The status that a host's rule gives; 503 without one. */
  async status(host: string): Promise<number> {
    const { statusCode, body } = await this.mesh.request(`http://${host}/`);
    await body.dump();
    return statusCode;
  }

  async statuses(): Promise<number[]> {
    return Promise.all(HOSTS.map((host) => this.status(host)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh.close({ drainMs: 0 });
    await this.folder[Symbol.asyncDispose]();
  }
}
