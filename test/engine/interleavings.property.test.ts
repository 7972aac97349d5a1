import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/common/random.ts';
import type { UpstreamCluster } from '../../src/engine/upstream-cluster.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { memoryEngine, type MemoryEngine } from './memory-engine.ts';
import { ScriptedService, type Script } from './scripted-service.ts';

/** More runs: `TS_MESH_RUNS=5000 npx vitest run test/engine/interleavings`. */
const RUNS = Number(process.env['TS_MESH_RUNS'] ?? 100);

const service = (endpoints: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints:
${endpoints.map((address, i) => `  - {address: ${address}, labels: {version: v${(i % 2) + 1}}}`).join('\n')}
---`;

const policy = (trafficPolicy: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: ${trafficPolicy}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---`;

const rules = (http: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
${http}`;

const ROUTES = `
  - match: [{uri: {prefix: /mirrored}}]
    timeout: 3s
    route: [{destination: {host: reviews, subset: v1}}]
    mirror: {host: reviews, subset: v2}
  - match: [{uri: {prefix: /faulty}}]
    fault: {delay: {fixedDelay: 2s, percentage: {value: 50}}, abort: {httpStatus: 503, percentage: {value: 30}}}
    timeout: 1s
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /retried}}]
    timeout: 5s
    retries: {attempts: 3, perTryTimeout: 1s, retryOn: "5xx,reset,connect-failure", backoff: 50ms}
    route: [{destination: {host: reviews, subset: v1}, weight: 60}, {destination: {host: reviews, subset: v2}, weight: 40}]
  - route: [{destination: {host: reviews}}]`;

const LIMITS = '{connectionPool: {tcp: {maxConnections: 2, connectTimeout: 1s}, http: {http1MaxPendingRequests: 2, http2MaxRequests: 3, maxRetries: 1, maxRequestsPerConnection: 2, idleTimeout: 4s}}, outlierDetection: {consecutive5xxErrors: 2, consecutiveGatewayErrors: 1, interval: 1s, baseEjectionTime: 2s, maxEjectionPercent: 100}}';

const ONE = '10.0.0.1';
const TWO = '10.0.0.2';
/** Refuses connections. */
const REFUSES = '10.0.0.8';
/** Never answers a connection. */
const SILENT = '10.0.0.9';

const CONFIGS = [
  service([ONE, TWO]) + policy(LIMITS) + rules(ROUTES),
  service([ONE, TWO, REFUSES, SILENT]) + policy(LIMITS) + rules(ROUTES),
  service([TWO, ONE]) + policy('{loadBalancer: {simple: ROUND_ROBIN}}') + rules(ROUTES),
  service([ONE]) + policy('{connectionPool: {tcp: {connectTimeout: 1s, maxConnectionDuration: 2s}}}') + rules(ROUTES),
  service([SILENT, REFUSES]) + policy('{connectionPool: {tcp: {connectTimeout: 1s}}}') + rules(ROUTES),
  service([ONE, TWO]) + rules(ROUTES),
  service(['one.example.com', 'two.example.com']).replace('STATIC', 'DNS') + policy(LIMITS) + rules(ROUTES),
  service(['two.example.com']).replace('STATIC', 'DNS') + policy('{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}}') + rules(ROUTES),
  'kind: Service\napiVersion: v1\nmetadata: {name: other}\nspec: {ports: [{name: http, port: 9080}]}',
];

type Step =
  | { readonly do: 'call'; readonly path: string; readonly script: Script; readonly body: 'none' | 'text' | 'stream' | 'long' | 'failing' | 'endless'; readonly giveUpAfterMs: number | undefined }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'configure'; readonly index: number };

const script: fc.Arbitrary<Script> = fc.record(
  {
    delayMs: fc.constantFrom(0, 10, 500, 1500),
    status: fc.constantFrom(200, 200, 204, 404, 500, 503),
    chunks: fc.constantFrom([], ['one'], ['one', 'two']),
    ending: fc.constantFrom('end', 'end', 'reset', 'hang', 'reset without headers', 'hang without headers'),
    reads: fc.boolean(),
  },
  { requiredKeys: [] },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      path: fc.constantFrom('/', '/mirrored', '/faulty', '/retried'),
      script,
      body: fc.constantFrom('none', 'none', 'text', 'stream', 'long', 'failing', 'endless'),
      giveUpAfterMs: fc.option(fc.constantFrom(0, 1, 100, 1200), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 60, 700, 2500, 20_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), index: fc.nat(CONFIGS.length - 1) }) },
);

/** One run: a world, the calls in it, and everything that is to be true at any time. */
class World {
  readonly clock = new VirtualClock();
  readonly services: Record<string, ScriptedService> = {};
  readonly log: string[] = [];
  readonly #inside: MemoryEngine;
  readonly #calls: { readonly controller: AbortController; settled: boolean }[] = [];
  readonly #clusters = new Set<UpstreamCluster>();
  readonly #scripts: Script[] = [];

  constructor(seed: number) {
    for (const address of [ONE, TWO]) {
      this.services[address] = new ScriptedService(this.clock, ({ headers }) => this.#scripts[Number(headers['x-script'])]!);
    }
    this.#inside = memoryEngine(CONFIGS[0]!, {
      clock: this.clock,
      random: seededRandom(seed),
      maxReplayBytes: 100,
      transport: ({ address }) => this.services[address],
      connect: ({ address }, callback) => {
        if (address === REFUSES) callback(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
      },
      lookup: (name) => this.#lookUp(name),
    });
  }

  /** Answers that change with time, come late, and fail at times. */
  async #lookUp(name: string): Promise<string[]> {
    const minute = Math.floor(this.clock.now() / 10_000) % 4;
    await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, 30));
    if (minute === 3) throw new Error('no such name');
    return [name.startsWith('one') ? ONE : TWO, ...(minute === 1 ? [ONE, TWO] : []), ...(minute === 2 ? [REFUSES] : [])];
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      if (one.do === 'wait') await this.clock.advance(one.ms);
      else if (one.do === 'configure') this.#inside.use(CONFIGS[one.index]!);
      else this.#call(one);
      this.#check();
    }
    // Whatever is still on its way is given up: calls without a timeout to services that hang.
    await this.clock.advance(30_000);
    for (const { controller } of this.#calls) controller.abort();
    await this.clock.advance(100);
    this.#check();
  }

  #call({ path, script: of, body, giveUpAfterMs }: Step & { do: 'call' }): void {
    const number = this.#scripts.push(of) - 1;
    const call = { controller: new AbortController(), settled: false };
    this.#calls.push(call);
    const { signal } = call.controller;
    const note = (what: string): void => {
      call.settled = true;
      this.log.push(`${this.clock.now()} ${number} ${what}`);
    };
    this.#inside.dispatcher
      .request({ origin: 'http://reviews:9080', path, method: body === 'none' ? 'GET' : 'POST', headers: { 'x-script': String(number) }, body: bodyOf(body, this.clock), signal })
      .then(async ({ statusCode, body: answer }) => note(`${statusCode} ${await answer.text()}`))
      .catch((error: Error) => note(`${error.name} ${error.message}`));
    if (giveUpAfterMs !== undefined) this.clock.setTimeout(() => call.controller.abort(), giveUpAfterMs);
  }

  #check(): void {
    const { engine } = this.#inside;
    for (const cluster of engine.clusters.live()) this.#clusters.add(cluster);
    for (const [name, value] of engine.collect()) if (value < 0) throw new Error(`${name} is ${value}`);
    for (const { name, stats, breaker } of this.#clusters) {
      const held = { connections: breaker.connections, pending: breaker.pending, requests: breaker.requests };
      expect({ connections: stats.upstream_cx_active, pending: stats.upstream_rq_pending_active, requests: stats.upstream_rq_active }, name).toEqual(held);
      expect(stats.upstream_cx_total - stats.upstream_cx_destroy, name).toBe(stats.upstream_cx_active);
      for (const count of [...Object.values(held), breaker.retries]) expect(count, name).toBeGreaterThanOrEqual(0);
    }
  }

  /** Everything still held, of clusters that are gone too. */
  held(): Record<string, unknown> {
    const held: Record<string, unknown> = {};
    const unsettled = this.#calls.filter(({ settled }) => !settled).length;
    if (unsettled > 0) held['calls'] = unsettled;
    for (const [address, { active }] of Object.entries(this.services)) if (active > 0) held[address] = active;
    const live = new Set(this.#inside.engine.clusters.live());
    for (const cluster of this.#clusters) {
      const { name, breaker, hosts } = cluster;
      const { pending, requests, retries, connections } = breaker;
      if (pending + requests + retries > 0) held[name] = { pending, requests, retries };
      if (!live.has(cluster) && connections > 0) held[`${name}, which is gone`] = { connections };
      for (const host of hosts.hosts) if (host.activeRequests !== 0) held[`${name} ${host.key}`] = host.activeRequests;
      // A connection belongs to an endpoint of now: those of endpoints that are gone are closed when they become idle.
      const open = hosts.hosts.reduce((sum, host) => sum + cluster.pool(host, { headers: [] }).connections, 0);
      if (live.has(cluster) && connections !== open) held[`${name}, endpoints that are gone`] = { connections: connections - open };
    }
    for (const [port, { active_faults: active }] of this.#inside.engine.stats.listeners()) if (active !== 0) held[`faults ${port}`] = active;
    return held;
  }

  async close(): Promise<Record<string, unknown>> {
    this.#inside.engine.close(new Error('closed'));
    await this.clock.advance(0);
    const connections = [...this.#clusters].reduce((sum, { breaker }) => sum + breaker.connections, 0);
    return { ...this.held(), ...(connections > 0 ? { connections } : {}), ...(this.clock.pending > 0 ? { timers: this.clock.pending } : {}) };
  }
}

function bodyOf(kind: (Step & { do: 'call' })['body'], clock: VirtualClock): never {
  const later = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimeout(resolve, ms));
  async function* stream(parts: number, after: () => Promise<void> | never = () => Promise.resolve()): AsyncGenerator<Buffer> {
    for (let i = 0; i < parts; i++) {
      yield Buffer.alloc(40, 'x');
      await later(20);
    }
    await after();
  }
  const failing = (): never => {
    throw new Error('the source failed');
  };
  const bodies = { none: undefined, text: 'text', stream: () => stream(2), long: () => stream(5), failing: () => stream(1, failing), endless: () => stream(Infinity) };
  const body = bodies[kind];
  return (typeof body === 'function' ? body() : body) as never;
}

const runs = fc.array(step, { minLength: 1, maxLength: 25 });

describe('whatever happens in whatever order', () => {
  it('nothing is counted below zero, and nothing is held in the end', { timeout: 20_000 + RUNS * 200 }, async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.nat(), async (steps, seed) => {
        const world = new World(seed);
        await world.run(steps);
        expect(world.held()).toEqual({});
        expect(await world.close()).toEqual({});
      }),
      { numRuns: RUNS },
    );
  });

  it('the same seed and the same inputs give the same outcomes', { timeout: 20_000 + RUNS * 200 }, async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.nat(), async (steps, seed) => {
        const [first, second] = [new World(seed), new World(seed)];
        await first.run(steps);
        await second.run(steps);
        expect(second.log).toEqual(first.log);
        for (const [address, { requests }] of Object.entries(first.services)) expect(second.services[address]!.requests).toEqual(requests);
        await first.close();
        await second.close();
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });
});
