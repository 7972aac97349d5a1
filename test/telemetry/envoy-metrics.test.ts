import { describe, expect, it } from 'vitest';
import { envoyMetrics } from '../../src/telemetry/envoy-metrics.ts';
import { formatPrometheus } from '../../src/telemetry/prometheus.ts';
import { StatsRegistry } from '../../src/telemetry/stats-registry.ts';

const REVIEWS = 'outbound|9080|v1|reviews.default.svc.cluster.local';

function registry(): StatsRegistry {
  const stats = new StatsRegistry();
  const cluster = stats.cluster(REVIEWS);
  cluster.upstream_rq_total = 4;
  cluster.upstream_rq_active = 1;
  cluster.countResponse(503);
  cluster.countRetried(502);
  cluster.recordRequestTime(3);
  cluster.readFrom({ outlierDetection: { ejections_active: 1, ejections_overflow: 2 }, hosts: { membershipTotal: 3, membershipHealthy: 2, healthyPanics: 0 } });
  stats.faults(9080).aborts_injected = 2;
  stats.route({ virtualHost: 'reviews:9080', statPrefix: 'list' }).countResponse(404);
  return stats;
}

describe('envoyMetrics', () => {
  it.each([
    `envoy_cluster_upstream_rq_total{cluster_name="${REVIEWS}"} 4`,
    `envoy_cluster_upstream_rq_active{cluster_name="${REVIEWS}"} 1`,
    `envoy_cluster_upstream_rq{cluster_name="${REVIEWS}",response_code="503"} 1`,
    `envoy_cluster_upstream_rq_xx{cluster_name="${REVIEWS}",response_code_class="5"} 1`,
    `envoy_cluster_external_upstream_rq{cluster_name="${REVIEWS}",response_code="503"} 1`,
    `envoy_cluster_external_upstream_rq_xx{cluster_name="${REVIEWS}",response_code_class="5"} 1`,
    `envoy_cluster_retry_upstream_rq{cluster_name="${REVIEWS}",response_code="502"} 1`,
    `envoy_cluster_retry_upstream_rq_xx{cluster_name="${REVIEWS}",response_code_class="5"} 1`,
    `envoy_cluster_outlier_detection_ejections_active{cluster_name="${REVIEWS}"} 1`,
    `envoy_cluster_membership_healthy{cluster_name="${REVIEWS}"} 2`,
    `envoy_cluster_upstream_rq_time_count{cluster_name="${REVIEWS}"} 1`,
    'envoy_vhost_route_upstream_rq{virtual_host="reviews:9080",route="list",response_code="404"} 1',
    'envoy_http_fault_aborts_injected{http_conn_manager_prefix="outbound_0.0.0.0_9080"} 2',
  ])('has %s', (line) => {
    expect(formatPrometheus(envoyMetrics(registry())).split('\n')).toContain(line);
  });

  it('tells gauges from counters', () => {
    const types = new Map(envoyMetrics(registry()).map(({ name, type }) => [name, type]));

    expect(types.get('envoy_cluster_upstream_rq_active')).toBe('gauge');
    expect(types.get('envoy_cluster_upstream_rq_pending_active')).toBe('gauge');
    expect(types.get('envoy_cluster_membership_total')).toBe('gauge');
    expect(types.get('envoy_cluster_outlier_detection_ejections_active')).toBe('gauge');
    expect(types.get('envoy_http_fault_active_faults')).toBe('gauge');
    expect(types.get('envoy_cluster_upstream_rq_total')).toBe('counter');
    expect(types.get('envoy_cluster_upstream_rq_active_overflow')).toBe('counter');
    expect(types.get('envoy_cluster_outlier_detection_ejections_overflow')).toBe('counter');
  });

  it('names each family once, sorted', () => {
    const stats = registry();
    stats.cluster('other').upstream_rq_total = 1;
    const names = envoyMetrics(stats).map(({ name }) => name);

    expect(names).toEqual([...new Set(names)].toSorted());
  });
});
