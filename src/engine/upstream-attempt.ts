import type { Dispatcher } from 'undici';
import type { Host } from '../cluster/host.ts';
import type { TimerHandle } from '../common/clock.ts';
import type { HeaderList } from '../common/headers.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { Connection } from './connection.ts';
import type { HostPool, PoolWaiter } from './host-pool.ts';
import type { RequestBody } from './request-body.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { Http2ResetError } from './http2-wire.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';
import { StaleConnectionError, type WireProtocol } from './wire.ts';

/** What an attempt sends. */
export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  /** With `host`. */
  readonly headers: HeaderList;
  readonly body: RequestBody;
  /** Whether the caller speaks HTTP/2, which clusters that follow their callers then speak too. */
  readonly http2?: boolean | undefined;
}

/** Who owns an attempt: the request walk, or the sender of mirror copies. */
export interface AttemptOwner {
  onInformational(status: number, headers: ResponseHeaders, statusText: string | undefined): void;
  onResponse(attempt: UpstreamAttempt, status: number, headers: ResponseHeaders, statusText: string | undefined): void;
  onData(attempt: UpstreamAttempt, chunk: Buffer): void;
  onEnd(attempt: UpstreamAttempt, trailers: ResponseHeaders): void;
  /** The attempt broke. `error` is what undici or the socket said. */
  onFailure(attempt: UpstreamAttempt, reason: ResetReason, error: Error): void;
  /** The request itself can't be sent (invalid headers, its body stream failed): nobody's fault but the caller's. */
  onUnsendable(attempt: UpstreamAttempt, error: Error): void;
}

/**
 * One try of a request at one host: waits for a connection, sends, reports what comes, and gives everything back
 * (permits, connection) exactly once, however it ends. After `cancel` it says nothing more.
 */
export class UpstreamAttempt implements Dispatcher.DispatchHandler, PoolWaiter {
  readonly host: Host;
  readonly cluster: UpstreamCluster;
  controller: Dispatcher.DispatchController | undefined;
  /** Whether any of the request may have reached the wire. */
  sent = false;
  #state: 'waiting' | 'sent' | 'responding' | 'over' = 'waiting';
  /** Of the host as it was: a change of the endpoints may give it another, while this one drains. */
  readonly #pool: HostPool;
  #connection: Connection | undefined;
  #perTryTimer: TimerHandle | undefined;
  readonly #owner: AttemptOwner;
  readonly #request: UpstreamRequest;

  constructor(owner: AttemptOwner, cluster: UpstreamCluster, host: Host, request: UpstreamRequest) {
    this.#owner = owner;
    this.cluster = cluster;
    this.host = host;
    this.#request = request;
    this.#pool = cluster.pool(host, request.http2 === true);
  }

  /** The request as it was last sent, for explanations and access logs. */
  get request(): UpstreamRequest {
    return this.#request;
  }

  /** What is spoken on its connection, once it has one. */
  get protocol(): WireProtocol | undefined {
    return this.#connection?.protocol;
  }

  get localAddress(): string | undefined {
    return this.#connection?.localAddress;
  }


  start(): void {
    this.#pool.acquire(this);
  }

  /** Gives up unless response headers come within `timeoutMs` from now. */
  limitTry(timeoutMs: number): void {
    if (this.#state === 'responding' || this.#state === 'over') return;
    this.#perTryTimer = this.cluster.clock.setTimeout(() => {
      this.cluster.stats.upstream_rq_per_try_timeout++;
      this.cancel(new Error('upstream per try timeout'));
      this.#owner.onFailure(this, 'per-try-timeout', new Error('upstream per try timeout'));
    }, timeoutMs);
  }

  /** Ends it from this side; the owner is not told. */
  cancel(reason: Error): void {
    if (this.#state === 'over') return;
    const { stats } = this.cluster;
    if (this.#state === 'waiting') {
      if (this.#pool.cancel(this)) stats.upstream_rq_cancelled++;
      this.#over();
      return;
    }
    const connection = this.#connection!;
    this.#over();
    this.#finishRequest();
    this.controller?.abort(reason);
    this.#pool.abandon(connection, 'local');
  }

  onConnection(connection: Connection): void {
    if (this.#state === 'over') return;
    this.#connection = connection;
    this.#state = 'sent';
    this.sent = true;
    this.host.activeRequests++;
    this.cluster.recordConnected(this.host);
    const { method, path, headers, body } = this.#request;
    try {
      connection.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body: body.open() }, this);
    } catch (error) {
      this.#unsendable(error as Error);
    }
  }

  onPoolFailure(reason: ResetReason, error?: Error): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#owner.onFailure(this, reason, error ?? new Error(reason));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.#state === 'over') controller.abort(new Error('cancelled'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders, statusText?: string): void {
    if (this.#state === 'over') return;
    if (status < 200) {
      this.#owner.onInformational(status, headers, statusText);
      return;
    }
    this.#state = 'responding';
    this.#stopTimer();
    this.#owner.onResponse(this, status, headers, statusText);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#state === 'responding') this.#owner.onData(this, chunk);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    if (this.#state === 'over') return;
    const connection = this.#connection!;
    this.#over();
    this.#finishRequest();
    // undici tells of the end first and then looks whether the connection must be closed; only after that is it known
    // whether another request may use it.
    queueMicrotask(() => this.#pool.release(connection));
    this.#owner.onEnd(this, trailers);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#state === 'over') return;
    const connection = this.#connection!;
    // A body that is read from another connection may fail with the very codes that connections fail with.
    const reason = this.#request.body.failure === undefined ? resetReasonOf(error) : undefined;
    if (reason === undefined) {
      this.#unsendable(error);
      return;
    }
    // Its wire tells first that it begins to write.
    if (this.controller === undefined) {
      if (connection.requests > 1) {
        this.#tryAnotherConnection();
        return;
      }
      this.sent = false;
    }
    this.#over();
    this.#finishRequest();
    const garbled = reason === 'protocol-error';
    if (garbled) this.cluster.stats.upstream_cx_protocol_error++;
    this.#pool.abandon(connection, garbled ? 'local' : 'remote');
    this.#owner.onFailure(this, reason, error);
  }

  /**
   * A connection that had served others turned out closed before a byte was written: no attempt was made, so none is counted. There
   * are only so many of them; one that was opened for this request and came to nothing is a failed attempt.
   */
  #tryAnotherConnection(): void {
    const stale = this.#connection!;
    this.#finishRequest();
    this.cluster.stats.upstream_rq_total--;
    this.#connection = undefined;
    this.#state = 'waiting';
    this.sent = false;
    // Over HTTP/2 others may still be on one that takes no more.
    if (stale.usable) this.#pool.discard(stale);
    else this.#pool.abandon(stale);
    this.#pool.acquire(this);
  }

  #unsendable(error: Error): void {
    const connection = this.#connection!;
    this.#over();
    this.#finishRequest();
    this.#pool.abandon(connection);
    this.#owner.onUnsendable(this, error);
  }

  #finishRequest(): void {
    this.host.activeRequests--;
    this.cluster.breaker.releaseRequest();
    this.cluster.stats.upstream_rq_active--;
  }

  #over(): void {
    this.#state = 'over';
    this.#stopTimer();
  }

  #stopTimer(): void {
    if (this.#perTryTimer === undefined) return;
    this.cluster.clock.clearTimeout(this.#perTryTimer);
    this.#perTryTimer = undefined;
  }
}

const TERMINATED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_INFO', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT', 'ENOTCONN']);
const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL']);

/**
 * Envoy's reason for what undici or the socket reported; `undefined` when the request itself was at fault.
 *
 * A reset and an orderly close before the response are one and the same to Envoy: `connection termination`.
 */
export function resetReasonOf(error: Error): ResetReason | undefined {
  if (error instanceof Http2ResetError) return error.reason;
  if (error instanceof StaleConnectionError) return 'connection-termination';
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  if (TERMINATED.has(code)) return 'connection-termination';
  if (REFUSED.has(code)) return 'connection-failure';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'connection-timeout';
  if (error.name === 'HTTPParserError' || code.startsWith('HPE_') || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return 'protocol-error';
  }
  return undefined;
}
