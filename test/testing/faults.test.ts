import { describe, expect, it } from 'vitest';
import { createTestMesh, type TestFault, type TestMesh } from '../../src/testing/index.ts';
import { BOOKS } from './rules.ts';

const RATINGS = 'http://ratings:9080/';

const retries = (more = ''): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec: {hosts: [ratings], http: [{route: [{destination: {host: ratings}}], retries: {attempts: 2, retryOn: "5xx,reset"}${more}}]}
`;
const NO_RETRIES = retries().replace('attempts: 2, retryOn: "5xx,reset"', 'attempts: 0');

const status = async (mesh: TestMesh, url = RATINGS, init?: RequestInit): Promise<number> => (await mesh.fetch(url, init)).status;

async function statuses(mesh: TestMesh, count: number): Promise<number[]> {
  const seen = [];
  for (let i = 0; i < count; i++) seen.push(await status(mesh));
  return seen;
}

describe('mesh.fault', () => {
  it('lasts until it is disposed of, or all are cleared', async () => {
    await using mesh = await createTestMesh(BOOKS + NO_RETRIES);
    {
      using _ = mesh.fault('ratings', { status: 500, body: 'broken' });
      const response = await mesh.fetch(RATINGS);
      expect([response.status, await response.text()]).toEqual([500, 'broken']);
    }
    expect(await status(mesh)).toBe(200);
    mesh.fault('ratings', { status: 500 });
    mesh.clearFaults();
    expect(await status(mesh)).toBe(200);
  });

  it('of several the one made last counts', async () => {
    await using mesh = await createTestMesh(BOOKS + NO_RETRIES);
    mesh.fault('ratings', { status: 500 });
    using _ = mesh.fault('ratings', { status: 418, times: 1 });

    expect(await statuses(mesh, 2)).toEqual([418, 500]);
  });

  it('of a service is met by retries, which may save the call', async () => {
    await using mesh = await createTestMesh(BOOKS + retries());
    mesh.fault('ratings', { status: 503, times: 2 });

    expect(await status(mesh)).toBe(200);
    expect(mesh.calls.for('ratings').map((call) => [call.attempt, call.status])).toEqual([[1, 503], [2, 503], [3, 200]]);
  });

  it('of a service is what outlier detection ejects for', async () => {
    const outliers = '---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: ratings}\nspec: {host: ratings, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 2, baseEjectionTime: 30s, interval: 10s, maxEjectionPercent: 100}}}\n';
    await using mesh = await createTestMesh(BOOKS + NO_RETRIES + outliers, { endpoints: { ratings: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] } });
    const ejections: string[] = [];
    mesh.on('ejection', ({ kind, endpoint }) => ejections.push(`${kind} ${endpoint}`));
    mesh.fault('ratings', { status: 500 });

    for (let i = 0; i < 12; i++) await mesh.fetch(RATINGS);
    await mesh.clock.advance('1m');

    expect(ejections.sort()).toEqual(['ejected 10.0.0.1:9080', 'ejected 10.0.0.2:9080', 'unejected 10.0.0.1:9080', 'unejected 10.0.0.2:9080']);
  });

  const breaks: Readonly<Record<string, [TestFault, number, string]>> = {
    reset: [{ reset: true }, 503, 'UC'],
    refuse: [{ refuse: true }, 503, 'UF'],
    'hang under a timeout': [{ hang: true }, 504, 'UT'],
  };
  it.each(Object.entries(breaks))('%s', async (_, [fault, expected, flags]) => {
    await using mesh = await createTestMesh(BOOKS + NO_RETRIES.replace('route:', 'timeout: 5s, route:'));
    mesh.fault('ratings', fault);

    expect(await status(mesh)).toBe(expected);
    expect(mesh.calls.at(-1)).toMatchObject({ flags, status: 0, attempt: 1 });
  });

  it('cuts a body off, at a byte', async () => {
    await using mesh = await createTestMesh(BOOKS, { services: { ratings: () => ({ body: 'twelve bytes' }) } });
    mesh.fault('ratings', { truncate: 6 });
    const { body } = await mesh.request(RATINGS);

    let text = '';
    await expect((async () => {
      for await (const chunk of body) text += String(chunk);
    })()).rejects.toThrow();
    expect(text).toBe('twelve');
  });

  it('lets a body come slowly, also that of a status of its own', async () => {
    await using mesh = await createTestMesh(BOOKS + NO_RETRIES);
    mesh.fault('ratings', { status: 500, body: 'broken, at length', slow: '10s', delay: '1s' });

    expect(await (await mesh.fetch(RATINGS)).text()).toBe('broken, at length');
    expect(mesh.clock.now()).toBe(11_000);
  });

  it('picks its requests by path, method and headers, secrets among them', async () => {
    await using mesh = await createTestMesh(BOOKS + NO_RETRIES);
    mesh.fault('ratings', { status: 418, headers: { Authorization: 'Bearer ann' }, path: /^\/ratings/, method: 'post' });
    const ann = { method: 'POST', headers: { authorization: 'Bearer ann' } };

    expect(await status(mesh, `${RATINGS}ratings/1`, ann)).toBe(418);
    expect(await status(mesh, `${RATINGS}other`, ann)).toBe(200);
    expect(await status(mesh, `${RATINGS}ratings/1`, { ...ann, method: 'PUT' })).toBe(200);
    expect(await status(mesh, `${RATINGS}ratings/1`, { ...ann, headers: {} })).toBe(200);
  });

  it('picks the nth of its requests, or the first few', async () => {
    await using mesh = await createTestMesh(BOOKS + NO_RETRIES);
    {
      using _ = mesh.fault('ratings', { status: 500, nth: 3 });
      expect(await statuses(mesh, 5)).toEqual([200, 200, 500, 200, 200]);
    }
    using _ = mesh.fault('ratings', { status: 500, times: 2 });
    expect(await statuses(mesh, 4)).toEqual([500, 500, 200, 200]);
  });

  it('is of one subset, where it says so', async () => {
    await using mesh = await createTestMesh(BOOKS);
    mesh.fault('reviews/v2', { status: 418 });

    expect(await status(mesh, 'http://reviews:9080/', { headers: { 'end-user': 'jason' } })).toBe(418);
    mesh.clearFaults();
    mesh.fault('reviews/v1', { status: 418 });
    expect(await status(mesh, 'http://reviews:9080/', { headers: { 'end-user': 'jason' } })).toBe(200);
  });

  it('at a route is Istio\'s: no endpoint is asked, nothing retried, the rule\'s own fault set aside', async () => {
    await using mesh = await createTestMesh(BOOKS + retries(', fault: {abort: {httpStatus: 400, percentage: {value: 100}}}'));
    {
      using _ = mesh.fault('ratings', { status: 503, delay: '2s', at: 'route', headers: { 'x-user': 'ann' } });
      expect(await status(mesh, RATINGS, { headers: { 'x-user': 'ann' } })).toBe(503);
      expect(mesh.clock.now()).toBe(2000);
      expect(mesh.calls.at(-1)).toMatchObject({ attempt: 0, status: 503, flags: 'DI,FI', endpoint: undefined });
      expect(await status(mesh)).toBe(400);
    }
    expect(await status(mesh, RATINGS, { headers: { 'x-user': 'ann' } })).toBe(400);
  });

  it('fails the look-up of names, for as long as nobody has found them', async () => {
    const entry = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api}\nspec: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}\n';
    await using mesh = await createTestMesh(entry);
    const fault = mesh.fault('api.example.com', { dns: 'fail' });

    expect(await status(mesh, 'http://api.example.com/')).toBe(503);
    expect(mesh.calls.at(-1)).toMatchObject({ flags: 'UH', attempt: 0 });
    fault[Symbol.dispose]();
    await mesh.clock.advance('2m');
    await mesh.fetch('http://api.example.com/');
    expect(await status(mesh, 'http://api.example.com/')).toBe(200);
    mesh.fault('api.example.com', { dns: 'fail' });
    await mesh.clock.advance('2m');
    expect(await status(mesh, 'http://api.example.com/')).toBe(200);
  });

  const refused: readonly [string, TestFault, string][] = [
    ['nobody', { status: 500 }, 'there is no service nobody (there is: ratings, reviews)'],
    ['reviews/v3', { status: 500 }, 'reviews has no subset v3 (it has: v1, v2)'],
    ['ratings', {}, 'does nothing'],
    ['ratings', { delay: '7s', header: { 'end-user': 'jason' } } as TestFault, 'has no field header: it may have delay, status'],
    ['ratings', { nth: 2 }, 'does nothing'],
    ['ratings', { reset: true, status: 500 }, "status and reset can't be had together"],
    ['ratings', { reset: true, slow: '1s' }, "reset and slow can't be had together"],
    ['ratings', { status: 99 }, 'status must be 200 to 599, got 99'],
    ['ratings', { delay: '7 seconds' }, 'a duration must be'],
    ['ratings', { status: 500, nth: 0 }, 'nth must be a whole number from 1, got 0'],
    ['ratings', { body: 'alone', delay: 1 }, 'body goes with status'],
    ['ratings', { reset: true, at: 'route' }, 'reset is nothing that a route can do'],
    ['ratings', { dns: 'fail' }, 'the endpoints of ratings have addresses'],
  ];
  it.each(refused)('of %s as %j is refused', async (service, fault, message) => {
    await using mesh = await createTestMesh(BOOKS);

    expect(() => mesh.fault(service, fault)).toThrow(message);
  });
});
