import { inspect, styleText } from 'node:util';
import { count } from './calls.ts';
import type { MeshCall } from './pod.ts';
import type { Outcome, Scenario } from './scenario.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours where the terminal wants them; `NO_COLOR` and pipes get plain text. */
function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** The head of one scenario: what is configured, what is expected. */
export function describeScenario({ id, title, source, configured, expected }: Scenario): string {
  const files = configured.map(({ file, says }) => `${file}  ${paint('dim', says)}`);
  return [
    `${paint('bold', `${id}  ${title}`)}  ${paint('dim', source)}`,
    `  configured   ${files.join('\n               ')}`,
    `  expected     ${wrap(expected, 15)}`,
  ].join('\n');
}

/** The end of one scenario: what was observed, and the verdict. */
export function describeOutcome({ verdict, durationMs }: Outcome): string {
  const figures = Object.entries(verdict.figures).map(([name, value]) => `${name}: ${value}`);
  const lines = figures.length === 0 ? [] : [`  observed     ${figures.join('\n               ')}`];
  lines.push(`  ${mark(verdict.pass)}         ${paint('dim', seconds(durationMs))}`);
  for (const failure of verdict.failures) lines.push(`    ${paint('red', '✗')} ${failure}`);
  return `${lines.join('\n')}\n`;
}

/** What `run` gave; of long lists the beginning, of calls how many there were of each kind. */
export function describeObservation({ observation }: Outcome): string {
  const shown = typeof observation === 'object' ? { ...observation, ...callsOf(observation as { calls?: readonly MeshCall[] }) } : observation;
  const text = inspect(shown, { depth: 6, breakLength: 130, maxArrayLength: 3, maxStringLength: 300 });
  return `  observation  ${text.replaceAll('\n', '\n               ')}`;
}

function callsOf(observation: { readonly calls?: readonly MeshCall[] } | null): { calls?: Record<string, number> } {
  const calls = observation?.calls;
  return calls === undefined ? {} : { calls: count(calls.map(({ status, flags, cluster, lane }) => `${status} ${flags} ${cluster ?? 'no cluster'} (${lane})`)) };
}

/** The table at the end, and the line that sums it up. */
export function summarize(outcomes: readonly Outcome[], durationMs: number): string {
  const rows = outcomes.map(({ scenario, verdict, durationMs: took }) => {
    const figures = Object.entries(verdict.figures).map(([name, value]) => `${name} ${value}`).join(' · ');
    const text = verdict.pass ? figures : (verdict.failures[0] ?? 'failed');
    return `${scenario.id.padEnd(4)} ${mark(verdict.pass)}  ${seconds(took).padStart(6)}  ${scenario.title.padEnd(52)} ${paint('dim', cut(text, 110))}`;
  });
  const passed = outcomes.filter(({ verdict }) => verdict.pass).length;
  const failed = outcomes.length - passed;
  const sum = `${passed} passed, ${failed} failed in ${seconds(durationMs)}`;
  return `${rows.join('\n')}\n\n${paint(failed === 0 ? 'green' : 'red', sum)}\n`;
}

/** `--list` */
export function list(scenarios: readonly Scenario[]): string {
  return scenarios.map(({ id, title, source }) => `${id.padEnd(4)} ${title.padEnd(52)} ${paint('dim', source)}\n`).join('');
}

function mark(pass: boolean): string {
  return pass ? paint('green', 'PASS') : paint(['red', 'bold'], 'FAIL');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function wrap(text: string, indent: number, width = 120): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width - indent) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
