import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadOptions {
  /** `-c`: how many callers there are. */
  readonly connections: number;
  /** `-n`: how many calls they make together, each of them its even share. */
  readonly calls: number;
  /** What passes between an answer and the caller's next call, in milliseconds: the way to where calls are decided. Default 0. */
  readonly tripMs?: number;
}

export interface LoadReport {
  readonly calls: number;
  /** How often each status was answered; 0 for calls that threw. */
  readonly codes: Readonly<Record<string, number>>;
  readonly meanMs: number;
  readonly maxMs: number;
}

/**
 * A small `fortio load -c C -qps 0 -n N`: each caller has its own share of the calls and makes one after the other,
 * all beginning at the same moment. Since the shares are fixed, a caller whose calls are refused at once soon runs out of them.
 *
 * @param call Makes one call to its end and gives its status.
 */
export async function fortio({ connections, calls, tripMs = 0 }: LoadOptions, call: () => Promise<number>): Promise<LoadReport> {
  const codes: Record<string, number> = {};
  const latencies: number[] = [];
  const caller = async (share: number): Promise<void> => {
    for (let i = 0; i < share; i++) {
      const startedAtMs = performance.now();
      const status = await call().catch(() => 0);
      if (tripMs > 0) await sleep(tripMs);
      latencies.push(performance.now() - startedAtMs);
      codes[status] = (codes[status] ?? 0) + 1;
    }
  };
  const shares = Array.from({ length: connections }, (_, index) => Math.floor(calls / connections) + (index < calls % connections ? 1 : 0));
  await Promise.all(shares.map(caller));
  return { calls, codes, meanMs: latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length, maxMs: Math.max(...latencies) };
}
