import { figure, type Spread } from './statistics.ts';

/** One bar: the median, with the smallest and the largest as a whisker. */
export interface Bar {
  readonly label: string;
  readonly value: Spread;
  /** Stands out. */
  readonly ours: boolean;
}

/** Bars of one unit, on a scale of their own. */
export interface ChartGroup {
  /** What the bars are, and their unit. */
  readonly heading: string;
  readonly bars: readonly Bar[];
}

/** Groups of horizontal bars, one below the other. */
export interface Chart {
  readonly title: string;
  readonly groups: readonly ChartGroup[];
}

const WIDTH = 860;
const MARGIN = 16;
const BAR = { height: 16, pitch: 24 };
const HEADING = { height: 34, baseline: 22 };
const TITLE_HEIGHT = 40;
/** Of a character, in the widest font that `font-family` may lead to. */
const CHARACTER = 7.2;
/** Right of the longest bar, for its figure. */
const FIGURE_WIDTH = 76;

// A picture in a page has no say in the page's colours, but knows what the reader prefers.
const STYLE = `
text { font: 13px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 } .heading { font-weight: 600; fill: #59636e } .figure { fill: #59636e }
.ours { fill: #1a7f64 } .theirs { fill: #afb8c1 } .whisker { stroke: #1f2328; stroke-width: 1.25; fill: none; opacity: 0.65 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .heading, .figure { fill: #9198a1 }
.ours { fill: #3fb98f } .theirs { fill: #565e68 } .whisker { stroke: #f0f6fc }
}`;

/** The chart as an SVG that needs nothing else: no scripts, no fonts, no other files. It has no background, and colours for bright and dark ones. */
export function drawChart({ title, groups }: Chart): string {
  const labels = groups.flatMap(({ bars }) => bars.map(({ label }) => label.length));
  const left = MARGIN + Math.ceil(Math.max(...labels) * CHARACTER) + 10;
  const parts: string[] = [];
  let y = TITLE_HEIGHT;
  for (const { heading, bars } of groups) {
    parts.push(text(MARGIN, y + HEADING.baseline, 'heading', heading));
    y += HEADING.height;
    const scale = (WIDTH - MARGIN - FIGURE_WIDTH - left) / (Math.max(...bars.map(({ value }) => value.max)) || 1);
    for (const bar of bars) {
      parts.push(drawBar(bar, left, y, scale));
      y += BAR.pitch;
    }
  }
  const height = y + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(groups.map(inWords).join('. '))}.</desc>
<style>${STYLE}
</style>
${text(MARGIN, 26, 'title', title)}
${parts.join('\n')}
</svg>
`;
}

function drawBar({ label, value: { median, min, max }, ours }: Bar, left: number, y: number, scale: number): string {
  const x = (value: number): number => round(left + value * scale);
  const middle = y + BAR.height / 2;
  const baseline = y + 12.5;
  return [
    text(MARGIN, baseline, 'label', label),
    `<rect class="${ours ? 'ours' : 'theirs'}" x="${left}" y="${y}" width="${round(Math.max(1, median * scale))}" height="${BAR.height}" rx="2"/>`,
    ...(max > min ? [`<path class="whisker" d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8"/>`] : []),
    text(x(max) + 8, baseline, 'figure', figure(median)),
  ].join('\n');
}

/** What the picture shows, for those who can't see it. */
function inWords({ heading, bars }: ChartGroup): string {
  return `${heading}: ${bars.map(({ label, value }) => `${label} ${figure(value.median)}`).join(', ')}`;
}

function text(x: number, y: number, style: string, content: string): string {
  return `<text class="${style}" x="${x}" y="${y}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
