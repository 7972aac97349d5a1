import { describe, expect, it } from 'vitest';
import { createMesh } from '../../src/index.ts';
import { assertCalled, assertCovered, assertRoute, assertSplit, createTestMesh, meshMatchers, type MeshMatchers, type TestMesh } from '../../src/testing/index.ts';
import { BOOKS_FILE } from './rules.ts';

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends MeshMatchers<R> {}
}
expect.extend(meshMatchers);

const books = (): Promise<TestMesh> => createTestMesh(BOOKS_FILE, { seed: 4711 });
const messageOf = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it passed');
};

describe('toRoute', () => {
  it('knows where each request goes, whichever way it is asked for', async () => {
    await using mesh = await books();

    expect(mesh).toRoute({ path: '/reviews/0', headers: { 'end-user': 'jason' } }, 'reviews/v2');
    expect(mesh).toRoute({ url: 'http://reviews.default:9080/', headers: { 'end-user': 'jason' } }, 'reviews.default/v2');
    expect(mesh).toRoute('/reviews/0', 'reviews');
    expect(mesh).toRoute('http://ratings:9080/', 'ratings');
    expect(mesh).not.toRoute('/reviews/0', 'reviews/v2');
    expect(mesh).not.toRoute({ service: 'ratings' }, 'reviews');
    expect(mesh).not.toRoute('http://nobody:9080/', 'reviews');
    assertRoute(mesh, { headers: { 'end-user': 'jason' } }, 'reviews/v2');
  });

  it('does not take a service for reached that has no endpoint', async () => {
    await using mesh = await createTestMesh(BOOKS_FILE, { endpoints: { reviews: [{ address: '10.0.0.1', labels: { version: 'v1' } }] } });

    expect(mesh).not.toRoute({ headers: { 'end-user': 'jason' } }, 'reviews/v2');
  });

  it('fails with the explanation, the rules\' lines and the seed', async () => {
    await using mesh = await books();
    const message = messageOf(() => expect(mesh).toRoute('/reviews/0', 'reviews/v2'));

    expect(message).toContain('expected the request to be routed to reviews/v2');
    expect(message).toContain('VirtualService default/reviews spec.http[0].match[0] (books.yaml:24)');
    expect(message).toContain('end-user');
    expect(message).toContain('seed 4711');
    expect(messageOf(() => expect(mesh).not.toRoute('/', 'reviews'))).toContain('expected the request not to be routed to reviews');
    expect(messageOf(() => assertRoute(mesh, '/reviews/0', 'reviews/v2'))).toBe(message);
  });

  it('says what it needs to know', async () => {
    await using mesh = await books();

    expect(() => expect(mesh).toRoute('/', 'nobody/v1')).toThrow('there is no service nobody (there is: ratings, reviews)');
    await using alone = await createTestMesh('apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}\n');
    expect(() => expect(alone).toRoute('/', 'reviews')).toThrow("there is no service reviews (there is: none: add a Service or ServiceEntry to the rules, or `services: { 'reviews:9080': handler }`");
    expect(() => expect(mesh).toSplit('/', { v1: 1 })).toThrow('neither `url` nor `service`');
  });
});

describe('what is no test mesh', () => {
  const given: readonly (readonly [string, () => unknown, string])[] = [
    ['a promise that nobody awaited', () => books(), 'not a promise of it: `await createTestMesh(…)`'],
    ['nothing', () => undefined, 'not undefined'],
    ['a mesh of createMesh', () => createMesh({ config: BOOKS_FILE }), 'not a mesh of createMesh: give the same `config` to createTestMesh'],
  ];
  it.each(given)('%s is told of', async (name, make, message) => {
    const mesh = (name.includes('promise') ? make() : await make()) as TestMesh;

    for (const act of [() => assertRoute(mesh, '/', 'reviews'), () => assertSplit(mesh, { service: 'reviews' }, { v1: 1 }), () => assertCalled(mesh, 'reviews'), () => assertCovered(mesh)]) expect(act).toThrow(message);
    await (await mesh)?.close();
  });
});

describe('toSplit', () => {
  it('knows shares exactly', async () => {
    await using mesh = await books();

    expect(mesh).toSplit({ service: 'reviews' }, { v1: 0.9, v2: 0.1 });
    expect(mesh).toSplit('/', { 'reviews/v1': 0.9, 'reviews/v2': 0.1 });
    expect(mesh).toSplit({ service: 'reviews', headers: { 'end-user': 'jason' } }, { v2: 1, v1: 0 });
    expect(mesh).toSplit({ service: 'ratings' }, { ratings: 1 });
    expect(mesh).not.toSplit({ service: 'reviews' }, { v1: 0.91, v2: 0.09 });
    expect(mesh).not.toSplit({ service: 'reviews' }, { v1: 0.9 });
    assertSplit(mesh, { service: 'reviews' }, { v1: 0.9, v2: 0.1 });
  });

  it('fails with the shares of the rule', async () => {
    await using mesh = await books();

    expect(messageOf(() => assertSplit(mesh, { service: 'reviews' }, { v1: 0.8, v2: 0.2 }))).toMatch(/to be split v1 0\.8, v2 0\.2, but it is v1 0\.9, v2 0\.1\n[^]*books\.yaml:26/);
  });

  it('knows thirds', async () => {
    await using mesh = await books();
    await mesh.apply('apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1}, weight: 1}, {destination: {host: reviews, subset: v2}, weight: 2}]}]}\n');

    expect(mesh).toSplit({ service: 'reviews' }, { v1: 1 / 3, v2: 2 / 3 });
  });
});

describe('toHaveCalled', () => {
  it('counts what arrived', async () => {
    await using mesh = await books();
    await mesh.fetch('http://ratings:9080/ratings/1', { method: 'POST', body: 'x', headers: { 'x-user': 'ann' } });
    await mesh.fetch('http://ratings:9080/ratings/2');

    expect(mesh).toHaveCalled('ratings');
    expect(mesh).toHaveCalled('ratings', { times: 2 });
    expect(mesh).toHaveCalled('ratings', { times: 1, path: '/ratings/1', method: 'post', headers: { 'X-User': /^a/ }, status: 200, flags: '-' });
    expect(mesh).toHaveCalled('ratings', { times: 0, path: '/ratings/3' });
    expect(mesh).not.toHaveCalled('reviews');
    expect(mesh).not.toHaveCalled('ratings', { times: 3 });
    assertCalled(mesh, 'ratings', { path: /ratings\/\d/g, times: 2 });
  });

  it('fails with all that was called', async () => {
    await using mesh = await books();
    expect(messageOf(() => assertCalled(mesh, 'ratings'))).toContain('expected ratings to have been called, but it was 0 times\n\nnothing was called');
    await mesh.fetch('http://reviews:9080/reviews/0', { headers: { 'end-user': 'jason' } });

    expect(messageOf(() => assertCalled(mesh, 'ratings', { times: 2, path: '/x' }))).toContain('ratings to have been called 2 times with path /x, but it was 0 times\n\nwhat was called:\n  GET /reviews/0 → reviews/v2 198.18.0.2:9080, try 1: 200');
    expect(() => assertCalled(mesh, 'reviews', { headers: { authorization: 'Bearer x' } })).toThrow('may be a secret');
  });
});

describe('toBeCovered', () => {
  it('asks for all, or for a share', async () => {
    await using mesh = await books();
    await mesh.fetch('http://reviews:9080/', { headers: { 'end-user': 'jason' } });

    expect(mesh).not.toBeCovered();
    expect(mesh).toBeCovered({ atLeast: 0.25 });
    expect(mesh.coverage()).not.toBeCovered({ atLeast: 0.26 });
    expect(messageOf(() => assertCovered(mesh))).toMatch(/at least 100 %\n\n1 of 4 rules reached \(25 %\)\nnot reached:\n {2}VirtualService default\/reviews spec\.http\[1\] \(books\.yaml:26\)/);
  });
});
