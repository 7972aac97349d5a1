import type { Histogram } from './histogram.ts';

/** Labels of one series; values are escaped on output. */
export type MetricLabels = Readonly<Record<string, string>>;

/** Metrics of one name. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help?: string;
  readonly samples: readonly { readonly labels: MetricLabels; readonly value: number | Histogram }[];
}

/**
 * The families as a scrape reads them.
 *
 * Source: Prometheus text exposition format 0.0.4.
 */
export function formatPrometheus(families: Iterable<MetricFamily>): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    if (help !== undefined) lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
    lines.push(`# TYPE ${name} ${type}`);
    for (const { labels, value } of samples) {
      if (typeof value === 'number') lines.push(`${name}${formatLabels(labels)} ${formatValue(value)}`);
      else lines.push(...histogramLines(name, labels, value));
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function histogramLines(name: string, labels: MetricLabels, histogram: Histogram): string[] {
  const lines = [...histogram.cumulative()].map(
    ([bound, count]) => `${name}_bucket${formatLabels({ ...labels, le: formatValue(bound) })} ${count}`,
  );
  const own = formatLabels(labels);
  return [...lines, `${name}_sum${own} ${formatValue(histogram.sum)}`, `${name}_count${own} ${histogram.count}`];
}

function formatLabels(labels: MetricLabels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}
