import { describe, expect, it } from 'vitest';
import { StatsRegistry } from '../../src/telemetry/stats-registry.ts';

const REVIEWS = 'outbound|9080|v1|reviews.default.svc.cluster.local';

describe('StatsRegistry', () => {
  it('hands out the same object for the same name', () => {
    const registry = new StatsRegistry();

    expect(registry.cluster(REVIEWS)).toBe(registry.cluster(REVIEWS));
    expect(registry.faults(8080)).toBe(registry.faults(8080));
  });

  it('renders names as Envoy does under Istio', () => {
    const registry = new StatsRegistry();
    registry.cluster(REVIEWS).upstream_rq_total = 2;
    registry.faults(8080).delays_injected = 1;

    const all = registry.collect();
    expect(all.get(`cluster.${REVIEWS};.upstream_rq_total`)).toBe(2);
    expect(all.get('http.outbound_0.0.0.0_8080;.fault.delays_injected')).toBe(1);
    expect(all.get('http.outbound_0.0.0.0_8080;.fault.active_faults')).toBe(0);
    expect([...all.keys()].filter((name) => name.includes('.fault.')).map((name) => name.replace(/^.*fault\./, ''))).toEqual([
      'aborts_injected', 'active_faults', 'delays_injected', 'faults_overflow', 'response_rl_injected',
    ]);
  });

  it('replaces colons, which separate parts in Envoy’s names', () => {
    const registry = new StatsRegistry();
    registry.cluster('outbound|80||[::1]').upstream_rq_total = 1;

    expect(registry.collect(/rq_total$/).has('cluster.outbound|80||[__1];.upstream_rq_total')).toBe(true);
  });

  it('counts routes with a statPrefix by virtual host, whose colon stays, and forgets those that are gone', () => {
    const registry = new StatsRegistry();
    const [list, item] = [{ virtualHost: 'a.b:80', statPrefix: 'list' }, { virtualHost: 'a.b:80', statPrefix: 'item' }];
    registry.keepRoutes([list, item]);
    const stats = registry.route({ ...list });
    stats.upstream_rq_total = 3;
    for (const status of [200, 200, 404]) stats.countResponse(status);

    expect(Object.fromEntries(registry.collect(/route\.list/))).toEqual({
      'vhost.a.b:80.route.list.upstream_rq_200': 2,
      'vhost.a.b:80.route.list.upstream_rq_2xx': 2,
      'vhost.a.b:80.route.list.upstream_rq_404': 1,
      'vhost.a.b:80.route.list.upstream_rq_4xx': 1,
      'vhost.a.b:80.route.list.upstream_rq_completed': 3,
      'vhost.a.b:80.route.list.upstream_rq_retry': 0,
      'vhost.a.b:80.route.list.upstream_rq_retry_limit_exceeded': 0,
      'vhost.a.b:80.route.list.upstream_rq_retry_overflow': 0,
      'vhost.a.b:80.route.list.upstream_rq_retry_success': 0,
      'vhost.a.b:80.route.list.upstream_rq_timeout': 0,
      'vhost.a.b:80.route.list.upstream_rq_total': 3,
    });
    expect([...registry.collect(/route\.item\.upstream_rq_(total|completed)/)]).toEqual([['vhost.a.b:80.route.item.upstream_rq_total', 0]]);
    registry.keepRoutes([list]);
    expect(registry.collect(/route\.item/).size).toBe(0);
    expect(registry.route(list)).toBe(stats);
  });

  it('finds names by a pattern, sorted', () => {
    const registry = new StatsRegistry();
    for (const name of ['PassthroughCluster', 'BlackHoleCluster']) registry.cluster(name);

    expect([...registry.collect(/upstream_rq_retry/)]).toEqual([
      ['cluster.BlackHoleCluster;.upstream_rq_retry', 0],
      ['cluster.BlackHoleCluster;.upstream_rq_retry_backoff_exponential', 0],
      ['cluster.BlackHoleCluster;.upstream_rq_retry_backoff_ratelimited', 0],
      ['cluster.BlackHoleCluster;.upstream_rq_retry_limit_exceeded', 0],
      ['cluster.BlackHoleCluster;.upstream_rq_retry_overflow', 0],
      ['cluster.BlackHoleCluster;.upstream_rq_retry_success', 0],
      ['cluster.PassthroughCluster;.upstream_rq_retry', 0],
      ['cluster.PassthroughCluster;.upstream_rq_retry_backoff_exponential', 0],
      ['cluster.PassthroughCluster;.upstream_rq_retry_backoff_ratelimited', 0],
      ['cluster.PassthroughCluster;.upstream_rq_retry_limit_exceeded', 0],
      ['cluster.PassthroughCluster;.upstream_rq_retry_overflow', 0],
      ['cluster.PassthroughCluster;.upstream_rq_retry_success', 0],
    ]);
  });

  it('forgets a cluster that is gone, and counts from zero if it returns', () => {
    const registry = new StatsRegistry();
    registry.cluster(REVIEWS).upstream_rq_total = 7;
    registry.removeCluster(REVIEWS);
    expect(registry.collect(/^cluster/).size).toBe(0);

    expect(registry.cluster(REVIEWS).upstream_rq_total).toBe(0);
  });
});
