import type { Answer, Decision, Destined, Fault, Retry, SentRequest } from './answer.ts';
import { clusterOf, hashOf } from './clusters.ts';
import type { Cluster } from './clusters.ts';
import { preflightReply, withCors } from './cors.ts';
import { apply, hostOf } from './header-operations.ts';
import type { Variables } from './header-operations.ts';
import { fits } from './match.ts';
import { milliseconds } from './names.ts';
import { directReply, redirectReply } from './replies.ts';
import type { Reply } from './replies.ts';
import { admitted } from './requests.ts';
import type { CallerRequest, HeaderLine, Request } from './requests.ts';
import type { FaultSpec, HeaderOperations, HttpMatch, HttpRule, Percent, RetrySpec, WeightedDestination, World } from './resources.ts';
import { rewritePath } from './rewrite.ts';
import { scopeOf } from './sidecar.ts';
import { lookUp, sniffedVirtualHost, virtualHosts } from './virtual-hosts.ts';
import type { GuardedRule, VirtualHost } from './virtual-hosts.ts';

/** What an endpoint answers, so that it can be told what of it reaches the caller. */
export interface Probe {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
}

/** What Istio makes of one call, step by step in the order in which the semantics page tells it. */
export function answer(world: World, call: CallerRequest, probe: Probe): Answer {
  const sniffed = sniffedVirtualHost(world, call);
  const found = sniffed ?? virtualHosts(world, call.port);
  if (found === undefined) return { kind: 'no-listener' };
  const request = admitted(call, world.mesh.pathNormalization?.normalization ?? 'DEFAULT');
  if (request === undefined) return { kind: 'bad-path' };

  const virtualHost = sniffed === undefined ? lookUp(found, request.authority) : sniffed[0];
  if (virtualHost === undefined) {
    if (scopeOf(world).outbound === 'REGISTRY_ONLY') return { kind: 'blackhole' };
    return { kind: 'passthrough', request: sentRequest(withHeader(request, 'x-envoy-attempt-count', '1')) };
  }
  const route = routesOf(virtualHost).find(({ match }) => fits(match, request));
  if (route === undefined) return { kind: 'no-route', virtualHost: virtualHost.name };

  return follow(route, virtualHost.name, request, probe, world);
}

/** §2: a service without VirtualService has one route, to itself. */
export function routesOf({ routes, service }: VirtualHost): readonly GuardedRule[] {
  return routes ?? [{ rule: { name: 'default', route: [{ destination: { host: service?.host ?? '' } }] }, namespace: '', place: 'default' }];
}

/** The answer of one route, whether or not it fits. */
export function follow({ rule, match, namespace, place }: GuardedRule, virtualHost: string, request: Request, probe: Probe, world: World): Answer {
  const routeName = match?.name === undefined || match.name === '' ? (rule.name ?? '') : `${rule.name ?? ''}.${match.name}`;
  const decision: Decision = { virtualHost, rule: place, routeName, fault: faultOf(rule.fault) };
  if (rule.redirect !== undefined) return replied(decision, redirectReply(rule.redirect, match, request), rule, redirected(rule.redirect.prefixRewrite, match, request));
  if (rule.directResponse !== undefined) return replied(decision, directReply(rule.directResponse, request), rule, request);
  return forward(decision, rule, match, namespace, request, probe, world);
}

/** What operations of a redirect that replaces a prefix read of the request: both paths. */
function redirected(prefix: string | undefined, match: GuardedRule['match'], request: Request): Request {
  if (prefix === undefined || prefix === '') return request;
  return { ...withHeader(request, 'x-envoy-original-path', request.path), path: rewritePath({ uri: prefix }, match, request.path) };
}

/** An answer without a body has no content-type, whatever its operations say. */
function replied(decision: Decision, reply: Reply, rule: HttpRule, request: Request): Answer {
  const headers = localHeaders(textPlain, [[rule.headers?.response]], request, reply.headers);
  return { ...decision, kind: 'reply', reply: { ...reply, headers: reply.body === '' ? headers.filter(([name]) => name !== 'content-type') : headers } };
}

const textPlain: readonly HeaderLine[] = [['content-type', 'text/plain']];

/** §4: response operations work on local replies too; the reply's own content-type comes after them, unless there is one. */
function localHeaders(contentType: readonly HeaderLine[], evaluators: Evaluators, request: Request, headers: readonly HeaderLine[]): HeaderLine[] {
  const result = operateOn(headers, evaluators, 0, request);
  return result.some(([name]) => name === 'content-type') ? result : [...result, ...contentType];
}

/** One after the other; each has levels that work as one. */
type Evaluators = readonly (readonly (HeaderOperations | undefined)[])[];

function operateOn(headers: readonly HeaderLine[], evaluators: Evaluators, code: number, request: Request): HeaderLine[] {
  let result = [...headers];
  for (const levels of evaluators) result = apply(levels, result, (current): Variables => ({ request, response: { code, headers: current } }));
  return result;
}

function forward(decision: Decision, rule: HttpRule, match: HttpMatch | undefined, namespace: string, request: Request, probe: Probe, world: World): Answer {
  const routes = rule.route ?? [];
  // One destination gets all, whatever its weight; of several those without weight get nothing.
  const weighted = routes.length === 1 ? routes : routes.filter(({ weight }) => (weight ?? 0) > 0);
  const total = weighted.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  const split = routes.length > 1;
  const preflight = rule.corsPolicy === undefined ? undefined : preflightReply(rule.corsPolicy, request);
  const isDefault = decision.rule === 'default';
  const hashes = weighted.map(({ destination }) => hashOf(destination, namespace, request.port, isDefault, world));
  // §8: a lone destination that a hash picks is asked again.
  const isPinned = !isDefault && !split && hashes[0] !== undefined;
  const retry = retryOf(rule.retries ?? world.mesh.defaultHttpRetryPolicy, milliseconds(rule.timeout ?? '0s'), isPinned);
  return {
    ...decision,
    kind: 'forward',
    ...(preflight === undefined ? {} : { preflight }),
    destinations: weighted.map((destination, index): Destined => {
      const hash = hashes[index];
      const cluster = clusterOf(destination.destination, namespace, request.port, world);
      const sent = sentOn(rule, destination, split, match, request);
      // One destination: its operations and the rule's work as one. Several: the destination's first, then the rule's.
      const ofRule = rule.headers?.response;
      const ofDestination = destination.headers?.response;
      const evaluators: Evaluators = split ? [[ofDestination], [ofRule]] : [[ofRule, ofDestination]];
      return {
        share: split ? (destination.weight ?? 0) / total : 1,
        cluster,
        ...(hash === undefined ? {} : { hash }),
        request: sentRequest(sent),
        responseHeaders: responseHeaders(rule, evaluators, cluster, request, sent, probe),
        abortHeaders: localHeaders(textPlain, evaluators, request, []),
      };
    }),
    timeoutMs: milliseconds(rule.timeout ?? '0s'),
    ...(retry === undefined ? {} : { retry }),
    mirrors: mirrorsOf(rule).map(({ destination, share }) => ({ cluster: clusterOf(destination, namespace, request.port, world), share })),
  };
}

/** §4 Order: header operations, then the Host, then the path. */
function sentOn(rule: HttpRule, destination: WeightedDestination, split: boolean, match: HttpMatch | undefined, original: Request): Request {
  const ofRule = rule.headers?.request;
  const ofDestination = destination.headers?.request;
  const operate = (levels: readonly (HeaderOperations | undefined)[], request: Request): Request => ({
    ...request,
    headers: apply(levels, request.headers, (headers) => ({ request: { ...request, headers } })),
  });
  let request = withHeader(original, 'x-envoy-attempt-count', '1');
  if (split) {
    request = operate([ofDestination], request);
    // In a split a destination's own Host leaves no trace of the old one.
    request = { ...request, authority: hostOf(ofDestination) ?? request.authority };
    request = operate([ofRule], request);
  } else {
    request = operate([ofRule, ofDestination], request);
  }
  const authority = nonEmpty(rule.rewrite?.authority) ?? hostOf(ofRule) ?? (split ? undefined : hostOf(ofDestination));
  if (authority !== undefined) request = { ...withHeader(request, 'x-envoy-original-host', request.authority), authority };
  if (rule.rewrite?.uriRegexRewrite !== undefined || nonEmpty(rule.rewrite?.uri) !== undefined) {
    request = { ...withHeader(request, 'x-envoy-original-path', request.path), path: rewritePath(rule.rewrite ?? {}, match, request.path) };
  }
  return request;
}

function sentRequest({ authority, path, headers }: Request): SentRequest {
  return { authority, path, headers };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function withHeader(request: Request, name: string, value: string): Request {
  return { ...request, headers: [...request.headers.filter(([own]) => own !== name), [name, value]] };
}

function responseHeaders(rule: HttpRule, evaluators: Evaluators, cluster: Cluster, request: Request, sent: Request, probe: Probe): HeaderLine[] {
  // Without a cluster the reply is made before the request was worked on, without an endpoint after that.
  if (cluster.state === 'missing') return withCors(rule.corsPolicy, request, localHeaders([], evaluators, request, []));
  if (cluster.state === 'empty') return withCors(rule.corsPolicy, request, localHeaders(textPlain, evaluators, sent, []));
  return withCors(rule.corsPolicy, request, operateOn(probe.headers, evaluators, probe.status, sent));
}

/** §6 */
function faultOf(fault: FaultSpec | undefined): Fault {
  const delay = fault?.delay;
  const abort = fault?.abort;
  const delayShare = delay?.percentage === undefined ? (delay?.percent ?? 0) * 10_000 : shareOf(delay.percentage);
  return {
    ...(delay?.fixedDelay === undefined ? {} : { delay: { ms: milliseconds(delay.fixedDelay), share: delayShare } }),
    ...(abort?.httpStatus === undefined && abort?.grpcStatus === undefined
      ? {}
      : {
          abort: {
            ...(abort.httpStatus === undefined ? {} : { httpStatus: abort.httpStatus }),
            ...(abort.grpcStatus === undefined ? {} : { grpcStatus: abort.grpcStatus }),
            share: shareOf(abort.percentage),
          },
        }),
  };
}

/** §1: parts of a million; absent is none. */
function shareOf(percentage: Percent | undefined): number {
  return Math.trunc((percentage?.value ?? 0) * 10_000);
}

/** §12: no percentage is every call, zero none. */
function mirrorsOf({ mirror, mirrorPercentage, mirrorPercent, mirrors }: HttpRule): { destination: NonNullable<HttpRule['mirror']>; share: number }[] {
  const all = (mirrors ?? []).map(({ destination, percentage }) => ({ destination, share: percentage === undefined ? 1_000_000 : shareOf(percentage) }));
  const single = mirrorPercentage !== undefined ? shareOf(mirrorPercentage) : (mirrorPercent ?? 100) * 10_000;
  return [...(mirror === undefined ? [] : [{ destination: mirror, share: single }]), ...all].filter(({ share }) => share > 0);
}

const BUILT_IN = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

/** §8: the rule's object as a whole, else the mesh's, else built in; what it leaves unset is built in. */
function retryOf(spec: RetrySpec | undefined, timeoutMs: number, isPinned: boolean): Retry | undefined {
  const attempts = spec === undefined ? 2 : (spec.attempts ?? 0);
  if (attempts === 0) return undefined;
  const words = (spec?.retryOn === undefined || spec.retryOn === '' ? BUILT_IN : spec.retryOn).split(',');
  const codes = words.filter((word) => /^[0-9]+$/.test(word));
  const tokens = new Set(words.filter((word) => !/^[0-9]+$/.test(word)));
  if (codes.length > 0) tokens.add('retriable-status-codes');
  const perTry = milliseconds(spec?.perTryTimeout ?? '0s');
  return {
    attempts,
    on: [...tokens].sort().join(','),
    statusCodes: codes.sort().join(','),
    // One that isn't shorter than the whole counts for nothing.
    perTryTimeoutMs: timeoutMs !== 0 && perTry >= timeoutMs ? 0 : perTry,
    backoffMs: milliseconds(spec?.backoff ?? '25ms'),
    avoidsPreviousHosts: spec?.retryIgnorePreviousHosts ?? !isPinned,
  };
}
