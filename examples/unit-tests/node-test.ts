// `node --test examples/unit-tests/node-test.ts`
import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import { assertRoute, assertSplit, createTestMesh, type TestMesh } from '../../src/testing/index.ts'; // from 'ts-mesh/testing' in your project
import { pageOf } from './shop.ts';

let mesh: TestMesh;
before(async () => {
  mesh = await createTestMesh(`${import.meta.dirname}/mesh`, { services: { ratings: () => ({ json: { stars: 5 } }) } });
});
afterEach(() => mesh.reset());
after(() => mesh.close());

it('jason sees the new reviews, and a tenth of the others', () => {
  assertRoute(mesh, { path: '/reviews/7', headers: { 'end-user': 'jason' } }, 'reviews/v2');
  assertSplit(mesh, { service: 'reviews', path: '/reviews/7' }, { v1: 0.9, v2: 0.1 });
});

it('when ratings take seven seconds, the page comes after two, without stars', async () => {
  assert.equal((await pageOf(mesh.fetch, 7)).stars, 5);
  mesh.fault('ratings', { delay: '7s' });

  assert.equal((await pageOf(mesh.fetch, 7)).stars, undefined);
  assert.equal(mesh.clock.now(), 2000);
});
