import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/cluster/circuit-breaker.ts';
import { HostSet } from '../../src/cluster/host-set.ts';
import { OutlierDetector } from '../../src/cluster/outlier-detector.ts';
import { ClusterStats } from '../../src/telemetry/cluster-stats.ts';

function read(stats: ClusterStats): Record<string, number> {
  const values: Record<string, number> = {};
  stats.visit((name, value) => {
    expect(values).not.toHaveProperty([name]);
    values[name] = value;
  });
  return values;
}

describe('ClusterStats', () => {
  it('names its fields as Envoy does, all there from the start', () => {
    const stats = new ClusterStats();
    stats.upstream_rq_total += 3;

    const values = read(stats);
    expect(values).toMatchObject({ upstream_rq_total: 3, upstream_rq_retry: 0, upstream_cx_none_healthy: 0, retry_or_shadow_abandoned: 0 });
    expect(Object.keys(values).filter((name) => !/^[a-z][a-z_0-9]*$/.test(name))).toEqual([]);
  });

  it('counts responses by code, by class and altogether, once there are any', () => {
    const stats = new ClusterStats();
    expect(read(stats)).not.toHaveProperty('upstream_rq_5xx');
    for (const status of [200, 503, 503, 504]) stats.countResponse(status);

    expect(read(stats)).toMatchObject({
      upstream_rq_completed: 4,
      upstream_rq_200: 1,
      upstream_rq_2xx: 1,
      upstream_rq_503: 2,
      upstream_rq_504: 1,
      upstream_rq_5xx: 3,
    });
  });

  it('counts each response again as internal or external', () => {
    const stats = new ClusterStats();
    for (const status of [200, 503]) stats.countResponse(status);
    for (const status of [200, 404]) stats.countResponse(status, true);

    const values = read(stats);
    expect(values).toMatchObject({
      upstream_rq_completed: 4, upstream_rq_200: 2, upstream_rq_2xx: 2, upstream_rq_503: 1, upstream_rq_404: 1,
      'external.upstream_rq_completed': 2, 'external.upstream_rq_200': 1, 'external.upstream_rq_2xx': 1, 'external.upstream_rq_503': 1,
      'internal.upstream_rq_completed': 2, 'internal.upstream_rq_200': 1, 'internal.upstream_rq_404': 1, 'internal.upstream_rq_4xx': 1,
    });
    expect(values).not.toHaveProperty(['external.upstream_rq_404']);
  });

  it('of one kind only has none of the other', () => {
    const [outside, inside] = [new ClusterStats(), new ClusterStats()];
    outside.countResponse(200);
    inside.countResponse(200, true);

    expect(Object.keys(read(outside)).filter((name) => name.startsWith('internal.'))).toEqual([]);
    expect(Object.keys(read(inside)).filter((name) => name.startsWith('external.'))).toEqual([]);
  });

  it('counts responses that were retried apart', () => {
    const stats = new ClusterStats();
    for (const status of [503, 429]) stats.countRetried(status);
    stats.countResponse(200);

    const values = read(stats);
    expect(values).toMatchObject({
      'retry.upstream_rq_503': 1,
      'retry.upstream_rq_5xx': 1,
      'retry.upstream_rq_429': 1,
      'retry.upstream_rq_completed': 2,
      upstream_rq_completed: 1,
    });
    expect(values).not.toHaveProperty(['upstream_rq_503']);
  });

  it('reads what detector, breaker and host set keep themselves', () => {
    const locality = { region: '', zone: '', subzone: '' };
    const endpoints = [1, 2].map((last) => ({ address: `10.0.0.${last}`, port: 80, labels: {}, weight: 1, locality }));
    const hosts = new HostSet({ endpoints, loadBalancer: { kind: 'RANDOM' }, panicThreshold: 0 }, 0);
    const detector = new OutlierDetector({ consecutive5xxErrors: 1, maxEjectionPercent: 100 }, 0);
    for (const host of hosts.hosts) detector.add(host);
    const breaker = new CircuitBreaker({ maxPendingRequests: 1 });
    const stats = new ClusterStats();
    stats.readFrom({ outlierDetection: detector.stats, circuitBreaker: breaker, hosts });
    breaker.tryAcquirePending();
    detector.record(hosts.hosts[0]!, 500, 0);

    expect(read(stats)).toMatchObject({
      membership_total: 2,
      membership_healthy: 1,
      lb_healthy_panic: 0,
      'outlier_detection.ejections_active': 1,
      'outlier_detection.ejections_enforced_consecutive_5xx': 1,
      'outlier_detection.ejections_success_rate': 0,
      'circuit_breakers.default.cx_open': 0,
      'circuit_breakers.default.rq_pending_open': 1,
      'circuit_breakers.default.rq_open': 0,
      'circuit_breakers.default.rq_retry_open': 0,
      'circuit_breakers.high.rq_pending_open': 0,
    });
  });

  it('has no outlier statistics without a detector', () => {
    expect(Object.keys(read(new ClusterStats())).filter((name) => name.startsWith('outlier_detection'))).toEqual([]);
  });

  it('keeps times only once there are any', () => {
    const stats = new ClusterStats();
    const seen = (): string[] => {
      const names: string[] = [];
      stats.visitHistograms((name, histogram) => names.push(`${name} ${histogram.count}`));
      return names;
    };
    expect(seen()).toEqual([]);
    stats.recordRequestTime(3);
    stats.recordRequestTime(4);
    stats.recordConnectTime(1);

    expect(seen()).toEqual(['upstream_rq_time 2', 'upstream_cx_connect_ms 1']);
  });
});
