import { expect } from 'vitest';
import { createMesh, meshInfo, type Mesh } from '../../src/index.ts';
import { VirtualClock, type TimerHandle } from '../../src/testing/index.ts';
import { ScriptedService, type Script } from '../engine/scripted-service.ts';
import type { Pair } from './policies.ts';

/** `a` is version v1 and `b` version v2 of `reviews`; `c` is `copies`. */
export type EndpointName = 'a' | 'b' | 'c';

/** One call, and what it comes to. */
export interface Call {
  /** When it begins. Default 0. */
  readonly atMs?: number;
  readonly path?: string;
  readonly method?: 'GET' | 'POST' | 'OPTIONS';
  readonly sent?: Readonly<Record<string, string>>;
  /** What every draw of chance gives from here on. Default 0. */
  readonly chance?: number;
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  readonly attempts: number;
  readonly body?: string;
  /** When its last byte is here. */
  readonly endsAtMs?: number;
  readonly endpoint?: EndpointName;
  /** `undefined`: must be absent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** One request as an endpoint saw it. */
export interface Seen {
  readonly atMs?: number;
  readonly path?: string;
  /** `undefined`: must be absent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Whether the mesh gave it up. */
  readonly aborted?: boolean;
}

/** What two policies do to each other. */
export interface PairCase {
  readonly pair: Pair;
  /** In words, for the name of the test. */
  readonly rule: string;
  /** Parts of the rule for `reviews`. */
  readonly http: readonly string[];
  /** Parts of the `trafficPolicy` of `reviews`. */
  readonly policy?: readonly string[];
  /**
   * By the number of the request, the last one over and over. `refused`: nobody listens. `silent`: connecting takes for
   * ever. Default: 200 at once.
   */
  readonly services?: Partial<Record<EndpointName, Script | readonly Script[] | 'refused' | 'silent'>>;
  readonly calls: readonly Call[];
  /** All that the endpoints saw; an endpoint that is not named saw nothing. */
  readonly seen: Partial<Record<EndpointName, readonly Seen[]>>;
  /** `v1.upstream_rq_retry`, `v2.…`, `reviews.…` (no subset), `copies.…`, `fault.…`. */
  readonly stats?: Readonly<Record<string, number>>;
}

/** Two policies that no rule can have both: the configuration is refused. */
export interface RefusedPair {
  readonly pair: Pair;
  /** Why. */
  readonly refused: string;
  readonly http: readonly string[];
}

const ENDPOINTS: Readonly<Record<EndpointName, string>> = { a: '10.0.0.1:9080', b: '10.0.0.2:9080', c: '10.0.0.3:9080' };
const CLUSTERS: Readonly<Record<string, string>> = {
  v1: 'cluster.outbound|9080|v1|reviews.default.svc.cluster.local;',
  v2: 'cluster.outbound|9080|v2|reviews.default.svc.cluster.local;',
  reviews: 'cluster.outbound|9080||reviews.default.svc.cluster.local;',
  copies: 'cluster.outbound|9080||copies.default.svc.cluster.local;',
  fault: 'http.outbound_0.0.0.0_9080;.fault',
};

const world = (http: readonly string[], policy: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.0.1, labels: {version: v1}}, {address: 10.0.0.2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: copies}
spec:
  hosts: [copies.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.0.3}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  ${policy.length === 0 ? '' : `trafficPolicy: {${policy.join(', ')}}`}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http: [{${http.join(', ')}}]
`;

/** A clock that knows which timers somebody waits for. */
class ForegroundClock extends VirtualClock {
  readonly foreground = new Set<TimerHandle>();

  override setTimeout(callback: () => void, delayMs: number, background = false): TimerHandle {
    const handle = super.setTimeout(() => {
      this.foreground.delete(handle);
      callback();
    }, delayMs);
    if (!background) this.foreground.add(handle);
    return handle;
  }

  override clearTimeout(handle: TimerHandle): void {
    this.foreground.delete(handle);
    super.clearTimeout(handle);
  }
}

/** Plays a case and compares all that it states; then nothing may be left over. */
export async function play({ http, policy = [], services = {}, calls, seen, stats = {} }: PairCase): Promise<void> {
  const clock = new ForegroundClock();
  let chance = 0;
  const arrivals: Record<string, number[]> = { a: [], b: [], c: [] };
  const endpoints = Object.fromEntries(
    Object.keys(ENDPOINTS).map((name) => [name, new ScriptedService(clock, () => {
      const script = services[name as EndpointName] ?? {};
      const times = arrivals[name]!;
      times.push(clock.now());
      if (typeof script === 'string') throw new Error(`${name} is ${script}`);
      return 'length' in script ? script[Math.min(times.length, script.length) - 1]! : script;
    })]),
  ) as Record<EndpointName, ScriptedService>;
  const nameOf = (address: string): EndpointName => (Object.keys(ENDPOINTS) as EndpointName[]).find((name) => ENDPOINTS[name] === address)!;
  const mesh = await createMesh({
    config: world(http, policy),
    clock,
    random: () => chance,
    tracing: false,
    legacySemantics: false,
    transport: ({ address, port }) => {
      const name = nameOf(`${address}:${port}`);
      return typeof services[name] === 'string' ? undefined : endpoints[name];
    },
    connect: ({ address, port }, callback) => {
      if (services[nameOf(`${address}:${port}`)] === 'refused') callback(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    },
  });

  const outcomes: Promise<Call>[] = [];
  for (const call of calls) {
    // Calls of the same moment come one right after the other, before anything else moves.
    if ((call.atMs ?? 0) > clock.now()) await clock.advance(call.atMs! - clock.now());
    chance = call.chance ?? chance;
    outcomes.push(outcome(mesh, clock, call, nameOf));
  }
  await clock.advance(60_000);
  const settled = await Promise.race([Promise.all(outcomes), clock.advance(0).then(() => 'some call did not end' as const)]);

  expect(settled).toEqual(calls.map(({ atMs: _at, path: _path, method: _method, sent: _sent, chance: _chance, ...stated }) => stated));
  for (const name of Object.keys(ENDPOINTS) as EndpointName[]) {
    const expected = seen[name] ?? [];
    const actual = endpoints[name].requests.map((request, i): Seen => {
      const stated = expected[i];
      return {
        ...(stated === undefined || stated.atMs !== undefined ? { atMs: arrivals[name]![i]! } : {}),
        ...(stated === undefined || stated.path !== undefined ? { path: request.path } : {}),
        ...(stated?.headers === undefined ? {} : { headers: pick(request.headers, stated.headers) }),
        ...(stated?.aborted === undefined ? {} : { aborted: request.aborted }),
      };
    });
    expect({ [name]: actual }).toEqual({ [name]: expected });
  }
  const counted = mesh.stats();
  expect(Object.fromEntries(Object.keys(stats).map((name) => [name, counted[statName(name)] ?? 0]))).toEqual(stats);

  expect(clock.foreground.size, 'timers that somebody waits for').toBe(0);
  expect(nonZero(mesh, /(rq|pending)_active$|active_faults$|default\.(rq|rq_pending|rq_retry)_open$/)).toEqual({});
  // Idle connections and ejections end on their own.
  await clock.advance(2 * 3_600_000);
  expect(nonZero(mesh, /_active$|_open$/)).toEqual({});
  expect(clock.pending, 'timers').toBe(0);
  await mesh.close();
}

/** Whether the configuration is refused, and with what. */
export async function refusal({ http }: RefusedPair): Promise<string> {
  try {
    const mesh = await createMesh({ config: world(http, []), clock: new VirtualClock() });
    await mesh.close();
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
}

async function outcome(mesh: Mesh, clock: VirtualClock, call: Call, nameOf: (address: string) => EndpointName): Promise<Call> {
  const { path = '/x', method = 'GET', sent = {} } = call;
  const response = await mesh.request(`http://reviews:9080${path}`, { method, headers: sent, body: method === 'POST' ? 'payload' : undefined });
  const body = await response.body.text();
  const { status, flags, details, attempts, endpoint } = meshInfo(response)!;
  return {
    status, flags, details, attempts,
    ...(call.body === undefined ? {} : { body }),
    ...(call.endsAtMs === undefined ? {} : { endsAtMs: clock.now() }),
    ...(call.endpoint === undefined ? {} : { endpoint: nameOf(endpoint ?? '') }),
    ...(call.headers === undefined ? {} : { headers: pick(response.headers as Record<string, string>, call.headers) }),
  };
}

function pick(headers: Readonly<Record<string, string | undefined>>, names: object): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, headers[name]]));
}

function statName(name: string): string {
  const dot = name.indexOf('.');
  return `${CLUSTERS[name.slice(0, dot)]}.${name.slice(dot + 1)}`;
}

function nonZero(mesh: Mesh, pattern: RegExp): Record<string, number> {
  return Object.fromEntries(Object.entries(mesh.stats(pattern)).filter(([, value]) => value !== 0));
}
