import { describe, expect, it } from 'vitest';
import { createMesh, meshInfo } from '../../src/index.ts';
import { createTestMesh, type TestMesh } from '../../src/testing/index.ts';
import { says } from './http-services.ts';

const URL = 'http://ratings:9080/';
const NAME = 'outbound|9080||ratings.default.svc.cluster.local';

/** A service `ratings`, with what its rule does to requests. */
function rules(fault: string, { scope = 'attempt', retries = '{attempts: 2, retryOn: "5xx"}', outlier = false } = {}): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: ratings}
spec: {ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings}
spec: {host: ratings${outlier ? ', trafficPolicy: {outlierDetection: {consecutive5xxErrors: 2, maxEjectionPercent: 100}}' : ''}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ratings
  annotations: {ts-mesh.dev/fault-scope: ${scope}}
spec:
  hosts: [ratings]
  http:
  - fault: ${fault}
    retries: ${retries}
    route: [{destination: {host: ratings}}]
`;
}

const abort = (value: number): string => `{abort: {httpStatus: 503, percentage: {value: ${value}}}}`;
const delay = (fixedDelay: string): string => `{delay: {fixedDelay: ${fixedDelay}, percentage: {value: 100}}}`;
const services = { ratings: () => ({ body: 'stars' }) };

async function call(mesh: TestMesh, init?: RequestInit): Promise<string> {
  const response = await mesh.fetch(URL, init);
  const { attempts, flags } = meshInfo(response)!;
  return `${response.status} ${flags} ×${attempts} ${await response.text()}`;
}

function stat(mesh: TestMesh, name: string): number {
  return Object.entries(mesh.stats()).filter(([key]) => key.endsWith(name)).reduce((sum, [, value]) => sum + value, 0);
}

describe('faults of attempts, over sockets', () => {
  it('are retried: of a delay by the try\'s timeout, of an abort by its status', async () => {
    await using ratings = await says('stars');
    const endpoints = { ratings: [{ address: ratings.address }] };
    // Draws in turn: is the try delayed or not?
    await using mesh = await createMesh({ config: rules(abort(50)), endpoints, seed: 1 });

    const answers = [];
    for (let i = 0; i < 30; i++) {
      const response = await mesh.fetch(URL);
      await response.text();
      answers.push([response.status, meshInfo(response)!.attempts]);
    }
    const saved = answers.filter(([status, attempts]) => status === 200 && attempts! > 1).length;
    const injected = Object.entries(mesh.stats()).find(([name]) => name.endsWith('aborts_injected'))![1];

    expect(saved).toBeGreaterThan(3);
    // What was aborted three times is a 503; everything else was answered by the service in the end.
    for (const [status, attempts] of answers) expect(status === 200 || attempts === 3).toBe(true);
    expect(injected).toBe(answers.reduce((sum, [status, attempts]) => sum + (status === 200 ? attempts! - 1 : attempts!), 0));

    await mesh.apply(rules(delay('10s'), { retries: '{attempts: 1, perTryTimeout: 20ms, retryOn: "5xx"}' }));
    const response = await mesh.fetch(URL);
    expect([response.status, meshInfo(response)!.attempts]).toEqual([504, 2]);
  });
});

describe('faults of attempts', () => {
  it('are decided for each try, where Istio\'s are decided before there is any', async () => {
    await using mesh = await createTestMesh(rules(abort(100)), { services });
    expect(await call(mesh)).toBe('503 FI,URX ×3 fault filter abort');
    expect(stat(mesh, 'fault.aborts_injected')).toBe(3);
    expect(mesh.stats()).toMatchObject({ [`cluster.${NAME};.upstream_rq_retry`]: 2, [`cluster.${NAME};.upstream_rq_retry_limit_exceeded`]: 1, [`cluster.${NAME};.upstream_rq_503`]: 1, [`cluster.${NAME};.retry.upstream_rq_503`]: 2 });
    expect(stat(mesh, `${NAME};.upstream_rq_total`)).toBe(0);

    await mesh.apply(rules(abort(100), { scope: 'request' }));
    expect(await call(mesh)).toBe('503 FI ×0 fault filter abort');
  });

  it('leave a good try alone', async () => {
    await using mesh = await createTestMesh(rules(abort(0)), { services });

    expect(await call(mesh)).toBe('200 - ×1 stars');
    expect(mesh.clock.now()).toBe(0);
  });

  it('hold a try up within its timeout, and the route\'s', async () => {
    await using mesh = await createTestMesh(rules(delay('7s'), { retries: '{attempts: 1, perTryTimeout: 2s, retryOn: "5xx"}' }), { services });
    expect(await call(mesh)).toBe('504 DI,URX,UT ×2 upstream request timeout');
    expect(mesh.clock.now()).toBeGreaterThanOrEqual(4000);
    expect(mesh.clock.now()).toBeLessThan(4100);
    expect(mesh.stats()[`cluster.${NAME};.upstream_rq_per_try_timeout`]).toBe(2);
    expect(stat(mesh, 'fault.active_faults')).toBe(0);

    await mesh.apply(rules(delay('1s'), { retries: '{attempts: 1, perTryTimeout: 2s, retryOn: "5xx"}' }));
    expect(await call(mesh)).toBe('200 DI ×1 stars');
  });

  it('leave a try what is left of its timeout', async () => {
    const slow = { ratings: () => ({ body: 'stars', delay: '1500ms' }) };
    await using mesh = await createTestMesh(rules(delay('1s'), { retries: '{attempts: 1, perTryTimeout: 2s, retryOn: "5xx"}' }), { services: slow });

    expect(await call(mesh)).toBe('504 DI,URX,UT ×2 upstream request timeout');
  });

  it('end with the caller', async () => {
    await using mesh = await createTestMesh(rules(delay('7s')), { services, clock: 'manual' });
    const gone = new AbortController();
    const response = mesh.fetch(URL, { signal: gone.signal });
    const rejected = expect(response).rejects.toThrow('gone');
    await mesh.clock.advance('1s');
    expect(stat(mesh, 'fault.active_faults')).toBe(1);

    gone.abort(new Error('gone'));
    await rejected;
    await mesh.clock.advance('10s');

    expect(stat(mesh, 'fault.active_faults')).toBe(0);
    expect(stat(mesh, `${NAME};.upstream_rq_total`)).toBe(0);
  });

  it('are answers of gRPC to gRPC', async () => {
    await using mesh = await createTestMesh(rules('{abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}', { retries: '{attempts: 1, retryOn: unavailable}' }), { services });
    const response = await mesh.fetch(URL, { method: 'POST', headers: { 'content-type': 'application/grpc' }, body: 'x' });

    expect([response.status, response.headers.get('grpc-status'), meshInfo(response)!.attempts, meshInfo(response)!.flags]).toEqual([200, '14', 2, 'FI,URX']);
  });

  it('blame a host only where they are to be its own', async () => {
    const endpoints = { ratings: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] };
    await using mesh = await createTestMesh(rules(abort(100), { outlier: true }), { services, endpoints });
    for (let i = 0; i < 5; i++) await call(mesh);
    expect(stat(mesh, 'ejections_enforced_total')).toBe(0);

    await mesh.apply(rules(abort(100), { outlier: true, scope: 'host' }));
    const ejections: string[] = [];
    mesh.on('ejection', ({ kind, endpoint }) => ejections.push(`${kind} ${endpoint}`));
    for (let i = 0; i < 3; i++) await call(mesh);
    expect(ejections.sort()).toEqual(['ejected 10.0.0.1:9080', 'ejected 10.0.0.2:9080']);
    // Envoy takes changes of health over once a second.
    await mesh.clock.advance('1s');
    expect(await call(mesh)).toBe('503 UH ×0 no healthy upstream');
  });

  it('blame a host for a delay that took too long', async () => {
    const timeouts = { outlier: true, retries: '{attempts: 1, perTryTimeout: 1s, retryOn: "5xx"}' };
    await using mesh = await createTestMesh(rules(delay('7s'), timeouts), { services });
    for (let i = 0; i < 3; i++) await call(mesh);
    expect(stat(mesh, 'ejections_enforced_total')).toBe(0);

    await mesh.apply(rules(delay('7s'), { ...timeouts, scope: 'host' }));
    await call(mesh);
    expect(stat(mesh, 'ejections_enforced_total')).toBe(1);
  });

  it('are explained', async () => {
    await using mesh = await createTestMesh(rules(abort(10)), { services });
    expect(mesh.explain(URL).route.action).toEqual(expect.arrayContaining(['aborts 10 % with 503', 'faults are drawn for each try, and retried']));

    await mesh.apply(rules(abort(10), { scope: 'host' }));
    expect(mesh.explain(URL).toString()).toContain('faults are drawn for each try, and retried; hosts are ejected for them');
  });

  it('give the same bytes for the same seed', async () => {
    const run = async (): Promise<string[]> => {
      await using mesh = await createTestMesh(rules('{delay: {fixedDelay: 1s, percentage: {value: 30}}, abort: {httpStatus: 503, percentage: {value: 40}}}'), { services, seed: 11 });
      const answers = [];
      for (let i = 0; i < 20; i++) answers.push(`${mesh.clock.now()} ${await call(mesh)}`);
      return answers;
    };

    expect(await run()).toEqual(await run());
  });
});
