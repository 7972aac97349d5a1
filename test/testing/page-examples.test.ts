// The examples of docs/testing.md: its page.test.ts compares them, region by region.
// #region start
import { expect, it, vi } from 'vitest';
import { createTestMesh } from '../../src/testing/index.ts';

it('a rule sends jason to v2', async () => {
  await using mesh = await createTestMesh('test/testing/books');

  const response = await mesh.fetch('http://reviews:9080/reviews/0', { headers: { 'end-user': 'jason' } });

  expect(await response.json()).toMatchObject({ service: 'reviews', subset: 'v2', path: '/reviews/0' });
});
// #endregion

import { afterAll, beforeAll, beforeEach, afterEach } from 'vitest';
import { RouteCoverage, simulate, type TestMesh } from '../../src/testing/index.ts';
import { productPage } from './product-page.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

// #region delay
it('shows no stars when ratings take 7 seconds', async () => {
  await using mesh = await createTestMesh('test/testing/books', { services: { ratings: () => ({ json: { stars: 4 } }) } });
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => mesh.clock.timeout(ms));

  expect(await productPage(mesh.fetch, 0)).toEqual({ stars: 4 });
  mesh.fault('ratings', { delay: '7s' });
  expect(await productPage(mesh.fetch, 0)).toEqual({ stars: undefined });

  expect(mesh.clock.now()).toBe(3000);
});
// #endregion

// #region timers
it('gives up by a timer of its own', async () => {
  vi.useFakeTimers();
  const mesh = await createTestMesh('test/testing/books', { clock: 'real' });
  mesh.fault('ratings', { delay: '7s' });

  const first = Promise.race([mesh.fetch('http://ratings:9080/'), new Promise((resolve) => setTimeout(resolve, 3000, 'too late'))]);
  await vi.advanceTimersByTimeAsync(3000);

  expect(await first).toBe('too late');
  await mesh.close({ drainMs: 0 });
});
// #endregion

// #region services
it('each version of a service can answer for itself', async () => {
  await using mesh = await createTestMesh('test/testing/books', {
    services: {
      ratings: (request, at) => ({ status: request.method === 'GET' ? 200 : 405, json: { stars: 4, served: at.endpoint }, delay: '20ms' }),
      reviews: { v1: () => ({ body: 'plain' }), v2: async () => Response.json({ stars: true }) },
      'payments:8080': () => 'reset',
    },
  });

  expect((await mesh.fetch('http://ratings:9080/', { method: 'DELETE' })).status).toBe(405);
  expect((await mesh.fetch('http://payments:8080/')).status).toBe(503);
});
// #endregion

// #region retries
it('a 503 is saved by a retry', async () => {
  await using mesh = await createTestMesh('test/testing/books');
  using _ = mesh.fault('ratings', { status: 503, nth: 1 });

  expect((await mesh.fetch('http://ratings:9080/')).status).toBe(200);
  expect(mesh.calls.for('ratings').map(({ attempt, status }) => [attempt, status])).toEqual([[1, 503], [2, 200]]);
});
// #endregion

// #region matcher-types
import { meshMatchers, type MeshMatchers } from '../../src/testing/index.ts';

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends MeshMatchers<R> {}
}
expect.extend(meshMatchers);
// #endregion

// #region canary
it('a tenth of the calls goes to v2, and all of jason\'s', async () => {
  await using mesh = await createTestMesh('test/testing/books');

  expect(mesh).toSplit({ service: 'reviews', path: '/reviews/0' }, { v1: 0.9, v2: 0.1 });
  expect(mesh).toRoute({ path: '/reviews/0', headers: { 'end-user': 'jason' } }, 'reviews/v2');
});
// #endregion

// #region calls
it('the page asks ratings once, and reviews never', async () => {
  await using mesh = await createTestMesh('test/testing/books');
  await productPage(mesh.fetch, 7);

  expect(mesh).toHaveCalled('ratings', { times: 1, path: '/ratings/7', method: 'GET' });
  expect(mesh).not.toHaveCalled('reviews');
});
// #endregion

{
  // #region coverage
  const coverage = new RouteCoverage();
  let mesh: TestMesh;

  beforeAll(async () => {
    mesh = await createTestMesh('test/testing/books', { coverage });
  });
  beforeEach(() => mesh.reset());
  afterAll(async () => {
    await mesh.close();
    expect(coverage).toBeCovered({ atLeast: 0.5 });
  });
  // #endregion

  it('jason is sent to v2, others are not', async () => {
    await mesh.fetch('http://reviews:9080/', { headers: { 'end-user': 'jason' } });
    await mesh.fetch('http://reviews:9080/');
    expect(mesh.calls.map(({ subset }) => subset)).toHaveLength(2);
  });
}

// #region simulate
it('a canary that fails is ejected within seconds', async () => {
  await simulate('test/testing/books', {
    seed: 42,
    rps: 20,
    for: '5m',
    request: 'http://ratings:9080/ratings/0',
    services: { ratings: (_, at) => ({ delay: 5 + at.random() * 20 }) },
    endpoints: { ratings: [{ address: '10.0.0.1', labels: { version: 'v1' } }, { address: '10.0.0.2', labels: { version: 'v2' } }] },
    at: { '1m': (mesh) => mesh.fault('ratings/v2', { status: 500 }), '2m': (mesh) => mesh.clearFaults() },
    check: ({ statuses, ejections, latencyMs }) => {
      expect(statuses['500'] ?? 0).toBeLessThan(60);
      expect(ejections[0]).toMatchObject({ kind: 'ejected', endpoint: '10.0.0.2:9080' });
      expect(latencyMs.p99).toBeLessThan(100);
    },
  });
});
// #endregion
