import type { Answer, Destined, Fault, Forward, SentRequest } from './model/answer.ts';
import type { Probe } from './model/model.ts';
import type { CallerRequest, HeaderLine } from './model/requests.ts';
import { byName } from './differences.ts';
import { DIALLED_IP } from './running-mesh.ts';
import type { Exchange } from './running-mesh.ts';

/** Headers that the mesh or the transport makes up, which the model does not tell. */
const MADE_UP = ['x-request-id', 'x-envoy-expected-rq-timeout-ms', 'content-length', 'server', 'x-envoy-upstream-service-time', 'connection', 'transfer-encoding'];

/** What a copy has besides. */
const OF_COPIES = [...MADE_UP, 'x-envoy-internal', 'x-forwarded-for', 'x-envoy-attempt-count'];

const ALWAYS = 1_000_000;

/** How long the model's faults may hold a call back, in milliseconds. */
export function delayOf(answer: Answer): number {
  return 'fault' in answer && (answer.fault.delay?.share ?? 0) > 0 ? (answer.fault.delay?.ms ?? 0) : 0;
}

/** What of an exchange contradicts the model. Where chance decides, one of its outcomes must explain everything. */
export function contradictions(answer: Answer, call: CallerRequest, exchange: Exchange, probe: Probe): string[] {
  const compared = possibleOutcomes(answer, call, probe).map((outcome) => compare(outcome, call, exchange));
  return compared.find((found) => found.length === 0) ?? compared.sort((a, b) => a.length - b.length)[0] ?? ['the model knows no outcome'];
}

interface Outcome {
  readonly status: number;
  readonly flags: string;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
  readonly route: string;
  readonly cluster?: string;
  /** Absent: nothing arrives anywhere. */
  readonly arrival?: SentRequest & { readonly endpoints: readonly string[] };
  readonly mirrors?: Forward['mirrors'];
}

function possibleOutcomes(answer: Answer, call: CallerRequest, probe: Probe): Outcome[] {
  const own = { flags: '-', headers: [], body: '', route: '' };
  switch (answer.kind) {
    case 'no-listener':
      return [];
    case 'bad-path':
      return [{ ...own, status: 400 }];
    case 'blackhole':
      return [{ ...own, status: 502, route: 'block_all' }];
    case 'no-route':
      return [{ ...own, status: 404, flags: 'NR' }];
    case 'reply':
      return [{ ...answer.reply, flags: '-', route: answer.routeName }];
    case 'passthrough':
      return [{ ...own, ...probe, route: 'allow_any', cluster: 'PassthroughCluster', arrival: { ...answer.request, endpoints: [dialled(call)] } }];
    case 'forward': {
      const { fault, preflight, destinations, mirrors, routeName: route } = answer;
      const abortShare = fault.abort?.share ?? 0;
      const aborted = destinations.map((destination): Outcome => ({ status: fault.abort?.httpStatus ?? 200, flags: 'FI', headers: destination.abortHeaders, body: 'fault filter abort', route, cluster: destination.cluster.name }));
      const going = preflight === undefined ? destinations.map((destination) => ({ ...sent(destination, route, call, probe), mirrors })) : [{ ...preflight, flags: '-', route }];
      return delayed(fault, [...(abortShare > 0 ? aborted : []), ...(abortShare < ALWAYS ? going : [])]);
    }
  }
}

/** A delay changes nothing but the flags. */
function delayed({ delay }: Fault, outcomes: readonly Outcome[]): Outcome[] {
  const share = delay?.share ?? 0;
  const late = outcomes.map((outcome) => ({ ...outcome, flags: outcome.flags === '-' ? 'DI' : `DI,${outcome.flags}` }));
  return [...(share < ALWAYS ? outcomes : []), ...(share > 0 ? late : [])];
}

function sent({ cluster, request, responseHeaders }: Destined, route: string, call: CallerRequest, probe: Probe): Outcome {
  const common = { headers: responseHeaders, route, cluster: cluster.name };
  // An answer without a body has no content-type, whatever its operations say.
  if (cluster.state === 'missing') return { ...common, headers: responseHeaders.filter(([name]) => name !== 'content-type'), status: 503, flags: 'NC', body: '' };
  if (cluster.state === 'empty') return { ...common, status: 503, flags: 'UH', body: 'no healthy upstream' };
  const endpoints = cluster.state === 'dialled' ? [dialled(call, cluster.dialledPort)] : cluster.endpoints;
  return { ...common, status: probe.status, flags: '-', body: '', arrival: { ...request, endpoints } };
}

function dialled({ port, dialled: address = DIALLED_IP }: CallerRequest, instead = port): string {
  return `${address}:${String(instead)}`;
}

function compare(outcome: Outcome, call: CallerRequest, exchange: Exchange): string[] {
  const found: string[] = [];
  const expect = (what: string, model: unknown, seen: unknown): void => {
    if (JSON.stringify(model) !== JSON.stringify(seen)) found.push(`${what}: model ${JSON.stringify(model)}, ts-mesh ${JSON.stringify(seen)}`);
  };
  const { info, arrivals, copies } = exchange;
  expect('status', outcome.status, exchange.status);
  expect('flags', outcome.flags, info.flags);
  expect('route', outcome.route, info.route ?? '');
  if (outcome.cluster !== undefined) expect('cluster', outcome.cluster, info.cluster);
  expect('body', call.method === 'HEAD' ? '' : outcome.body, exchange.body);
  expect('response headers', byName(without(MADE_UP, outcome.headers)), byName(without(MADE_UP, exchange.headers)));
  expect('arrivals', outcome.arrival === undefined ? 0 : 1, arrivals.length);
  const { arrival, mirrors = [] } = outcome;
  for (const seen of arrival === undefined ? [] : arrivals) {
    expect('endpoint', arrival?.endpoints.includes(seen.endpoint) === true ? seen.endpoint : arrival?.endpoints, seen.endpoint);
    expect('method', call.method, seen.method);
    expect('host', arrival?.authority, seen.authority);
    expect('path', arrival?.path, seen.path);
    expect('request headers', byName(without(MADE_UP, arrival?.headers ?? [])), byName(without(MADE_UP, seen.headers)));
  }
  // Copies are made only of what goes somewhere, and go only where there is an endpoint.
  const reachable = arrival === undefined ? [] : mirrors.filter(({ cluster }) => cluster.state === 'ready');
  // Limits hold for copies too, which may be under way beside the request itself and each other.
  const atOnce = (name: string): number => 1 + mirrors.filter(({ cluster }) => cluster.name === name).length;
  const roomIn = ({ policy }: (typeof mirrors)[number]['cluster']): number => Math.min(policy?.maxRequests ?? Infinity, policy?.maxPendingRequests ?? Infinity);
  const certain = reachable.filter(({ share, cluster }) => share === ALWAYS && roomIn(cluster) >= atOnce(cluster.name));
  expect('enough copies', true, copies.length >= certain.length);
  expect('not too many copies', true, copies.length <= (arrival === undefined ? 0 : mirrors.length));
  for (const copy of copies) {
    expect('host of a copy', arrival?.authority, copy.authority);
    expect('path of a copy', arrival?.path, copy.path);
    expect('headers of a copy', byName(without(OF_COPIES, arrival?.headers ?? [])), byName(without(OF_COPIES, copy.headers)));
  }
  const addresses = (state: string): string[] => mirrors.filter(({ cluster }) => cluster.state === state).flatMap(({ cluster }) => cluster.endpoints);
  const strayed = copies.filter(({ endpoint }) => !addresses('ready').includes(endpoint) && !mirrors.some(({ cluster }) => cluster.state === 'dialled' && endpoint === dialled(call, cluster.dialledPort)));
  expect('endpoints of copies that no mirror has', [], strayed.map(({ endpoint }) => endpoint));
  return found;
}

function without(names: readonly string[], lines: readonly HeaderLine[]): HeaderLine[] {
  return lines.filter(([name]) => !names.includes(name));
}
