import { KimShop, type Balance } from '../../kim-shop/kim-shop.ts';
import { count, during, inTurn, settled, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario } from '../scenario.ts';
import { SERVICES, SUBSETS } from './kim-rules.ts';

const MIRROR = { file: 'seeds/kim/mrroring.yaml', says: 'every call to v1, a copy of each to v2' };
const CALLS = 10;

interface Mirroring {
  readonly balances: readonly Balance[];
  /** `Host` of each call that the version's socket took. */
  readonly hostsAtV1: readonly string[];
  readonly hostsAtV2: readonly string[];
  readonly pathsAtV2: readonly string[];
  readonly calls: readonly MeshCall[];
}

export const k9: Scenario<Mirroring> = {
  id: 'K9',
  source: 'kim, 流量镜像 (mirroring)',
  title: 'A copy of every call',
  configured: [SERVICES, SUBSETS, MIRROR],
  expected: 'the caller sees v1 only; v2 gets a copy of each call, its Host marked -shadow, and its answer goes nowhere',
  async run({ seeds }) {
    return during(KimShop.start(seeds), async (shop) => {
      for (const { file } of [SUBSETS, MIRROR]) await shop.cluster.apply(await seeds.read(file));
      const balances = await inTurn(CALLS, () => shop.queryBalance());
      await settled(() => shop.paymentV2.arrivals.length >= CALLS);
      return {
        balances,
        hostsAtV1: shop.paymentV1.arrivals.map((arrival) => arrival.host),
        hostsAtV2: shop.paymentV2.arrivals.map((arrival) => arrival.host),
        pathsAtV2: shop.paymentV2.arrivals.map((arrival) => arrival.path),
        calls: shop.cluster.calls,
      };
    });
  },
  check({ balances, hostsAtV1, hostsAtV2, pathsAtV2, calls }) {
    const versions = count(balances.map((balance) => balance.version ?? balance.status));
    const checklist = new Checklist()
      .equal('answers', versions, { v1: CALLS })
      .equal('Host of the calls at v1', count(hostsAtV1), { 'kim-payment-service:8080': CALLS })
      .equal('Host of the copies at v2', count(hostsAtV2), { 'kim-payment-service-shadow:8080': CALLS })
      .equal('paths of the copies', count(pathsAtV2), { '/balance/query': CALLS })
      .lean(calls);
    return checklist.verdict({ answers: showCounts(versions), 'copies at v2': showCounts(count(hostsAtV2)) });
  },
};
