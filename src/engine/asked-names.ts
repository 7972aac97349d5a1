import { Host, hostKey } from '../cluster/host.ts';
import type { Clock } from '../common/clock.ts';
import { DnsMembers, type Lookup } from './dns-members.ts';

/** Source: Envoy `dns_cache_config.max_hosts`. */
const MAX_NAMES = 1024;

const NOWHERE = { region: '', zone: '', subzone: '' };

interface AskedName {
  readonly dns: DnsMembers;
  host: Host | undefined;
}

/** What of a cluster the names in it share. */
export interface AskedNamesOptions {
  /** Where each of them is reached. */
  readonly port: number;
  /** Milliseconds; see `ClusterSpec`. */
  readonly dnsRefreshMs?: number | undefined;
  /** Whether requests or connections hold `host`. */
  readonly isBusy: (host: Host) => boolean;
  /** A name leads elsewhere now, or is forgotten. */
  readonly onGone: (host: Host) => void;
}

/**
 * The hosts of a cluster that looks up whatever name its callers ask for. Each name is a host of its own, at the first address that it has, with the
 * others behind it; what was found last stays while DNS fails. Names come from callers, so that there is a bound on how many are known.
 *
 * Source: Envoy's dynamic forward proxy and its DNS cache.
 */
export class AskedNames {
  readonly #environment: { readonly clock: Clock; readonly lookup: Lookup };
  readonly #options: AskedNamesOptions;
  readonly #names = new Map<string, AskedName>();

  constructor(environment: { readonly clock: Clock; readonly lookup: Lookup }, options: AskedNamesOptions) {
    this.#environment = environment;
    this.#options = options;
  }

  /** Whether it is known where `name` leads, or nothing more can be learned. */
  isKnown(name: string): boolean {
    return this.#begin(name)?.dns.resolved ?? true;
  }

  /** Calls `listener` once {@link isKnown}. */
  whenKnown(name: string, listener: () => void): void {
    const asked = this.#begin(name);
    if (asked === undefined) listener();
    else asked.dns.whenResolved(listener);
  }

  /** `undefined`: it leads nowhere, so that the next one who asks looks it up again. */
  host(name: string): Host | undefined {
    const asked = this.#names.get(name);
    if (asked === undefined) return undefined;
    asked.dns.refreshIfDue();
    const [endpoint] = asked.dns.members;
    if (endpoint === undefined) {
      if (asked.dns.resolved) this.#names.delete(name);
      return undefined;
    }
    if (asked.host?.key === hostKey(endpoint)) {
      asked.host.endpoint = endpoint;
    } else {
      if (asked.host !== undefined) this.#options.onGone(asked.host);
      asked.host = new Host(endpoint, this.#environment.clock.now());
    }
    return asked.host;
  }

  /** Forgets all of them. */
  clear(): void {
    for (const { host } of this.#names.values()) if (host !== undefined) this.#options.onGone(host);
    this.#names.clear();
  }

  #begin(name: string): AskedName | undefined {
    const known = this.#names.get(name);
    if (known !== undefined || name === '' || !this.#makeRoom()) return known;
    const asked: AskedName = { dns: new DnsMembers(this.#environment, () => {}), host: undefined };
    const { port, dnsRefreshMs } = this.#options;
    asked.dns.declare([{ address: name, port, labels: {}, weight: 1, locality: NOWHERE }], 'logical-dns', dnsRefreshMs);
    this.#names.set(name, asked);
    return asked;
  }

  /** The oldest that nobody uses just now gives way; `false` when there is none. */
  #makeRoom(): boolean {
    if (this.#names.size < MAX_NAMES) return true;
    for (const [name, { dns, host }] of this.#names) {
      if (!dns.resolved || (host !== undefined && this.#options.isBusy(host))) continue;
      if (host !== undefined) this.#options.onGone(host);
      this.#names.delete(name);
      return true;
    }
    return false;
  }
}
