// What the examples of frameworks share: visits to a `shop`, which asks `reviews`, which ask `ratings`. Each service is a server
// on a port of this machine; `tell` says what came of the visits, and fails when anything is not as it should be.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallInfo, EndpointInput, Mesh } from '../src/index.ts';

/** The servers of a story, by service and version. */
export type Servers = Readonly<Record<'shop v1' | 'reviews v1' | 'reviews v2' | 'ratings v1', Server>>;

/** A visit to the shop's product 7. */
export interface Visit {
  readonly headers: Readonly<Record<string, string>>;
  /** What the page says of reviews. */
  readonly reviews: unknown;
  /** What the calls behind it came to, by service: status, response flags and tries, as a pattern. */
  readonly calls: Readonly<Record<string, string>>;
}

/** Where servers, `reviews v2` for one, listen, as `endpoints` of a mesh wants it. In a cluster, that is Kubernetes' to know. */
export async function endpointsOf(servers: Readonly<Record<string, Server>>): Promise<Record<string, EndpointInput[]>> {
  const endpoints: Record<string, EndpointInput[]> = {};
  for (const [name, server] of Object.entries(servers)) {
    const [service, version = ''] = name.split(' ');
    (endpoints[`${service}:9080`] ??= []).push({ address: await addressOf(server), labels: { version } });
  }
  return endpoints;
}

async function addressOf(server: Server): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** `outbound|9080|v2|reviews.default.svc.cluster.local`: reviews. */
const serviceOf = ({ cluster = '' }: CallInfo): string => cluster.split(/[|.]/)[3] ?? '';
const outcomeOf = ({ status, flags, attempts }: CallInfo): string => `${status} ${flags}${attempts > 1 ? ` after ${attempts} tries` : ''}`;

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

/** Makes the visits, checks what came of them, and stops the servers and the meshes that they call through. */
export async function tell(servers: Servers, meshes: readonly Mesh[], visits: readonly Visit[]): Promise<void> {
  const calls: CallInfo[] = [];
  for (const mesh of meshes) mesh.on('call', (call) => calls.push(call));
  const asked: IncomingMessage['headers'][] = [];
  servers['ratings v1'].on('request', ({ headers }: IncomingMessage) => asked.push(headers));
  const shop = await addressOf(servers['shop v1']);

  for (const { headers, reviews, calls: expected } of visits) {
    calls.length = 0;
    const page = await fetch(`http://${shop}/products/7`, { headers: { ...headers, 'x-request-id': 'a visit', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
    const seen: unknown = await page.json();
    // A call that nobody waits for any more ends a little later.
    while (calls.length < Object.keys(expected).length) await sleep(10);

    console.log(`\n${JSON.stringify(headers)} sees ${JSON.stringify(seen)}`);
    for (const call of calls) console.log(`  ${call.cluster}: ${outcomeOf(call)} in ${call.durationMs.toFixed(0)} ms`);
    assert.deepEqual(seen, { product: '7', reviews });
    assert.deepEqual(calls.map(serviceOf).sort(), Object.keys(expected).sort());
    for (const call of calls) assert.match(outcomeOf(call), new RegExp(`^${expected[serviceOf(call)]}$`));
    assert.ok(calls.every(({ lane }) => lane === 'lean'), 'calls go by the rules');
  }

  assert.ok(asked.length > 0, 'ratings are asked');
  for (const { 'x-request-id': id, traceparent, 'x-envoy-expected-rq-timeout-ms': leftMs } of asked) {
    assert.equal(id, 'a visit');
    assert.match(String(traceparent), new RegExp(TRACE));
    assert.ok(Number(leftMs) <= 2000, 'ratings know what is left of the two seconds that reviews have');
  }
  console.log('\nEach request that ratings got carries the id and the trace of its visit, and the time that is left for it.');

  for (const server of Object.values(servers)) server.close().closeAllConnections();
  for (const mesh of meshes) await mesh.close();
}
