/** An endpoint that left the balancer's choice, or came back, in a simulation. */
export interface SimulatedEjection {
  /** Milliseconds since the beginning. */
  readonly atMs: number;
  readonly kind: 'ejected' | 'unejected';
  readonly cluster: string;
  /** `ip:port` */
  readonly endpoint: string;
}

/** What became of simulated traffic. Plain data, but for `toString()`, which tells it to people. */
export interface SimulationReport {
  /** Makes the same run again. */
  readonly seed: number;
  readonly forMs: number;
  /** How many were made. */
  readonly requests: number;
  /** By the cluster that was chosen; `none` where none was. */
  readonly clusters: Readonly<Record<string, number>>;
  /** Arrivals at services, by `reviews/v1`: each try counts, mirrored copies don't. */
  readonly arrivals: Readonly<Record<string, number>>;
  /** Arrivals of mirrored copies, likewise. */
  readonly copies: Readonly<Record<string, number>>;
  /** By HTTP status; `error` for calls that ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** By Envoy response flags, such as `URX,UF`; `-` for none. */
  readonly flags: Readonly<Record<string, number>>;
  /** Tries beyond the first. */
  readonly retries: number;
  /** Calls that were not over a minute after the end. */
  readonly unfinished: number;
  /** From call to end of answer, in virtual milliseconds, of all calls that are over. */
  readonly latencyMs: { readonly mean: number; readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  readonly ejections: readonly SimulatedEjection[];
  /** Several lines. */
  toString(): string;
}

/** {@link SimulationReport} without its text. */
export type SimulationFigures = Omit<SimulationReport, 'toString'>;

/** `figures`, with a text that is no part of the data; it tells `firstError`, that of the first call which ended without an answer. */
export function simulationReport(figures: SimulationFigures, firstError?: Error): SimulationReport {
  const report = { ...figures };
  return Object.defineProperty(report, 'toString', { value: () => formatSimulation(figures, firstError) });
}

/** The value below which that share of `sorted` is; 0 of nothing. */
export function quantile(sorted: readonly number[] | Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function formatSimulation({ seed, forMs, requests, clusters, arrivals, copies, statuses, flags, retries, unfinished, latencyMs, ejections }: SimulationFigures, firstError: Error | undefined): string {
  const { mean, p50, p90, p99, max } = latencyMs;
  const lines = [
    `${requests} requests in ${forMs / 1000} s, seed ${seed}`,
    `  statuses   ${counts(statuses)}`,
    ...(firstError === undefined ? [] : [`  an error   ${firstError.message}`]),
    `  flags      ${counts(flags)}`,
    `  clusters   ${counts(clusters)}`,
    `  arrivals   ${counts(arrivals)}`,
    ...(Object.keys(copies).length === 0 ? [] : [`  copies     ${counts(copies)}`]),
    `  retries    ${retries}${unfinished === 0 ? '' : `, unfinished ${unfinished}`}`,
    `  latency    mean ${round(mean)} ms, p50 ${round(p50)}, p90 ${round(p90)}, p99 ${round(p99)}, max ${round(max)}`,
    ...ejections.map(({ atMs, kind, cluster, endpoint }) => `  ${kind.padEnd(10)} ${endpoint} of ${cluster} at ${atMs / 1000} s`),
  ];
  return lines.join('\n');
}

function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of).map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
