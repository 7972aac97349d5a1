// `node --test examples/unit-tests/node-test.ts`
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { assertRoute, assertSplit, createTestMesh } from '../../src/testing/index.ts'; // from 'ts-mesh/testing' in your project
import { pageOf } from './shop.ts';

const services = { ratings: () => ({ json: { stars: 5 } }) };

it('jason sees the new reviews, and a tenth of the others', async () => {
  await using mesh = await createTestMesh(`${import.meta.dirname}/mesh`);

  assertRoute(mesh, { path: '/reviews/7', headers: { 'end-user': 'jason' } }, 'reviews/v2');
  assertSplit(mesh, { service: 'reviews', path: '/reviews/7' }, { v1: 0.9, v2: 0.1 });
});

it('when ratings take seven seconds, the page comes after two, without stars', async () => {
  await using mesh = await createTestMesh(`${import.meta.dirname}/mesh`, { services });
  assert.equal((await pageOf(mesh.fetch, 7)).stars, 5);
  mesh.fault('ratings', { delay: '7s' });

  assert.equal((await pageOf(mesh.fetch, 7)).stars, undefined);
  assert.equal(mesh.clock.now(), 2000);
});
