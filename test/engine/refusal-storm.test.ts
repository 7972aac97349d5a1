import { expect, it } from 'vitest';
import { memoryMesh, REVIEWS, reviewsRules } from './memory-mesh.ts';

it('a caller that tries again at once does not keep the event loop from turning', async () => {
  const { mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - route: [{destination: {host: reviews, subset: nowhere}}]`)]);
  let timerFired = false;
  setTimeout(() => (timerFired = true), 5);

  let refusals = 0;
  while (!timerFired && refusals < 1_000_000) {
    const response = await mesh.request('http://reviews:9080/');
    await response.body.dump();
    refusals++;
  }

  expect(timerFired).toBe(true);
});
