import type { HostSet } from '../../../src/index.ts';
import { loadPackage } from '../package.ts';
import { bookinfo } from '../policies.ts';
import { rulesOf } from '../rules.ts';
import type { MakeDecider } from './decider.ts';

/** As the engine does it: the route by port, Host and request; one draw for the split; the host by the balancer. */
export const meshDecider: MakeDecider = async (table, packageAt) => {
  const { createMesh, HostSet: Hosts, seededRandom } = await loadPackage(packageAt);
  const random = seededRandom(1);
  const mesh = await createMesh(table === undefined ? bookinfo([9081, 9082, 9083]) : rulesOf(table));
  const { routes, clusters } = mesh.snapshot;
  const context = { random };
  const hostSets = new Map<string, HostSet>();
  return {
    decide(call) {
      const route = routes.virtualHost(call.port, call.authority)?.match(call);
      if (route?.action.kind !== 'forward') return undefined;
      const { cluster } = route.action.destinations.pick(random);
      let hosts = hostSets.get(cluster);
      if (hosts === undefined) hostSets.set(cluster, (hosts = new Hosts(clusters.get(cluster)!, 0)));
      return hosts.pick(performance.now(), context) === undefined ? undefined : (route.name ?? '');
    },
    close: () => mesh.close(),
  };
};
