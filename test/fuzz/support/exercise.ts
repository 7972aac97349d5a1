import { expect } from 'vitest';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { seededRandom, type Random } from '../../../src/common/random.ts';
import { HashKey } from '../../../src/route/hash-key.ts';
import type { RequestHead } from '../../../src/route/model.ts';
import { normalizePath } from '../../../src/route/path-normalization.ts';
import type { Route } from '../../../src/route/route.ts';
import type { ResponseHeaders, VariableSource } from '../../../src/route/variables.ts';
import { LINE_END } from './hostile-requests.ts';

const VARIABLES: VariableSource = { variable: (name, argument) => (name.length % 2 === 0 ? `${name}(${argument ?? ''})` : undefined) };

/** How often something was matched or transformed, for reports. */
export const evaluations = { count: 0 };

/** As many virtual hosts are called in vain elsewhere. */
const MOST_HOSTS = 12;

/** Sends `head` as it is, and to hosts that `snapshot` knows, through everything that is decided about it, without a socket. Nothing may throw or forge a line. */
export function exercise(snapshot: Snapshot, head: RequestHead): void {
  walk(snapshot, head);
  const known = snapshot.routes.configurations.flatMap(({ port, virtualHosts }) => virtualHosts.map(({ domains }) => ({ port, authority: domains[0]!.replace('*', 'a') })));
  for (let i = 0; i < Math.min(known.length, MOST_HOSTS); i++) walk(snapshot, { ...head, ...known[(i * 7 + head.path.length) % known.length] });
}

/** Whatever `head` asks for: every action of every VirtualService's route, as if its conditions held. Gives how many. */
export function exerciseAll({ routes }: Snapshot, head: RequestHead): number {
  let count = 0;
  const seen = new Set<string>();
  for (const { port, virtualHosts } of routes.configurations) {
    for (const { name, domains, origin } of virtualHosts) {
      if (origin?.kind !== 'VirtualService' || seen.has(name)) continue;
      seen.add(name);
      const virtualHost = routes.virtualHost(port, domains[0]!.replace('*', 'a'));
      for (const route of virtualHost?.routes ?? []) {
        route.matches(head);
        act(route, { ...head, headers: [...head.headers] }, seededRandom(count++));
      }
    }
  }
  return count;
}

function walk({ routes, settings }: Snapshot, given: RequestHead): void {
  const path = normalizePath(given.path, settings.pathNormalization);
  evaluations.count++;
  if (path === undefined) return;
  const head = { ...given, path, headers: [...given.headers] };
  const virtualHost = routes.virtualHost(head.port, head.authority);
  const route = virtualHost?.match(head);
  // The index and the memo must say what a walk through the list says.
  expect(route).toBe(virtualHost?.routes.find((candidate) => candidate.matches(head)));
  const explained = routes.explain(head);
  expect(String(explained.outcome)).not.toBe('');
  evaluations.count += virtualHost?.routes.length ?? 0;
  if (route !== undefined) act(route, head, seededRandom(head.path.length));
}

function act(route: Route, head: RequestHead, random: Random): void {
  const before = JSON.stringify([head.authority, head.path, ...head.headers]);
  const forged = LINE_END.test(`${head.method}${head.scheme}${head.authority}${head.path}${head.headers.join('')}`);
  const response: ResponseHeaders = { 'content-type': 'text/plain', 'set-cookie': ['a=b', 'c=d'] };
  evaluations.count++;
  route.faults?.decide(random);
  const { action } = route;
  if (action.kind !== 'forward') {
    Object.assign(response, action.headers(head, VARIABLES));
  } else {
    const cors = action.cors?.decide(head);
    if (cors?.kind === 'preflight') Object.assign(response, cors.headers);
    if (cors?.kind === 'allowed') action.cors!.finishResponse(response, cors.origin);
    const key = new HashKey(action.hashPolicies);
    key.of(head, '10.0.0.1:1234', random);
    for (const cookie of key.setCookies) expect(cookie).not.toMatch(LINE_END);
    const destination = action.destinations.pick(random);
    destination.prepareRequest(head, VARIABLES);
    destination.finishResponse(response, head, VARIABLES);
    action.timeout.grpc('99999999H').expectedTimeoutMs(0);
    for (const mirror of action.mirrors) mirror.decide(random);
  }
  if (forged) return;
  const written = [head.authority, head.path, ...head.headers, ...Object.entries(response).flat(2)];
  for (const text of written) {
    expect(typeof text, before).toBe('string');
    expect(text, before).not.toMatch(LINE_END);
  }
}
