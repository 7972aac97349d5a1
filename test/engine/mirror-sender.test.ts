import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/index.ts';
import { memoryEngine, type MemoryEngine, type MemoryEngineOptions } from './memory-engine.ts';
import { ScriptedService, type Script } from './scripted-service.ts';

const PRIMARY = '10.0.0.1';
const COPY = '10.0.0.2';

const config = ({ rule = '', policy = '{}', copies = `{address: ${COPY}, labels: {version: v2}}`, resolution = 'STATIC' } = {}): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: ${PRIMARY}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: copies}
spec:
  hosts: [copies.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: ${resolution}
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [${copies}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: copies}
spec: {host: copies, trafficPolicy: ${policy === '{}' ? '{loadBalancer: {simple: RANDOM}}' : policy}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{${rule === '' ? '' : `${rule}, `}route: [{destination: {host: reviews}}], mirror: {host: copies}}]}
`;

interface World extends MemoryEngine {
  readonly services: Record<string, ScriptedService>;
  call(options?: { path?: string; body?: unknown; method?: string }): Promise<number>;
}

function world(text: string, script: Script = {}, options: MemoryEngineOptions = {}): World {
  const clock = new VirtualClock();
  const services: Record<string, ScriptedService> = {};
  for (const address of [PRIMARY, COPY]) services[address] = new ScriptedService(clock, () => (address === COPY ? script : {}));
  const inside = memoryEngine(text, { clock, transport: ({ address }) => services[address], ...options });
  const call: World['call'] = async ({ path = '/', body, method = body === undefined ? 'GET' : 'POST' } = {}) => {
    const response = await inside.dispatcher.request({ origin: 'http://reviews:9080', path, method: method as 'GET', headers: { 'x-own': '1', 'x-forwarded-for': '192.0.2.1' }, body: body as never });
    await response.body.dump();
    return response.statusCode;
  };
  return { ...inside, services, call };
}

/** Statistics of the cluster that copies go to. */
function counts(engine: MemoryEngine['engine'], names: RegExp): Record<string, number> {
  return Object.fromEntries([...engine.collect(/copies/)].filter(([name]) => names.test(name)).map(([name, value]) => [name.replace(/^.*;\./, ''), value]));
}

const HANGS = { ending: 'hang without headers' } as const;

describe('a copy', () => {
  it('is the request as it was sent, with what marks it', async () => {
    const { call, services, clock } = world(config({ rule: 'headers: {request: {set: {x-rule: "2"}}}, rewrite: {uri: /new}' }));
    await call({ path: '/old', body: 'text' });
    await clock.advance(0);

    const sent = services[PRIMARY]!.requests[0]!.headers;
    expect(services[COPY]!.requests).toMatchObject([{ path: '/newold', body: 'text', headers: {
      ...sent, host: 'reviews:9080', 'x-own': '1', 'x-rule': '2', 'x-envoy-internal': 'true', 'x-forwarded-for': '192.0.2.1,127.0.0.1', 'x-envoy-attempt-count': '1',
    } }]);
    expect(services[PRIMARY]!.requests[0]!.headers).not.toHaveProperty('x-envoy-internal');
  });

  it.each<[string, Script]>([['fails', { status: 500 }], ['breaks', { ending: 'reset without headers' }], ['breaks in its answer', { chunks: ['part'], ending: 'reset' }], ['hangs', HANGS], ['hangs in its answer', { chunks: ['part'], ending: 'hang' }]])(
    'that %s is nobody\'s trouble', async (_what, script) => {
      const { call, clock, cluster, engine } = world(config({ rule: 'timeout: 5s' }), script);

      expect(await call()).toBe(200);
      await clock.advance(5000);

      expect(cluster('copies').breaker).toMatchObject({ requests: 0, pending: 0 });
      expect(cluster('copies').stats.upstream_rq_total).toBe(1);
      engine.close(new Error('over'));
      expect(clock.pending).toBe(0);
    },
  );

  it('counts in the statistics and the outlier detector of its own cluster', async () => {
    const { call, clock, cluster, engine, services } = world(config({ policy: '{outlierDetection: {consecutive5xxErrors: 2, maxEjectionPercent: 100}}' }), { status: 503 });
    for (let i = 0; i < 4; i++) {
      await call();
      await clock.advance(0);
    }

    expect(services[COPY]!.requests).toHaveLength(2);
    expect(counts(engine, /upstream_rq_(503|total)$|none_healthy|ejections_enforced_total/)).toEqual({
      upstream_rq_total: 2, upstream_rq_503: 4, 'internal.upstream_rq_503': 4, upstream_cx_none_healthy: 2, 'outlier_detection.ejections_enforced_total': 1,
    });
    expect(cluster('reviews').stats.upstream_rq_total).toBe(4);
  });

  it('has one try and the route\'s timeout, which counts as a 504', async () => {
    const { call, clock, cluster, engine } = world(config({ rule: 'timeout: 2s, retries: {attempts: 3, retryOn: "5xx,reset"}', policy: '{outlierDetection: {consecutive5xxErrors: 9}}' }), HANGS);
    await call();
    await clock.advance(1999);
    expect(cluster('copies').stats.upstream_rq_active).toBe(1);
    await clock.advance(1);

    expect(cluster('copies').stats).toMatchObject({ upstream_rq_active: 0, upstream_rq_timeout: 1, upstream_rq_total: 1 });
    expect(counts(engine, /upstream_rq_504$/)).toEqual({ upstream_rq_504: 1, 'internal.upstream_rq_504': 1 });
    expect(cluster('copies').hosts.hosts[0]!.health.consecutive5xx).toBe(1);
  });

  it('waits for the name of its own cluster, the caller does not', async () => {
    const { call, clock, services } = world(config({ resolution: 'DNS', copies: '{address: copies.test}' }), {}, {
      lookup: () => new Promise((resolve) => setImmediate(() => resolve([COPY]))),
    });

    expect(await call()).toBe(200);
    await clock.advance(0);

    expect(services[COPY]!.requests).toHaveLength(1);
  });

  it('says how long the copy may take, whatever the tries of the original have', async () => {
    const { call, clock, services } = world(config({ rule: 'timeout: 2s, retries: {attempts: 1, perTryTimeout: 300ms, retryOn: 5xx}' }));
    await call();
    await clock.advance(0);

    expect(services[PRIMARY]!.requests[0]!.headers['x-envoy-expected-rq-timeout-ms']).toBe('300');
    expect(services[COPY]!.requests[0]!.headers['x-envoy-expected-rq-timeout-ms']).toBe('2000');
  });

  it('of a stream flows along, however long it is', async () => {
    const { call, clock, services, cluster } = world(config({ rule: 'retries: {attempts: 0}' }), {}, { maxReplayBytes: 100 });
    const parts = [...'abcdef'].map((letter) => Buffer.alloc(60, letter));
    await call({ body: Readable.from(parts) });
    await clock.advance(0);

    expect(services[PRIMARY]!.requests[0]!.body).toHaveLength(360);
    expect(services[COPY]!.requests[0]!.body).toBe(services[PRIMARY]!.requests[0]!.body);
    for (const name of ['reviews', 'copies']) expect(cluster(name).stats.retry_or_shadow_abandoned).toBe(0);
  });

  it('of known bytes is made however many they are', async () => {
    const { call, clock, services } = world(config(), {}, { maxReplayBytes: 100 });
    await call({ body: 'x'.repeat(1000) });
    await clock.advance(0);

    expect(services[COPY]!.requests.map(({ body }) => body.length)).toEqual([1000]);
  });

  it('of a stream ends with its original, if that ends before the stream', async () => {
    const clock = new VirtualClock();
    const services: Record<string, ScriptedService> = {
      [PRIMARY]: new ScriptedService(clock, () => ({ status: 500, reads: false })),
      [COPY]: new ScriptedService(clock, () => HANGS),
    };
    const { dispatcher, cluster } = memoryEngine(config({ rule: 'retries: {attempts: 0}' }), { clock, transport: ({ address }) => services[address] });
    const endless = Readable.from((async function* () { for (;;) { yield Buffer.from('x'); await new Promise((resolve) => void clock.setTimeout(() => resolve(undefined), 10)); } })());
    const answer = dispatcher.request({ origin: 'http://reviews:9080', path: '/', method: 'POST', body: endless });
    await clock.advance(35);
    expect((await answer).statusCode).toBe(500);
    await clock.advance(50);

    expect(services[COPY]!.requests).toHaveLength(1);
    expect(services[COPY]!.active).toBe(0);
    expect(cluster('copies').breaker).toMatchObject({ requests: 0, pending: 0 });
  });

  it('to a cluster that does not exist is not made', async () => {
    const { call, engine } = world(config().replace('mirror: {host: copies}', 'mirror: {host: copies, subset: v9}'));

    expect(await call()).toBe(200);
    expect([...engine.clusters.live()].map(({ name }) => name)).toEqual(['outbound|9080||reviews.default.svc.cluster.local']);
  });
});

describe('many copies', () => {
  it('are sent 256 at a time; 1024 more wait, and the rest are dropped and counted', async () => {
    const { call, clock, engine, services, cluster } = world(config({ rule: 'timeout: 10s' }), HANGS);
    const count = 256 + 1024 + 50;

    for (let i = 0; i < count; i++) expect(await call()).toBe(200);
    await clock.advance(0);
    expect(services[COPY]!.active).toBe(256);
    expect(engine.mirrors.dropped).toBe(50);

    // Those under way time out, the next ones follow, until none is left.
    for (let i = 0; i < 6; i++) await clock.advance(10_000);
    expect(services[COPY]!.requests).toHaveLength(256 + 1024);
    expect(cluster('copies').stats).toMatchObject({ upstream_rq_active: 0, upstream_rq_timeout: 1280 });
    expect(services[COPY]!.active).toBe(0);
  });

  it('end with the engine, those that wait too', async () => {
    const { call, clock, engine, services } = world(config(), HANGS);
    for (let i = 0; i < 300; i++) await call();
    await clock.advance(0);

    engine.close(new Error('closed'));
    await clock.advance(60_000);

    expect(services[COPY]!.requests).toHaveLength(256);
    expect(services[COPY]!.active).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
