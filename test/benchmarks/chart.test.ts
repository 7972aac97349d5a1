import { describe, expect, it } from 'vitest';
import { drawChart, type Bar, type Chart } from '../../benchmarks/lib/chart.ts';

const bar = (label: string, median: number, min = median, max = median, ours = false): Bar => ({ label, value: { median, min, max }, ours });
const chart = (...bars: Bar[]): Chart => ({ title: 'Who is faster?', groups: [{ heading: 'calls per second', bars }] });

/** The numbers of an attribute, in the order of the text. */
function numbers(svg: string, element: string, attribute: string): number[] {
  return [...svg.matchAll(new RegExp(`<${element}\\b[^>]*\\b${attribute}="([\\d.]+)"`, 'g'))].map(([, value]) => Number(value));
}

/** Where a whisker begins and ends. */
function whiskers(svg: string): number[][] {
  return [...svg.matchAll(/<path class="whisker" d="M([\d.]+) [\d.]+H([\d.]+)/g)].map(([, from, to]) => [Number(from), Number(to)]);
}

describe('a chart', () => {
  it('draws bars as long as their medians', () => {
    const svg = drawChart(chart(bar('a', 100), bar('b', 25)));
    const [a, b] = numbers(svg, 'rect', 'width');

    expect(a! / b!).toBeCloseTo(4, 1);
  });

  it('draws whiskers from the smallest to the largest, on the scale of the bars', () => {
    const svg = drawChart(chart(bar('a', 100, 50, 200), bar('b', 200)));
    const [left] = numbers(svg, 'rect', 'x');
    const [a, b] = numbers(svg, 'rect', 'width');
    const [[from, to]] = whiskers(svg) as [[number, number]];

    expect(from - left!).toBeCloseTo(a! / 2, 0);
    expect(to - left!).toBeCloseTo(b!, 0);
  });

  it('has no whisker where there was one round', () => {
    expect(whiskers(drawChart(chart(bar('a', 100))))).toEqual([]);
  });

  it('gives each group a scale of its own', () => {
    const svg = drawChart({ title: 't', groups: [{ heading: 'ms', bars: [bar('a', 1)] }, { heading: 'bytes', bars: [bar('a', 1_000_000)] }] });
    const [small, large] = numbers(svg, 'rect', 'width');

    expect(small).toBe(large);
  });

  it('keeps everything inside the picture', () => {
    const svg = drawChart(chart(bar('a rather long name of a contestant', 100, 10, 1_234_567), bar('b', 1_000_000)));
    const [width, height] = [numbers(svg, 'svg', 'width')[0]!, numbers(svg, 'svg', 'height')[0]!];
    const ends = numbers(svg, 'rect', 'x').map((x, at) => x + numbers(svg, 'rect', 'width')[at]!);

    expect(Math.max(...ends, ...whiskers(svg).flat(), ...numbers(svg, 'text', 'x').map((x) => x + 9 * 7))).toBeLessThanOrEqual(width);
    expect(Math.max(...numbers(svg, 'rect', 'y').map((y) => y + 16), ...numbers(svg, 'text', 'y'))).toBeLessThan(height);
  });

  it('tells those who can not see it what it shows', () => {
    const svg = drawChart(chart(bar('meshFetch', 12_345, 1, 20_000, true)));

    expect(svg).toContain('<title id="title">Who is faster?</title>');
    expect(svg).toContain('calls per second: meshFetch 12,345.</desc>');
    expect(svg).toContain('role="img" aria-labelledby="title description"');
  });

  it('takes names as text', () => {
    const svg = drawChart(chart(bar('<b onclick="x">&\'', 1)));

    expect(svg).not.toContain('<b');
    expect(svg).toContain('&#60;b onclick=&#34;x&#34;&#62;&#38;&#39;');
  });

  it('needs nothing else, and has colours for dark pages', () => {
    const svg = drawChart(chart(bar('a', 1, 0, 2, true), bar('b', 0)));

    expect(svg).not.toMatch(/<script|href|url\(|@import|NaN|Infinity|undefined/);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    expect(svg).toContain('class="ours"');
  });

  it('stands when there is nothing to measure', () => {
    expect(drawChart(chart(bar('a', 0), bar('b', 0)))).not.toMatch(/NaN|Infinity/);
  });
});
