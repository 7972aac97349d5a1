import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, seededRandom, type Mesh } from '../../src/index.ts';
import { httpService, says, type HttpService } from './http-services.ts';

/** Changes in one run; each is an apply or a delete. */
const CHANGES = Number(process.env['TS_MESH_RELOADS'] ?? 200);
const CALLERS = 8;

const policy = (trafficPolicy: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: ${trafficPolicy}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
`;

const POLICIES = [
  policy('{connectionPool: {http: {http1MaxPendingRequests: 1000}}, outlierDetection: {consecutive5xxErrors: 5}}'),
  policy('{loadBalancer: {simple: ROUND_ROBIN}, connectionPool: {http: {maxRequestsPerConnection: 7}}}'),
  policy('{loadBalancer: {simple: RANDOM}, outlierDetection: {consecutiveGatewayErrors: 1, maxEjectionPercent: 100}}'),
];

const SERVICE = `
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec:
  ports: [{name: http, port: 9080}]
---${POLICIES[0]}`;

const rule = (route: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http: [{timeout: 30s, retries: {attempts: 1}, route: ${route}}]`;

const to = (subset: string, weight: number): string => `{destination: {host: reviews, subset: ${subset}}, weight: ${weight}}`;

/** What is applied in turn, and the versions that may answer while it is in force. */
const RULES: readonly { readonly rule: string | undefined; readonly versions: readonly string[] }[] = [
  { rule: rule(`[${to('v1', 100)}]`), versions: ['v1'] },
  { rule: rule(`[${to('v1', 80)}, ${to('v2', 20)}]`), versions: ['v1', 'v2'] },
  { rule: rule(`[${to('v3', 100)}]`), versions: ['v3'] },
  { rule: undefined, versions: ['v1', 'v2', 'v3'] },
  { rule: rule(`[${to('v2', 50)}, ${to('v3', 50)}]`), versions: ['v2', 'v3'] },
];

interface Outcome {
  readonly status: number;
  readonly version: string;
  readonly flags: string | undefined;
  /** The rules in force when the call was made. */
  readonly step: number;
}

describe('rules that change under load', () => {
  const services: HttpService[] = [];
  let mesh: Mesh;

  beforeAll(async () => {
    for (const version of ['v1', 'v2', 'v3']) services.push(await says(version));
    mesh = await createMesh({
      config: SERVICE,
      seed: 1,
      endpoints: { 'reviews.default': services.map(({ address }, i) => ({ address, labels: { version: `v${i + 1}` } })) },
    });
  });
  afterAll(async () => {
    await mesh.close();
    for (const service of services) await service.close();
  });

  it(`${CHANGES} times lose no call, and each call is answered by the rules it began with`, { timeout: 60_000 }, async () => {
    const outcomes: Outcome[] = [];
    const failures: unknown[] = [];
    const random = seededRandom(11);
    let step = RULES.findIndex(({ rule: text }) => text === undefined);
    let running = true;

    const caller = async (): Promise<void> => {
      while (running) {
        const begun = step;
        try {
          const response = await mesh.fetch('http://reviews:9080/reviews/0', random() < 0.3 ? { method: 'POST', body: 'x'.repeat(1000) } : {});
          outcomes.push({ step: begun, status: response.status, version: await response.text(), flags: meshInfo(response)?.flags });
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const callers = Array.from({ length: CALLERS }, caller);
    for (let change = 0; change < CHANGES; change++) {
      const next = (step + 1 + Math.floor(random() * (RULES.length - 1))) % RULES.length;
      const { rule: text } = RULES[next]!;
      const changed = text === undefined ? mesh.delete('VirtualService/reviews') : mesh.apply(text);
      if (random() < 0.3) await mesh.apply(POLICIES[change % POLICIES.length]!);
      await changed;
      step = next;
      // Every call of the round before has begun; some are still under way.
      const wanted = outcomes.length + CALLERS;
      while (outcomes.length < wanted && failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    running = false;
    await Promise.all(callers);

    expect(failures).toEqual([]);
    expect(outcomes.filter(({ status, flags }) => status !== 200 || flags !== '-')).toEqual([]);
    expect(outcomes.filter(({ step: begun, version }) => !RULES[begun]!.versions.includes(version))).toEqual([]);
    expect(outcomes.length).toBeGreaterThanOrEqual(CHANGES * CALLERS);
    for (const version of ['v1', 'v2', 'v3']) expect(outcomes.some((outcome) => outcome.version === version)).toBe(true);
    expect(busy(mesh)).toEqual({});
  });

  it('keep connections: endpoints that stay are not connected to anew', async () => {
    await mesh.apply(POLICIES[0]!);
    // Enough at once that every endpoint gets some.
    await Promise.all(Array.from({ length: 60 }, async () => (await mesh.fetch('http://reviews:9080/')).text()));
    const accepted = services.map((service) => service.accepted);

    for (let change = 0; change < 20; change++) {
      await mesh.apply(RULES[0]!.rule!);
      await mesh.apply(RULES[2]!.rule!);
      await mesh.delete('VirtualService/reviews');
      await (await mesh.fetch('http://reviews:9080/')).text();
    }

    expect(services.map((service) => service.accepted)).toEqual(accepted);
  });
});

describe('a service that goes while it is called', () => {
  it('answers those under way, and is unknown to the rest', async () => {
    const waiting: (() => void)[] = [];
    await using slow = await httpService((_request, response) => waiting.push(() => response.end('late')));
    await using mesh = await createMesh({ config: SERVICE, endpoints: { 'reviews.default': [{ address: slow.address, labels: { version: 'v1' } }] } });
    await mesh.apply(rule(`[${to('v1', 100)}]`));
    const calls = Array.from({ length: 5 }, () => mesh.fetch('http://reviews:9080/'));
    while (waiting.length < 5) await new Promise((resolve) => setImmediate(resolve));

    await mesh.delete('DestinationRule/reviews');
    for (const answer of waiting) answer();

    expect(await Promise.all(calls.map(async (call) => (await call).text()))).toEqual(Array.from({ length: 5 }, () => 'late'));
    const refused = await mesh.fetch('http://reviews:9080/');
    expect([refused.status, meshInfo(refused)?.flags]).toEqual([503, 'NC']);
    while (slow.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

/** Gauges of what is under way that are not 0; open connections apart. */
function busy(mesh: Mesh): Record<string, number> {
  return Object.fromEntries(Object.entries(mesh.stats(/(rq_active|pending_active|active_faults|_open)$/)).filter(([, value]) => value !== 0));
}
