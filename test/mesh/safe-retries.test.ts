import { describe, expect, it } from 'vitest';
import { createMesh, meshInfo, withInbound } from '../../src/index.ts';
import { createTestMesh, type ServiceRequest, type TestMesh, type TestMeshOptions } from '../../src/testing/index.ts';
import { httpService } from './http-services.ts';

const URL = 'http://payments:8080/';
const NAME = 'outbound|8080||payments.default.svc.cluster.local';

const rules = (safe = '"true"', retries = '{attempts: 2, retryOn: "5xx,reset,connect-failure"}', more = ''): string => `
apiVersion: v1
kind: Service
metadata: {name: payments}
spec: {ports: [{name: http, port: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: payments
  annotations: {${safe === '' ? '' : `ts-mesh.dev/safe-retries: ${safe}`}}
spec:
  hosts: [payments]
  http:
  - retries: ${retries}
    ${more}
    route: [{destination: {host: payments}}]
`;

type Init = RequestInit & { headers?: Record<string, string> };

/** A mesh whose payments fail, and what of each request got there. */
async function failing(config: string, options: Partial<TestMeshOptions> = {}, answer: () => object | 'reset' = () => ({ status: 503 })) {
  const seen: ServiceRequest[] = [];
  const payments = (request: ServiceRequest) => {
    seen.push(request);
    return answer() as { status: number };
  };
  const mesh = await createTestMesh(config, { services: { payments }, ...options });
  const call = async (method: string, init: Init = {}): Promise<string> => {
    const response = await mesh.fetch(URL, { method, ...init });
    const { attempts, flags } = meshInfo(response)!;
    return `${response.status} ${flags} ×${attempts}`;
  };
  return { mesh, seen, call, [Symbol.asyncDispose]: () => mesh.close() };
}

const total = (mesh: TestMesh, name: string): number => mesh.stats()[`cluster.${NAME};.${name}`]!;

describe('safe retries, over sockets', () => {
  it('send again what may be sent twice, and what was not sent at all', async () => {
    const seen: string[] = [];
    await using failing = await httpService((request, response) => {
      seen.push(`${request.method} ${String(request.headers['idempotency-key'])}`);
      request.resume().on('end', () => response.writeHead(503).end());
    });
    await using fine = await httpService((request, response) => request.resume().on('end', () => response.end('paid')));
    const closed = await httpService(() => undefined);
    await closed.close();
    await using mesh = await createMesh({ config: rules(), endpoints: { payments: [{ address: failing.address }] } });
    const call = async (init: RequestInit): Promise<unknown[]> => {
      const response = await mesh.fetch(URL, init);
      return [response.status, meshInfo(response)!.attempts];
    };

    expect(await call({ method: 'GET' })).toEqual([503, 3]);
    expect(await call({ method: 'PUT', body: 'x' })).toEqual([503, 3]);
    expect(await call({ method: 'POST', body: 'x' })).toEqual([503, 1]);
    expect(await call({ method: 'POST', body: 'x', headers: { 'idempotency-key': 'k1' } })).toEqual([503, 3]);
    expect(seen.filter((one) => one.startsWith('POST'))).toEqual(['POST undefined', 'POST k1', 'POST k1', 'POST k1']);

    await using other = await createMesh({ config: rules(), seed: 1, endpoints: { payments: [{ address: closed.address }, { address: fine.address }] } });
    const attempts = new Set<number>();
    for (let i = 0; i < 12; i++) {
      const response = await other.fetch(URL, { method: 'POST', body: 'x' });
      expect(response.status).toBe(200);
      attempts.add(meshInfo(response)!.attempts);
    }
    expect(attempts.has(2)).toBe(true);
  });
});

describe('safe retries', () => {
  it.each([
    ['GET', {}, 3], ['HEAD', {}, 3], ['OPTIONS', {}, 3], ['PUT', { body: 'x' }, 3], ['DELETE', {}, 3],
    ['POST', { body: 'x' }, 1], ['PATCH', { body: 'x' }, 1], ['POST', {}, 1],
    ['POST', { headers: { 'Idempotency-Key': 'k' } }, 3], ['POST', { headers: { 'Idempotency-Key': '' } }, 1],
  ] as const)('of a %s with %j that got a 503', async (method, init, tries) => {
    await using world = await failing(rules());

    expect(await world.call(method, init)).toBe(`503 ${tries === 1 ? '-' : 'URX'} ×${tries}`);
    expect(world.seen).toHaveLength(tries);
    expect(total(world.mesh, 'upstream_rq_retry')).toBe(tries - 1);
  });

  it('leave a POST alone that broke once it was sent', async () => {
    await using world = await failing(rules(), {}, () => 'reset');

    expect(await world.call('POST', { body: 'x' })).toBe('503 UC ×1');
    expect(await world.call('GET')).toBe('503 URX,UC ×3');
  });

  it('know a key that a rule adds', async () => {
    await using world = await failing(rules('"true"', '{attempts: 2, retryOn: "5xx"}', 'headers: {request: {set: {idempotency-key: "%REQ(x-order)%"}}}'));

    expect(await world.call('POST', { body: 'x', headers: { 'x-order': '7' } })).toBe('503 URX ×3');
    expect(world.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['7', '7', '7']);
  });

  it('are a matter of asking for them: by annotation, by rule, or for the whole mesh', async () => {
    await using off = await failing(rules(''));
    expect(await off.call('POST', { body: 'x' })).toBe('503 URX ×3');

    await using option = await failing(rules(''), { safeRetries: true });
    expect(await option.call('POST', { body: 'x' })).toBe('503 - ×1');
    await using not = await failing(rules('"false"'), { safeRetries: true });
    expect(await not.call('POST', { body: 'x' })).toBe('503 URX ×3');
    await expect(createTestMesh(rules(''), { safeRetries: { budgetPercent: 101 } })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('hold for services without rules by the mesh\'s option', async () => {
    const config = rules('').split('---')[0]!;
    await using world = await failing(`${config}---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "defaultHttpRetryPolicy: {attempts: 2, retryOn: 5xx}"}}`, { safeRetries: true });

    expect(await world.call('GET')).toBe('503 URX ×3');
    expect(await world.call('POST', { body: 'x' })).toBe('503 - ×1');
  });

  it('are those too that headers ask for where there are no others', async () => {
    const asking = { 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '2' };
    await using world = await failing(rules('', '{attempts: 0}'), { safeRetries: true, callerPolicies: 'honor' });

    expect(await world.call('GET', { headers: asking })).toBe('503 URX ×3');
    expect(await world.call('POST', { headers: asking })).toBe('503 - ×1');
  });

  it('keep to a share of the calls of ten seconds', async () => {
    await using world = await failing(rules('"budget 20%, least 0/s"', '{attempts: 1, retryOn: "5xx", backoff: 1ms}'));
    const answers: string[] = [];
    for (let i = 0; i < 50; i++) answers.push(await world.call('GET'));

    expect(total(world.mesh, 'upstream_rq_retry')).toBe(10);
    expect(total(world.mesh, 'upstream_rq_retry_overflow')).toBe(40);
    expect(answers.filter((answer) => answer === '503 UO ×1')).toHaveLength(40);
    await world.mesh.clock.advance('11s');
    for (let i = 0; i < 5; i++) await world.call('GET');
    expect(total(world.mesh, 'upstream_rq_retry')).toBe(11);
  });

  it('are allowed to some number a second in any case', async () => {
    await using world = await failing(rules('"budget 0%, least 0.4/s"', '{attempts: 1, retryOn: "5xx", backoff: 1ms}'));
    for (let i = 0; i < 10; i++) await world.call('GET');

    expect(total(world.mesh, 'upstream_rq_retry')).toBe(4);
  });

  it('end when the caller of the caller stops waiting, and tell the next hop what is left', async () => {
    await using world = await failing(rules('"time 100ms"', '{attempts: 9, retryOn: "5xx", backoff: 1ms}'), {}, () => ({ status: 503, delay: '300ms' }));
    const deadlineAtMs = world.mesh.clock.now() + 1000;

    expect(await withInbound({ headers: [], deadlineAtMs }, () => world.call('GET'))).toBe('503 - ×3');
    const left = world.seen.map(({ headers }) => Number(headers['x-envoy-expected-rq-timeout-ms']));
    expect(left[0]).toBe(1000);
    // Each try is told of what those before it left: 300 ms each, and a pause of up to 10 ms.
    for (const [i, ms] of left.entries()) expect(1000 - 300 * i - ms).toBeGreaterThanOrEqual(0);
    for (const [i, ms] of left.entries()) expect(1000 - 300 * i - ms).toBeLessThanOrEqual(10 * i);
    expect(world.mesh.clock.now()).toBeLessThan(deadlineAtMs);
  });

  it('do not spend the rest of a deadline on a pause', async () => {
    await using world = await failing(rules('"true"', '{attempts: 1, retryOn: "5xx", backoff: 60s}'));
    const deadlineAtMs = world.mesh.clock.now() + 500;

    expect(await withInbound({ headers: [], deadlineAtMs }, () => world.call('GET'))).toBe('503 URX ×2');
    expect(world.mesh.clock.now()).toBeLessThan(deadlineAtMs);
  });

  it('are explained', async () => {
    await using world = await failing(rules('"budget 10%, time 50ms"'));

    expect(world.mesh.explain(URL).toString()).toContain('→ retries only where safe: at most 10 % of calls (or 3/s), with 50ms left of the deadline');
  });
});
