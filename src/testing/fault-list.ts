import { MeshError } from '../common/errors.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { FaultDecision } from '../route/fault-injector.ts';
import type { Route } from '../route/route.ts';
import { ActiveFault, type TestFault } from './fault.ts';
import type { ServiceRequest } from './memory-service.ts';
import { clusterParts, isCalled, knownSubsets, noSuchService, parseServiceName, serviceClusters, type ServiceName } from './service-names.ts';

interface Entry {
  readonly of: ServiceName;
  readonly active: ActiveFault;
}

/** Where a request arrived, for the faults of that place. */
export interface FaultyPlace {
  readonly host: string;
  readonly subset: string;
}

/** The faults of a test mesh that are in force. Of several for one request the one made last counts. */
export class FaultList {
  #entries: Entry[] = [];
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** @throws {MeshError} `ERR_INVALID_ARGUMENT` for a service that there is not, and faults that mean nothing. */
  add(name: string, fault: TestFault, snapshot: Snapshot): Disposable {
    const entry: Entry = { of: parseServiceName(name), active: new ActiveFault(fault) };
    const { service, subset } = entry.of;
    const fail = (problem: string): never => {
      throw new MeshError('ERR_INVALID_ARGUMENT', `fault: ${problem}`);
    };
    const clusters = serviceClusters(snapshot).filter(({ host }) => isCalled(host, service, this.#namespace));
    if (clusters.length === 0) fail(noSuchService(snapshot, service, this.#namespace));
    const subsets = knownSubsets(snapshot, service, this.#namespace);
    if (subset !== undefined && !subsets.includes(subset)) fail(`${service} has no subset ${subset} (it has: ${subsets.join(', ') || 'none'})`);
    if (fault.dns !== undefined && clusters.every(({ discovery }) => discovery === 'static')) fail(`the endpoints of ${service} have addresses, so that no name of it is ever looked up: use refuse or reset`);
    this.#entries.unshift(entry);
    return { [Symbol.dispose]: () => void (this.#entries = this.#entries.filter((other) => other !== entry)) };
  }

  clear(): void {
    this.#entries = [];
  }

  /** The fault of the endpoint that `request` came to. Counts it. */
  atEndpoint(place: FaultyPlace, request: ServiceRequest): ActiveFault | undefined {
    return this.#entries.find((entry) => this.#is(entry, 'endpoint') && this.#concerns(entry, place) && entry.active.claims(request))?.active;
  }

  /** Whether the look-up of a name fails that endpoints of `cluster` have. */
  failsLookup({ host, subset }: FaultyPlace): boolean {
    return this.#entries.some((entry) => entry.active.fault.dns !== undefined && this.#concerns(entry, { host, subset: entry.of.subset ?? subset }) && entry.active.claims());
  }

  /** What happens to a request that took `route`, in the place of what the rule says; `undefined`: that. */
  atRoute({ action }: Route, request: Pick<ServiceRequest, 'path' | 'method' | 'headers'>): FaultDecision | undefined {
    if (action.kind !== 'forward') return undefined;
    const places = action.destinations.choices.map(({ cluster }) => clusterParts(cluster));
    const found = this.#entries.find((entry) => this.#is(entry, 'route') && places.some((place) => this.#concerns(entry, place)) && entry.active.claims(request));
    if (found === undefined) return undefined;
    const { delayMs, fault } = found.active;
    return { delayMs, abort: fault.status === undefined ? undefined : { httpStatus: fault.status } };
  }

  get hasRouteFaults(): boolean {
    return this.#entries.some((entry) => this.#is(entry, 'route'));
  }

  #is({ active: { fault } }: Entry, at: NonNullable<TestFault['at']>): boolean {
    return fault.dns === undefined && (fault.at ?? 'endpoint') === at;
  }

  #concerns({ of }: Entry, { host, subset }: FaultyPlace): boolean {
    return isCalled(host, of.service, this.#namespace) && (of.subset === undefined || of.subset === subset);
  }
}
