import { describe, expect, it } from 'vitest';
import { createMesh, inboundContextOf, withInbound, type Mesh } from '../../src/index.ts';
import { assertRoute, createTestMesh } from '../../src/testing/index.ts';
import { says } from './http-services.ts';

const rules = (canary: number, stickyBy = 'header end-user, cookie session, query u'): string => `
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  annotations: {ts-mesh.dev/sticky-by: "${stickyBy}"}
spec:
  hosts: [reviews]
  http:
  - name: split
    route:
    - {destination: {host: reviews, subset: v1}, weight: ${100 - canary}}
    - {destination: {host: reviews, subset: v2}, weight: ${canary}}
`;

const URL = 'http://reviews:9080/';
const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);

async function sidesOf(mesh: Mesh): Promise<Map<string, string>> {
  const sides = new Map<string, string>();
  for (const user of users) sides.set(user, await (await mesh.fetch(URL, { headers: { 'end-user': user } })).text());
  return sides;
}

const canariesOf = (sides: ReadonlyMap<string, string>): string[] => users.filter((user) => sides.get(user) === 'v2');

describe('a sticky split, over sockets', () => {
  it('keeps callers on their side, and those of a canary in it while it grows', async () => {
    await using v1 = await says('v1');
    await using v2 = await says('v2');
    const endpoints = { reviews: [{ address: v1.address, labels: { version: 'v1' } }, { address: v2.address, labels: { version: 'v2' } }] };
    await using mesh = await createMesh({ config: rules(5), endpoints });

    const small = await sidesOf(mesh);
    expect(await sidesOf(mesh)).toEqual(small);
    await mesh.apply(rules(40));
    const large = await sidesOf(mesh);

    expect(canariesOf(large)).toEqual(expect.arrayContaining(canariesOf(small)));
    expect(canariesOf(large).length).toBeGreaterThan(canariesOf(small).length + 5);
    await mesh.apply(rules(5));
    expect(await sidesOf(mesh)).toEqual(small);
  });
});

describe('a sticky split', () => {
  const services = { reviews: { v1: () => ({ body: 'v1' }), v2: () => ({ body: 'v2' }) } };

  it('knows callers by a cookie, a query parameter, or the user that a request came in with', async () => {
    await using mesh = await createTestMesh(rules(50), { services });
    const sideOf = async (url: string, headers: Record<string, string> = {}): Promise<string> => (await mesh.fetch(url, { headers })).text();

    for (const user of users) {
      const side = await sideOf(URL, { 'end-user': user });
      expect(await sideOf(URL, { cookie: `a=b; session=${user}` })).toBe(side);
      expect(await sideOf(`${URL}?u=${user}`)).toBe(side);
      expect(await withInbound(inboundContextOf((name) => (name === 'end-user' ? user : undefined)), () => sideOf(URL))).toBe(side);
    }
  });

  it('leaves to chance who has no key, and rules that it is not for', async () => {
    await using mesh = await createTestMesh(rules(50), { services, seed: 3 });
    const sides = new Set<string>();
    for (let i = 0; i < 20; i++) sides.add(await (await mesh.fetch(URL)).text());
    expect(sides).toEqual(new Set(['v1', 'v2']));

    await mesh.apply(rules(50, 'header end-user for other'));
    sides.clear();
    for (let i = 0; i < 20; i++) sides.add(await (await mesh.fetch(URL, { headers: { 'end-user': 'jason' } })).text());
    expect(sides).toEqual(new Set(['v1', 'v2']));
  });

  it('is explained, with where the call in question goes', async () => {
    await using mesh = await createTestMesh(rules(50), { services });
    const headers = { 'end-user': 'jason' };
    const side = await (await mesh.fetch(URL, { headers })).text();

    expect(mesh.explain(URL, { headers }).toString()).toContain(`→ sticky by header end-user, cookie session, query u: the key of this request goes to outbound|9080|${side}|reviews.default.svc.cluster.local`);
    expect(mesh.explain(URL, { headers }).toString()).not.toContain('jason');
    expect(mesh.explain(URL, { headers }).destinations.map(({ cluster, share }) => [cluster.split('|')[2], share]).sort()).toEqual([['v1', side === 'v1' ? 100 : 0], ['v2', side === 'v2' ? 100 : 0]]);
    expect(mesh.explain(URL).destinations.map(({ share }) => share)).toEqual([50, 50]);
    expect(() => assertRoute(mesh, { service: 'reviews', headers }, `reviews/${side}`)).not.toThrow();
    expect(() => assertRoute(mesh, { service: 'reviews', headers }, `reviews/${side === 'v1' ? 'v2' : 'v1'}`)).toThrow();
    expect(mesh.explain(URL).route.action).toContain('sticky by header end-user, cookie session, query u: this request has no key, so chance decides');
  });

  it('says what is wrong with it, and goes on by chance', async () => {
    await using mesh = await createTestMesh({ config: { text: rules(50, 'the user'), file: 'rules.yaml' }, services });

    expect((await mesh.fetch(URL, { headers: { 'end-user': 'jason' } })).status).toBe(200);
    expect(mesh.snapshot.routes.virtualHost(9080, 'reviews')?.routes[0]?.spec.action).not.toHaveProperty('sticky');
  });
});
