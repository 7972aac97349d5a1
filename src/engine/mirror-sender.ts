import pLimit, { type LimitFunction } from 'p-limit';
import { setHeader, type HeaderList } from '../common/headers.ts';
import { shadowAuthority, type Mirror } from '../route/mirror.ts';
import type { EngineContext, MirroredRequest, Mirrors } from './engine-context.ts';
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

  async #enqueue(cluster: UpstreamCluster, copy: UpstreamRequest, timeoutMs: number): Promise<void> {
    if (this.#limit.pendingCount >= MAX_WAITING) {
      this.dropped++;
      return;
    }
    await this.#limit(() => new Promise<void>((done) => this.#start(cluster, copy, timeoutMs, done)));
  }

  #start(cluster: UpstreamCluster, copy: UpstreamRequest, timeoutMs: number, done: () => void): void {
    const { random, clock } = this.#engine;
    const host = cluster.pick({}, undefined, random);
    if (host === undefined) {
      cluster.stats.upstream_cx_none_healthy++;
      done();
      return;
    }
    const attempt = new UpstreamAttempt(new Discarding(cluster, () => {
      clock.clearTimeout(timer);
      done();
    }), cluster, host, copy);
    const timer = timeoutMs === 0 ? undefined : clock.setTimeout(() => {
      cluster.stats.upstream_rq_timeout++;
      cluster.recordReset(host, 'per-try-timeout');
      attempt.cancel(new Error('mirror timeout'));
      done();
    }, timeoutMs, true);
    attempt.start();
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

/** Reads an answer to its end, tells the cluster how it went, and no one else. */
class Discarding implements AttemptOwner {
  readonly #cluster: UpstreamCluster;
  readonly #done: () => void;

  constructor(cluster: UpstreamCluster, done: () => void) {
    this.#cluster = cluster;
    this.#done = done;
  }

  onInformational(): void {}

  onResponse(attempt: UpstreamAttempt, status: number, headers: Record<string, string | string[]>): void {
    this.#cluster.recordResponse(attempt.host, status, headers);
    this.#cluster.stats.countResponse(status);
  }

  onData(): void {}

  onEnd(): void {
    this.#done();
  }

  onFailure(attempt: UpstreamAttempt, reason: Parameters<AttemptOwner['onFailure']>[1]): void {
    if (reason !== 'overflow') this.#cluster.recordReset(attempt.host, reason);
    this.#cluster.stats.countResponse(reason === 'protocol-error' ? 502 : 503);
    this.#done();
  }

  onUnsendable(): void {
    this.#done();
  }
}
