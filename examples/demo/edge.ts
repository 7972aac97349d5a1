import { connect } from 'node:net';
import { createGateway, type Gateway } from '../../src/gateway/index.ts';
import type { Cluster, Way } from './cluster.ts';

/** An address that only the cluster's meshes know. Source: RFC 5737, addresses for documentation. */
const ADDRESS = '192.0.2.1';

/** The ports of `gateways/istio-gateways.yaml`; each is a free one of this machine. */
const PORTS = { 80: 0, 443: 0, 31400: 0 };

/** A gateway of the cluster, in the pod of its Deployment. */
export class Edge implements AsyncDisposable {
  readonly #name: string;
  readonly #log: string[] = [];
  #gateway: Gateway | undefined;

  /** @param name - of its Deployment and Service */
  constructor(name: 'istio-ingressgateway' | 'istio-egressgateway') {
    this.#name = name;
  }

  /** Its access log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** How meshes find it, besides what they find by `others`. */
  way(others: Way): Way {
    return {
      ...others,
      endpoints: { ...others.endpoints, [`${this.#name}.istio-system`]: [{ address: ADDRESS }] },
      connect: (target, callback) => {
        const port = this.portOf(target.port);
        if (target.address !== ADDRESS) return others.connect?.(target, callback);
        if (port === undefined) return void callback(new Error(`the gateway has no port ${target.port}`));
        const socket = connect(port, '127.0.0.1');
        const failed = (error: Error): void => callback(error);
        socket.once('error', failed).once('connect', () => {
          socket.off('error', failed);
          callback(null, socket);
        });
      },
    };
  }

  /** Starts it; from now on it follows the rules that are applied to the cluster. */
  async open(cluster: Cluster): Promise<this> {
    const { mesh, labels, namespace } = cluster.pod(this.#name);
    this.#gateway = await createGateway(mesh, { labels, namespace, ports: PORTS, accessLog: (line) => this.#log.push(line) });
    return this;
  }

  /** The port of this machine that stands for one of its own; `undefined` while no rule opens that. */
  portOf(port: number): number | undefined {
    return this.#gateway?.portOf(port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.close();
  }
}
