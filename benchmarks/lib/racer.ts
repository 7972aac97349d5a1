// One contestant in a fresh process: it prepares, and warms up and races as it is told to.
import { on } from 'node:events';
import { AllocationMeter } from './allocation.ts';
import { EVERYONE } from './contestants/all.ts';
import type { Call, Inspect } from './contestants/contestant.ts';
import { Stopwatch } from './latency.ts';
import { LoopDelay } from './loop-delay.ts';
import type { Lap, RaceOrder, RacerCommand, RacerTask } from './race.ts';

const commands = on(process, 'message');
const task = JSON.parse(process.argv[2]!) as RacerTask;
const prepare = EVERYONE[task.contestant];
if (prepare === undefined) throw new Error(`no contestant ${task.contestant}`);
const racer = await prepare(task);
let calls = 0;
let wrong = 0;

/** `concurrency` callers, each of which calls again as soon as it has its answer, until `more` says no. */
async function callWhile(concurrency: number, more: () => boolean, call: Call, stopwatch: Stopwatch, inspect?: Inspect): Promise<number> {
  const before = calls;
  const caller = async (): Promise<void> => {
    while (more()) {
      calls++;
      const start = performance.now();
      if (!(await call(inspect))) wrong++;
      stopwatch.record(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return calls - before;
}

async function warmUp({ concurrency, warmUpCalls, kind }: RaceOrder): Promise<void> {
  let left = warmUpCalls;
  await callWhile(concurrency, () => left-- > 0, racer.callOf(kind), new Stopwatch(), racer.inspect);
  await racer.copies?.();
}

async function race({ concurrency, windowMs, kind }: RaceOrder): Promise<Lap> {
  const call = racer.callOf(kind);
  const stopwatch = new Stopwatch();
  const copiesBefore = (await racer.copies?.()) ?? 0;
  const delay = new LoopDelay();
  const meter = new AllocationMeter();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + windowMs;
  const made = await callWhile(concurrency, () => performance.now() < end, call, stopwatch);
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const { bytes, gcMs } = meter.stop();
  const loopDelayP99Ms = delay.stop();
  const copies = ((await racer.copies?.()) ?? 0) - copiesBefore;
  const { medianUs, p99Us } = stopwatch;
  return { calls: made, copies, elapsedMs, cpuUs: user + system, medianUs, p99Us, allocatedBytes: bytes, gcMs, loopDelayP99Ms, problems: problems() };
}

function problems(): string[] {
  return [...(wrong === 0 ? [] : [`${wrong} of ${calls} answers were wrong`]), ...racer.check(calls)];
}

process.on('disconnect', () => process.exit());
for await (const [command] of commands as AsyncIterable<[RacerCommand]>) {
  if (command.phase === 'race') process.send!(await race(command));
  else process.send!(await warmUp(command).then(() => 'warm'));
}
