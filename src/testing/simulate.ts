import type { Dispatcher } from 'undici';
import { MeshError } from '../common/errors.ts';
import { seededRandom, type Random } from '../common/random.ts';
import type { ConfigSource } from '../mesh-options.ts';
import { createTestMesh, type TestMeshOptions } from './create-test-mesh.ts';
import { durationMs, type DurationInput } from './duration-input.ts';
import { plainRequest, type RouteRequestInput } from './route-request.ts';
import { quantile, simulationReport, type SimulatedEjection, type SimulationReport } from './simulation-report.ts';
import type { AutoClock } from './test-clock.ts';
import type { TestMesh } from './test-mesh.ts';

/** What {@link simulate} takes beside the rules. */
export interface SimulationOptions extends Omit<TestMeshOptions, 'config' | 'clock' | 'passthrough'> {
  /** Requests per second, evenly spread. */
  readonly rps: number;
  /** How long, in virtual time. */
  readonly for: DurationInput;
  /** What is asked: always the same, or made for each by its number (from 0) and chance. */
  readonly request: RouteRequestInput | ((number: number, random: Random) => RouteRequestInput);
  /** What happens on the way, by time: `{ '2m': (mesh) => mesh.fault('reviews/v2', { status: 503 }) }`. Before the requests of that time. */
  readonly at?: Readonly<Record<string, (mesh: TestMesh) => unknown>>;
  /** Looks at the outcome. What it throws gets the seed and the report into its message. */
  readonly check?: (report: SimulationReport, mesh: TestMesh) => void | Promise<void>;
}

/** Answers in memory are there within so many turns of the event loop. */
const TURNS = 2;
/** How long calls may take after the end. */
const GRACE_MS = 60_000;

/**
 * Sends minutes of traffic through a mesh in milliseconds: time is virtual, services are in memory, chance comes from the seed, so that the same
 * seed gives the same report. Services answer at once unless `services` says otherwise (`() => ({ delay: '20ms' })`); what they wait for must be
 * the mesh's time.
 *
 * ```ts
 * const report = await simulate('mesh/', { seed: 42, rps: 50, for: '10m', request: 'http://reviews:9080/' });
 * ```
 *
 * @throws {MeshError} as {@link createTestMesh}; `ERR_INVALID_ARGUMENT` for a rate or a time that is none.
 */
export async function simulate(config: ConfigSource, options: SimulationOptions): Promise<SimulationReport> {
  const { rps, for: time, request, at = {}, check, ...rest } = options;
  const forMs = durationMs(time);
  if (request === undefined) throw new MeshError('ERR_INVALID_ARGUMENT', "simulate needs a `request`: a URL, { service, path, headers, … }, or a function of a request's number that gives one");
  if (!(rps > 0 && rps <= 1e6)) throw new MeshError('ERR_INVALID_ARGUMENT', `rps must be above 0 and at most 1000000, got ${String(rps)}`);
  const mesh = await createTestMesh({ ...rest, config, clock: 'manual' });
  const run = new Simulation(mesh, options, forMs);
  try {
    const report = await run.play(at);
    await check?.(report, mesh);
    return report;
  } catch (error) {
    throw withSeed(error, mesh.seed, run.report());
  } finally {
    await mesh.close({ drainMs: 0 });
  }
}

class Simulation {
  readonly #mesh: TestMesh;
  readonly #clock: AutoClock;
  readonly #options: SimulationOptions;
  readonly #forMs: number;
  readonly #random: Random;
  readonly #clusters: Record<string, number> = {};
  readonly #arrivals: Record<string, number> = {};
  readonly #copies: Record<string, number> = {};
  readonly #statuses: Record<string, number> = {};
  readonly #flags: Record<string, number> = {};
  readonly #latencies: number[] = [];
  readonly #ejections: SimulatedEjection[] = [];
  #requests = 0;
  #retries = 0;
  #unfinished = 0;
  #firstError: Error | undefined;

  constructor(mesh: TestMesh, options: SimulationOptions, forMs: number) {
    this.#mesh = mesh;
    this.#clock = mesh.clock as AutoClock;
    this.#options = options;
    this.#forMs = forMs;
    this.#random = seededRandom(mesh.seed ^ 0x7eaffc);
    mesh.on('ejection', ({ kind, cluster, endpoint }) => {
      const atMs = this.#clock.now();
      if (atMs <= forMs) this.#ejections.push({ atMs, kind, cluster, endpoint });
    });
    mesh.on('call', ({ cluster, flags, attempts }) => {
      count(this.#clusters, cluster === undefined || cluster === '' ? 'none' : cluster);
      count(this.#flags, flags);
      this.#retries += Math.max(0, attempts - 1);
    });
  }

  async play(at: NonNullable<SimulationOptions['at']>): Promise<SimulationReport> {
    const steps = Object.entries(at).map(([time, act]) => ({ atMs: durationMs(time), act })).sort((a, b) => a.atMs - b.atMs);
    const total = Math.ceil((this.#forMs * this.#options.rps) / 1000);
    for (let number = 0; number < total; number++) {
      const dueMs = (number * 1000) / this.#options.rps;
      while (steps[0] !== undefined && steps[0].atMs <= dueMs) await this.#step(steps.shift()!);
      await this.#clock.advanceTo(dueMs, TURNS);
      this.#call(number);
      this.#drain();
    }
    for (const step of steps) if (step.atMs <= this.#forMs) await this.#step(step);
    await this.#clock.advanceTo(this.#forMs, TURNS);
    if (this.#unfinished > 0) await this.#clock.advanceTo(this.#forMs + GRACE_MS, TURNS);
    this.#drain();
    return this.report();
  }

  /** What there is so far. */
  report(): SimulationReport {
    const sorted = Float64Array.from(this.#latencies).sort();
    const sum = sorted.reduce((total, one) => total + one, 0);
    const figures = {
      seed: this.#mesh.seed,
      forMs: this.#forMs,
      requests: this.#requests,
      clusters: sortedCounts(this.#clusters),
      arrivals: sortedCounts(this.#arrivals),
      copies: sortedCounts(this.#copies),
      statuses: sortedCounts(this.#statuses),
      flags: sortedCounts(this.#flags),
      retries: this.#retries,
      unfinished: this.#unfinished,
      latencyMs: { mean: sorted.length === 0 ? 0 : sum / sorted.length, p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 },
      ejections: [...this.#ejections],
    };
    return simulationReport(figures, this.#firstError);
  }

  async #step({ atMs, act }: { readonly atMs: number; readonly act: (mesh: TestMesh) => unknown }): Promise<void> {
    await this.#clock.advanceTo(atMs, TURNS);
    await act(this.#mesh);
  }

  #call(number: number): void {
    const { request } = this.#options;
    const { url, method, headers } = plainRequest(this.#mesh, typeof request === 'function' ? request(number, this.#random) : request);
    const { origin, pathname, search } = new URL(url);
    const startedAtMs = this.#clock.now();
    this.#requests++;
    this.#unfinished++;
    let status = 'error';
    const over = (how: string): void => {
      this.#unfinished--;
      this.#latencies.push(this.#clock.now() - startedAtMs);
      count(this.#statuses, how);
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onResponseStart: (_controller, code) => void (code >= 200 && (status = String(code))),
      onResponseData: () => {},
      onResponseEnd: () => over(status),
      onResponseError: (_controller, error) => {
        this.#firstError ??= error;
        over('error');
      },
    };
    this.#mesh.dispatcher.dispatch({ origin, path: pathname + search, method: method as Dispatcher.HttpMethod, headers: { ...headers } }, handler);
  }

  /** Counts what arrived, and forgets it: minutes of traffic are more than need be kept. */
  #drain(): void {
    for (const { service, subset, attempt, mirrored } of this.#mesh.calls) {
      if (attempt > 0) count(mirrored ? this.#copies : this.#arrivals, subset === '' ? service : `${service}/${subset}`);
    }
    this.#mesh.forgetCalls();
  }
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function sortedCounts(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a check threw, or a service, told to someone who has to see the same run again. */
function withSeed(error: unknown, seed: number, report: SimulationReport): unknown {
  if (!(error instanceof Error)) return error;
  const { message, stack = '' } = error;
  error.message = `${message}\n\nsimulate(…, { seed: ${seed} }) makes the same run:\n${String(report)}`;
  // Jest and node:test show the stack, which has the message as it was.
  if (message !== '') error.stack = stack.replace(message, () => error.message);
  return error;
}
