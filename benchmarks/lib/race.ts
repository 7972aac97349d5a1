import type { CallKind } from './answer.ts';
import type { Setting } from './contestants/contestant.ts';
import { startWorker } from './worker.ts';
import type { Upstream } from './upstream.ts';

/** What a racer's process is started with. */
export interface RacerTask extends Setting {
  readonly contestant: string;
}

/** One race: this many callers for so long. */
export interface RaceOrder {
  readonly concurrency: number;
  readonly windowMs: number;
  /** Calls before that, of the same kind and as many at once. */
  readonly warmUpCalls: number;
  readonly kind: CallKind;
}

/** What a racer is asked to do. */
export type RacerCommand = RaceOrder & { readonly phase: 'warm up' | 'race' };

/** How one race went, as the racer saw it. */
export interface Lap {
  readonly calls: number;
  /** Sent besides the calls. */
  readonly copies: number;
  readonly elapsedMs: number;
  /** CPU time of the client's process, garbage collection and I/O included. */
  readonly cpuUs: number;
  readonly medianUs: number;
  readonly p99Us: number;
  readonly allocatedBytes: number;
  readonly gcMs: number;
  readonly loopDelayP99Ms: number;
  /** Why the figures would mean something else than they say. */
  readonly problems: readonly string[];
}

/** One contestant's figures of one race. */
export type Figures = {
  readonly callsPerSecond: number;
  readonly clientCpuUsPerCall: number;
  /** CPU seconds of the client per second: about 1 when it raced undisturbed. */
  readonly clientShareOfACore: number;
  /** Share of the time the server's event loop was not idle. */
  readonly serverBusy: number;
  /** Of one call, as its caller saw it. */
  readonly medianUs: number;
  readonly p99Us: number;
  /** On V8's heap. */
  readonly allocatedBytesPerCall: number;
  readonly gcUsPerCall: number;
  /** By how much a timer came late. */
  readonly loopDelayP99Ms: number;
  readonly copiesPerCall: number;
};

/**
 * Starts `task` in a fresh process, runs every race, each after its warm-up, and ends it. One result per order.
 *
 * @param task - with the ports that it calls, where these are not those of `upstream` themselves
 */
export async function race(task: Omit<RacerTask, 'ports'> & Partial<RacerTask>, orders: readonly RaceOrder[], upstream: Upstream): Promise<Figures[]> {
  using racer = startWorker('racer.ts', { ports: upstream.ports, ...task }, { label: task.contestant });
  const figures: Figures[] = [];
  for (const order of orders) {
    await racer.ask<'warm'>({ ...order, phase: 'warm up' } satisfies RacerCommand);
    await upstream.report();
    const lap = await racer.ask<Lap>({ ...order, phase: 'race' } satisfies RacerCommand);
    const { answered, busy } = await upstream.report();
    const problems = [...lap.problems, ...(answered === lap.calls + lap.copies ? [] : [`the server answered ${answered} times to ${lap.calls} calls and ${lap.copies} copies`])];
    if (problems.length > 0) throw new Error(`${task.contestant}: ${problems.join('; ')}`);
    figures.push(figuresOf(lap, busy));
  }
  return figures;
}

function figuresOf(lap: Lap, serverBusy: number): Figures {
  return {
    callsPerSecond: (lap.calls / lap.elapsedMs) * 1000,
    clientCpuUsPerCall: lap.cpuUs / lap.calls,
    clientShareOfACore: lap.cpuUs / 1000 / lap.elapsedMs,
    serverBusy,
    medianUs: lap.medianUs,
    p99Us: lap.p99Us,
    allocatedBytesPerCall: lap.allocatedBytes / lap.calls,
    gcUsPerCall: (lap.gcMs * 1000) / lap.calls,
    loopDelayP99Ms: lap.loopDelayP99Ms,
    copiesPerCall: lap.copies / lap.calls,
  };
}
