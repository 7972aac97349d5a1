import { expect } from 'vitest';
import { meshInfo } from '../../src/index.ts';
import { memoryEngine, type MemoryEngine } from '../engine/memory-engine.ts';
import { ScriptedService } from '../engine/scripted-service.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { ADDRESSES, type CallSpec, type Case, type Endpoint, type Outcome } from './case.ts';

/** Longer than anything in a case takes. */
const LONG_MS = 60_000;

const ENDPOINTS = Object.keys(ADDRESSES) as Endpoint[];

function documents({ http, policy }: Case): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints:
${ENDPOINTS.map((name) => `  - {address: ${ADDRESSES[name]}, labels: {version: ${name === 'c' ? 'v2' : 'v1'}}}`).join('\n')}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
${policy === undefined ? '' : `  trafficPolicy: ${policy}`}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: none, labels: {version: v77}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
${http.map((rule) => `  - {${rule}}`).join('\n')}
`;
}

/** Plays a case on virtual time and holds everything it says against what happened. */
export async function play(one: Case): Promise<void> {
  const config = documents(one);
  if (one.refused !== undefined) {
    expect(() => memoryEngine(config, {})).toThrow(one.refused);
    return;
  }
  const clock = new VirtualClock();
  const services = startServices(one, clock);
  let drawn = 0;
  const draws = one.draws ?? [0];
  const inside = memoryEngine(config, {
    clock,
    random: () => draws[drawn++ % draws.length]!,
    transport: ({ address }) => services[endpointAt(address)],
    connect: (_target, callback) => callback(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
  });

  const calls = (one.calls ?? [{}]).map((call) => makeCall(call, inside));
  await clock.advance(LONG_MS);

  const results = await Promise.all(calls);
  expect(results).toMatchObject(one.outcomes ?? []);
  expect(results).toHaveLength(one.outcomes?.length ?? 1);
  for (const name of ENDPOINTS) {
    const requests = services[name]?.requests ?? [];
    const expected = one.seen?.[name] ?? [];
    expect(requests, `requests at ${name}`).toHaveLength(expected.length);
    expect(requests, `requests at ${name}`).toMatchObject(expected.map((request) => (typeof request === 'string' ? { path: request } : request)));
  }
  expectStatistics(inside, one.stats ?? {});
  expectNothingHeld(inside, Object.values(services));
  inside.engine.close(new Error('the case is over'));
  expect(clock.pending, 'timers after closing').toBe(0);
}

function endpointAt(address: string): Endpoint {
  return ENDPOINTS.find((name) => ADDRESSES[name] === address)!;
}

function startServices({ services = {} }: Case, clock: VirtualClock): Partial<Record<Endpoint, ScriptedService>> {
  return Object.fromEntries(ENDPOINTS.filter((name) => services[name] !== 'refuses').map((name) => {
    const how = services[name] ?? {};
    let nth = 0;
    return [name, new ScriptedService(clock, (request) => (typeof how === 'function' ? how(nth++, request) : (how as object)))];
  }));
}

/** Makes a call at its time and tells what became of it, as an {@link Outcome} in full. */
async function makeCall({ path = '/', method = 'GET', headers = {}, body, atMs = 0, giveUpAtMs }: CallSpec, { dispatcher, clock }: MemoryEngine): Promise<Outcome> {
  const controller = new AbortController();
  if (giveUpAtMs !== undefined) clock.setTimeout(() => controller.abort(), giveUpAtMs);
  await new Promise<void>((resolve) => void clock.setTimeout(resolve, atMs));
  let told: Outcome = {};
  try {
    const response = await dispatcher.request({ origin: 'http://reviews:9080', path, method: method as 'GET', headers: { ...headers }, body, signal: controller.signal });
    const info = meshInfo(response)!;
    told = { status: response.statusCode, headers: response.headers, attempts: info.attempts };
    const text = await response.body.text();
    const { flags, details } = meshInfo(response)!;
    return { ...told, flags, details, body: text, overAtMs: clock.now() };
  } catch (error) {
    return { ...told, error: (error as Error).name, overAtMs: clock.now() };
  }
}

function expectStatistics({ engine }: MemoryEngine, expected: Readonly<Record<string, number>>): void {
  const all = engine.collect();
  const named = Object.fromEntries(Object.keys(expected).map((short) => {
    const [, subset, stat] = /^(\w+)\.(.*)$/.exec(short)!;
    const full = subset === 'fault' ? `http.outbound_0.0.0.0_9080;.fault.${stat}` : `cluster.outbound|9080|${subset === 'all' ? '' : subset}|reviews.default.svc.cluster.local;.${stat}`;
    return [short, all.get(full)];
  }));
  expect(named).toEqual(expected);
  for (const [name, value] of all) expect(value, name).toBeGreaterThanOrEqual(0);
}

/** No permit, no request and no fault may be left; connections that are idle may. */
function expectNothingHeld({ engine }: MemoryEngine, services: readonly ScriptedService[]): void {
  for (const { name, breaker, hosts, stats } of engine.clusters.live()) {
    const { pending, requests, retries, connections } = breaker;
    const active = hosts.hosts.map((host) => host.activeRequests);
    expect({ pending, requests, retries, rq: stats.upstream_rq_active, waiting: stats.upstream_rq_pending_active, active }, name).toEqual({
      pending: 0, requests: 0, retries: 0, rq: 0, waiting: 0, active: active.map(() => 0),
    });
    expect(stats.upstream_cx_active, name).toBe(connections);
  }
  for (const [, { active_faults: faults }] of engine.stats.listeners()) expect(faults, 'active faults').toBe(0);
  for (const { active } of services) expect(active, 'requests that a service still has').toBe(0);
}
