import type { ListenerSpec } from '../../route/listener-model.ts';
import type { RouteConfigurationSpec, VirtualHostSpec } from '../../route/model.ts';
import type { ConfigurationChange } from '../../route/route-table.ts';
import { sameData } from '../same-content.ts';

/** What of a list is other than before, each being known by a name. */
export interface Difference<T> {
  /** What is not there any more, or not as it was. */
  readonly gone: readonly T[];
  readonly come: readonly T[];
}

/** Compares two lists as data. Where things stand in them does not count. */
export function differences<T>(before: readonly T[], after: readonly T[], nameOf: (one: T) => string): Difference<T> {
  const known = new Map(before.map((one) => [nameOf(one), one]));
  const come: T[] = [];
  for (const one of after) {
    const name = nameOf(one);
    if (sameData(known.get(name), one)) known.delete(name);
    else come.push(one);
  }
  return { gone: [...known.values()], come };
}

/**
 * What is different in each route configuration.
 *
 * @param turned - ports on which the configuration for whatever Host comes (`true`) or goes, not only what of it is in these lists
 */
export function configurationChanges(before: readonly RouteConfigurationSpec[], after: readonly RouteConfigurationSpec[], turned: ReadonlyMap<number, boolean>): ConfigurationChange[] {
  const known = new Map(before.map((one) => [nameOfConfiguration(one), one]));
  const byName = new Map(after.map((one) => [nameOfConfiguration(one), one]));
  return [...new Set([...known.keys(), ...byName.keys()])].flatMap((name): ConfigurationChange[] => {
    const [old, now] = [known.get(name), byName.get(name)];
    const { port, hosts } = (now ?? old)!;
    const host = hosts?.[0];
    if (host !== undefined) return sameData(old, now) ? [] : [{ port, host, now }];
    const opened = turned.get(port);
    if (opened !== undefined) return [{ port, host, now: opened ? now : undefined }];
    const { gone, come } = differences(named(old), named(now), (one) => one.name);
    return gone.length + come.length === 0 ? [] : [{ port, host, gone: gone.map((one) => one.name), come }];
  });
}

/** Without the last virtual host, which is for whatever Host. */
function named(configuration: RouteConfigurationSpec | undefined): readonly VirtualHostSpec[] {
  return configuration?.virtualHosts.slice(0, -1) ?? [];
}

/** Whether several are for one host, so that the first of them has it. */
export function areContested(list: readonly Pick<ListenerSpec, 'port' | 'hosts'>[]): boolean {
  const hosts = list.flatMap(({ port, hosts: own = [] }) => [...new Set(own)].map((host) => `${port} ${host}`));
  return new Set(hosts).size < hosts.length;
}

/** Of one listener or route configuration, where none are contested. */
export function nameOfListener({ port, hosts }: Pick<ListenerSpec, 'port' | 'hosts'>): string {
  return `${port} ${hosts?.[0] ?? ''}`;
}

function nameOfConfiguration({ port, hosts }: RouteConfigurationSpec): string {
  return nameOfListener({ port, ...(hosts && { hosts }) });
}
