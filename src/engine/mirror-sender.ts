import pLimit, { type LimitFunction } from 'p-limit';
import type { Host } from '../cluster/host.ts';
import type { TimerHandle } from '../common/clock.ts';
import { setHeader, type HeaderList } from '../common/headers.ts';
import { shadowAuthority, type Mirror } from '../route/mirror.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { EngineContext, MirroredRequest, Mirrors } from './engine-context.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { UpstreamAttempt, type AttemptOwner, type UpstreamRequest } from './upstream-attempt.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** Copies under way at once. p-limit's queue has no end, so copies above {@link MAX_WAITING} are dropped and counted. */
const MAX_CONCURRENT = 256;
const MAX_WAITING = 1024;

/**
 * Sends copies of requests and forgets the answers. A copy has one try and the route's timeout; whatever becomes of it,
 * the caller does not notice, but the mirror's own cluster does (statistics, breaker, outlier detector).
 *
 * Source: Envoy `ShadowWriterImpl`.
 */
export class MirrorSender implements Mirrors {
  readonly #engine: EngineContext;
  readonly #limit: LimitFunction = pLimit(MAX_CONCURRENT);
  readonly #active = new Set<Copy>();
  /** Copies that were not sent because too many were under way. */
  dropped = 0;

  constructor(engine: EngineContext) {
    this.#engine = engine;
  }

  send(mirror: Mirror, { snapshot, authority, upstream: request, timeoutMs }: MirroredRequest): void {
    const cluster = this.#engine.clusters.get(mirror.cluster, snapshot);
    if (cluster === undefined) return;
    const copy: UpstreamRequest = { ...request, headers: this.#copyHeaders(authority, request.headers) };
    const start = (): void => {
      // A stream is copied once it is known to be whole and small enough; what does not fit is not mirrored.
      if (request.body.replayable) void this.#enqueue(cluster, copy, timeoutMs);
      else cluster.stats.retry_or_shadow_abandoned++;
    };
    if (request.body.complete) start();
    else request.body.onComplete(start);
  }

  /** Gives up what waits or is under way; the last thing that is done with it. */
  close(error: Error): void {
    this.#limit.clearQueue();
    for (const copy of this.#active) copy.cancel(error);
  }

  async #enqueue(cluster: UpstreamCluster, request: UpstreamRequest, timeoutMs: number): Promise<void> {
    if (this.#limit.pendingCount >= MAX_WAITING) {
      this.dropped++;
      return;
    }
    await this.#limit(async () => {
      // A name has to be looked up first; the caller's own request did not wait for this one.
      if (!cluster.ready) await new Promise<void>((resolve) => cluster.whenReady(resolve));
      await this.#send(cluster, request, timeoutMs);
    });
  }

  #send(cluster: UpstreamCluster, request: UpstreamRequest, timeoutMs: number): Promise<void> | undefined {
    const host = cluster.pick({}, undefined, this.#engine.random);
    if (host === undefined) {
      cluster.stats.upstream_cx_none_healthy++;
      cluster.stats.countResponse(503);
      return undefined;
    }
    return new Promise((resolve) => {
      const copy = new Copy(cluster, host, request, () => {
        this.#active.delete(copy);
        resolve();
      });
      this.#active.add(copy);
      copy.start(timeoutMs);
    });
  }

  #copyHeaders(authority: string, sent: HeaderList): HeaderList {
    const headers = sent.slice();
    setHeader(headers, 'host', this.#engine.options.shadowHosts ? shadowAuthority(authority) : authority);
    setHeader(headers, 'x-envoy-internal', 'true');
    setHeader(headers, 'x-forwarded-for', this.#engine.options.workloadAddress);
    setHeader(headers, 'x-envoy-attempt-count', '1');
    return headers;
  }
}

/** One copy under way: reads its answer to the end, tells the cluster how it went, and no one else. */
class Copy implements AttemptOwner {
  readonly #cluster: UpstreamCluster;
  readonly #attempt: UpstreamAttempt;
  readonly #onOver: () => void;
  #timer: TimerHandle | undefined;
  #answered = false;

  constructor(cluster: UpstreamCluster, host: Host, request: UpstreamRequest, onOver: () => void) {
    this.#cluster = cluster;
    this.#attempt = new UpstreamAttempt(this, cluster, host, request);
    this.#onOver = onOver;
  }

  start(timeoutMs: number): void {
    if (timeoutMs > 0) this.#timer = this.#cluster.clock.setTimeout(() => this.#onTimeout(), timeoutMs, true);
    this.#attempt.start();
  }

  cancel(reason: Error): void {
    this.#attempt.cancel(reason);
    this.#over();
  }

  onInformational(): void {}

  onResponse(attempt: UpstreamAttempt, status: number, headers: ResponseHeaders): void {
    this.#answered = true;
    this.#cluster.recordResponse(attempt.host, status, headers);
    this.#cluster.stats.countResponse(status);
  }

  onData(): void {}

  onEnd(): void {
    this.#over();
  }

  onFailure(attempt: UpstreamAttempt, reason: ResetReason): void {
    if (reason !== 'overflow') this.#cluster.recordReset(attempt.host, reason);
    if (!this.#answered) this.#cluster.stats.countResponse(reason === 'protocol-error' ? 502 : 503);
    this.#over();
  }

  onUnsendable(): void {
    this.#over();
  }

  #onTimeout(): void {
    const { stats } = this.#cluster;
    stats.upstream_rq_timeout++;
    if (!this.#answered) {
      stats.countResponse(504);
      this.#cluster.recordReset(this.#attempt.host, 'per-try-timeout');
    }
    this.cancel(new Error('mirror timeout'));
  }

  #over(): void {
    this.#cluster.clock.clearTimeout(this.#timer);
    this.#onOver();
  }
}
