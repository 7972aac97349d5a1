import type { ClusterSpec } from '../../src/cluster/model.ts';
import { compileSnapshot } from '../../src/config/compile.ts';
import { readResources } from '../../src/config/read-resources.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';
import { admit } from '../../src/engine/admission.ts';
import { callVariable } from '../../src/engine/call-variables.ts';
import { finishReply, NO_HEALTHY_HOST, faultAbort } from '../../src/engine/local-reply.ts';
import type { LocalReply, ResponseHeaders } from '../../src/engine/local-reply.ts';
import { setHeader } from '../../src/common/headers.ts';
import type { Destination } from '../../src/route/destination.ts';
import type { ForwardAction } from '../../src/route/forward-action.ts';
import type { HashPolicy, RequestHead } from '../../src/route/model.ts';
import type { Route } from '../../src/route/route.ts';
import type { VariableSource } from '../../src/route/variables.ts';
import type { Answer, Decision, Destined } from './model/answer.ts';
import type { Cluster } from './model/clusters.ts';
import type { Probe } from './model/model.ts';
import { GENERATED } from './model/requests.ts';
import type { CallerRequest, HeaderLine } from './model/requests.ts';
import type { World } from './model/resources.ts';

// ts-mesh, asked the same question as the model, its answer put in the model's words.

/** @throws when the configuration is refused: then the generator is wrong. */
export function compile(world: World): Snapshot {
  const { caller } = world;
  const read = readResources([{ object: documentsOf(world) }], { legacySemantics: false });
  const errors = read.issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`refused: ${errors.map(({ resource, path, message }) => `${resource} ${path} ${message}`).join('; ')}`);
  return compileSnapshot(read.resources, { version: 1, workload: caller, legacySemantics: false }).snapshot;
}

/** The documents of a configuration, with the mesh's settings as a ConfigMap. */
export function documentsOf({ resources, mesh }: World): object[] {
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio', namespace: 'istio-system' }, data: { mesh: JSON.stringify(mesh) } };
  return [...resources.map((resource) => ({ apiVersion: apiVersionOf(resource.kind), ...resource })), config];
}

function apiVersionOf(kind: string): string {
  if (kind === 'EndpointSlice') return 'discovery.k8s.io/v1';
  return kind === 'Service' || kind === 'Pod' ? 'v1' : 'networking.istio.io/v1';
}

export function answerOf(snapshot: Snapshot, call: CallerRequest, probe: Probe): Answer {
  const { routes } = snapshot;
  if (!routes.hasPort(call.port, call.dialled)) return { kind: 'no-listener' };
  const head: RequestHead = { method: call.method, scheme: 'http', authority: call.authority, path: call.path, port: call.port, headers: call.headers.flat() };
  if (admit(head, snapshot.settings, { options: { uuid: () => GENERATED, tracing: false }, random: () => 0 }) !== undefined) return { kind: 'bad-path' };
  const virtualHost = routes.virtualHost(head.port, head.authority, call.dialled);
  if (virtualHost?.name === 'allow_any') {
    setHeader(head.headers, 'x-envoy-attempt-count', '1');
    return { kind: 'passthrough', request: { authority: head.authority, path: head.path, headers: pairs(head.headers) } };
  }
  if (virtualHost?.name === 'block_all') return { kind: 'blackhole' };
  const route = virtualHost?.match(head);
  if (virtualHost === undefined || route === undefined) return { kind: 'no-route', virtualHost: virtualHost?.name ?? '' };

  const { spec, action } = route;
  const decision: Decision = { virtualHost: virtualHost.name, rule: placeOf(route), routeName: route.name ?? '', fault: faultOf(route) };
  if (action.kind === 'forward') return { ...decision, kind: 'forward', ...forwarded(action, route, head, snapshot, probe) };
  const body = action.body ?? '';
  const headers = { ...action.headers(head, variables(0)) } as ResponseHeaders;
  finishReply(headers, { status: action.status, body, flags: 0, details: '' });
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
  return { ...decision, kind: 'reply', reply: { status: spec.action.kind === 'redirect' ? action.status : action.status, headers: linesOf(headers), body: text } };
}

function placeOf({ origin, name }: Route): string {
  if (origin === undefined || origin.kind !== 'VirtualService') return name ?? '';
  const [, index = ''] = /^spec\.http\[(\d+)\]/.exec(origin.path) ?? [];
  return `${origin.namespace}/${origin.name}#${index}`;
}

function faultOf({ spec: { fault } }: Route): Decision['fault'] {
  const share = (percentage: number | undefined): number => Math.trunc((percentage ?? 0) * 10_000);
  return {
    ...(fault?.delay === undefined ? {} : { delay: { ms: fault.delay.fixedDelayMs, share: share(fault.delay.percentage) } }),
    ...(fault?.abort === undefined
      ? {}
      : { abort: { ...(fault.abort.httpStatus === undefined ? {} : { httpStatus: fault.abort.httpStatus }), share: share(fault.abort.percentage) } }),
  };
}

function forwarded(action: ForwardAction, { spec }: Route, head: RequestHead, snapshot: Snapshot, probe: Probe): Omit<Extract<Answer, { kind: 'forward' }>, keyof Decision | 'kind'> {
  const cors = action.cors?.decide(head);
  const { retry, timeout } = action;
  const options = spec.action.kind === 'forward' ? spec.action : undefined;
  return {
    ...(cors?.kind === 'preflight' ? { preflight: { status: 200, headers: linesOf(cors.headers as ResponseHeaders), body: '' } } : {}),
    destinations: action.destinations.choices.map((destination): Destined => {
      const cluster = clusterOf(destination.cluster, snapshot);
      const sent: RequestHead = { ...head, headers: [...head.headers] };
      setHeader(sent.headers, 'x-envoy-attempt-count', '1');
      destination.prepareRequest(sent, variables(0));
      const isLocal = cluster.state === 'missing' || cluster.state === 'empty';
      const headers: ResponseHeaders = isLocal ? {} : recordOf(probe.headers);
      destination.finishResponse(headers, cluster.state === 'missing' ? head : sent, variables(isLocal ? 0 : probe.status));
      if (cors?.kind === 'allowed') action.cors?.finishResponse(headers, cors.origin);
      if (cluster.state === 'empty') finishReply(headers, NO_HEALTHY_HOST);
      return {
        share: action.destinations.percentage(destination) / 100,
        cluster,
        ...(destination.hashPolicy === undefined ? {} : { hash: hashOf(destination.hashPolicy) }),
        request: { authority: sent.authority, path: sent.path, headers: pairs(sent.headers) },
        responseHeaders: linesOf(headers),
        abortHeaders: abortHeaders(destination, head, faultAbort(500, undefined)),
      };
    }),
    timeoutMs: timeout.routeTimeoutMs,
    ...(retry.attempts === 0
      ? {}
      : {
          retry: {
            attempts: retry.attempts,
            on: [...retry.tokens].concat(retry.statusCodes.size > 0 ? ['retriable-status-codes'] : []).filter((token, at, all) => all.indexOf(token) === at).sort().join(','),
            statusCodes: [...retry.statusCodes].map(String).sort().join(','),
            perTryTimeoutMs: timeout.perTryTimeoutMs,
            backoffMs: options?.retries?.backoffBaseMs ?? 0,
            avoidsPreviousHosts: retry.ignorePreviousHosts,
          },
        }),
    mirrors: (options?.mirrors ?? []).map(({ cluster, percentage }) => ({ cluster: clusterOf(cluster, snapshot), share: Math.trunc(percentage * 10_000) })),
  };
}

function hashOf(policy: HashPolicy): string {
  return policy.kind === 'source-ip' ? policy.kind : `${policy.kind} ${policy.name}`;
}

function abortHeaders(destination: Destination, head: RequestHead, reply: LocalReply): HeaderLine[] {
  const headers: ResponseHeaders = {};
  destination.finishResponse(headers, head, variables(0));
  finishReply(headers, reply);
  return linesOf(headers);
}

function variables(status: number): VariableSource {
  const facts = { callerAddress: '127.0.0.1', startedAtWallMs: 0, describe: () => ({ status }) as never };
  return { variable: (name, argument) => callVariable(facts, name, argument) };
}

function pairs(list: readonly string[]): HeaderLine[] {
  return list.flatMap((name, index): HeaderLine[] => (index % 2 === 0 ? [[name, list[index + 1] ?? '']] : []));
}

/** Without content-length, which the model leaves to the transport. */
function linesOf(headers: ResponseHeaders): HeaderLine[] {
  return Object.entries(headers)
    .filter(([name]) => name !== 'content-length')
    .flatMap(([name, values]) => [values].flat().map((value): HeaderLine => [name, value]));
}

function recordOf(lines: readonly HeaderLine[]): ResponseHeaders {
  const record: ResponseHeaders = {};
  for (const [name, value] of lines) record[name] = record[name] === undefined ? value : [record[name], value].flat();
  return record;
}

const NO_LIMIT = 4_294_967_295;

function clusterOf(name: string, snapshot: Snapshot): Cluster {
  const spec = snapshot.clusters.get(name);
  if (spec === undefined) return { name, state: 'missing', endpoints: [] };
  const dialled = spec.discovery === 'original-dst';
  const endpoints = dialled ? [] : spec.endpoints.map(({ address, port }) => `${address}:${String(port)}`).sort();
  const { dialledPort } = spec;
  return { name, state: dialled ? 'dialled' : endpoints.length === 0 ? 'empty' : 'ready', ...(dialledPort === undefined ? {} : { dialledPort }), endpoints, policy: policyOf(spec) };
}

function policyOf({ loadBalancer, connection, circuitBreaker, outlierDetection, panicThreshold }: ClusterSpec): NonNullable<Cluster['policy']> {
  const limit = (value: number | undefined): number => (value === undefined || value === Infinity ? NO_LIMIT : value);
  return {
    balancer: loadBalancer.kind,
    connectTimeoutMs: connection.connectTimeoutMs,
    idleTimeoutMs: connection.idleTimeoutMs,
    maxConnections: limit(circuitBreaker.maxConnections),
    maxPendingRequests: limit(circuitBreaker.maxPendingRequests),
    maxRequests: limit(circuitBreaker.maxRequests),
    maxRetries: limit(circuitBreaker.maxRetries),
    maxRequestsPerConnection: connection.maxRequestsPerConnection,
    ...(outlierDetection === undefined
      ? {}
      : {
          outlier: {
            consecutive5xx: outlierDetection.consecutive5xxErrors ?? 5,
            consecutiveGatewayErrors: outlierDetection.consecutiveGatewayErrors ?? 5,
            enforcesGatewayErrors: (outlierDetection.consecutiveGatewayErrors ?? 0) > 0,
            intervalMs: outlierDetection.intervalMs ?? 10_000,
            baseEjectionTimeMs: outlierDetection.baseEjectionTimeMs ?? 30_000,
            maxEjectionPercent: outlierDetection.maxEjectionPercent ?? 10,
            panicPercent: panicThreshold,
          },
        }),
  };
}
