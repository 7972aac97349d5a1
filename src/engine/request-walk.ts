// Not the global ones, which tests put others in the place of: an answer must not wait for their time.
import { clearImmediate, setImmediate } from 'node:timers';
import { errors, type Dispatcher } from 'undici';
import type { TimerHandle } from '../common/clock.ts';
import type { Explanation } from '../common/explanation.ts';
import { getHeader } from '../common/headers.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { Destination } from '../route/destination.ts';
import type { FaultDecision } from '../route/fault-injector.ts';
import type { ForwardAction } from '../route/forward-action.ts';
import { forwardedAddress } from '../route/forwarded-address.ts';
import { isGrpcContentType } from '../route/grpc.ts';
import type { Route } from '../route/route.ts';
import type { VariableSource } from '../route/variables.ts';
import { FLAG } from '../telemetry/response-flags.ts';
import type { RouteStats } from '../telemetry/route-stats.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';
import { accessRecord } from './access-record.ts';
import type { ActiveCall } from './active-calls.ts';
import { admit, mayUpgrade } from './admission.ts';
import type { CallInfo, LoggedCall } from './call-info.ts';
import { callReport } from './call-report.ts';
import { blockedAt, blockedCall, isBlockAll, strays } from './egress.ts';
import { callVariable } from './call-variables.ts';
import { departure } from './downstream.ts';
import type { EngineContext } from './engine-context.ts';
import { explainCall } from './explain.ts';
import { dialledHost } from './listener-for.ts';
import * as replies from './local-reply.ts';
import type { LocalReply, ResponseHeaders } from './local-reply.ts';
import type { MeshRequest } from './mesh-request.ts';
import { rawHeadersOf } from './raw-headers.ts';
import type { RoutedCall } from './routed-call.ts';
import { Router } from './router.ts';
import type { WireProtocol } from './wire.ts';

/**
 * One request on its way: route → fault → cors, redirect or direct response → cluster → router → response. The order is
 * Envoy's. It is the controller that the caller's handler holds, and it speaks to that handler just as a single
 * connection would: one start, one response, one end or error.
 */
export class RequestWalk implements Dispatcher.DispatchController, RoutedCall, VariableSource, LoggedCall, ActiveCall {
  readonly engine: EngineContext;
  /** The one in force when the request began; a change meanwhile does not touch it. */
  readonly snapshot: Snapshot;
  readonly request: MeshRequest;
  readonly startedAtMs: number;
  place = -1;
  isGrpc = false;
  route: Route | undefined;
  destination: Destination | undefined;
  routeStats: RouteStats | undefined;
  router: Router | undefined;
  /** Sum of `FLAG`s. */
  flags = 0;
  details = '';
  status = 0;
  /** Bytes of the response body so far. */
  bytesSent = 0;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  /** Whether {@link rawHeaders} and {@link rawTrailers} are lists of bytes, as of undici's parser. */
  rawAsLines = false;
  #headers: ResponseHeaders | undefined;
  #trailers: ResponseHeaders | undefined;
  readonly #handler: Dispatcher.DispatchHandler;
  #corsOrigin: string | undefined;
  #delayTimer: TimerHandle | undefined;
  #running = false;
  #delivery: NodeJS.Immediate | undefined;
  #over = false;
  /** What `x-forwarded-for` said of the caller's address, before rules could change it. */
  forwardedAddress: string | undefined;
  /** Whether the answer was given before the body could be read. Envoy ends such a request there and then. */
  answeredAtOnce = false;

  constructor(engine: EngineContext, snapshot: Snapshot, request: MeshRequest, handler: Dispatcher.DispatchHandler) {
    this.engine = engine;
    this.snapshot = snapshot;
    this.request = request;
    this.#handler = handler;
    this.startedAtMs = engine.clock.now();
  }

  /** Walks as far as it goes without waiting. */
  run(): void {
    this.#running = true;
    try {
      this.#walk();
    } finally {
      this.#running = false;
    }
  }

  #walk(): void {
    this.#handler.onRequestStart?.(this, this);
    if (this.aborted) return;
    const { head, dialled, originalDst } = this.request;
    const refusal = admit(head, this.snapshot.settings, this.engine, this.request.http2);
    if (refusal !== undefined) {
      this.answer(refusal);
      return;
    }
    this.isGrpc = isGrpcContentType(getHeader(head.headers, 'content-type'));
    // Where callers connect, their connections tell who they are.
    if (this.request.downstream === undefined) this.forwardedAddress = forwardedAddress(head.headers);
    const routes = this.request.https === true ? this.snapshot.httpsRoutes : this.snapshot.routes;
    const virtualHost = routes.virtualHost(head.port, head.authority, dialledHost(dialled.hostname, originalDst));
    const route = virtualHost?.match(head);
    if (route === undefined || (this.request.upgrade !== undefined && !mayUpgrade(this.request.upgrade))) {
      this.answer(route === undefined ? replies.NO_ROUTE : replies.UPGRADE_FAILED);
      return;
    }
    this.route = route;
    if (route.action.kind !== 'forward' && isBlockAll(virtualHost)) this.engine.blocked(blockedCall(head));
    const { statPrefix } = route.spec;
    if (statPrefix !== undefined) this.routeStats = this.engine.stats.route({ virtualHost: virtualHost!.name, statPrefix });
    const { random } = this.engine;
    if (route.action.kind === 'forward') this.destination = route.action.pick(head, random);
    if (route.faults === undefined) this.#act(route);
    else this.#inject(route, route.faults.decide(random));
  }

  #inject(route: Route, { delayMs, abort }: FaultDecision): void {
    const { clock, stats } = this.engine;
    const faults = stats.faults(this.request.head.port);
    const after = (): void => {
      if (abort === undefined) {
        this.#act(route);
        return;
      }
      faults.aborts_injected++;
      this.answer(replies.faultAbort(abort.httpStatus, abort.grpcStatus));
    };
    if (delayMs === 0) return after();
    this.flags |= FLAG.DI;
    faults.delays_injected++;
    faults.active_faults++;
    // A delay ends when nobody waits for the answer any more.
    const leftMs = (this.request.deadlineAtMs ?? Infinity) - clock.now();
    this.#delayTimer = clock.setTimeout(() => {
      this.#endDelay();
      if (leftMs < delayMs) this.answer(replies.ROUTE_TIMEOUT);
      else after();
    }, Math.max(0, Math.min(delayMs, leftMs)));
  }

  #act({ action }: Route): void {
    const { head } = this.request;
    if (action.kind !== 'forward') {
      this.details = 'direct_response';
      const headers = action.headers(head, this, this.snapshot.settings.proxyHeaders.debug) as Record<string, string>;
      this.answer({ status: action.status, body: action.body ?? '', flags: 0, details: 'direct_response', headers });
      return;
    }
    const cors = action.cors?.decide(head);
    if (cors?.kind === 'preflight') {
      this.#deliver(200, cors.headers as ResponseHeaders, '', 'cors_response');
      return;
    }
    this.#corsOrigin = cors?.origin;
    this.#forward(action);
  }

  #forward(action: ForwardAction): void {
    const { destination } = this;
    const cluster = destination === undefined ? undefined : this.engine.clusters.get(destination.cluster, this.snapshot);
    if (cluster === undefined) {
      this.answer(replies.NO_CLUSTER);
      return;
    }
    if (strays(this.snapshot, cluster.spec, this.request)) {
      this.engine.blocked(blockedAt(this.request.dialled));
      this.answer(replies.BLOCKED);
      return;
    }
    this.router = new Router(this, action, cluster);
    this.router.start();
  }

  // ---- what the router tells

  inform(status: number, headers: ResponseHeaders, statusText: string | undefined): void {
    this.#headers = headers;
    this.#handler.onResponseStart?.(this, status, headers, statusText);
  }

  /** The response that the caller gets begins. */
  respond(status: number, headers: ResponseHeaders, statusText: string | undefined): void {
    this.status = status;
    this.details = 'via_upstream';
    this.#finishHeaders(headers);
    this.#setServer(headers);
    this.#headers = headers;
    this.#handler.onResponseStart?.(this, status, headers, statusText);
  }

  data(chunk: Buffer): void {
    this.bytesSent += chunk.length;
    this.#handler.onResponseData?.(this, chunk);
  }

  end(upstreamTrailers: ResponseHeaders): void {
    // Over HTTP/1.1 Envoy neither reads nor writes any.
    const trailers = this.request.http2 === true && this.upstreamProtocol === 'http2' ? upstreamTrailers : {};
    this.#trailers = trailers;
    this.#finish();
    this.#handler.onResponseEnd?.(this, trailers);
  }

  /** The response had begun: all that is left is to break it. */
  breakOff(flag: number, details: string, error: Error): void {
    this.flags |= flag;
    this.details = details;
    this.fail(error);
  }

  /** Answers in the upstream's place. */
  answer(local: LocalReply): void {
    if (this.#over || this.#delivery !== undefined) return;
    this.flags |= local.flags;
    this.details = local.details;
    const headers: ResponseHeaders = { ...local.headers };
    if (!this.snapshot.settings.proxyHeaders.debug) delete headers['x-envoy-overloaded'];
    this.#finishHeaders(headers);
    const isHead = this.request.head.method === 'HEAD';
    if (this.isGrpc) replies.finishGrpcReply(headers, isHead ? { ...local, body: '' } : local);
    else replies.finishReply(headers, local);
    const body = this.isGrpc || isHead ? '' : local.body;
    this.#deliver(this.isGrpc ? 200 : local.status, headers, body, local.details);
  }

  /** Ends the call with an error, for the caller to see as it is. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#finish(error);
    this.aborted = true;
    this.reason = error;
    this.#handler.onResponseError?.(this, error);
  }

  /** Header operations of the destination, then CORS. Replies before a destination was chosen get none. */
  #finishHeaders(headers: ResponseHeaders): void {
    this.destination?.finishResponse(headers, this.request.head, this);
    const action = this.route?.action;
    if (this.#corsOrigin !== undefined && action?.kind === 'forward') action.cors!.finishResponse(headers, this.#corsOrigin);
  }

  /** Last of all, whatever rules say of it. Source: Envoy `ConnectionManagerImpl::ActiveStream::encodeHeaders`. */
  #setServer(headers: ResponseHeaders): void {
    const { server } = this.snapshot.settings.proxyHeaders;
    if (server !== undefined) headers['server'] = server;
  }

  #deliver(status: number, headers: ResponseHeaders, body: string | Uint8Array, details: string): void {
    this.#setServer(headers);
    this.status = status;
    this.details = details;
    const deliver = (): void => {
      const broken = replies.brokenHeader(headers);
      if (broken !== undefined) {
        this.fail(new errors.InvalidArgumentError(`invalid ${broken} header`));
        return;
      }
      this.bytesSent = Buffer.byteLength(body);
      this.#headers = headers;
      this.#trailers = {};
      this.#finish();
      replies.deliver(this.#handler, this, status, headers, body);
    };
    // An answer from within the call would let a caller that tries again and again keep the event loop from ever turning.
    if (!this.#running) {
      deliver();
      return;
    }
    this.answeredAtOnce = true;
    this.#delivery = setImmediate(deliver);
  }

  #finish(reason?: Error): void {
    this.#over = true;
    // Also after a response that came before the whole request was sent: nobody reads on.
    this.request.body.cancel(reason);
    clearImmediate(this.#delivery);
    this.#endDelay();
    this.router?.finish();
    this.engine.finished(this);
  }

  #endDelay(): void {
    if (this.#delayTimer === undefined) return;
    this.engine.clock.clearTimeout(this.#delayTimer);
    this.#delayTimer = undefined;
    this.engine.stats.faults(this.request.head.port).active_faults--;
  }

  // ---- the caller's hand on it

  abort(reason?: Error): void {
    if (this.#over) return;
    const error = reason ?? new DOMException('The operation was aborted.', 'AbortError');
    const { flag, details } = departure(this.request.http2 === true, error);
    this.flags |= flag;
    this.details = details;
    this.router?.cancel(error);
    this.fail(error);
  }

  pause(): void {
    this.paused = true;
    this.router?.pause();
  }

  resume(): void {
    this.paused = false;
    this.router?.resume();
  }

  /** The headers that the mesh made of the upstream's, for handlers that ask for raw ones. */
  get rawHeaders(): ResponseHeaders | Buffer[] | null {
    return rawHeadersOf(this.#headers, this.rawAsLines);
  }

  get rawTrailers(): ResponseHeaders | Buffer[] | null {
    return rawHeadersOf(this.#trailers, this.rawAsLines);
  }

  // ---- its story

  /** Milliseconds since the request began. */
  get elapsedMs(): number {
    return this.engine.clock.now() - this.startedAtMs;
  }

  /** When the request began, in milliseconds since the epoch. */
  get startedAtWallMs(): number {
    return this.engine.clock.wallNow() - this.elapsedMs;
  }

  /** The caller's address as the upstream could see it. */
  get callerAddress(): string {
    return this.request.sourceAddress ?? this.engine.options.workloadAddress;
  }

  /** `ip:port` that the caller dialled. */
  get dialledAddress(): string | undefined {
    const { originalDst, dialled, downstream } = this.request;
    return downstream?.localAddress ?? originalDst ?? `${dialled.hostname}:${dialled.port}`;
  }

  /** The chosen cluster, if there is one of that name. */
  get clusterName(): string | undefined {
    const name = this.destination?.cluster;
    return name !== undefined && this.snapshot.clusters.has(name) ? name : undefined;
  }

  get bytesReceived(): number {
    return this.attempt === 0 ? 0 : this.request.body.bytes;
  }

  get upstreamProtocol(): WireProtocol | undefined {
    return this.router?.upstreamProtocol;
  }

  /** Whether the upstream's answer was all there with its headers. */
  get bodiless(): boolean {
    return this.router?.bodiless === true;
  }

  get upstreamLocalAddress(): string | undefined {
    return this.router?.localAddress;
  }

  /** The try under way, from 1; 0 before any host was picked. */
  get attempt(): number {
    return this.router?.attempts ?? 0;
  }

  /** For `%…%` in header operations. */
  variable(name: string, argument: string | undefined): string | undefined {
    return callVariable(this, name, argument);
  }

  /** What the access log tells of it. */
  accessRecord(): AccessRecord {
    return accessRecord(this, this.#headers);
  }

  describe(): CallInfo {
    return callReport(this);
  }

  explain(): Explanation {
    const { head, dialled: target, originalDst, askedPath: path, askedHeaders: headers, downstream } = this.request;
    const { honorsCallerPolicies } = this.engine.options;
    const context = { snapshot: this.snapshot, clusters: this.engine.clusters };
    return explainCall(context, { method: head.method, target, path, headers, originalDst, honorsCallerPolicies, arrived: downstream !== undefined });
  }
}
