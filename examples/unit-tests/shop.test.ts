// `npx vitest run --root examples/unit-tests`
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createTestMesh, meshMatchers, type MeshMatchers, type TestMesh } from '../../src/testing/index.ts'; // from 'ts-mesh/testing' in your project
import { pageOf } from './shop.ts';

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends MeshMatchers<R> {}
}
expect.extend(meshMatchers);

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await createTestMesh(`${import.meta.dirname}/mesh`, {
    services: { reviews: { v1: () => ({ body: 'old' }), v2: () => ({ body: 'new' }) }, ratings: () => ({ json: { stars: 5 } }) },
  });
});
afterEach(() => mesh.reset());
afterAll(() => mesh.close());

it('jason sees the new reviews, and a tenth of the others', async () => {
  expect(await pageOf(mesh.fetch, 7, 'jason')).toEqual({ reviews: 'new', stars: 5 });
  expect(mesh).toRoute({ path: '/reviews/7', headers: { 'end-user': 'jason' } }, 'reviews/v2');
  expect(mesh).toSplit({ service: 'reviews', path: '/reviews/7' }, { v1: 0.9, v2: 0.1 });
});

it('when ratings take seven seconds, the page comes after two, without stars', async () => {
  const beganAtMs = mesh.clock.now();
  using _ = mesh.fault('ratings', { delay: '7s' });

  expect(await pageOf(mesh.fetch, 7, 'jason')).toEqual({ reviews: 'new' });
  expect(mesh.clock.now() - beganAtMs).toBe(2000);
});

it('when ratings fail once, nobody notices', async () => {
  using _ = mesh.fault('ratings', { status: 503, nth: 1 });

  expect(await pageOf(mesh.fetch, 7)).toMatchObject({ stars: 5 });
  expect(mesh).toHaveCalled('ratings', { times: 2 });
});

it('when reviews are down, the page says so', async () => {
  using _ = mesh.fault('reviews', { refuse: true });

  expect(await pageOf(mesh.fetch, 7)).toEqual({ reviews: 'not available', stars: 5 });
});
