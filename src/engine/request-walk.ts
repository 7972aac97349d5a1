import type { Dispatcher } from 'undici';
import type { Host } from '../cluster/host.ts';
import type { TimerHandle } from '../common/clock.ts';
import { MeshError } from '../common/errors.ts';
import { getHeader, setHeader, type HeaderList } from '../common/headers.ts';
import { formatOrigin } from '../common/origin.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { formatGrpcTimeout, isGrpcContentType } from '../route/grpc.ts';
import type { Destination } from '../route/destination.ts';
import type { FaultDecision } from '../route/fault-injector.ts';
import type { ForwardAction } from '../route/forward-action.ts';
import type { RequestHead } from '../route/model.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { Route } from '../route/route.ts';
import type { TimeoutPolicy } from '../route/timeout-policy.ts';
import type { VariableSource } from '../route/variables.ts';
import { FLAG, formatFlags } from '../telemetry/response-flags.ts';
import { admit } from './admission.ts';
import type { Call, CallInfo } from './call-info.ts';
import type { Engine } from './engine.ts';
import * as replies from './local-reply.ts';
import type { LocalReply, ResponseHeaders } from './local-reply.ts';
import type { RequestBody } from './request-body.ts';
import { RetryState } from './retry-state.ts';
import { UpstreamAttempt, type AttemptOwner, type UpstreamRequest } from './upstream-attempt.ts';
import type { Dialled, UpstreamCluster } from './upstream-cluster.ts';
import { walkVariable } from './walk-variables.ts';

/** What a door hands to the engine. */
export interface MeshRequest extends Dialled {
  /** Changed on the way into what goes upstream. */
  readonly head: RequestHead;
  readonly body: RequestBody;
  /** The caller's own address, for balancing by source IP. */
  readonly sourceAddress?: string | undefined;
}

/**
 * One request on its way: route → fault → cors, redirect, direct response → cluster → host → attempts → response. The
 * order is Envoy's. It is the controller that the caller's handler holds, and it speaks to that handler just as a
 * single connection would: one start, one response, one end or error.
 */
export class RequestWalk implements Dispatcher.DispatchController, AttemptOwner, VariableSource, Call {
  readonly snapshot: Snapshot;
  readonly request: MeshRequest;
  readonly startedAtMs: number;
  route: Route | undefined;
  destination: Destination | undefined;
  cluster: UpstreamCluster | undefined;
  host: Host | undefined;
  /** Sum of `FLAG`s. */
  flags = 0;
  details = '';
  status = 0;
  attempts = 0;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #engine: Engine;
  readonly #handler: Dispatcher.DispatchHandler;
  #attempt: UpstreamAttempt | undefined;
  #upstream: UpstreamRequest | undefined;
  #timeouts: TimeoutPolicy | undefined;
  #retries: RetryState | undefined;
  #timer: TimerHandle | undefined;
  #waitTimer: TimerHandle | undefined;
  #requestCompleteAtMs = -1;
  #endDelay: (() => void) | undefined;
  #corsOrigin: string | undefined;
  #isGrpc = false;
  #responded = false;
  #informed = false;
  #over = false;

  constructor(engine: Engine, snapshot: Snapshot, request: MeshRequest, handler: Dispatcher.DispatchHandler) {
    this.#engine = engine;
    this.snapshot = snapshot;
    this.request = request;
    this.#handler = handler;
    this.startedAtMs = engine.clock.now();
  }

  /** Walks as far as it goes without waiting. */
  run(): void {
    this.#handler.onRequestStart?.(this, this);
    if (this.aborted) return;
    const { head } = this.request;
    const { random } = this.#engine;
    if (!admit(head, this.snapshot.settings, this.#engine)) {
      this.#answer(replies.BAD_PATH);
      return;
    }
    this.#isGrpc = isGrpcContentType(getHeader(head.headers, 'content-type'));
    const route = this.snapshot.routes.virtualHost(head.port, head.authority)?.match(head);
    if (route === undefined) {
      this.#answer(replies.NO_ROUTE);
      return;
    }
    this.route = route;
    if (route.action.kind === 'forward') this.destination = route.action.destinations.pick(random);
    if (route.faults === undefined) this.#act();
    else this.#inject(route.faults.decide(random));
  }

  // ---- faults

  #inject({ delayMs, abort }: FaultDecision): void {
    const faults = this.#engine.stats.faults(this.request.head.port);
    const after = (): void => {
      if (abort === undefined) {
        this.#act();
        return;
      }
      faults.aborts_injected++;
      this.#answer(replies.faultAbort(abort.httpStatus, abort.grpcStatus));
    };
    if (delayMs === 0) {
      after();
      return;
    }
    this.flags |= FLAG.DI;
    faults.delays_injected++;
    faults.active_faults++;
    this.#endDelay = () => faults.active_faults--;
    this.#wait(delayMs, () => {
      this.#delayOver();
      after();
    });
  }

  #delayOver(): void {
    this.#endDelay?.();
    this.#endDelay = undefined;
  }

  // ---- what the route says

  #act(): void {
    const { action } = this.route!;
    if (action.kind !== 'forward') {
      const headers = action.headers(this.request.head, this) as Record<string, string>;
      this.#answer({ status: action.status, body: action.body ?? '', flags: 0, details: 'direct_response', headers });
      return;
    }
    const cors = action.cors?.decide(this.request.head);
    if (cors?.kind === 'preflight') {
      this.#deliver(200, cors.headers as ResponseHeaders, '', 'cors_response');
      return;
    }
    this.#corsOrigin = cors?.origin;
    this.#forward(action);
  }

  #forward(action: ForwardAction): void {
    const { destination } = this;
    const cluster = destination === undefined ? undefined : this.#engine.clusters.get(destination.cluster, this.snapshot);
    if (cluster === undefined) {
      this.#answer(replies.NO_CLUSTER);
      return;
    }
    this.cluster = cluster;
    const grpcTimeout = this.#isGrpc ? getHeader(this.request.head.headers, 'grpc-timeout') : undefined;
    this.#timeouts = this.#isGrpc ? action.timeout.grpc(grpcTimeout) : action.timeout;
    if (action.retry.attempts > 0) this.#retries = new RetryState(action.retry, cluster);
    if (cluster.ready) this.#tryFirst(action);
    else cluster.whenReady(() => {
      if (!this.#over) this.#tryFirst(action);
    });
  }

  #tryFirst(action: ForwardAction): void {
    const { head, body } = this.request;
    const host = this.#pickHost();
    if (host === undefined) return;
    // Before the operations, which may change these too.
    this.#setAttemptHeaders(head.headers, 1);
    this.destination!.prepareRequest(head, this);
    head.headers.push('host', head.authority);
    this.#upstream = { method: head.method, path: head.path, headers: head.headers, body };
    if (body.complete) this.#requestComplete();
    else body.onComplete(() => this.#requestComplete());
    for (const mirror of action.mirrors) {
      if (mirror.decide(this.#engine.random)) this.#engine.mirrors.send(mirror, this);
    }
    this.#send(host);
  }

  // ---- attempts

  #pickHost(): Host | undefined {
    const cluster = this.cluster!;
    const host = cluster.pick(this.request, this.#retries?.triedHosts, this.#engine.random);
    if (host !== undefined) return host;
    cluster.stats.upstream_cx_none_healthy++;
    this.#answer(replies.NO_HEALTHY_HOST);
    return undefined;
  }

  #send(host: Host): void {
    this.host = host;
    this.attempts++;
    this.#retries?.tried(host);
    const attempt = new UpstreamAttempt(this, this.cluster!, host, this.#attemptRequest());
    this.#attempt = attempt;
    attempt.start();
    const { perTryTimeoutMs } = this.#timeouts!;
    if (perTryTimeoutMs > 0 && this.#requestCompleteAtMs >= 0) attempt.limitTry(perTryTimeoutMs);
  }

  /** The prepared request, with what differs from attempt to attempt. */
  #attemptRequest(): UpstreamRequest {
    const request = this.#upstream!;
    if (this.attempts === 1) return request;
    const headers = request.headers.slice();
    this.#setAttemptHeaders(headers, this.attempts);
    return { ...request, headers };
  }

  #setAttemptHeaders(headers: HeaderList, attempt: number): void {
    setHeader(headers, 'x-envoy-attempt-count', String(attempt));
    const elapsedMs = this.#requestCompleteAtMs < 0 ? 0 : this.#engine.clock.now() - this.#requestCompleteAtMs;
    const expectedMs = this.#timeouts!.expectedTimeoutMs(elapsedMs);
    if (expectedMs === undefined) return;
    setHeader(headers, 'x-envoy-expected-rq-timeout-ms', String(expectedMs));
    if (this.#isGrpc) setHeader(headers, 'grpc-timeout', formatGrpcTimeout(expectedMs));
  }

  #requestComplete(): void {
    if (this.#over) return;
    const { clock } = this.#engine;
    const { routeTimeoutMs, perTryTimeoutMs } = this.#timeouts!;
    this.#requestCompleteAtMs = clock.now();
    if (routeTimeoutMs > 0) this.#timer = clock.setTimeout(() => this.#onRouteTimeout(), routeTimeoutMs);
    if (perTryTimeoutMs > 0) this.#attempt?.limitTry(perTryTimeoutMs);
  }

  #onRouteTimeout(): void {
    const cluster = this.cluster!;
    this.#timer = undefined;
    cluster.stats.upstream_rq_timeout++;
    const inFlight = this.#attempt;
    this.#attempt = undefined;
    if (inFlight !== undefined) {
      if (!this.#responded) cluster.recordReset(inFlight.host, 'per-try-timeout');
      inFlight.cancel(new Error('upstream request timeout'));
    }
    if (this.#responded) {
      const message = `the route's timeout expired while the response was under way (${this.describeRule()})`;
      this.#breakOff(FLAG.UT, 'response_timeout', new MeshError('ERR_TIMEOUT', message, this.#errorDetails('UT')));
    } else {
      this.#answer(replies.ROUTE_TIMEOUT);
    }
  }

  onInformational(status: number, headers: ResponseHeaders, statusText: string | undefined): void {
    this.#informed = true;
    this.#handler.onResponseStart?.(this, status, headers, statusText);
  }

  onResponse(attempt: UpstreamAttempt, status: number, headers: ResponseHeaders, statusText: string | undefined): void {
    const cluster = this.cluster!;
    cluster.recordResponse(attempt.host, status, headers);
    const retries = this.#retries;
    if (retries !== undefined) {
      const header = (name: string): string | undefined => {
        const value = headers[name];
        return Array.isArray(value) ? value[0] : value;
      };
      const verdict = retries.decide({ kind: 'response', status, header }, this.#canReplay(attempt));
      if (verdict === 'retry') {
        cluster.stats.countRetried(status);
        attempt.cancel(new Error('retried'));
        this.#retryLater();
        return;
      }
      this.flags |= retries.flagsOf(verdict);
    }
    cluster.stats.countResponse(status);
    this.#responded = true;
    this.status = status;
    this.details = 'via_upstream';
    headers['x-envoy-upstream-service-time'] = String(this.#serviceTimeMs());
    headers['server'] = 'envoy';
    this.#finishHeaders(headers);
    this.#handler.onResponseStart?.(this, status, headers, statusText);
    if (this.paused) attempt.controller?.pause();
  }

  onData(_attempt: UpstreamAttempt, chunk: Buffer): void {
    this.#handler.onResponseData?.(this, chunk);
  }

  onEnd(_attempt: UpstreamAttempt, trailers: ResponseHeaders): void {
    this.#finish();
    this.#handler.onResponseEnd?.(this, trailers);
  }

  onFailure(attempt: UpstreamAttempt, reason: ResetReason, error: Error): void {
    const cluster = this.cluster!;
    this.#attempt = undefined;
    if (reason !== 'overflow') cluster.recordReset(attempt.host, reason);
    if (this.#responded) {
      const flag = reason === 'connection-termination' && isCutChunk(error) ? FLAG.UPE : replies.resetFlag(reason);
      this.#breakOff(flag, `upstream_reset_after_response_started{${replies.resetDetail(reason)}}`, error);
      return;
    }
    const requestSent = attempt.sent;
    const verdict = this.#retries?.decide({ kind: 'reset', reason, requestSent }, this.#canReplay(attempt));
    if (verdict === 'retry') {
      this.#retryLater();
      return;
    }
    if (verdict !== undefined) this.flags |= this.#retries!.flagsOf(verdict);
    this.#answer(replies.resetReply(reason, this.attempts > 1, transportFailure(reason, error)));
  }

  onUnsendable(_attempt: UpstreamAttempt, error: Error): void {
    this.#attempt = undefined;
    this.#fail(error);
  }

  #canReplay(attempt: UpstreamAttempt): boolean {
    return !this.#informed && (this.request.body.replayable || !attempt.sent);
  }

  #retryLater(): void {
    this.#attempt = undefined;
    this.#wait(this.#retries!.backoffMs(this.#engine.random), () => {
      if (!this.request.body.replayable) {
        this.#answer(replies.RETRY_BUFFER_EXCEEDED);
        return;
      }
      const host = this.#pickHost();
      if (host !== undefined) this.#send(host);
    });
  }

  /** For a fault's delay or a retry's back-off; there is never more than one of them. */
  #wait(delayMs: number, then: () => void): void {
    this.#waitTimer = this.#engine.clock.setTimeout(() => {
      this.#waitTimer = undefined;
      then();
    }, delayMs);
  }

  // ---- answers

  /** Answers in the upstream's place; a reply that stands for an upstream failure counts as its response. */
  #answer(local: LocalReply): void {
    const upstreamFailed = this.cluster !== undefined && (local.flags & ~(FLAG.DI | FLAG.FI)) !== 0;
    if (upstreamFailed) this.cluster!.stats.countResponse(local.status);
    this.flags |= local.flags;
    const headers: ResponseHeaders = { ...local.headers };
    this.#finishHeaders(headers);
    if (this.#isGrpc) replies.finishGrpcReply(headers, local);
    else replies.finishReply(headers, local);
    const status = this.#isGrpc ? 200 : local.status;
    this.#deliver(status, headers, this.#isGrpc || this.request.head.method === 'HEAD' ? '' : local.body, local.details);
  }

  /** Header operations of the destination, then CORS. Replies before a destination was chosen get none. */
  #finishHeaders(headers: ResponseHeaders): void {
    this.destination?.finishResponse(headers, this.request.head, this);
    const { action } = this.route ?? {};
    if (this.#corsOrigin !== undefined && action?.kind === 'forward') action.cors!.finishResponse(headers, this.#corsOrigin);
  }

  #deliver(status: number, headers: ResponseHeaders, body: string | Uint8Array, details: string): void {
    if (this.#over) return;
    headers['server'] = 'envoy';
    this.status = status;
    this.details = details;
    this.#finish();
    this.request.body.cancel();
    replies.deliver(this.#handler, this, status, headers, body);
  }

  /** The response had begun: all that is left is to break it. */
  #breakOff(flag: number, details: string, error: Error): void {
    this.flags |= flag;
    this.details = details;
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#finish();
    this.request.body.cancel(error);
    this.aborted = true;
    this.reason = error;
    this.#handler.onResponseError?.(this, error);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempt = undefined;
    const { clock } = this.#engine;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    if (this.#waitTimer !== undefined) clock.clearTimeout(this.#waitTimer);
    this.#delayOver();
    this.#retries?.release();
    this.#engine.finished(this);
  }

  #serviceTimeMs(): number {
    return this.#requestCompleteAtMs < 0 ? 0 : Math.floor(this.#engine.clock.now() - this.#requestCompleteAtMs);
  }

  // ---- the caller's hand on it

  abort(reason?: Error): void {
    if (this.#over) return;
    const error = reason ?? new DOMException('The operation was aborted.', 'AbortError');
    this.flags |= FLAG.DC;
    this.details = 'downstream_remote_disconnect';
    this.#attempt?.cancel(error);
    this.#fail(error);
  }

  pause(): void {
    this.paused = true;
    this.#attempt?.controller?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#attempt?.controller?.resume();
  }

  // ---- its story

  /** What `meshInfo` shows. */
  describe(): CallInfo {
    return {
      status: this.status,
      flags: formatFlags(this.flags),
      details: this.details,
      cluster: this.cluster?.name ?? this.destination?.cluster,
      route: this.route?.name,
      rule: this.describeRule(),
      endpoint: this.host?.key,
      attempts: this.attempts,
      lane: 'lean',
      durationMs: this.elapsedMs,
    };
  }

  /** Milliseconds since the request began. */
  get elapsedMs(): number {
    return this.#engine.clock.now() - this.startedAtMs;
  }

  /** When the request began, in milliseconds since the epoch. */
  get startedAtWallMs(): number {
    return this.#engine.clock.wallNow() - this.elapsedMs;
  }

  /** The caller's address as the upstream could see it. */
  get callerAddress(): string {
    return this.request.sourceAddress ?? this.#engine.options.workloadAddress;
  }

  /** For `%…%` in header operations. */
  variable(name: string, argument: string | undefined): string | undefined {
    return walkVariable(this, name, argument);
  }

  /** Upstream request as the first destination got it; mirrors copy it. */
  get upstream(): UpstreamRequest | undefined {
    return this.#upstream;
  }

  get routeTimeoutMs(): number {
    return this.#timeouts?.routeTimeoutMs ?? 0;
  }

  describeRule(): string {
    const origin = this.route?.origin;
    return origin === undefined ? 'no rule' : formatOrigin(origin);
  }

  #errorDetails(flags: string): { flags: string; attempts: number; cluster: string | undefined; rule: string } {
    return { flags, attempts: this.attempts, cluster: this.cluster?.name, rule: this.describeRule() };
  }
}

/** What the transport said, in Envoy's words. It goes into the details only. */
function transportFailure(reason: ResetReason, error: Error): string {
  if (reason !== 'connection-failure') return '';
  const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  return `delayed connect error: ${refused ? 'Connection refused' : error.message}`;
}

/** A chunked body without its end is a protocol error to Envoy, unlike a body shorter than its length. */
function isCutChunk(error: Error): boolean {
  return error.message === 'other side closed';
}
