import { describe, expect, it } from 'vitest';
import { Histogram } from '../../src/telemetry/histogram.ts';
import { formatPrometheus } from '../../src/telemetry/prometheus.ts';

describe('formatPrometheus', () => {
  it('writes types, help, labels and values', () => {
    const text = formatPrometheus([
      { name: 'a_total', type: 'counter', help: 'Calls,\nall \\ of them.', samples: [{ labels: {}, value: 3 }] },
      { name: 'b', type: 'gauge', samples: [{ labels: { x: 'a"b\\c\nd', y: '' }, value: 0.5 }, { labels: { x: 'z' }, value: Infinity }] },
    ]);

    expect(text).toBe(
      [
        '# HELP a_total Calls,\\nall \\\\ of them.',
        '# TYPE a_total counter',
        'a_total 3',
        '# TYPE b gauge',
        'b{x="a\\"b\\\\c\\nd",y=""} 0.5',
        'b{x="z"} +Inf',
        '',
      ].join('\n'),
    );
  });

  it('writes a histogram as buckets, sum and count', () => {
    const histogram = new Histogram([1, 5]);
    for (const value of [0.5, 2, 9]) histogram.record(value);

    expect(formatPrometheus([{ name: 't_ms', type: 'histogram', samples: [{ labels: { c: 'x' }, value: histogram }] }])).toBe(
      [
        '# TYPE t_ms histogram',
        't_ms_bucket{c="x",le="1"} 1',
        't_ms_bucket{c="x",le="5"} 2',
        't_ms_bucket{c="x",le="+Inf"} 3',
        't_ms_sum{c="x"} 11.5',
        't_ms_count{c="x"} 3',
        '',
      ].join('\n'),
    );
  });

  it('writes nothing for nothing', () => {
    expect(formatPrometheus([])).toBe('');
  });
});
