import { describe, expect, it } from 'vitest';
import type { MemoryMesh } from './memory-mesh.ts';
import { memoryMesh, REVIEWS, reviewsPolicy, reviewsRules } from './memory-mesh.ts';

const ADDRESSES = ['10.0.0.1:9080', '10.0.0.2:9080'];
const URL = 'http://reviews:9080/x';
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);

const hash = (key: string): string => reviewsPolicy(`{loadBalancer: {consistentHash: {${key}}}}`);
const byHeader = hash('httpHeaderName: x-user');
const byCookie = hash('httpCookie: {name: sid, ttl: 60s, path: /shop}');

/** The endpoint of each request, in the order of `urls`. */
async function endpoints({ get, services }: MemoryMesh, headers: readonly Record<string, string>[]): Promise<readonly string[]> {
  const reached: string[] = [];
  for (const each of headers) {
    const before = new Map(ADDRESSES.map((address) => [address, services[address]?.requests.length ?? 0]));
    await get(URL, each);
    reached.push(ADDRESSES.filter((address) => (services[address]?.requests.length ?? 0) > before.get(address)!).join('+'));
  }
  return reached;
}

describe('consistent hashing', () => {
  it('sends each user to the same endpoint, in every mesh', async () => {
    const headers = USERS.map((user) => ({ 'x-user': user }));
    const first = await endpoints(await memoryMesh([REVIEWS, byHeader]), headers);
    const mesh = await memoryMesh([REVIEWS, byHeader], {}, { seed: 99 });

    expect(new Set(first)).toEqual(new Set(ADDRESSES));
    expect(await endpoints(mesh, headers)).toEqual(first);
    expect(await endpoints(mesh, headers)).toEqual(first);
  });

  it('retries at the same endpoint', async () => {
    const broken = (): { status: number } => ({ status: 503 });
    const config = [REVIEWS, byHeader, reviewsRules(`
  - retries: {attempts: 2, retryOn: "503", backoff: 1ms}
    route: [{destination: {host: reviews}}]`)];
    const { mesh, clock, services } = await memoryMesh(config, { [ADDRESSES[0]!]: broken, [ADDRESSES[1]!]: broken });
    const response = mesh.request(URL, { headers: { 'x-user': 'jason' } });
    for (let i = 0; i < 5; i++) await clock.advance(100);
    await (await response).body.text();

    expect(ADDRESSES.map((address) => services[address]?.requests.length ?? 0).toSorted()).toEqual([0, 3]);
  });

  it('hashes what the route made of the request', async () => {
    const broken = (): { status: number } => ({ status: 503 });
    const config = (rule: string): string[] => [REVIEWS, byHeader, reviewsRules(`
  - retries: {attempts: 1, retryOn: "503", backoff: 1ms}
    headers: {request: {set: {x-user: ${rule}}}}
    route: [{destination: {host: reviews}}]`)];
    const plain = await endpoints(await memoryMesh([REVIEWS, byHeader]), USERS.map((user) => ({ 'x-user': user })));
    const other = USERS[plain.findIndex((address) => address !== plain[0])]!;
    const { mesh, clock, services } = await memoryMesh(config(other), { [ADDRESSES[0]!]: broken, [ADDRESSES[1]!]: broken });
    const response = mesh.request(URL, { headers: { 'x-user': USERS[0]! } });
    for (let i = 0; i < 5; i++) await clock.advance(100);
    await (await response).body.text();

    const reached = ADDRESSES.filter((address) => (services[address]?.requests.length ?? 0) > 0);
    expect(reached).toEqual([plain[USERS.indexOf(other)]]);
  });

  it('sets the cookie that it made up, next to those of the upstream, and follows it', async () => {
    const own = (): { headers: Record<string, string> } => ({ headers: { 'set-cookie': 'own=1' } });
    const mesh = await memoryMesh([REVIEWS, byCookie], { [ADDRESSES[0]!]: own, [ADDRESSES[1]!]: own });
    const { headers } = await mesh.get(URL);
    const cookies = headers['set-cookie'] as readonly string[];

    expect(cookies).toEqual(['own=1', expect.stringMatching(/^sid="[0-9a-f]{16}"; Max-Age=60; Path=\/shop; HttpOnly$/)]);
    const [made = ''] = cookies[1]!.split(';');
    const reached = await endpoints(mesh, Array.from({ length: 8 }, () => ({ cookie: made })));
    expect(new Set(reached).size).toBe(1);
    expect((await mesh.get(URL, { cookie: made })).headers['set-cookie']).toBe('own=1');
  });

  it('lets the route remove the cookie, and sets none on an answer of its own', async () => {
    const removed = await memoryMesh([REVIEWS, byCookie, reviewsRules(`
  - headers: {response: {remove: [set-cookie]}}
    route: [{destination: {host: reviews}}]`)]);
    const aborted = await memoryMesh([REVIEWS, byCookie, reviewsRules(`
  - fault: {abort: {httpStatus: 500, percentage: {value: 100}}}
    route: [{destination: {host: reviews}}]`)]);

    expect((await removed.get(URL)).headers).not.toHaveProperty('set-cookie');
    expect((await aborted.get(URL)).headers).not.toHaveProperty('set-cookie');
  });

  it('makes up no cookie where the drawn cluster does not hash', async () => {
    const config = REVIEWS.replace(/---[^]*/, `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: sid, ttl: 60s}}}}
  subsets:
  - {name: plain, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
`);
    const mesh = await memoryMesh([config, reviewsRules(`
  - route: [{destination: {host: reviews, subset: plain}}]`)]);

    expect((await mesh.get(URL)).headers).not.toHaveProperty('set-cookie');
  });
});
