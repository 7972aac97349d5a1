// One contestant in a fresh process: it prepares, warms up, and races whenever it is told to.
import { once } from 'node:events';
import { CONTESTANTS, type Inspect, type Racer } from './contestants.ts';
import { latencyOf } from './latency.ts';
import type { Lap, RacerTask, RaceOrder } from './race.ts';
import { SIDECAR_CONTESTANTS } from './sidecar-contestants.ts';

const task = JSON.parse(process.argv[2]!) as RacerTask;
const prepare = { ...CONTESTANTS, ...SIDECAR_CONTESTANTS }[task.contestant];
if (prepare === undefined) throw new Error(`no contestant ${task.contestant}`);
const racer = await prepare(task.ports);
let calls = 0;
let wrong = 0;

/** `concurrency` callers, each of which calls again as soon as it has its answer, until `more` says no. */
async function callWhile(concurrency: number, more: () => boolean, { call }: Pick<Racer, 'call'>, inspect?: Inspect, tookMs: number[] = []): Promise<number> {
  const before = calls;
  const caller = async (): Promise<void> => {
    while (more()) {
      calls++;
      const start = performance.now();
      if (!(await call(inspect))) wrong++;
      tookMs.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return calls - before;
}

async function race({ concurrency, windowMs }: RaceOrder): Promise<Lap> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + windowMs;
  const tookMs: number[] = [];
  const made = await callWhile(concurrency, () => performance.now() < end, racer, undefined, tookMs);
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { calls: made, elapsedMs, cpuUs: user + system, latency: latencyOf(tookMs), problems: problems() };
}

function problems(): string[] {
  return [...(wrong === 0 ? [] : [`${wrong} of ${calls} answers were wrong`]), ...racer.check(calls)];
}

let left = task.warmUpCalls;
await callWhile(64, () => left-- > 0, racer, racer.inspect);
process.on('disconnect', () => process.exit());
process.send!('warm');
for (;;) {
  const [order] = (await once(process, 'message')) as [RaceOrder];
  process.send!(await race(order));
}
