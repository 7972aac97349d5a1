import pLimit, { type LimitFunction } from 'p-limit';
import type { Host } from '../cluster/host.ts';
import type { TimerHandle } from '../common/clock.ts';
import { getHeader, setHeader, type HeaderList } from '../common/headers.ts';
import { hostOf } from '../route/authority.ts';
import { isGrpcContentType } from '../route/grpc.ts';
import { shadowAuthority, type Mirror } from '../route/mirror.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import { ActiveCalls, type ActiveCall } from './active-calls.ts';
import type { EngineContext, MirroredRequest, Mirrors } from './engine-context.ts';
import { CopiedBody } from './copied-body.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { mayBeAsked } from './registered.ts';
import { UpstreamAttempt, type AttemptOwner, type UpstreamRequest } from './upstream-attempt.ts';
import type { Dialled, UpstreamCluster } from './upstream-cluster.ts';

/** Copies under way at once. p-limit's queue has no end, so copies above {@link MAX_WAITING} are dropped and counted. */
const MAX_CONCURRENT = 256;
const MAX_WAITING = 1024;

type CopiedRequest = UpstreamRequest & { readonly body: CopiedBody };

/**
 * Sends copies of requests and forgets the answers. A copy has one try and the route's timeout; whatever becomes of it,
 * the caller does not notice, but the mirror's own cluster does (statistics, breaker, outlier detector).
 *
 * Source: Envoy `ShadowWriterImpl`.
 */
export class MirrorSender implements Mirrors {
  readonly #engine: EngineContext;
  readonly #limit: LimitFunction = pLimit(MAX_CONCURRENT);
  readonly #active = new ActiveCalls<Copy>();
  /** Copies that were not sent because too many were under way. */
  dropped = 0;

  constructor(engine: EngineContext) {
    this.#engine = engine;
  }

  send(mirror: Mirror, { snapshot, authority, upstream: request, timeoutMs }: MirroredRequest): void {
    const cluster = this.#engine.clusters.get(mirror.cluster, snapshot);
    // What is said in another protocol is said to one only.
    if (request.upgrade !== undefined) return;
    if (cluster === undefined || !mayBeAsked(snapshot, cluster.spec, hostOf(authority))) return;
    const body = new CopiedBody(request.body);
    // Envoy makes its copies in HTTP/1.1, whatever the caller speaks.
    const copy: CopiedRequest = { ...request, headers: this.#copyHeaders(authority, request.headers, timeoutMs), body, http2: false, ...(this.#engine.options.shadowHosts && { serverName: authority }) };
    void this.#enqueue(cluster, cluster.where({}, authority), copy, timeoutMs).finally(() => body.release());
  }

  /** Gives up what waits or is under way; the last thing that is done with it. */
  close(error: Error): void {
    this.#limit.clearQueue();
    for (const copy of this.#active.list()) copy.cancel(error);
  }

  async #enqueue(cluster: UpstreamCluster, where: Dialled, request: CopiedRequest, timeoutMs: number): Promise<void> {
    if (this.#limit.pendingCount >= MAX_WAITING) {
      this.dropped++;
      return;
    }
    await this.#limit(async () => {
      // A name has to be looked up first; the caller's own request did not wait for this one.
      if (!cluster.isReady(where)) await new Promise<void>((resolve) => cluster.whenReady(where, resolve));
      await this.#send(cluster, where, request, timeoutMs);
    });
  }

  #send(cluster: UpstreamCluster, where: Dialled, request: CopiedRequest, timeoutMs: number): Promise<void> | undefined {
    if (request.body.cut) return undefined;
    const host = cluster.pick(where, undefined, this.#engine.random);
    if (host === undefined) {
      cluster.stats.upstream_cx_none_healthy++;
      cluster.stats.countResponse(503, true);
      return undefined;
    }
    return new Promise((resolve) => {
      const copy = new Copy(cluster, host, request, () => {
        this.#active.remove(copy);
        resolve();
      });
      this.#active.add(copy);
      copy.start(timeoutMs);
    });
  }

  #copyHeaders(authority: string, sent: HeaderList, timeoutMs: number): HeaderList {
    const { shadowHosts, workloadAddress } = this.#engine.options;
    const headers = sent.slice();
    const forwardedFor = getHeader(headers, 'x-forwarded-for');
    setHeader(headers, 'host', shadowHosts ? shadowAuthority(authority) : authority);
    setHeader(headers, 'x-envoy-internal', 'true');
    setHeader(headers, 'x-forwarded-for', forwardedFor === undefined ? workloadAddress : `${forwardedFor},${workloadAddress}`);
    setHeader(headers, 'x-envoy-attempt-count', '1');
    // A copy has no tries that it could be short for.
    if (timeoutMs > 0) setHeader(headers, 'x-envoy-expected-rq-timeout-ms', String(timeoutMs));
    return headers;
  }
}

/** One copy under way: reads its answer to the end, tells the cluster how it went, and no one else. */
class Copy implements AttemptOwner, ActiveCall {
  place = -1;
  readonly #cluster: UpstreamCluster;
  readonly #attempt: UpstreamAttempt;
  readonly #request: UpstreamRequest;
  readonly #onOver: () => void;
  #timer: TimerHandle | undefined;
  #answered = false;
  #isOver = false;

  constructor(cluster: UpstreamCluster, host: Host, request: UpstreamRequest, onOver: () => void) {
    this.#cluster = cluster;
    this.#request = request;
    this.#attempt = new UpstreamAttempt(this, cluster, host, request);
    this.#onOver = onOver;
  }

  start(timeoutMs: number): void {
    const { body } = this.#request;
    if (timeoutMs > 0) {
      if (body.complete) this.#limit(timeoutMs);
      else body.onComplete(() => this.#limit(timeoutMs));
    }
    // What is not all there yet when the original ends never will be.
    body.onCancel(() => this.cancel(new Error('the request was given up')));
    this.#attempt.start();
  }

  #limit(timeoutMs: number): void {
    if (!this.#isOver) this.#timer = this.#cluster.clock.setTimeout(() => this.#onTimeout(), timeoutMs);
  }

  cancel(reason: Error): void {
    if (this.#isOver) return;
    this.#attempt.cancel(reason);
    this.#over();
  }

  onInformational(): void {}

  onResponse(attempt: UpstreamAttempt, status: number, headers: ResponseHeaders): void {
    this.#answered = true;
    const isGrpc = isGrpcContentType(getHeader(this.#request.headers, 'content-type'));
    this.#cluster.recordResponse(attempt.host, status, headers, isGrpc);
    this.#cluster.stats.countResponse(status, true);
  }

  onData(): void {}

  onEnd(): void {
    this.#over();
  }

  onFailure(attempt: UpstreamAttempt, reason: ResetReason): void {
    if (reason !== 'overflow') this.#cluster.recordReset(attempt.host, reason);
    if (!this.#answered) this.#cluster.stats.countResponse(reason === 'protocol-error' ? 502 : 503, true);
    this.#over();
  }

  onUnsendable(): void {
    this.#over();
  }

  #onTimeout(): void {
    const { stats } = this.#cluster;
    stats.upstream_rq_timeout++;
    if (!this.#answered) {
      stats.countResponse(504, true);
      if (this.#attempt.reached) this.#cluster.recordReset(this.#attempt.host, 'per-try-timeout');
    }
    this.cancel(new Error('mirror timeout'));
  }

  #over(): void {
    this.#isOver = true;
    this.#cluster.clock.clearTimeout(this.#timer);
    this.#onOver();
  }
}
