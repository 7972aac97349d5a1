import { setTimeout as sleep } from 'node:timers/promises';
import { KimShop, type Balance } from '../../kim-shop/kim-shop.ts';
import { during, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import { fortio, type LoadReport } from '../fortio.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario } from '../scenario.ts';
import { readBreakerStats, type BreakerStats } from './cluster-stats.ts';
import { SERVICES, SUBSETS } from './kim-rules.ts';

const ALL_TO_V1 = { file: 'seeds/kim/virtual-service-all-v1.yaml', says: 'every call to subset v1' };
const BREAKER = {
  file: 'seeds/kim/circuit-breaking.yaml',
  says: 'maxConnections 1, http1MaxPendingRequests 1, maxRequestsPerConnection 1; consecutiveErrors 1 ejects for 3 m, up to 100 %',
};

const CLUSTER = 'outbound|8080|v1|kim-payment-service.default.svc.cluster.local';

/**
 * The walk-through's services take their time (56 ms a call between them), and so a refused caller took a while to come
 * again: that is where its share of 503s comes from. Without this, callers refused within a millisecond would spend
 * nearly all of their calls on further refusals.
 */
const work = (): Promise<void> => sleep(10 + 20 * Math.random());

interface Breaking {
  readonly alone: LoadReport;
  readonly statsAlone: BreakerStats;
  readonly three: LoadReport;
  readonly statsThree: BreakerStats;
  /** Calls that v1 saw over its socket in both loads. */
  readonly arrivals: number;
  readonly flags: readonly string[];
  /** The call that v1 answered 503. */
  readonly failing: Balance;
  readonly statsEjected: BreakerStats;
  /** The call after it. */
  readonly next: Balance;
  readonly arrivalsOfNext: number;
  readonly calls: readonly MeshCall[];
}

export const k8: Scenario<Breaking> = {
  id: 'K8',
  source: 'kim, 断路器 (circuit breaker)',
  title: 'Connection limits and ejection',
  configured: [SERVICES, SUBSETS, ALL_TO_V1, BREAKER],
  expected:
    'one caller: all of 20 calls succeed; three callers: about 30 % of 30 calls get 503, as many as upstream_rq_pending_overflow says, and nobody is ejected; ' +
    'after a 503 from payment itself ejections_active is 1 and the next call gets 503, no healthy upstream, at once',
  async run({ seeds, note }) {
    return during(KimShop.start(seeds, { work }), async (shop) => {
      for (const { file } of [SUBSETS, ALL_TO_V1, BREAKER]) await shop.cluster.apply(await seeds.read(file));
      const stats = () => readBreakerStats(shop.gateway.mesh, CLUSTER);
      const call = async () => (await shop.queryBalance()).status;

      const alone = await fortio({ connections: 1, calls: 20 }, call);
      const statsAlone = stats();
      note(`-c 1 -n 20: ${showCounts(alone.codes)}, mean ${alone.meanMs.toFixed(1)} ms; ${JSON.stringify(statsAlone)}`);

      const three = await fortio({ connections: 3, calls: 30 }, call);
      const statsThree = stats();
      note(`-c 3 -n 30: ${showCounts(three.codes)}, mean ${three.meanMs.toFixed(1)} ms; ${JSON.stringify(statsThree)}`);
      const arrivals = shop.paymentV1.arrivals.length;
      const flags = shop.gateway.calls.map((made) => made.flags);

      shop.paymentV1.failNext(503);
      const failing = await shop.queryBalance();
      const statsEjected = stats();
      const before = shop.paymentV1.arrivals.length;
      const next = await shop.queryBalance();
      note(`after the 503: ${JSON.stringify(statsEjected)}; next: ${next.status} ${JSON.stringify(next.body)}`);
      const arrivalsOfNext = shop.paymentV1.arrivals.length - before;
      return { alone, statsAlone, three, statsThree, arrivals, flags, failing, statsEjected, next, arrivalsOfNext, calls: shop.cluster.calls };
    });
  },
  check({ alone, statsAlone, three, statsThree, arrivals, flags, failing, statsEjected, next, arrivalsOfNext, calls }) {
    const refused = three.codes['503'] ?? 0;
    const served = (alone.codes['200'] ?? 0) + (three.codes['200'] ?? 0);
    const checklist = new Checklist()
      .equal('statuses for one caller', alone.codes, { 200: 20 })
      .equal('overflow for one caller', statsAlone.pendingOverflow, 0)
      .equal('statuses for three callers, 200 and 503 together', (three.codes['200'] ?? 0) + refused, 30)
      .between('503s for three callers', refused, 1, 28)
      .equal('upstream_rq_pending_overflow', statsThree.pendingOverflow, refused)
      .equal('calls flagged UO', flags.filter((flag) => flag === 'UO').length, refused)
      // The walk-through's own figures agree so: 9 overflows, and 41 = 20 + 21 served calls.
      .equal('upstream_rq_pending_total', statsThree.pendingTotal, served)
      .equal('connections, one for each served call', statsThree.connections, served)
      .equal('calls that reached payment v1', arrivals, served)
      .equal('ejections_active after the overflows', statsThree.ejectionsActive, 0)
      .equal('status of the failing call', failing.status, 503)
      .equal('ejections_active after a 503 of payment', statsEjected.ejectionsActive, 1)
      .equal('status of the next call', next.status, 503)
      .equal('answer to the next call', next.body, 'no healthy upstream')
      .equal('next calls that reached payment', arrivalsOfNext, 0)
      .lean(calls);
    return checklist.verdict({
      '-c 1 -n 20': showCounts(alone.codes),
      '-c 3 -n 30': `${showCounts(three.codes)} (${Math.round((100 * refused) / 30)} %)`,
      upstream_rq_pending_overflow: statsThree.pendingOverflow,
      ejections_active: `${statsThree.ejectionsActive}, after one 503 ${statsEjected.ejectionsActive}`,
      next: `${next.status} ${typeof next.body === 'string' ? next.body : next.body.code}`,
    });
  },
};
