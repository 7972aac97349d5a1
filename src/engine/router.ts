import type { Host } from '../cluster/host.ts';
import type { TimerHandle } from '../common/clock.ts';
import { MeshError } from '../common/errors.ts';
import { getHeader, setHeader, type HeaderList } from '../common/headers.ts';
import type { ProxyHeaders } from '../config/snapshot.ts';
import type { ForwardAction } from '../route/forward-action.ts';
import { formatGrpcTimeout } from '../route/grpc.ts';
import { HashKey } from '../route/hash-key.ts';
import { requestedRetries } from '../route/retry-headers.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import { requestedTimeouts } from '../route/timeout-headers.ts';
import type { TimeoutPolicy } from '../route/timeout-policy.ts';
import { FLAG } from '../telemetry/response-flags.ts';
import type { MirroredRequest } from './engine-context.ts';
import { withFaults, type Attempt, type FaultOwner } from './faulty-attempt.ts';
import * as replies from './local-reply.ts';
import type { LocalReply, ResponseHeaders } from './local-reply.ts';
import { addCookies, firstValue, settleHeaders } from './response-headers.ts';
import { retryGuard } from './retry-guard.ts';
import { RetryState } from './retry-state.ts';
import type { RoutedCall } from './routed-call.ts';
import { UpstreamAttempt, type AttemptOwner, type UpstreamRequest } from './upstream-attempt.ts';
import type { Dialled, UpstreamCluster } from './upstream-cluster.ts';
import { transportFailure } from './transport-failure.ts';
import type { WireProtocol } from './wire.ts';

/**
 * Brings one request to its cluster and an answer back: header operations and rewrite → host → mirrors → limits → send;
 * then timeouts and retries, each of which picks a host again. Source: Envoy router filter.
 */
export class Router implements AttemptOwner, FaultOwner {
  readonly cluster: UpstreamCluster;
  /** Tries so far. */
  attempts = 0;
  readonly #call: RoutedCall;
  readonly #action: ForwardAction;
  readonly #timeouts: TimeoutPolicy;
  readonly #where: Dialled;
  #retries: RetryState | undefined;
  /** Only where a hash decides. */
  readonly #hashKey: HashKey | undefined;
  #upstream: UpstreamRequest | undefined;
  #attempt: Attempt | undefined;
  /** The last one that was begun. */
  #latest: Attempt | undefined;
  #timeoutTimer: TimerHandle | undefined;
  #backoffTimer: TimerHandle | undefined;
  #requestCompleteAtMs = -1;
  /** Whether a try that broke had begun to send the request. */
  #begun = false;
  #informed = false;
  #responded = false;
  #over = false;

  constructor(call: RoutedCall, action: ForwardAction, cluster: UpstreamCluster) {
    this.#call = call;
    this.#action = action;
    this.cluster = cluster;
    this.#where = cluster.where(call.request, call.request.head.authority);
    const { timeout } = action;
    const { headers } = call.request.head;
    const ofRoute = call.isGrpc ? timeout.grpc(getHeader(headers, 'grpc-timeout')) : timeout;
    const asked = call.engine.options.honorsCallerPolicies ? requestedTimeouts(headers, ofRoute) : ofRoute;
    this.#timeouts = asked.within(Math.max(1, Math.floor(this.#leftMs())));
    if (action.hashPolicies.length > 0 && cluster.hosts.hashed) this.#hashKey = new HashKey(action.hashPolicies);
  }

  /** What the transport said of the last failure; empty for none. */
  transportFailure = '';
  /** Milliseconds, as the response header says it. */
  serviceTimeMs: number | undefined;

  /** Where the last try went, as far as it came. */
  get host(): Host | undefined {
    return this.#latest?.reached === true ? this.#latest.host : undefined;
  }

  /** The local end of the connection that the last try went out on, as `ip:port`. */
  get localAddress(): string | undefined {
    return this.#latest?.localAddress;
  }

  /** What the last try was sent by. */
  get upstreamProtocol(): WireProtocol | undefined {
    return this.#latest?.protocol;
  }

  /** Whether the answer was all there with its headers. */
  get bodiless(): boolean {
    return this.#latest?.bodiless === true;
  }

  get #proxyHeaders(): ProxyHeaders {
    return this.#call.snapshot.settings.proxyHeaders;
  }

  /** Until whoever asked stops waiting. */
  #leftMs(): number {
    const { deadlineAtMs } = this.#call.request;
    return deadlineAtMs === undefined ? Infinity : deadlineAtMs - this.cluster.clock.now();
  }

  start(): void {
    if (this.#leftMs() <= 0) {
      this.#answer(replies.ROUTE_TIMEOUT);
      return;
    }
    const { body } = this.#call.request;
    if (body.complete) this.#requestComplete();
    else body.onComplete(() => this.#requestComplete());
    if (this.cluster.isReady(this.#where)) {
      this.#tryFirst();
      return;
    }
    this.cluster.whenReady(this.#where, () => {
      if (!this.#over) this.#tryFirst();
    });
  }

  #tryFirst(): void {
    const call = this.#call;
    const { head, body } = call.request;
    this.attempts = 1;
    // Before the operations, which may change these too.
    this.#setAttemptHeaders(head.headers, 1);
    const isPrepared = call.destination!.prepareRequest(head, call, this.#proxyHeaders.debug);
    if (!isPrepared) this.#answer(replies.REWRITE_TOO_LONG);
    // What is hashed is the request as it goes out.
    const host = isPrepared ? this.#pickHost() : undefined;
    if (host === undefined) {
      this.attempts = 0;
      return;
    }
    this.#allowRetries(head.headers);
    head.headers.push('host', head.authority);
    this.#upstream = { method: head.method, path: head.path, headers: head.headers, body, http2: call.request.http2, https: call.request.https, upgrade: call.request.upgrade };
    for (const mirror of this.#action.mirrors) {
      if (mirror.decide(call.engine.random)) call.engine.mirrors.send(mirror, this.#copy());
    }
    this.#send(host);
  }

  /** Retries are settled only now: operations may have asked for some in headers. Source: Envoy `Filter::continueDecodeHeaders`. */
  #allowRetries(headers: HeaderList): void {
    const { destination, engine } = this.#call;
    const mayAsk = destination!.changesRequest || engine.options.honorsCallerPolicies;
    const policy = mayAsk ? requestedRetries(headers, this.#action.retry) : this.#action.retry;
    if (policy.attempts > 0 || policy !== this.#action.retry) this.#retries = new RetryState(policy, this.cluster, this.#call.routeStats, retryGuard(policy, this.cluster, this.#call.request));
  }

  #copy(): MirroredRequest {
    const { snapshot, request } = this.#call;
    return { snapshot, authority: request.head.authority, upstream: this.#upstream!, timeoutMs: this.#timeouts.routeTimeoutMs };
  }

  #pickHost(): Host | undefined {
    const { request, callerAddress, forwardedAddress = callerAddress, engine: { random } } = this.#call;
    const hash = this.#hashKey?.of(request.head, forwardedAddress, random);
    const host = this.cluster.pick(this.#where, this.#retries, random, hash);
    if (host === undefined) {
      this.cluster.stats.upstream_cx_none_healthy++;
      this.#answer(this.cluster.spec.discovery === 'dynamic-dns' ? replies.NO_SUCH_NAME : replies.NO_HEALTHY_HOST);
    }
    return host;
  }

  #send(host: Host): void {
    this.#countTry();
    this.#retries?.tried(host);
    const attempt = withFaults(new UpstreamAttempt(this, this.cluster, host, this.#attemptRequest()), this.#action.attemptFaults, this.#call, this);
    this.#attempt = attempt;
    this.#latest = attempt;
    attempt.start();
    const { perTryTimeoutMs } = this.#timeouts;
    if (perTryTimeoutMs > 0 && this.#requestCompleteAtMs >= 0) attempt.limitTry(perTryTimeoutMs);
  }

  /** The prepared request, with what differs from attempt to attempt. */
  #attemptRequest(): UpstreamRequest {
    const request = this.#upstream!;
    if (this.attempts === 1) return request;
    const headers = request.headers.slice();
    this.#setAttemptHeaders(headers, this.attempts);
    // What operations of the response read of the request is what the last try sent.
    this.#call.request.head.headers = headers;
    return { ...request, headers };
  }

  #setAttemptHeaders(headers: HeaderList, attempt: number): void {
    if (this.#proxyHeaders.attemptCount) setHeader(headers, 'x-envoy-attempt-count', String(attempt));
    // The first try has all the time, whatever went by before it.
    const elapsedMs = attempt === 1 || this.#requestCompleteAtMs < 0 ? 0 : this.cluster.clock.now() - this.#requestCompleteAtMs;
    const ofTimeoutsMs = this.#timeouts.expectedTimeoutMs(elapsedMs);
    if (ofTimeoutsMs === undefined) return;
    // The time that the request's body took is no part of them, but of the deadline.
    const expectedMs = Math.max(1, Math.min(ofTimeoutsMs, Math.floor(this.#leftMs())));
    if (this.#proxyHeaders.debug) setHeader(headers, 'x-envoy-expected-rq-timeout-ms', String(expectedMs));
    if (this.#call.isGrpc) setHeader(headers, 'grpc-timeout', formatGrpcTimeout(expectedMs));
  }

  // ---- timeouts

  /** The whole request is here: only now do the timeouts begin. */
  #requestComplete(): void {
    if (this.#over) return;
    const { clock } = this.cluster;
    const { routeTimeoutMs, perTryTimeoutMs } = this.#timeouts;
    this.#requestCompleteAtMs = clock.now();
    // Envoy sets its timer while a try is under way, or not at all.
    const paused = this.attempts > 0 && this.#attempt === undefined;
    if (routeTimeoutMs > 0 && !paused) this.#timeoutTimer = clock.setTimeout(() => this.#onRouteTimeout(), Math.max(0, Math.min(routeTimeoutMs, this.#leftMs())));
    if (perTryTimeoutMs > 0) this.#attempt?.limitTry(perTryTimeoutMs);
  }

  #onRouteTimeout(): void {
    this.#timeoutTimer = undefined;
    const inFlight = this.#attempt;
    this.#attempt = undefined;
    // The pause between two tries is nobody's timeout.
    if (inFlight !== undefined) {
      this.cluster.stats.upstream_rq_timeout++;
      if (this.#call.routeStats !== undefined) this.#call.routeStats.upstream_rq_timeout++;
      if (!this.#responded) {
        // A host that the try has not come to is not to blame.
        if (inFlight.reached) this.cluster.recordReset(inFlight.host, 'per-try-timeout');
        this.#countFailure(replies.ROUTE_TIMEOUT.status);
      }
      inFlight.cancel(new Error('upstream request timeout'));
    }
    if (!this.#responded) {
      this.#call.answer(replies.ROUTE_TIMEOUT);
      return;
    }
    const { rule } = this.#call.describe();
    const message = `the route's timeout of ${this.#timeouts.routeTimeoutMs} ms expired while the response was under way (${rule})`;
    const error = new MeshError('ERR_TIMEOUT', message, { flags: 'UT', attempts: this.attempts, cluster: this.cluster.name, rule, explain: () => this.#call.explain() });
    this.#call.breakOff(FLAG.UT, 'response_timeout', error);
  }

  // ---- what attempts tell

  onInformational(status: number, headers: ResponseHeaders, statusText: string | undefined): void {
    this.#informed = true;
    this.#giveUpRetries();
    this.#countResponse(status);
    this.#call.inform(status, headers, statusText);
  }

  onResponse(attempt: UpstreamAttempt, status: number, headers: ResponseHeaders, statusText: string | undefined): void {
    settleHeaders(headers, this.#call.request.upgrade);
    this.cluster.recordResponse(attempt.host, status, headers, this.#call.isGrpc);
    if (this.#retriesAfter(attempt, status, headers)) return;
    this.#countResponse(status);
    this.#responded = true;
    if (this.#requestCompleteAtMs >= 0) this.#tellServiceTime(headers);
    if (this.#hashKey !== undefined) addCookies(headers, this.#hashKey.setCookies);
    this.#call.respond(status, headers, statusText);
    if (this.#call.paused) attempt.controller?.pause();
  }

  onInjected(attempt: Attempt, reply: LocalReply, status: number, headers: ResponseHeaders): void {
    if (!this.#retriesAfter(attempt, status, headers)) this.#answer(reply);
  }

  /** Whether the answer is let go for another try. */
  #retriesAfter(attempt: Attempt, status: number, headers: ResponseHeaders): boolean {
    const retries = this.#usableRetries();
    if (retries === undefined) return false;
    const verdict = retries.decide({ kind: 'response', status, header: (name) => firstValue(headers, name) });
    if (verdict === 'retry') {
      this.cluster.stats.countRetried(status);
      attempt.dismiss(new Error('retried'));
      this.#retryLater(retries);
      return true;
    }
    this.#call.flags |= retries.flagsOf(verdict);
    this.#giveUpRetries();
    return false;
  }

  onData(_attempt: UpstreamAttempt, chunk: Buffer): void {
    this.#call.data(chunk);
  }

  onEnd(_attempt: UpstreamAttempt, trailers: ResponseHeaders): void {
    this.#call.end(trailers);
  }

  onFailure(attempt: Attempt, reason: ResetReason, error: Error): void {
    this.#attempt = undefined;
    if (attempt.reached && reason !== 'overflow') this.cluster.recordReset(attempt.host, reason);
    if (this.#responded) {
      this.#call.breakOff(replies.resetFlag(reason), `upstream_reset_after_response_started{${replies.resetDetail(reason)}}`, error);
      return;
    }
    this.#begun ||= attempt.sent;
    const retries = this.#usableRetries();
    const verdict = retries?.decide({ kind: 'reset', reason, requestSent: this.#begun });
    if (verdict === 'retry') {
      this.#retryLater(retries!);
      return;
    }
    if (verdict !== undefined) this.#call.flags |= retries!.flagsOf(verdict);
    this.transportFailure = transportFailure(reason, error);
    const reply = replies.resetReply(reason, this.attempts > 1, this.transportFailure, this.#informed);
    this.#countFailure(reply.status);
    this.#call.answer(reply);
  }

  onUnsendable(_attempt: UpstreamAttempt, error: Error): void {
    this.#attempt = undefined;
    this.#call.fail(error);
  }

  // ---- retries

  /** Envoy gives up retrying as soon as a body outgrows its buffer, sent or not, and whatever becomes of the request. */
  #usableRetries(): RetryState | undefined {
    const { body } = this.#call.request;
    if (this.#retries !== undefined && !body.replayable && body.failure === undefined) {
      this.cluster.stats.retry_or_shadow_abandoned++;
      this.#giveUpRetries();
    }
    return this.#retries;
  }

  #giveUpRetries(): void {
    this.#retries?.release();
    this.#retries = undefined;
  }

  #retryLater(retries: RetryState): void {
    this.#attempt = undefined;
    this.#backoffTimer = this.cluster.clock.setTimeout(() => {
      this.#backoffTimer = undefined;
      if (this.#usableRetries() === undefined) {
        this.#call.answer(replies.RETRY_BUFFER_EXCEEDED);
        return;
      }
      const host = this.#pickHost();
      if (host === undefined) return;
      this.attempts++;
      this.#send(host);
    }, retries.backoffMs(this.#call.engine.random));
  }

  // ---- the end

  /** A reply that stands for an upstream failure counts as the cluster's response. */
  #answer(local: LocalReply): void {
    this.#countResponse(local.status);
    this.#call.answer(local);
  }

  #countResponse(status: number): void {
    this.cluster.stats.countResponse(status);
    this.#call.routeStats?.countResponse(status);
  }

  /** What breaks after an informational answer counts no more: that one did. */
  #countFailure(status: number): void {
    if (!this.#informed) this.#countResponse(status);
  }

  #tellServiceTime(headers: ResponseHeaders): void {
    this.serviceTimeMs = Math.floor(this.cluster.clock.now() - this.#requestCompleteAtMs);
    if (this.#proxyHeaders.debug) headers['x-envoy-upstream-service-time'] = String(this.serviceTimeMs);
  }

  #countTry(): void {
    const { routeStats } = this.#call;
    if (routeStats !== undefined && this.#latest?.sent === true) routeStats.upstream_rq_total++;
  }

  /** The caller gave up. */
  cancel(reason: Error): void {
    this.#attempt?.cancel(reason);
    this.#attempt = undefined;
  }

  /** The call is over, however it went. */
  finish(): void {
    this.#over = true;
    this.#countTry();
    this.#usableRetries();
    const { clock } = this.cluster;
    if (this.#timeoutTimer !== undefined) clock.clearTimeout(this.#timeoutTimer);
    if (this.#backoffTimer !== undefined) clock.clearTimeout(this.#backoffTimer);
    this.#giveUpRetries();
  }

  pause(): void {
    this.#attempt?.controller?.pause();
  }

  resume(): void {
    this.#attempt?.controller?.resume();
  }
}
