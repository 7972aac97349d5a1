// `npm start`: the two walk-throughs, inside this process, over real sockets. `npm start -- --help` tells the options.
import { readArguments, USAGE, UsageError, type DemoArguments } from './demo/arguments.ts';
import { progress } from './demo/progress.ts';
import { describeObservation, describeOutcome, describeScenario, list, summarize } from './demo/report.ts';
import { play, type Outcome, type Scenario } from './demo/scenario.ts';
import { SCENARIOS } from './demo/scenarios/index.ts';
import { Seeds } from './demo/seeds.ts';

const write = (text: string): void => void process.stdout.write(text);

try {
  const options = readArguments(process.argv.slice(2), SCENARIOS);
  if (options.help) write(USAGE);
  else if (options.list) write(list(options.scenarios));
  else process.exitCode = (await runAll(options)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

/** @returns Whether all passed. */
async function runAll(options: DemoArguments): Promise<boolean> {
  const times = options.divisor === 1 ? 'as they are there' : `divided by ${options.divisor} (--real-time: as they are there)`;
  write(`Two Istio walk-throughs, Bookinfo and the kim shop, inside one Node process.\nRules: the YAML files of examples/. Delays and budgets: ${times}.\n\n`);
  const startedAtMs = performance.now();
  const outcomes: Outcome[] = [];
  for (const [index, scenario] of options.scenarios.entries()) {
    write(`${describeScenario(scenario)}\n`);
    const outcome = await run(scenario, `${index + 1} of ${options.scenarios.length}`, options);
    if (options.verbose) write(`${describeObservation(outcome)}\n`);
    write(`${describeOutcome(outcome)}\n`);
    outcomes.push(outcome);
  }
  write(summarize(outcomes, performance.now() - startedAtMs));
  return outcomes.every(({ verdict }) => verdict.pass);
}

async function run(scenario: Scenario, position: string, { divisor, verbose }: DemoArguments): Promise<Outcome> {
  const note = (text: string): void => write(`  · ${text.replaceAll('\n', '\n    ')}\n`);
  // A spinner and notes would write over each other.
  const stop = verbose ? () => undefined : progress(position);
  try {
    return await play(scenario, { seeds: new Seeds(divisor), note: verbose ? note : () => undefined });
  } finally {
    stop();
  }
}
