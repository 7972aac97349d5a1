/** What was there at one moment of a soak. */
export interface SoakSample {
  readonly seconds: number;
  readonly requests: number;
  readonly connections: number;
  readonly heap: number;
  readonly rss: number;
  readonly sockets: number;
  readonly timers: number;
}

interface Panel {
  readonly title: string;
  readonly values: readonly number[];
}

const WIDTH = 760;
const HEIGHT = 110;
const LEFT = 60;
const GAP = 46;

/** Requests per second, heap and sockets over time, one below the other, as SVG. */
export function soakPicture(samples: readonly SoakSample[], caption: string): string {
  const panels: readonly Panel[] = [
    { title: 'requests per second', values: rates(samples) },
    { title: 'heap after collection, MB', values: samples.map(({ heap }) => heap / 1e6) },
    { title: 'sockets of the gateway', values: samples.map(({ sockets }) => sockets) },
  ];
  const seconds = samples.map((sample) => sample.seconds);
  const height = panels.length * (HEIGHT + GAP) + 40;
  const drawn = panels.map((panel, i) => draw(panel, seconds, 40 + i * (HEIGHT + GAP))).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="18" font-size="13">${caption}</text>
${drawn}
<text x="${WIDTH - 20}" y="${height - 6}" text-anchor="end" fill="#555">seconds</text>
</svg>
`;
}

/** Over some samples at a time, since a sample may fall between two reports of the load. */
function rates(samples: readonly SoakSample[]): number[] {
  const back = Math.min(5, samples.length - 1);
  return samples.map((sample, i) => {
    const from = samples[Math.max(0, i - back)]!;
    return i === 0 ? 0 : (sample.requests - from.requests) / (sample.seconds - from.seconds);
  });
}

function draw({ title, values }: Panel, seconds: readonly number[], top: number): string {
  const most = niceAbove(Math.max(...values));
  const end = seconds.at(-1) ?? 1;
  const x = (at: number): string => (LEFT + (at / end) * (WIDTH - LEFT - 20)).toFixed(1);
  const y = (value: number): string => (top + HEIGHT - (value / most) * HEIGHT).toFixed(1);
  const grid = [0, 0.5, 1].map((part) => {
    const at = y(part * most);
    return `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${LEFT - 6}" y="${Number(at) + 4}" text-anchor="end" fill="#555">${part * most}</text>`;
  });
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => `<text x="${x(part * end)}" y="${top + HEIGHT + 15}" text-anchor="middle" fill="#555">${Math.round(part * end)}</text>`);
  const line = values.map((value, i) => `${x(seconds[i]!)},${y(value)}`).join(' ');
  return [`<text x="${LEFT}" y="${top - 6}">${title}</text>`, ...grid, ...marks, `<polyline points="${line}" fill="none" stroke="#2563eb" stroke-width="1.2"/>`].join('\n');
}

/** 1, 2 or 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value)!;
}
