import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Latency } from './latency.ts';
import type { Upstream } from './upstream.ts';

/** What a racer's process is started with. */
export interface RacerTask {
  readonly contestant: string;
  readonly ports: readonly number[];
  readonly warmUpCalls: number;
}

/** One race: this many callers for so long. */
export interface RaceOrder {
  readonly concurrency: number;
  readonly windowMs: number;
}

/** How one race went, as the racer saw it. */
export interface Lap {
  readonly calls: number;
  readonly elapsedMs: number;
  /** CPU time of the client's process, garbage collection and I/O included. */
  readonly cpuUs: number;
  readonly latency: Latency;
  /** Why the figures would mean something else than they say. */
  readonly problems: readonly string[];
}

/** One contestant's figures of one round at one concurrency. */
export interface Figures {
  readonly callsPerSecond: number;
  readonly cpuUsPerCall: number;
  /** CPU seconds of the client per second: about 1 when it raced undisturbed. */
  readonly clientShare: number;
  /** Share of the time the server's event loop was not idle. */
  readonly serverBusy: number;
  /** Of one call, as its caller saw it. */
  readonly latency: Latency;
}

/**
 * Starts `task` in a fresh process, warms it up, runs every race, and ends it. One result per order.
 *
 * @param task - with the ports that it calls, where these are not those of `upstream` themselves
 */
export async function race(task: Omit<RacerTask, 'ports'> & Partial<RacerTask>, orders: readonly RaceOrder[], upstream: Upstream): Promise<Figures[]> {
  const child = fork(join(import.meta.dirname, 'racer.ts'), [JSON.stringify({ ports: upstream.ports, ...task })]);
  const failed = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`${task.contestant}: its process ended with code ${code}`);
  });
  failed.catch(() => {});
  const message = async <T>(): Promise<T> => (await Promise.race([once(child, 'message'), failed]))[0] as T;
  try {
    await message<'warm'>();
    const figures: Figures[] = [];
    for (const order of orders) {
      await upstream.report();
      const answer = message<Lap>();
      child.send(order);
      const lap = await answer;
      const server = await upstream.report();
      const problems = [...lap.problems, ...(server.answered === lap.calls ? [] : [`the server answered ${server.answered} times to ${lap.calls} calls`])];
      if (problems.length > 0) throw new Error(`${task.contestant}: ${problems.join('; ')}`);
      figures.push({
        callsPerSecond: (lap.calls / lap.elapsedMs) * 1000,
        cpuUsPerCall: lap.cpuUs / lap.calls,
        clientShare: lap.cpuUs / 1000 / lap.elapsedMs,
        serverBusy: server.busy,
        latency: lap.latency,
      });
    }
    return figures;
  } finally {
    child.kill();
  }
}
