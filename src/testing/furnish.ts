import { expandHost } from '../common/host-name.ts';
import { MeshError } from '../common/errors.ts';
import { compileSnapshot } from '../config/compile.ts';
import type { CompileOptions, EndpointInput } from '../config/compile-options.ts';
import { combineReads } from '../config/read-resources.ts';
import type { Resource } from '../config/resource.ts';
import { ResourceSet } from '../config/resource-set.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { sourcesOf } from '../config-sources.ts';
import { ConfigReader } from '../discovery/config-reader.ts';
import type { ConfigSource } from '../mesh-options.ts';
import type { ServiceHandlers } from './service-handler.ts';
import { isCalled, knownSubsets, serviceClusters } from './service-names.ts';

/** What of a DestinationRule tells which labels endpoints need. */
interface SubsetsSpec {
  readonly host?: string;
  readonly subsets?: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
}

/** Where a service without a port of its own listens. */
const DEFAULT_PORT = 80;

/**
 * Endpoints for whatever has none, so that every service can answer: one for each subset of a service whose pods live elsewhere, and those
 * of services that only `handlers` know. Addresses are of the range for tests, RFC 2544.
 */
export class Furniture {
  /** By service, as `endpoints` of a mesh. It grows. */
  readonly endpoints: Record<string, readonly EndpointInput[]>;
  readonly #handlers: ServiceHandlers;
  readonly #namespace: string;
  #made = 0;

  /** @throws {MeshError} `ERR_INVALID_ARGUMENT` for handlers that are none. */
  constructor(handlers: ServiceHandlers, namespace: string, given: Readonly<Record<string, readonly EndpointInput[]>> = {}) {
    for (const [name, one] of Object.entries(handlers)) assertHandlers(name, one);
    this.#handlers = handlers;
    this.#namespace = namespace;
    this.endpoints = { ...given };
  }

  /** Adds what the services of `source` lack, beside `resources` which are in force. What can't be read is told by whoever applies it. */
  async furnishFor(source: ConfigSource, resources: readonly Resource[], compile: Omit<CompileOptions, 'version'>): Promise<void> {
    const reader = new ConfigReader(sourcesOf(source), { legacySemantics: compile.legacySemantics });
    const { reads } = await reader.read(await reader.scan());
    const all = ResourceSet.empty.apply([...resources]).apply(combineReads(reads).resources).all;
    this.#furnish(compileSnapshot(all, { ...compile, endpoints: this.endpoints, version: 0 }).snapshot);
  }

  #furnish(snapshot: Snapshot): void {
    const clusters = serviceClusters(snapshot);
    for (const host of new Set(clusters.map((cluster) => cluster.host))) {
      const isEmpty = clusters.every((cluster) => cluster.host !== host || (cluster.discovery === 'static' && cluster.endpoints.length === 0));
      if (isEmpty && !host.startsWith('*')) this.endpoints[host] ??= this.#labelsOf(host, snapshot).map((labels) => this.#endpoint(labels));
    }
    for (const name of Object.keys(this.#handlers)) {
      if (clusters.some(({ host }) => isCalled(host, name, this.#namespace))) continue;
      this.endpoints[/:\d+$/.test(name) ? name : `${name}:${DEFAULT_PORT}`] ??= this.#labelsOf(expandHost(name.replace(/:\d+$/, ''), this.#namespace), snapshot).map((labels) => this.#endpoint(labels));
    }
  }

  /** @throws {MeshError} `ERR_INVALID_ARGUMENT` for a handler of a subset or version that no endpoint has. */
  check(snapshot: Snapshot): void {
    for (const [name, handlers] of Object.entries(this.#handlers)) {
      if (typeof handlers === 'function') continue;
      const known = knownSubsets(snapshot, name, this.#namespace);
      const unknown = Object.keys(handlers).find((subset) => !known.includes(subset));
      if (unknown !== undefined) throw new MeshError('ERR_INVALID_ARGUMENT', `services: ${name} has no subset ${unknown} (it has: ${known.join(', ') || 'none'})`);
    }
  }

  /** One set of labels for each endpoint that `host` needs. */
  #labelsOf(host: string, { resources }: Snapshot): readonly Readonly<Record<string, string>>[] {
    const found = new Map<string, Readonly<Record<string, string>>>();
    for (const { kind, namespace, spec } of resources) {
      const rule = spec as SubsetsSpec;
      if (kind !== 'DestinationRule' || expandHost(rule.host ?? '', namespace) !== host) continue;
      for (const { labels = {} } of rule.subsets ?? []) found.set(JSON.stringify(Object.entries(labels).sort()), labels);
    }
    if (found.size > 0) return [...found.values()];
    const handlers = Object.entries(this.#handlers).find(([name]) => isCalled(host, name, this.#namespace))?.[1];
    return handlers === undefined || typeof handlers === 'function' ? [{}] : Object.keys(handlers).map((version) => ({ version }));
  }

  #endpoint(labels: Readonly<Record<string, string>>): EndpointInput {
    const number = ++this.#made;
    return { address: `198.18.${number >> 8}.${number & 255}`, labels };
  }
}

function assertHandlers(service: string, handlers: unknown): void {
  const named = typeof handlers === 'object' && handlers !== null ? Object.entries(handlers).map(([subset, handler]) => [`${service}.${subset}`, handler] as const) : [[service, handlers] as const];
  const wrong = named.find(([, handler]) => typeof handler !== 'function');
  if (wrong !== undefined) throw new MeshError('ERR_INVALID_ARGUMENT', `services: ${wrong[0]} is no function: a service is \`(request, at) => answer\`, or one such for each of its subsets`);
}
