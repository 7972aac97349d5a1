import type { SkippedRule } from '../../common/explanation.ts';
import { isWildcardHost } from '../../common/host-name.ts';
import type { HostMap } from '../registry/host-map.ts';
import type { EgressListener } from '../scope/sidecar-scope.ts';
import type { VirtualService } from './virtual-service.ts';
import { indexByHost } from './virtual-services.ts';

const NONE: readonly SkippedRule[] = [];

/** The VirtualServices of one egress listener, indexed by what they govern. */
export class ListenerRules {
  /** In order of precedence. */
  readonly virtualServices: readonly VirtualService[];
  readonly #mostSpecific: HostMap<VirtualService>;
  readonly #byExactHost = new Map<string, VirtualService[]>();
  readonly #covered = new Map<VirtualService, string[]>();
  readonly #rank = new Map<VirtualService, number>();
  readonly #rejected: ReadonlyMap<string, readonly SkippedRule[]>;

  /** `rejected`: by host, the VirtualServices that do not apply to this caller at all, for explanations. */
  constructor(listener: EgressListener, rejected: ReadonlyMap<string, readonly SkippedRule[]>) {
    this.virtualServices = listener.virtualServices;
    this.#rejected = rejected;
    this.#mostSpecific = indexByHost(this.virtualServices);
    for (const [rank, virtualService] of this.virtualServices.entries()) {
      this.#rank.set(virtualService, rank);
      for (const host of virtualService.hosts) append(this.#byExactHost, host, virtualService);
    }
    for (const { host } of listener.services) {
      const governor = this.#mostSpecific.find(host);
      if (governor === undefined) continue;
      // One that names the host itself is found by that name; others of the same name take its place when it has no rule left.
      // A wildcard has no such others.
      if (isWildcardHost(host) || !governor.hosts.includes(host)) append(this.#covered, governor, host);
    }
  }

  /** The VirtualServices for any of `hosts`, in order of precedence. */
  governing(hosts: Iterable<string>): VirtualService[] {
    const found = new Set<VirtualService>();
    for (const host of hosts) {
      for (const virtualService of this.#byExactHost.get(host) ?? []) found.add(virtualService);
      const governor = this.#mostSpecific.find(host);
      if (governor !== undefined) found.add(governor);
    }
    return [...found].toSorted((a, b) => this.#rank.get(a)! - this.#rank.get(b)!);
  }

  /** The hosts of services for which a wildcard of `virtualService` is the most specific host of all. */
  coveredBy(virtualService: VirtualService): readonly string[] {
    return this.#covered.get(virtualService) ?? [];
  }

  rejected(host: string): readonly SkippedRule[] {
    return this.#rejected.get(host) ?? NONE;
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
