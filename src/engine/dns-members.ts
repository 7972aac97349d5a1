import type { ClusterSpec, Endpoint } from '../cluster/model.ts';
import type { Clock } from '../common/clock.ts';

/** Addresses of a host name; rejects, or gives none, when there are none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Source: Istio's default of `meshConfig.dnsRefreshRate`. */
const REFRESH_MS = 60_000;

const IP = /^(\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/;

/**
 * The endpoints of a DNS cluster. Names are looked up when the cluster is first used and, while it is used, about once a
 * minute (`dnsRefreshRate`) in the background; what was found last stays in use when a look-up fails, and when the configuration changes.
 *
 * Source: Envoy STRICT_DNS (every address is a host) and LOGICAL_DNS (one address at a time).
 */
export class DnsMembers {
  /** What is known now; addresses that need no look-up from the start. */
  members: readonly Endpoint[] = [];
  /** For each member, which declared endpoint it comes from. */
  declaredAt: readonly number[] = [];
  /** Whether it is known what there is; requests wait for that. */
  resolved = false;
  #declared: readonly Endpoint[] = [];
  #discovery: ClusterSpec['discovery'] = 'strict-dns';
  readonly #clock: Clock;
  readonly #lookup: Lookup;
  readonly #onChange: () => void;
  readonly #waiting: (() => void)[] = [];
  /** What each name gave last; nothing when it never gave anything. */
  readonly #found = new Map<string, readonly string[]>();
  #refreshMs = REFRESH_MS;
  #refreshAtMs = 0;
  #running = false;

  /** @param onChange - called after each look-up, when `members` may be others */
  constructor({ clock, lookup }: { readonly clock: Clock; readonly lookup: Lookup }, onChange: () => void) {
    this.#clock = clock;
    this.#lookup = lookup;
    this.#onChange = onChange;
  }

  /** Takes other endpoints. Names that are known already keep their addresses; others are looked up at the next use. */
  declare(endpoints: readonly Endpoint[], discovery: ClusterSpec['discovery'], refreshMs = REFRESH_MS): void {
    this.#declared = endpoints;
    this.#refreshMs = refreshMs;
    this.#discovery = discovery;
    const names = this.#names();
    if (names.length === 0) this.#refreshAtMs = Infinity;
    else if (!this.#knows(names)) this.#refreshAtMs = 0;
    // What was found before may be new to this declaration, and a shorter interval counts at once.
    else this.#refreshAtMs = Math.min(this.#refreshAtMs, this.#clock.now() + refreshMs);
    this.#assemble();
    this.resolved = this.#knows(names) || (this.resolved && this.members.length > 0);
  }

  whenResolved(listener: () => void): void {
    this.#waiting.push(listener);
    this.refreshIfDue();
  }

  /** Lets everyone go on who waits: what there is is known, also without a look-up. */
  release(): void {
    for (const listener of this.#waiting.splice(0)) listener();
  }

  refreshIfDue(): void {
    if (this.#running || this.#clock.now() < this.#refreshAtMs) return;
    this.#running = true;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    let names: readonly string[];
    do {
      names = this.#names();
      await Promise.all(names.map((name) => this.#lookUp(name)));
      // A change of the configuration may have brought further names meanwhile.
    } while (!this.#knows(this.#names()));
    this.#forgetOthers(new Set(this.#names()));
    this.#refreshAtMs = this.#names().length === 0 ? Infinity : this.#clock.now() + this.#refreshMs;
    this.#running = false;
    this.resolved = true;
    this.#assemble();
    this.#onChange();
    this.release();
  }

  async #lookUp(name: string): Promise<void> {
    try {
      this.#found.set(name, await this.#lookup(name));
    } catch {
      if (!this.#found.has(name)) this.#found.set(name, []);
    }
  }

  #names(): readonly string[] {
    return [...new Set(this.#declared.map(({ address }) => address).filter((address) => !IP.test(address)))];
  }

  #knows(names: readonly string[]): boolean {
    return names.every((name) => this.#found.has(name));
  }

  #forgetOthers(names: ReadonlySet<string>): void {
    for (const name of this.#found.keys()) if (!names.has(name)) this.#found.delete(name);
  }

  #assemble(): void {
    const found = this.#declared.map((endpoint) => this.#endpointsOf(endpoint));
    this.members = found.flat();
    this.declaredAt = found.flatMap((members, declared) => members.map(() => declared));
  }

  #endpointsOf(declared: Endpoint): readonly Endpoint[] {
    if (IP.test(declared.address)) return [declared];
    const found = this.#found.get(declared.address) ?? [];
    if (this.#discovery !== 'logical-dns') return found.map((address) => ({ ...declared, address }));
    const [address, ...alternatives] = found;
    return address === undefined ? [] : [{ ...declared, address, ...(alternatives.length > 0 && { alternatives }) }];
  }
}
