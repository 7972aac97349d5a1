import { isIPv6 } from 'node:net';
import type { Dispatcher } from 'undici';
import { MeshError } from '../common/errors.ts';
import { seededRandom, type Random } from '../common/random.ts';
import type { ClusterSpec } from '../cluster/model.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { netConnect, type Connect, type ConnectTarget } from '../engine/dial.ts';
import type { RequestBody } from '../engine/request-body.ts';
import type { MeshDispatcher } from '../mesh-dispatcher.ts';
import { CallLog } from './call-log.ts';
import type { WritableRecord } from './call-record.ts';
import type { RouteCoverage } from './coverage.ts';
import { FaultList } from './fault-list.ts';
import { OutgoingDispatcher, RefusingDispatcher } from './elsewhere.ts';
import type { ServiceHandler, ServiceHandlers } from './service-handler.ts';
import { isCalled, knownServices, serviceClusters, shortName } from './service-names.ts';
import type { TestClock } from './test-clock.ts';
import type { TestDoor } from './test-dispatcher.ts';
import { TestEndpoint } from './test-endpoint.ts';
import { CallWatch } from './call-watch.ts';

/** What a test world is made of. */
export interface WorldOptions {
  readonly clock: TestClock;
  readonly seed: number;
  readonly namespace: string;
  readonly handlers: ServiceHandlers;
  readonly coverage: RouteCoverage;
  /** Which calls to hosts that no service has leave for the network: all, none, or those to these hosts. */
  readonly passthrough: boolean | readonly string[];
}

/** Everything around a test mesh: services, names, faults, records. */
export class TestWorld {
  readonly clock: TestClock;
  readonly coverage: RouteCoverage;
  readonly log: CallLog;
  readonly faults: FaultList;
  readonly #options: WorldOptions;
  readonly #watch: CallWatch;
  readonly #endpoints = new Map<string, TestEndpoint>();
  readonly #addresses = new Map<string, string>();
  readonly #random: Random;
  readonly #leave = netConnect();
  #snapshot: () => Snapshot = () => {
    throw new Error('the mesh of this world is not made yet');
  };

  constructor(options: WorldOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.coverage = options.coverage;
    this.log = new CallLog(options.namespace);
    this.faults = new FaultList(options.namespace);
    this.#watch = new CallWatch(this, options.namespace);
    // Another one than the mesh's, so that what services draw changes nothing of what the mesh does.
    this.#random = seededRandom(options.seed ^ 0x5eed);
  }

  /** The door of its mesh. */
  door(inner: MeshDispatcher, snapshot: () => Snapshot): TestDoor {
    this.#snapshot = snapshot;
    return {
      inner,
      snapshot,
      begin: () => this.#watch.begin(),
      refusal: (origin) => this.#refusal(origin),
    };
  }

  /** The `transport` of its mesh. */
  transport(target: ConnectTarget): Dispatcher | undefined {
    const spec = this.#snapshot().clusters.get(target.cluster);
    if (spec === undefined || !spec.name.startsWith('outbound|')) {
      const origin = originOf(target);
      const refused = this.#refusal(origin);
      return refused === undefined ? new OutgoingDispatcher(origin) : new RefusingDispatcher(refused);
    }
    const key = `${target.cluster} ${target.address} ${target.port}`;
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) this.#endpoints.set(key, (endpoint = this.#makeEndpoint(target, spec)));
    return endpoint;
  }

  /** The `lookup` of its mesh: every name has an address of its own, of the range for tests. */
  lookup(name: string): Promise<readonly string[]> {
    const owners = serviceClusters(this.#snapshot()).filter(({ host, endpoints }) => endpoints.some(({ address }) => address === name) || host === name || (host.startsWith('*.') && name.endsWith(host.slice(1))));
    if (owners.some((owner) => this.faults.failsLookup(owner))) return Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
    let address = this.#addresses.get(name);
    if (address === undefined) {
      const number = this.#addresses.size + 1;
      this.#addresses.set(name, (address = `198.19.${number >> 8}.${number & 255}`));
    }
    return Promise.resolve([address]);
  }

  /** The `connect` of its mesh: what is not HTTP has no service in memory. */
  readonly connect: Connect = (target, callback) => {
    const { address, port, cluster } = target;
    if (cluster.startsWith('outbound|')) {
      callback(new MeshError('ERR_EGRESS_BLOCKED', `a test mesh opens no sockets, and has no service in memory for what is not HTTP (${address}:${port}): give it a \`connect\` option`));
      return;
    }
    const refused = this.#refusal(originOf(target));
    if (refused === undefined) return this.#leave(target, callback);
    callback(refused);
  };

  /** See `EndpointWorld`. */
  arrived(record: WritableRecord, body: RequestBody | undefined): number | undefined {
    return this.#watch.arrived(record, body);
  }

  /** Why a call to `origin`, where no service is, may not leave; `undefined`: it may. */
  #refusal(origin: string): MeshError | undefined {
    const { passthrough, namespace } = this.#options;
    const { hostname, port, protocol } = new URL(origin);
    const name = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
    if (typeof passthrough === 'boolean' ? passthrough : passthrough.includes(hostname) || passthrough.includes(name)) return undefined;
    const known = knownServices(this.#snapshot(), namespace);
    const services = known.length === 0 ? 'it knows no service' : `its services: ${known.join(', ')}`;
    return new MeshError('ERR_EGRESS_BLOCKED', `no service of this test mesh is at ${origin}, and nothing of it may reach the network (${services}). Add a ServiceEntry, give it \`services: { '${name}': handler }\`, or let it out with \`passthrough: ['${hostname}']\``);
  }

  #makeEndpoint(target: ConnectTarget, spec: ClusterSpec): TestEndpoint {
    const { namespace, handlers } = this.#options;
    const service = shortName(spec.host, namespace);
    const subset = spec.subset || this.#subsetOf(target, spec);
    const world = { clock: this.clock, log: this.log, faults: this.faults, random: this.#random, arrived: this.arrived.bind(this) };
    return new TestEndpoint(world, target, { host: spec.host, service, subset }, handlerOf(handlers, spec, subset, namespace));
  }

  /** The subset that an endpoint is in, else its version. */
  #subsetOf({ address, port }: ConnectTarget, { host, port: servicePort, endpoints }: ClusterSpec): string {
    const isIt = (endpoint: { readonly address: string; readonly port: number }): boolean => endpoint.address === address && endpoint.port === port;
    const siblings = serviceClusters(this.#snapshot()).filter((other) => other.host === host && other.port === servicePort && other.subset !== '');
    return siblings.find((other) => other.endpoints.some(isIt))?.subset ?? endpoints.find(isIt)?.labels['version'] ?? '';
  }
}

function originOf({ address, port }: ConnectTarget): string {
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

function handlerOf(handlers: ServiceHandlers, { host, port }: ClusterSpec, subset: string, namespace: string): ServiceHandler | undefined {
  for (const [name, handler] of Object.entries(handlers)) {
    const asked = /:(\d+)$/.exec(name)?.[1];
    if (!isCalled(host, name, namespace) || (asked !== undefined && Number(asked) !== port)) continue;
    return typeof handler === 'function' ? handler : handler[subset];
  }
  return undefined;
}
