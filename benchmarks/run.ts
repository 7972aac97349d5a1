// npm run bench -- [--quick] [--rounds N] [--bar RATIO] [QUESTION…]
import { parseArgs } from 'node:util';
import { ensureBuild } from '../scripts/ensure-build.ts';
import { decisions } from './decisions.ts';
import { environment, writeResult } from './lib/results.ts';
import type { Effort, Question } from './lib/question.ts';
import { sidecar } from './sidecar.ts';
import { throughput } from './throughput.ts';

const QUESTIONS: readonly Question[] = [throughput, sidecar, decisions];

const USAGE = `npm run bench -- [options] [question…]

${QUESTIONS.map(({ name, asks }) => `  ${name.padEnd(16)} ${asks}`).join('\n')}

  --quick          a first impression, under a minute
  --rounds N       rounds per question
  --bar RATIO      fail unless meshFetch reaches RATIO × undici.fetch
  --help           this text
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    bar: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const unknown = positionals.filter((name) => !QUESTIONS.some((question) => question.name === name));
if (values.help) console.log(USAGE);
else if (unknown.length > 0) {
  console.error(`there is no question ${unknown.join(', ')}\n\n${USAGE}`);
  process.exitCode = 2;
} else process.exitCode = await main();

async function main(): Promise<number> {
  const effort: Effort = { quick: values.quick, rounds: numberOf(values.rounds), bar: numberOf(values.bar) };
  await ensureBuild();
  console.log(Object.entries(environment()).map(([name, value]) => `${name} ${value}`).join(' · '));
  const failures: string[] = [];
  for (const question of QUESTIONS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    console.log(`\n${question.name}: ${question.asks}\n`);
    const { text, data, failures: ownFailures } = await question.answer(effort);
    console.log(`\n${text}\n\nwritten to ${writeResult(question.name, effort.quick, data)}`);
    failures.push(...ownFailures);
  }
  for (const failure of failures) console.error(`\nFAILED: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${text} is not a number above 0`);
  return value;
}
