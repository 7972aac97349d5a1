import type { RouteSpec, VirtualHostSpec } from '../../route/model.ts';
import { Latest, Memo } from '../memo.ts';
import type { Service } from '../registry/service.ts';
import type { CompiledRules } from './rule-routes.ts';
import type { VirtualService } from './virtual-service.ts';

/** What was made before for one route configuration. */
export class ConfigurationMemo {
  readonly rules: Memo<VirtualService, CompiledRules>;
  readonly defaults: Memo<Service, readonly RouteSpec[]>;
  /** Of each virtual host, before those without any are left out. */
  readonly domains = new Latest<readonly (readonly string[])[]>();
  /** Virtual hosts that are alone in their configuration, for whatever Host. */
  readonly alone = new Memo<VirtualHostSpec, VirtualHostSpec>();
  /** Virtual hosts of gateways, by the rules that they begin with. */
  readonly joined = new Memo<CompiledRules, VirtualHostSpec>();
  /** Those of the compile before, by name. */
  virtualHosts: ReadonlyMap<string, VirtualHostSpec> = new Map();

  /** @param whole - see {@link RouteMemo} */
  constructor(whole?: ConfigurationMemo) {
    this.rules = whole?.rules ?? new Memo();
    this.defaults = whole?.defaults ?? new Memo();
  }
}

/** What was made before of all route configurations, for the same caller and semantics. */
export class RouteMemo {
  #before: ReadonlyMap<string, ConfigurationMemo> = new Map();
  #now = new Map<string, ConfigurationMemo>();
  readonly #whole: RouteMemo | undefined;

  /** @param whole - when this is for a part of the resources: what was made of each by itself is shared with it */
  constructor(whole?: RouteMemo) {
    this.#whole = whole;
  }

  /** Begins a compile: what the one before did not ask for is forgotten. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** @param host - of a configuration for one service alone */
  of(port: number, host = ''): ConfigurationMemo {
    const key = `${port} ${host}`;
    let memo = this.#now.get(key);
    if (memo === undefined) this.#now.set(key, (memo = this.#before.get(key) ?? new ConfigurationMemo(this.#whole === undefined ? undefined : this.#whole.#now.get(key))));
    return memo;
  }
}
