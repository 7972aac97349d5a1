import { createHttpbin } from '../../httpbin/httpbin.ts';
import { during, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import { Cluster } from '../cluster.ts';
import { fortio, type LoadReport } from '../fortio.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario } from '../scenario.ts';
import type { Seeds } from '../seeds.ts';
import { readBreakerStats, type BreakerStats } from './cluster-stats.ts';

const HTTPBIN = { file: 'seeds/bookinfo/httpbin.yaml', says: 'httpbin, one version' };
const FORTIO = { file: 'seeds/bookinfo/fortio-deploy.yaml', says: 'fortio, the caller' };
const BREAKER = {
  file: 'seeds/bookinfo/httpbin-circuit-breaker.yaml',
  says: 'maxConnections 1, http1MaxPendingRequests 1, maxRequestsPerConnection 1; consecutiveErrors 1',
};

const CLUSTER = 'outbound|8000||httpbin.default.svc.cluster.local';

/** About what the walk-through's httpbin took. */
const WORK_MS = 12;

/**
 * The walk-through's caller reaches its sidecar over a socket. Here there is no such trip; without one, a caller would call
 * again in the very moment in which the pool is still connecting for the call that waited, and be refused each time.
 */
const TRIP_MS = 4;

async function startHttpbin(seeds: Seeds): Promise<Cluster> {
  const manifests = await Promise.all([HTTPBIN, FORTIO].map(({ file }) => seeds.read(file)));
  return Cluster.start(manifests, { httpbin: () => createHttpbin({ workMs: WORK_MS }) });
}

interface Breaking {
  readonly two: LoadReport;
  readonly statsTwo: BreakerStats;
  readonly three: LoadReport;
  readonly statsThree: BreakerStats;
  readonly arrivals: number;
  readonly calls: readonly MeshCall[];
}

export const b12: Scenario<Breaking> = {
  id: 'B12',
  source: 'Bookinfo, 熔断 (circuit breaking)',
  title: 'Connection limits under load',
  configured: [HTTPBIN, FORTIO, BREAKER],
  expected:
    'two callers, 20 calls: mostly 200, some 503; three callers, 30 calls: more 503; upstream_rq_pending_overflow and upstream_rq_pending_total agree with them',
  async run({ seeds, note }) {
    return during(startHttpbin(seeds), async (cluster) => {
      await cluster.apply(await seeds.read(BREAKER.file));
      const caller = cluster.pod('fortio-deploy');
      const call = async (): Promise<number> => {
        const response = await caller.fetch('http://httpbin:8000/get');
        await response.arrayBuffer();
        return response.status;
      };
      const two = await fortio({ connections: 2, calls: 20, tripMs: TRIP_MS }, call);
      const statsTwo = readBreakerStats(caller.mesh, CLUSTER);
      note(`-c 2 -n 20: ${showCounts(two.codes)}, mean ${two.meanMs.toFixed(1)} ms; ${JSON.stringify(statsTwo)}`);
      const three = await fortio({ connections: 3, calls: 30, tripMs: TRIP_MS }, call);
      const statsThree = readBreakerStats(caller.mesh, CLUSTER);
      note(`-c 3 -n 30: ${showCounts(three.codes)}, mean ${three.meanMs.toFixed(1)} ms; ${JSON.stringify(statsThree)}`);
      return { two, statsTwo, three, statsThree, arrivals: cluster.pod('httpbin').arrivals.length, calls: cluster.calls };
    });
  },
  check({ two, statsTwo, three, statsThree, arrivals, calls }) {
    const refusedOfTwo = two.codes['503'] ?? 0;
    const refusedOfThree = three.codes['503'] ?? 0;
    const served = 50 - refusedOfTwo - refusedOfThree;
    const checklist = new Checklist()
      .equal('answers other than 200 and 503', 50 - served - refusedOfTwo - refusedOfThree + countOthers(two) + countOthers(three), 0)
      .between('503s for two callers: some, but most calls succeed', refusedOfTwo, 1, 9)
      .between('503s for three callers: more', refusedOfThree, refusedOfTwo + 1, 28)
      .equal('upstream_rq_pending_overflow after two callers', statsTwo.pendingOverflow, refusedOfTwo)
      .equal('upstream_rq_pending_overflow in the end', statsThree.pendingOverflow, refusedOfTwo + refusedOfThree)
      .equal('upstream_rq_pending_total', statsThree.pendingTotal, served)
      .equal('calls that reached httpbin', arrivals, served)
      .equal('calls flagged UO', calls.filter((made) => made.flags === 'UO').length, refusedOfTwo + refusedOfThree)
      .equal('ejections_active', statsThree.ejectionsActive, 0)
      .lean(calls);
    return checklist.verdict({
      '-c 2 -n 20': showCounts(two.codes),
      '-c 3 -n 30': showCounts(three.codes),
      upstream_rq_pending_overflow: statsThree.pendingOverflow,
      upstream_rq_pending_total: statsThree.pendingTotal,
    });
  },
};

function countOthers({ codes }: LoadReport): number {
  return Object.entries(codes).reduce((sum, [code, times]) => (code === '200' || code === '503' ? sum : sum + times), 0);
}

interface OneCall {
  readonly status: number;
  /** The request's headers as httpbin saw them. */
  readonly seen: Readonly<Record<string, string>>;
  /** The answer's headers as the caller saw them. */
  readonly answered: Readonly<Record<string, string>>;
  readonly calls: readonly MeshCall[];
}

export const b13: Scenario<OneCall> = {
  id: 'B13',
  source: 'Bookinfo, 熔断 (circuit breaking), fortio -curl',
  title: 'The headers of one call',
  configured: [HTTPBIN, FORTIO, BREAKER],
  expected: 'httpbin sees X-Envoy-Attempt-Count: 1, X-Request-Id and the B3 headers; the caller sees x-envoy-upstream-service-time',
  async run({ seeds, note }) {
    return during(startHttpbin(seeds), async (cluster) => {
      await cluster.apply(await seeds.read(BREAKER.file));
      const response = await cluster.pod('fortio-deploy').fetch('http://httpbin:8000/get', { headers: { 'user-agent': 'fortio.org/fortio-1' } });
      const { headers: seen } = (await response.json()) as { headers: Record<string, string> };
      const answered = Object.fromEntries(response.headers);
      note(`${JSON.stringify(seen, undefined, 2)}\n${JSON.stringify(answered, undefined, 2)}`);
      return { status: response.status, seen, answered, calls: cluster.calls };
    });
  },
  check({ status, seen, answered, calls }) {
    const checklist = new Checklist()
      .equal('status', status, 200)
      .equal('Host', seen['Host'], 'httpbin:8000')
      .equal('X-Envoy-Attempt-Count', seen['X-Envoy-Attempt-Count'], '1')
      .matches('X-Request-Id', seen['X-Request-Id'], /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
      .matches('X-B3-Traceid', seen['X-B3-Traceid'], /^[\da-f]{16}([\da-f]{16})?$/)
      .matches('X-B3-Spanid', seen['X-B3-Spanid'], /^[\da-f]{16}$/)
      .matches('X-B3-Sampled', seen['X-B3-Sampled'], /^[01]$/)
      .matches('x-envoy-upstream-service-time', answered['x-envoy-upstream-service-time'], /^\d+$/)
      .equal('server', answered['server'], 'envoy')
      .lean(calls);
    // What httpbin took is in it.
    checklist.between('x-envoy-upstream-service-time', Number(answered['x-envoy-upstream-service-time']), WORK_MS - 2, 1000);
    return checklist.verdict({
      'X-Envoy-Attempt-Count': seen['X-Envoy-Attempt-Count'] ?? 'none',
      'X-B3-Traceid': seen['X-B3-Traceid'] ?? 'none',
      'x-envoy-upstream-service-time': answered['x-envoy-upstream-service-time'] ?? 'none',
    });
  },
};
