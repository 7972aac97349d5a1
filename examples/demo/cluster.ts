import type { RequestListener } from 'node:http';
import { createMesh, type ConfigChange, type EndpointInput, type MeshOptions } from '../../src/index.ts';
import { readManifest, type Service } from './manifest.ts';
import { Pod, type MeshCall } from './pod.ts';
import type { RuleFile } from './seeds.ts';

/** What runs in a Deployment's pods: its app, made with the pod's own door to the mesh. */
export type AppFactory = (pod: Pod) => RequestListener;

/** How a mesh finds and reaches hosts outside, and services whose servers are no apps of the cluster. */
export type Way = Pick<MeshOptions, 'lookup' | 'connect' | 'endpoints'>;

/**
 * A cluster in one process. It starts the Deployments of a manifest as apps on loopback ports, each with a mesh of its
 * own, and applies rules to all of these meshes, as a control plane does. Where the pods are, the meshes learn from
 * `endpoints`: labels from the Deployments, addresses from the sockets.
 */
export class Cluster implements AsyncDisposable {
  readonly #pods = new Map<string, Pod>();

  /**
   * @param manifests Services and Deployments.
   * @param apps By name of the Deployment; one without an app only makes calls.
   * @param way How the meshes find hosts outside. Default: as the process does.
   */
  static async start(manifests: readonly RuleFile[], apps: Readonly<Record<string, AppFactory>>, way: Way = {}): Promise<Cluster> {
    const cluster = new Cluster();
    const { deployments, services } = readManifest(manifests.map(({ text }) => text).join('\n---\n'));
    try {
      for (const { name, namespace, labels } of deployments) {
        const pod = new Pod(name, namespace, labels);
        cluster.#pods.set(name, pod);
        const app = apps[name];
        if (app !== undefined) await pod.listen(app(pod));
      }
      const endpoints = { ...cluster.#endpoints(services), ...way.endpoints };
      for (const pod of cluster.pods) {
        const workload = { namespace: pod.namespace, labels: pod.labels };
        pod.mesh = await createMesh({ ...way, config: manifests, endpoints, workload, accessLog: (line) => pod.log.push(line) });
      }
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pods(): Pod[] {
    return [...this.#pods.values()];
  }

  pod(name: string): Pod {
    const pod = this.#pods.get(name);
    if (pod === undefined) throw new Error(`no Deployment ${name}; there are ${[...this.#pods.keys()].join(', ')}`);
    return pod;
  }

  /** `kubectl apply`: the rules take effect in every mesh before this resolves. */
  async apply(rules: RuleFile): Promise<ConfigChange> {
    const [result] = await Promise.all(this.pods.map((pod) => pod.mesh.apply(rules)));
    if (result === undefined) throw new Error('no mesh to apply to');
    return result;
  }

  /** `kubectl delete virtualservice reviews` is `delete('virtualservice/reviews')`. */
  async delete(reference: string): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod.mesh.delete(reference)));
  }

  /** `kubectl get virtualservices`: the names, as the first mesh has them. */
  get(kind: string): string[] {
    const [pod] = this.pods;
    return (pod?.mesh.get(kind) ?? []).map((resource) => resource.metadata.name);
  }

  /** Every answer that a mesh gave, over all pods. */
  get calls(): MeshCall[] {
    return this.pods.flatMap((pod) => pod.calls);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod.close()));
  }

  #endpoints(services: readonly Service[]): Record<string, EndpointInput[]> {
    const endpoints: Record<string, EndpointInput[]> = {};
    for (const { host, selects } of services) {
      endpoints[host] = this.pods.flatMap((pod) =>
        pod.address !== undefined && selects(pod) ? [{ address: pod.address, labels: pod.labels }] : [],
      );
    }
    return endpoints;
  }
}
