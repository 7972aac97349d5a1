import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/index.ts';
import { memoryEngine, type MemoryEngine, type MemoryEngineOptions } from './memory-engine.ts';
import { ScriptedService, type Script } from './scripted-service.ts';

const entry = (endpoints: readonly string[], resolution = 'STATIC'): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: ${resolution}
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [${endpoints.map((address) => `{address: ${address}}`).join(', ')}]
---`;
const policy = (trafficPolicy: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, trafficPolicy: ${trafficPolicy}}
---`;
const rule = (fields: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{${fields}, route: [{destination: {host: reviews}}]}]}
---`;
const OTHER = `
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {ports: [{name: http, port: 9080}]}
---`;

const ONE = '10.0.0.1';
const TWO = '10.0.0.2';
const EJECT = '{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100, baseEjectionTime: 60s}}';

interface World extends MemoryEngine {
  readonly services: Record<string, ScriptedService>;
  /** Connections opened so far, by address. */
  readonly opened: Record<string, number>;
  call(path?: string): Promise<number>;
}

function world(config: string, script: (path: string, address: string) => Script = () => ({}), options: MemoryEngineOptions = {}): World {
  const clock = new VirtualClock();
  const services: Record<string, ScriptedService> = {};
  const opened: Record<string, number> = {};
  const inside = memoryEngine(config, {
    clock,
    transport: ({ address }) => {
      opened[address] = (opened[address] ?? 0) + 1;
      return (services[address] ??= new ScriptedService(clock, ({ path }) => script(path, address)));
    },
    ...options,
  });
  const call = async (path = '/'): Promise<number> => {
    const { statusCode, body } = await inside.dispatcher.request({ origin: 'http://reviews:9080', path, method: 'GET' });
    await body.dump();
    return statusCode;
  };
  return { ...inside, services, opened, call };
}

describe('a change that does not concern a cluster', () => {
  it('leaves it, its endpoints, their connections and its counts', async () => {
    const { call, cluster, use, opened } = world(entry([ONE]));
    await call();
    const before = cluster('reviews');
    const hosts = before.hosts.hosts;

    use(entry([ONE]) + OTHER);
    use(entry([ONE]) + OTHER + rule('timeout: 5s'));
    await call();

    expect(cluster('reviews')).toBe(before);
    expect(before.hosts.hosts[0]).toBe(hosts[0]);
    expect(opened).toEqual({ [ONE]: 1 });
    expect(before.stats).toMatchObject({ upstream_rq_total: 2, upstream_cx_total: 1 });
  });

  it('leaves its ejections, and when they end', async () => {
    const { call, use, clock, engine } = world(entry([ONE]) + policy(EJECT), () => ({ status: 500 }));
    await call();
    expect(await call()).toBe(503);
    await clock.advance(59_000);

    use(entry([ONE]) + policy(EJECT) + OTHER);

    expect(await call()).toBe(503);
    expect([...engine.collect(/reviews.*ejections_active/).values()]).toEqual([1]);
    await clock.advance(2000);
    expect(await call()).toBe(500);
  });

  it('leaves its addresses, when they come from DNS', async () => {
    let lookups = 0;
    const { call, use, opened, cluster } = world(entry(['one.test'], 'DNS') + policy(EJECT), () => ({}), { lookup: async () => (lookups++, [ONE, TWO]) });
    await call();
    const hosts = cluster('reviews').hosts.hosts;

    use(entry(['one.test'], 'DNS') + policy(EJECT) + OTHER);
    use(entry(['one.test'], 'DNS') + policy('{loadBalancer: {simple: RANDOM}}'));
    expect(cluster('reviews').isReady({})).toBe(true);
    for (let i = 0; i < 20; i++) expect(await call()).toBe(200);

    expect(cluster('reviews').hosts.hosts).toEqual(hosts);
    expect(lookups).toBe(1);
    expect(Object.values(opened)).toEqual([1, 1]);
  });
});

describe('a change of endpoints', () => {
  it('adds one beside those that are there', async () => {
    const { call, cluster, use, opened } = world(entry([ONE]) + policy('{loadBalancer: {simple: ROUND_ROBIN}}'));
    await call();
    const [one] = cluster('reviews').hosts.hosts;

    use(entry([ONE, TWO]) + policy('{loadBalancer: {simple: ROUND_ROBIN}}'));
    for (let i = 0; i < 4; i++) await call();

    expect(cluster('reviews').hosts.hosts.map(({ key }) => key)).toEqual([`${ONE}:9080`, `${TWO}:9080`]);
    expect(cluster('reviews').hosts.hosts[0]).toBe(one);
    expect(opened).toEqual({ [ONE]: 1, [TWO]: 1 });
  });

  it('closes what is idle of one that is gone, and lets its requests end', async () => {
    const { call, use, clock, cluster, services } = world(entry([ONE]), (path) => ({ delayMs: path === '/slow' ? 1000 : 0 }));
    await call();
    const slow = call('/slow');
    const idle = call();
    await clock.advance(1);
    await idle;
    expect(cluster('reviews').breaker.connections).toBe(2);

    use(entry([TWO]));
    expect(cluster('reviews').breaker.connections).toBe(1);
    expect(await call()).toBe(200);
    await clock.advance(1000);

    expect(await slow).toBe(200);
    expect(services[ONE]!.requests).toHaveLength(3);
    expect(cluster('reviews').hosts.hosts.map(({ key }) => key)).toEqual([`${TWO}:9080`]);
    expect(cluster('reviews').breaker.connections).toBe(1);
  });

  it('that takes an ejected one away takes it out of the count', async () => {
    const { call, use, engine } = world(entry([ONE, TWO]) + policy(EJECT), (_path, address) => ({ status: address === ONE ? 500 : 200 }));
    for (let i = 0; i < 20; i++) await call();
    const gauges = (): object => Object.fromEntries([...engine.collect(/reviews.*(ejections_active|membership_(healthy|total))$/)].map(([name, value]) => [name.split('.').at(-1), value]));
    expect(gauges()).toEqual({ ejections_active: 1, membership_healthy: 1, membership_total: 2 });

    use(entry([TWO]) + policy(EJECT));

    expect(gauges()).toEqual({ ejections_active: 0, membership_healthy: 1, membership_total: 1 });
    expect(await call()).toBe(200);
  });

  it('from names to addresses lets those go on who wait for the names', async () => {
    const { call, use, clock } = world(entry(['never.test'], 'DNS'), () => ({}), { lookup: () => new Promise(() => {}) });
    const waiting = call();
    await clock.advance(10);

    use(entry([ONE]));

    expect(await waiting).toBe(200);
  });
});

describe('a change of policy', () => {
  it('counts what is under way against the new limits', async () => {
    const { call, use, clock, cluster } = world(entry([ONE]), () => ({ delayMs: 1000 }));
    const first = [call(), call(), call()];
    await clock.advance(1);

    use(entry([ONE]) + policy('{connectionPool: {http: {http2MaxRequests: 3}}}'));
    expect(await call()).toBe(503);
    use(entry([ONE]) + policy('{connectionPool: {http: {http2MaxRequests: 4}}}'));
    const fourth = call();
    await clock.advance(1000);

    expect(await Promise.all([...first, fourth])).toEqual([200, 200, 200, 200]);
    expect(cluster('reviews').breaker).toMatchObject({ requests: 0, pending: 0 });
  });

  it('closes idle connections as soon as they would not have lived so long', async () => {
    const { call, use, clock, cluster } = world(entry([ONE]));
    await call();
    await clock.advance(5000);

    use(entry([ONE]) + policy('{connectionPool: {http: {idleTimeout: 4s}}}'));
    expect(cluster('reviews').stats).toMatchObject({ upstream_cx_active: 0, upstream_cx_idle_timeout: 1 });
  });

  it('to a longer interval keeps nobody out beyond a sweep that was due', async () => {
    const detection = (interval: string): string => policy(`{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100, baseEjectionTime: 10s, interval: ${interval}}}`);
    const { call, use, clock, cluster } = world(entry([ONE]) + detection('10s'), () => ({ status: 500 }));
    await call();
    const { detector } = cluster('reviews');
    // What the timer would do, it does a little late.
    const now = clock.now.bind(clock);
    clock.now = () => now() + 10_001;
    use(entry([ONE]) + detection('300s'));

    expect(detector!.stats.ejections_active).toBe(0);
  });

  it('without outlier detection forgets what was counted', async () => {
    const five = policy('{outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: 100}}');
    const { call, use, cluster } = world(entry([ONE]) + five, () => ({ status: 500 }));
    for (let i = 0; i < 4; i++) await call();
    use(entry([ONE]));
    use(entry([ONE]) + five);
    for (let i = 0; i < 4; i++) await call();
    expect(cluster('reviews').detector!.stats.ejections_active).toBe(0);

    await call();
    expect(cluster('reviews').detector!.stats.ejections_active).toBe(1);
  });

  it('without outlier detection brings ejected endpoints back; with it again they are ejected', async () => {
    const { call, use, engine, clock } = world(entry([ONE]) + policy(EJECT), () => ({ status: 500 }));
    await call();
    expect(await call()).toBe(503);

    use(entry([ONE]));
    // As any change of health, the balancer sees it a second after the last one.
    await clock.advance(1000);
    expect(await call()).toBe(500);
    expect(await call()).toBe(500);
    use(entry([ONE]) + policy(EJECT));
    await clock.advance(2000);
    expect(await call()).toBe(500);

    expect(await call()).toBe(503);
    expect([...engine.collect(/reviews.*ejections_active/).values()]).toEqual([1]);
  });
});

describe('a cluster that goes', () => {
  it('takes its statistics along and closes what is idle; back again it is a new one', async () => {
    const { call, use, engine, cluster, opened } = world(entry([ONE]));
    await call();
    const before = cluster('reviews');

    use(OTHER);
    expect([...engine.collect(/reviews/).keys()]).toEqual([]);
    expect(before.breaker.connections).toBe(0);
    use(entry([ONE]));
    await call();

    expect(cluster('reviews')).not.toBe(before);
    expect(cluster('reviews').stats.upstream_rq_total).toBe(1);
    expect(opened).toEqual({ [ONE]: 2 });
  });

  it('serves whoever came before it went, and keeps nothing afterwards', async () => {
    const { call, use, clock, engine } = world(entry([ONE]) + rule('fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}}'));
    const delayed = call();
    await clock.advance(1000);

    use(OTHER);
    await clock.advance(1000);
    expect(await delayed).toBe(200);
    use(OTHER);

    expect([...engine.clusters.live()]).toEqual([]);
    engine.close(new Error('over'));
    expect(clock.pending).toBe(0);
  });
});

describe('a cluster that nobody has called', () => {
  it('is counted, costs nothing, and is none of the live ones', () => {
    const { engine } = world(entry([ONE, TWO]) + OTHER);

    expect([...engine.clusters.live()]).toEqual([]);
    expect(engine.clusters.peek('outbound|9080||reviews.default.svc.cluster.local')).toBeUndefined();
    expect([...engine.collect(/reviews.*membership_total$/).values()]).toEqual([2]);
    expect([...engine.collect(/other.*upstream_rq_total$/).values()]).toEqual([0]);
    expect([...engine.clusters.live()]).toEqual([]);
  });
});

describe('waiting for DNS', () => {
  it('ends at the route\'s timeout', async () => {
    const { call, clock } = world(entry(['never.test'], 'DNS') + rule('timeout: 1s'), () => ({}), { lookup: () => new Promise(() => {}) });
    const call504 = call();
    await clock.advance(1000);

    expect(await call504).toBe(504);
    expect(clock.pending).toBe(0);
  });

  it('a name without addresses is 503 UH', async () => {
    const { call } = world(entry(['gone.test'], 'DNS'), () => ({}), { lookup: () => Promise.reject(new Error('ENOTFOUND')) });

    expect(await call()).toBe(503);
  });
});

describe('addresses that callers dial', () => {
  it('are remembered, but not endlessly many, and not at the cost of calls under way', async () => {
    const { engine, cluster, clock, dispatcher } = world(entry([ONE]), (path) => ({ delayMs: path === '/slow' ? 1000 : 0 }));
    const dial = async (i: number, path = '/'): Promise<number> => {
      const { statusCode, body } = await dispatcher.request({ origin: `http://10.1.${i >> 8}.${i & 255}:9080`, path, method: 'GET' });
      await body.dump();
      return statusCode;
    };
    const slow = dial(0, '/slow');
    for (let i = 1; i < 600; i++) expect(await dial(i)).toBe(200);

    expect(cluster('PassthroughCluster').breaker.connections).toBeLessThanOrEqual(257);
    expect(cluster('PassthroughCluster').stats.upstream_cx_total).toBe(600);
    await clock.advance(1000);
    expect(await slow).toBe(200);
    expect(await dial(599)).toBe(200);
    expect(cluster('PassthroughCluster').stats.upstream_cx_total).toBe(600);
    engine.close(new Error('over'));
    expect(cluster('PassthroughCluster').breaker.connections).toBe(0);
    expect(clock.pending).toBe(0);
  });
});

describe('a cluster that comes back to life for a request of earlier rules', () => {
  it('is gone with the next change, whatever that concerns', async () => {
    const { call, use, engine } = world(entry([ONE]) + OTHER);
    await call();
    const { snapshot } = engine;
    const [name] = [...snapshot.clusters.keys()];
    use(OTHER);
    expect(engine.clusters.peek(name!)).toBeUndefined();

    expect(engine.clusters.get(name!, snapshot)).toBeDefined();
    expect(engine.clusters.peek(name!)).toBeDefined();
    use(OTHER + rule('timeout: 5s'));

    expect(engine.clusters.peek(name!)).toBeUndefined();
  });
});

describe('an endpoint that is ejected', () => {
  it('loses its connections, the one that told last when its answer is over; once it is back others are opened', async () => {
    const { call, clock, engine, opened } = world(entry([ONE]) + policy(EJECT), (path) => ({ status: path === '/bad' ? 500 : 200, delayMs: 5 }));
    const counts = (): object => Object.fromEntries([...engine.collect(/reviews.*upstream_cx_(active|destroy_local)$/)].map(([name, value]) => [name.split('.').at(-1), value]));
    const both = Promise.all([call(), call()]);
    await clock.advance(5);
    await both;
    expect(counts()).toEqual({ upstream_cx_active: 2, upstream_cx_destroy_local: 0 });

    const bad = call('/bad');
    await clock.advance(5);
    expect(await bad).toBe(500);
    await clock.advance(0);
    expect(counts()).toEqual({ upstream_cx_active: 0, upstream_cx_destroy_local: 2 });

    await clock.advance(71_000);
    const back = call();
    await clock.advance(5);
    expect([await back, opened[ONE]]).toEqual([200, 3]);
  });
});
