// npm run bench -- [options] [question…]
import { parseArgs } from 'node:util';
import { takePackage } from './lib/package.ts';
import { compareWith } from './compare.ts';
import { drawChart } from './lib/chart.ts';
import type { Effort, Question } from './lib/question.ts';
import { environment, readResult, RESULTS, writeData, writePicture } from './lib/results.ts';
import { QUESTIONS } from './questions.ts';

const USAGE = `npm run bench -- [options] [question…]

${QUESTIONS.map(({ name, asks }) => `  ${name.padEnd(16)} ${asks}`).join('\n')}

  --quick          a first impression, under a minute: ${QUESTIONS.filter(({ inQuick }) => inQuick).map(({ name }) => name).join(', ')}
  --rounds N       rounds per question
  --bar RATIO      fail unless meshFetch reaches RATIO × undici.fetch
  --to FOLDER      where data and pictures are written; default benchmarks/results
  --pictures       only draws the pictures again, from data that was written before
  --compare REF    the package of that commit against the one of this working tree
  --help           this text
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    bar: { type: 'string' },
    to: { type: 'string', default: RESULTS },
    pictures: { type: 'boolean', default: false },
    compare: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

// Ends the program so that what it has put aside is removed; by itself a signal would not.
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.once(signal, () => process.exit(code));

const unknown = positionals.filter((name) => !QUESTIONS.some((question) => question.name === name));
if (values.help) console.log(USAGE);
else if (unknown.length > 0) {
  console.error(`there is no question ${unknown.join(', ')}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (values.pictures) {
  for (const question of chosen(values.quick)) console.log(`${question.name}: ${draw(question).join() || 'there are no data'}`);
} else process.exitCode = await main();

async function main(): Promise<number> {
  const effort: Effort = { quick: values.quick, rounds: numberOf(values.rounds), bar: numberOf(values.bar) };
  await takePackage();
  console.log(Object.entries(environment()).map(([name, value]) => `${name} ${value}`).join(' · '));
  if (values.compare !== undefined) {
    console.log(`\n${await compareWith(values.compare, effort)}`);
    return 0;
  }
  const failures: string[] = [];
  for (const question of chosen(effort.quick)) {
    console.log(`\n${question.name}: ${question.asks}\n`);
    const begun = performance.now();
    const { text, data, failures: ownFailures } = await question.answer(effort);
    const written = [writeData(values.to, fileOf(question.name), data), ...draw(question)];
    console.log(`\n${text}\n\n${((performance.now() - begun) / 1000).toFixed(0)} s, written to ${written.join(' and ')}`);
    failures.push(...ownFailures);
  }
  for (const failure of failures) console.error(`\nFAILED: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

/** Those that were named; else all, or the main ones. */
function chosen(quick: boolean): readonly Question[] {
  if (positionals.length > 0) return QUESTIONS.filter(({ name }) => positionals.includes(name));
  return QUESTIONS.filter(({ inQuick }) => inQuick || !quick);
}

/** Draws what was written, whose digits are fewer than those that were measured. Gives the path of the picture, if the data make one. */
function draw(question: Question): string[] {
  const data = readResult(values.to, fileOf(question.name));
  const chart = data && question.picture(data);
  return chart === undefined ? [] : [writePicture(values.to, fileOf(question.name), drawChart(chart))];
}

/** What a first impression gives is kept apart, and not committed. */
function fileOf(name: string): string {
  return values.quick ? `${name}.quick` : name;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${text} is not a number above 0`);
  return value;
}
