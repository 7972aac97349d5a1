import { expect, it } from 'vitest';
import { createMesh } from '../../src/index.ts';

const OLD_SPELLING = `
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - fault: {abort: {httpStatus: 500, percentage: {value: 100}}}
`;

it('keeps the warnings of each resource for as long as it is in force', async () => {
  const mesh = await createMesh({ config: { text: OLD_SPELLING, file: 'reviews.yaml' } });
  const ofReviews = (): number => mesh.warnings.filter(({ resource, file }) => resource === 'VirtualService default/reviews' && file === 'reviews.yaml').length;
  const before = ofReviews();

  expect(before).toBeGreaterThan(0);
  await mesh.apply({ text: OLD_SPELLING, file: 'reviews.yaml' });
  expect(ofReviews()).toBe(before);
  await mesh.delete('vs/reviews');
  expect(mesh.warnings).toEqual([]);
});
