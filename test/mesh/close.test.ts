import { describe, expect, it } from 'vitest';
import { createMesh, isMeshError, type Mesh } from '../../src/index.ts';
import { memoryMesh, REVIEWS, reviewsPolicy, reviewsRules, watch } from '../engine/memory-mesh.ts';
import { httpService, until } from './http-services.ts';

const V1 = '10.0.0.1:9080';
const URL = 'http://reviews:9080/x';
const TO_V1 = reviewsRules('  - route: [{destination: {host: reviews, subset: v1}}]');

/** Everything in the statistics that says something is still held. */
function held(mesh: Mesh): Record<string, number> {
  return Object.fromEntries(Object.entries(mesh.stats(/_active$|active_faults$|_open$/)).filter(([name, value]) => value !== 0 && !name.includes('ejections')));
}

describe('mesh.close()', () => {
  it('waits for calls under way, takes no further ones, and leaves no timer', async () => {
    let answer: (() => void) | undefined;
    const { mesh, clock, get } = await memoryMesh([REVIEWS, TO_V1], { [V1]: () => new Promise((resolve) => (answer = () => resolve({ body: 'late' }))) });
    const call = watch(get(URL));
    await clock.advance(1);

    const closing = watch(mesh.close());
    await clock.advance(100);
    expect([call.settled, closing.settled]).toEqual([false, false]);
    await expect(mesh.request(URL)).rejects.toMatchObject({ code: 'ERR_MESH_CLOSED' });
    await expect(mesh.fetch(URL)).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'ERR_MESH_CLOSED' } });
    expect(() => mesh.dispatcher.dispatch({ origin: 'http://reviews:9080', path: '/', method: 'GET' }, {})).toThrow(expect.objectContaining({ code: 'ERR_MESH_CLOSED' }));

    answer?.();
    await clock.advance(1);
    expect(call.value).toMatchObject({ status: 200, body: 'late' });
    expect(closing.settled).toBe(true);
    expect(clock.pending).toBe(0);
    expect(held(mesh)).toEqual({});
  });

  it('ends after drainMs what does not end by itself, wherever it is', async () => {
    const rules = reviewsRules(`
  - match: [{uri: {prefix: /delay}}]
    fault: {delay: {fixedDelay: 60s, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /backoff}}]
    retries: {attempts: 5, retryOn: "503", backoff: 60s}
    route: [{destination: {host: reviews, subset: v1}}]
  - timeout: 60s
    retries: {attempts: 2, perTryTimeout: 30s}
    route: [{destination: {host: reviews, subset: v1}}]
    mirror: {host: reviews, subset: v2}`);
    const limits = reviewsPolicy('{connectionPool: {tcp: {maxConnections: 2}}, outlierDetection: {consecutive5xxErrors: 100}}');
    const { mesh, clock, services } = await memoryMesh([REVIEWS, limits, rules], { [V1]: ({ path }) => (path === '/backoff' ? { status: 503 } : 'hang'), '10.0.0.2:9080': () => 'hang' });
    const paths = ['/delay', '/backoff', '/hang', '/hang', '/pending', '/pending'];
    const calls = paths.map((path) => mesh.request(`http://reviews:9080${path}`).then(() => 'answered', (error: unknown) => (isMeshError(error) ? error.code : error)));
    await clock.advance(10);
    expect(services[V1]!.requests.map(({ path }) => path)).toEqual(expect.arrayContaining(['/backoff', '/hang', '/hang']));

    const closing = watch(mesh.close({ drainMs: 1000 }));
    await clock.advance(999);
    expect(closing.settled).toBe(false);
    await clock.advance(1);

    expect(closing.settled).toBe(true);
    expect(await Promise.all(calls)).toEqual(paths.map(() => 'ERR_MESH_CLOSED'));
    expect(held(mesh)).toEqual({});
    expect(clock.pending).toBe(0);
  });

  it('with drainMs 0 ends everything at once', async () => {
    const { mesh, clock } = await memoryMesh([REVIEWS, TO_V1], { [V1]: () => 'hang' });
    const call = mesh.request(URL);
    const refused = expect(call).rejects.toMatchObject({ code: 'ERR_MESH_CLOSED' });
    await clock.advance(1);

    await mesh.close({ drainMs: 0 });

    await refused;
    expect(clock.pending).toBe(0);
  });

  it('called again gives the same promise, and so does disposal', async () => {
    const { mesh } = await memoryMesh([REVIEWS]);

    const closing = mesh.close();

    expect(mesh.close({ drainMs: 0 })).toBe(closing);
    expect(mesh[Symbol.asyncDispose]()).toBe(closing);
    await closing;
  });

  it('does not wait for a name that is being looked up', async () => {
    const byName = REVIEWS.replace('STATIC', 'DNS').replace('10.0.0.1', 'one.example.com').replace('10.0.0.2', 'two.example.com');
    const { mesh, clock } = await memoryMesh([byName, TO_V1], {}, { lookup: () => new Promise(() => {}) });
    const call = mesh.request(URL).catch((error: unknown) => error);
    await clock.advance(1);

    const closing = watch(mesh.close({ drainMs: 10 }));
    await clock.advance(10);

    expect(closing.settled).toBe(true);
    expect(await call).toMatchObject({ code: 'ERR_MESH_CLOSED' });
    expect(clock.pending).toBe(0);
  });

  it('tells nobody of anything afterwards', async () => {
    const { mesh, clock, get } = await memoryMesh([REVIEWS, TO_V1]);
    const events: string[] = [];
    for (const event of ['call', 'config', 'ejection'] as const) mesh.on(event, () => events.push(event));
    await get(URL);
    await mesh.close();
    await mesh.apply(TO_V1);
    await clock.advance(1000);

    expect(events).toEqual(['call']);
  });
});

describe('mesh.close() on sockets', () => {
  const config = (port: number): string => REVIEWS.replaceAll('number: 9080', `number: 9080, targetPort: ${port}`).replace('10.0.0.1', '127.0.0.1');

  it('closes idle connections', async () => {
    await using service = await httpService((_request, response) => response.end('ok'));
    const mesh = await createMesh({ config: [config(service.port), TO_V1] });
    await (await mesh.fetch(URL)).text();
    expect(service.sockets.size).toBe(1);

    await mesh.close();

    await until(() => service.sockets.size === 0, 'its connection is closed');
    expect(held(mesh)).toEqual({});
  });

  it('waits for a body that is still being sent, and is read', async () => {
    await using service = await httpService((_request, response) => {
      response.write('first ');
      setTimeout(() => response.end('last'), 50);
    });
    const mesh = await createMesh({ config: [config(service.port), TO_V1] });
    const response = await mesh.fetch(URL);

    const closing = mesh.close();

    expect(await response.text()).toBe('first last');
    await closing;
    await until(() => service.sockets.size === 0, 'its connection is closed');
  });

  it('breaks a body that does not end', async () => {
    await using service = await httpService((_request, response) => response.write('first'));
    const mesh = await createMesh({ config: [config(service.port), TO_V1] });
    const response = await mesh.request(URL);
    const text = response.body.text().catch((error: unknown) => error);

    await mesh.close({ drainMs: 20 });

    expect(await text).toMatchObject({ code: 'ERR_MESH_CLOSED' });
    await until(() => service.sockets.size === 0, 'its connection is closed');
    expect(held(mesh)).toEqual({});
  });
});
