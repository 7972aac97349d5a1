import type { Histogram } from './histogram.ts';
import type { MetricFamily, MetricLabels } from './prometheus.ts';
import type { StatsRegistry } from './stats-registry.ts';

/** Names of this form are gauges; everything else in a cluster only rises. */
const GAUGE = /_active$|^active_|^membership_|^circuit_breakers\./;
/** Tags that Envoy takes out of a name and gives as labels. */
const CODE = /^((?:(?:retry|internal|external)\.)?upstream_rq)_(\d{3})$/;
const CODE_CLASS = /^((?:(?:retry|internal|external)\.)?upstream_rq)_(\d)xx$/;

/**
 * The statistics under the names and labels of Envoy's own Prometheus page, such as
 * `envoy_cluster_upstream_rq{cluster_name="outbound|80||a.b.svc.cluster.local",response_code="503"}`.
 */
export function envoyMetrics(registry: StatsRegistry): MetricFamily[] {
  const families = new Map<string, { type: MetricFamily['type']; samples: { labels: MetricLabels; value: number | Histogram }[] }>();
  const add = (name: string, type: MetricFamily['type'], labels: MetricLabels, value: number | Histogram): void => {
    const family = families.get(name);
    if (family === undefined) families.set(name, { type, samples: [{ labels, value }] });
    else family.samples.push({ labels, value });
  };
  for (const [cluster, stats] of registry.clusters()) {
    const own = { cluster_name: cluster };
    stats.visit((stat, value) => {
      const [name, labels] = untagged(stat);
      add(`envoy_cluster_${name}`, GAUGE.test(stat) ? 'gauge' : 'counter', { ...own, ...labels }, value);
    });
    stats.visitHistograms((stat, histogram) => add(`envoy_cluster_${stat}`, 'histogram', own, histogram));
  }
  for (const [port, stats] of registry.listeners()) {
    const own = { http_conn_manager_prefix: `outbound_0.0.0.0_${port}` };
    for (const [stat, value] of Object.entries(stats)) {
      add(`envoy_http_fault_${stat}`, GAUGE.test(stat) ? 'gauge' : 'counter', own, Number(value));
    }
  }
  for (const { key, stats } of registry.routes()) {
    const own = { virtual_host: key.virtualHost, route: key.statPrefix };
    stats.visit((stat, value) => {
      const [name, labels] = untagged(stat);
      add(`envoy_vhost_route_${name}`, 'counter', { ...own, ...labels }, value);
    });
  }
  return [...families].map(([name, family]) => ({ name, ...family })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function untagged(stat: string): readonly [name: string, labels: MetricLabels] {
  const code = CODE.exec(stat);
  if (code !== null) return [metricName(code[1]!), { response_code: code[2]! }];
  const codeClass = CODE_CLASS.exec(stat);
  if (codeClass !== null) return [`${metricName(codeClass[1]!)}_xx`, { response_code_class: codeClass[2]! }];
  return [metricName(stat), {}];
}

function metricName(stat: string): string {
  return stat.replaceAll('.', '_');
}
