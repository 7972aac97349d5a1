import type { Answer, Destined } from './model/answer.ts';
import type { HeaderLine } from './model/requests.ts';
import type { Observation, RecordedCall } from './recordings.ts';

/** Headers that the mesh or the transport makes up, which the model doesn't tell. */
const MADE_UP = ['x-request-id', 'x-envoy-expected-rq-timeout-ms', 'user-agent', 'content-type', 'content-length', 'x-envoy-attempt-count', 'grpc-timeout'];

/** How the model's answer contradicts what was observed; empty when it doesn't. */
export function contradictions(answer: Answer, { observed, call }: RecordedCall): string[] {
  const found: string[] = [];
  const expect = (what: string, model: unknown, recorded: unknown): void => {
    if (JSON.stringify(model) !== JSON.stringify(recorded)) found.push(`${what}: the model says ${JSON.stringify(model)}, Istio did ${JSON.stringify(recorded)}`);
  };
  if (typeof observed.status === 'object' || observed.status === undefined) {
    const tally = (of: Observation['status' | 'cluster' | 'route']): string[] => (typeof of === 'object' && of !== null ? Object.keys(of).filter((key) => of[key] !== 0) : [String(of)]);
    if (observed.status !== undefined && answer.kind === 'forward') {
      const possible = answer.destinations.filter(({ share }) => share > 0).map(({ cluster }) => (cluster.state === 'missing' ? 'null' : cluster.name));
      for (const cluster of tally(observed.cluster)) if (!possible.includes(cluster)) found.push(`cluster ${cluster} is none of ${possible.join(', ')}`);
    }
    return found;
  }
  const route = observed.route === null ? '' : observed.route;
  switch (answer.kind) {
    case 'no-listener':
      expect('details', null, observed.details ?? null);
      break;
    case 'bad-path':
      expect('status', 400, observed.status);
      break;
    case 'passthrough':
      expect('cluster', 'PassthroughCluster', observed.cluster);
      expect('route', 'allow_any', route);
      break;
    case 'blackhole':
      expect('status', 502, observed.status);
      expect('route', 'block_all', route);
      break;
    case 'no-route':
      expect('status', 404, observed.status);
      expect('details', 'route_not_found', observed.details);
      break;
    case 'reply':
      expect('status', answer.reply.status, observed.status);
      expect('details', 'direct_response', observed.details);
      expect('route', answer.routeName, route);
      expect('body', call.method === 'HEAD' ? '' : answer.reply.body, observed.body);
      expect('headers', joined(answer.reply.headers, []), observed.headers);
      break;
    case 'forward': {
      expect('route', answer.routeName, route);
      const { fault } = answer;
      if (observed.details === 'fault_filter_abort') {
        expect('abort', true, (fault.abort?.share ?? 0) > 0);
        expect('status', fault.abort?.httpStatus ?? 200, observed.status);
        const [only] = answer.destinations;
        if (only !== undefined && fault.abort?.grpcStatus === undefined && answer.destinations.length === 1) expect('headers', joined(only.abortHeaders, []), observed.headers);
      } else if (fault.abort?.share === 1_000_000) found.push('the model aborts the call');
      else if (answer.preflight !== undefined) {
        expect('details', 'cors_response', observed.details);
        expect('headers', joined(answer.preflight.headers, []), observed.headers);
      } else found.push(...closest(answer.destinations, observed));
    }
  }
  return found;
}

/** A call has one of several destinations: it is enough that one explains what was seen. */
function closest(destinations: readonly Destined[], observed: Observation): string[] {
  const tried = destinations.map((destination) => {
    const found: string[] = [];
    const expect = (what: string, model: unknown, recorded: unknown): void => {
      if (JSON.stringify(model) !== JSON.stringify(recorded)) found.push(`${what}: the model says ${JSON.stringify(model)}, Istio did ${JSON.stringify(recorded)}`);
    };
    const { cluster, request, responseHeaders } = destination;
    expect('cluster', cluster.state === 'missing' ? null : cluster.name, observed.cluster);
    if (cluster.state === 'missing') expect('details', 'cluster_not_found', observed.details);
    if (cluster.state === 'empty') expect('details', 'no_healthy_upstream', observed.details);
    if (cluster.state === 'missing' || cluster.state === 'empty' || observed.details === 'via_upstream') {
      expect('response headers', joined(responseHeaders, ['x-envoy-overloaded', 'set-cookie']), without(observed.headers ?? {}, ['x-envoy-overloaded', 'set-cookie']));
    }
    const attempt = observed.attempts?.at(-1);
    if (attempt !== undefined) {
      expect('host', request.authority, attempt.host);
      expect('path', request.path, attempt.path);
      expect('request headers', joined(request.headers, MADE_UP), without(attempt.headers, MADE_UP));
      if (cluster.state === 'ready' && cluster.endpoints.every((endpoint) => /^[0-9.]+:/.test(endpoint))) expect('endpoint', true, cluster.endpoints.includes(attempt.to));
    }
    return found;
  });
  return tried.find((found) => found.length === 0) ?? tried[0] ?? ['the model knows no destination'];
}

/** Lines of one name joined as the recorder joined them, by name. */
function joined(headers: readonly HeaderLine[], left: readonly string[]): Record<string, string> {
  const names = [...new Set(headers.map(([name]) => name))].filter((name) => !left.includes(name)).sort();
  return Object.fromEntries(names.map((name) => [name, headers.filter(([own]) => own === name).map(([, value]) => value).join(', ')]));
}

function without(headers: Readonly<Record<string, string>>, left: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !left.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1)));
}
