import type { ClusterSpec, Endpoint } from '../cluster/model.ts';
import type { Clock } from '../common/clock.ts';

/** Addresses of a host name; rejects, or gives none, when there are none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Source: `meshConfig.dnsRefreshRate`. */
const REFRESH_MS = 60_000;

const IP = /^(\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/;

/**
 * The endpoints of a DNS cluster. Names are looked up when the cluster is first used and, while it is used, about once a
 * minute in the background; what was found last stays in use when a look-up fails.
 *
 * Source: Envoy STRICT_DNS (every address is a host) and LOGICAL_DNS (one address at a time).
 */
export class DnsMembers {
  /** What is known now; addresses that need no look-up from the start. */
  members: readonly Endpoint[];
  /** For each member, which declared endpoint it comes from. */
  declaredAt: readonly number[];
  resolved: boolean;
  readonly #declared: readonly Endpoint[];
  readonly #single: boolean;
  readonly #clock: Clock;
  readonly #lookup: Lookup;
  readonly #onChange: () => void;
  readonly #waiting: (() => void)[] = [];
  /** What each declared endpoint gave last; a failed look-up changes nothing. */
  #found: readonly (readonly Endpoint[])[] = [];
  #refreshAtMs = 0;
  #running = false;

  constructor(
    declared: readonly Endpoint[],
    discovery: ClusterSpec['discovery'],
    { clock, lookup }: { readonly clock: Clock; readonly lookup: Lookup },
    onChange: () => void,
  ) {
    this.#declared = declared;
    this.#single = discovery === 'logical-dns';
    this.#clock = clock;
    this.#lookup = lookup;
    this.#onChange = onChange;
    this.#found = declared.map((endpoint) => (IP.test(endpoint.address) ? [endpoint] : []));
    this.members = this.#found.flat();
    this.declaredAt = this.#origins();
    this.resolved = this.members.length === declared.length;
    if (this.resolved) this.#refreshAtMs = Infinity;
  }

  whenResolved(listener: () => void): void {
    this.#waiting.push(listener);
    this.refreshIfDue();
  }

  refreshIfDue(): void {
    if (this.#running || this.#clock.now() < this.#refreshAtMs) return;
    this.#running = true;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    const found = await Promise.all(this.#declared.map((endpoint) => this.#addressesOf(endpoint)));
    this.#found = found.map((endpoints, i) => endpoints ?? this.#found[i] ?? []);
    this.members = this.#found.flat();
    this.declaredAt = this.#origins();
    this.#refreshAtMs = this.#clock.now() + REFRESH_MS;
    this.#running = false;
    this.resolved = true;
    this.#onChange();
    for (const listener of this.#waiting.splice(0)) listener();
  }

  #origins(): readonly number[] {
    return this.#found.flatMap((members, declared) => members.map(() => declared));
  }

  async #addressesOf(endpoint: Endpoint): Promise<readonly Endpoint[] | undefined> {
    if (IP.test(endpoint.address)) return [endpoint];
    try {
      const addresses = await this.#lookup(endpoint.address);
      return (this.#single ? addresses.slice(0, 1) : addresses).map((address) => ({ ...endpoint, address }));
    } catch {
      return undefined;
    }
  }
}
