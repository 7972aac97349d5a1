import { expect, it } from 'vitest';
import { ServiceClient } from '../../src/adapters/service-client.ts';
import { createTestMesh } from '../../src/testing/index.ts';

const service = (name: string, ...ports: string[]): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [${ports.join(', ')}]}
`;
const REVIEWS = '{name: http, port: 9080}';

it.each([
  { name: 'reviews', ports: [REVIEWS], expected: 'http://reviews:9080' },
  { name: 'reviews.default', ports: [REVIEWS], expected: 'http://reviews.default:9080' },
  { name: 'reviews/v1/', ports: [REVIEWS], expected: 'http://reviews:9080/v1' },
  { name: 'reviews', ports: ['{name: http-admin, port: 9090}', REVIEWS], expected: 'http://reviews:9080' },
  { name: 'reviews', ports: ['{name: tcp-db, port: 5432}', REVIEWS], expected: 'http://reviews:9080' },
  { name: 'reviews', ports: ['{name: http-old, port: 8080}', '{name: http, port: 80}'], expected: 'http://reviews' },
  { name: 'reviews:9080', ports: ['{name: http, port: 80}', REVIEWS.replace('http', 'http-new')], expected: 'http://reviews:9080' },
  { name: 'https://reviews', ports: [REVIEWS], expected: 'https://reviews' },
  { name: 'nobody', ports: [REVIEWS], expected: 'http://nobody' },
])('a client of $name, where reviews has $ports, calls $expected', async ({ name, ports, expected }) => {
  await using mesh = await createTestMesh(service('reviews', ...ports));

  expect(new ServiceClient(mesh, name).url).toBe(expected);
});

it.each([['/7', '/v1/7'], ['7?q=1', '/v1/7?q=1'], ['?q=1', '/v1?q=1'], ['', '/v1']])('asks for %j below the path of its URL: %s', async (path, expected) => {
  await using mesh = await createTestMesh(service('reviews', REVIEWS));
  const client = new ServiceClient(mesh, 'reviews/v1/');

  expect(await (await client.fetch(path)).json()).toMatchObject({ path: expected });
  expect(await (await client.request(path)).body.json()).toMatchObject({ path: expected });
});

it('goes where the rules of now say that the service is', async () => {
  await using mesh = await createTestMesh(service('reviews', REVIEWS), { services: { reviews: ({ path }) => ({ body: `${path} of reviews` }) } });
  const client = new ServiceClient(mesh, 'reviews');
  expect(await (await client.fetch('/reviews/0')).text()).toBe('/reviews/0 of reviews');

  await mesh.apply(service('reviews', '{name: http, port: 9081}'));

  expect(client.url).toBe('http://reviews:9081');
  expect(await (await client.request('/reviews/1')).body.text()).toBe('/reviews/1 of reviews');
});
