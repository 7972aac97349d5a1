import type { Dispatcher } from 'undici';
import type { Host } from '../cluster/host.ts';
import type { TimerHandle } from '../common/clock.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import type { Connection } from './connection.ts';
import type { HostPool, PoolWaiter } from './host-pool.ts';
import type { RequestBody } from './request-body.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { Http2ResetError } from './http2-wire.ts';
import { soon } from './soon.ts';
import type { PooledRequest, UpstreamCluster } from './upstream-cluster.ts';
import { StaleConnectionError, type ResponseController, type WireProtocol } from './wire.ts';

/** What an attempt sends. */
export interface UpstreamRequest extends PooledRequest {
  readonly method: string;
  readonly path: string;
  readonly body: RequestBody;
  /** The protocol to go on with on the connection. */
  readonly upgrade?: string | undefined;
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
  /** Whether it came to its host: one that waits for a connection, or may not even wait, has not. Source: Envoy `UpstreamRequest::onUpstreamHostSelected`. */
  reached = false;
  /** Whether the response is all there with its headers. */
  bodiless = false;
  /** `dismissed`: nobody listens any more, but the rest of the response is still to come. */
  #state: 'waiting' | 'sent' | 'responding' | 'dismissed' | 'over' = 'waiting';
  /** Of the host as it was: a change of the endpoints may give it another, while this one drains. */
  readonly #pool: HostPool;
  #connection: Connection | undefined;
  /** How long it may take once it has a connection; 0: as long as it likes. */
  #limitMs = 0;
  #perTryTimer: TimerHandle | undefined;
  readonly #owner: AttemptOwner;
  readonly #request: UpstreamRequest;

  constructor(owner: AttemptOwner, cluster: UpstreamCluster, host: Host, request: UpstreamRequest) {
    this.#owner = owner;
    this.cluster = cluster;
    this.host = host;
    this.#request = request;
    this.#pool = cluster.pool(host, request);
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

  /**
   * Gives up unless response headers come within `timeoutMs`, from now or from when it has a connection: to wait for one is no part of a try.
   * An informational answer is answer enough.
   */
  limitTry(timeoutMs: number): void {
    this.#limitMs = timeoutMs;
    if (this.#state === 'sent') this.#startTimer();
  }

  #startTimer(): void {
    if (this.#limitMs === 0) return;
    this.#perTryTimer = this.cluster.clock.setTimeout(() => {
      this.cluster.stats.upstream_rq_per_try_timeout++;
      this.cancel(new Error('upstream per try timeout'));
      this.#owner.onFailure(this, 'per-try-timeout', new Error('upstream per try timeout'));
    }, this.#limitMs);
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
    if (connection.protocol === 'http2') stats.upstream_rq_tx_reset++;
    this.#over();
    this.#finishRequest();
    this.controller?.abort(reason);
    this.#pool.abandon(connection, 'local');
  }

  /** Its response, which has begun, is of no use. Breaks it off, unless it is all there: then its connection can be used again. */
  dismiss(reason: Error): void {
    if (this.bodiless && this.#request.body.complete) this.#state = 'dismissed';
    else this.cancel(reason);
  }

  onConnection(connection: Connection): void {
    if (this.#state === 'over') return;
    this.#connection = connection;
    this.#state = 'sent';
    this.sent = true;
    this.reached = true;
    this.host.activeRequests++;
    this.cluster.recordConnected(this.host);
    this.#startTimer();
    const { method, path, headers, body, upgrade } = this.#request;
    try {
      connection.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body: body.open(), upgrade: upgrade! }, this);
    } catch (error) {
      this.#unsendable(error as Error);
    }
  }

  onPoolFailure(reason: ResetReason, error?: Error, connection?: Connection): void {
    if (this.#state === 'over') return;
    this.reached = reason !== 'overflow' || connection !== undefined;
    this.#over();
    this.#owner.onFailure(this, reason, error ?? new Error(reason));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.#state === 'over') controller.abort(new Error('cancelled'));
  }

  onResponseStart(controller: ResponseController, status: number, headers: ResponseHeaders, statusText?: string): void {
    const isFinal = status >= 200 || (status === 101 && this.#request.upgrade !== undefined);
    if (this.#state === 'over' || (!isFinal && !PASSED_ON.has(status))) return;
    this.#stopTimer();
    this.#limitMs = 0;
    if (!isFinal) {
      this.#owner.onInformational(status, headers, statusText);
      return;
    }
    this.#state = 'responding';
    if (this.#connection!.protocol === 'http2') {
      this.bodiless = controller.bodiless === true;
    } else {
      this.bodiless = hasNoBody(this.#request.method, status, headers);
      if (saysClose(headers)) this.cluster.stats.upstream_cx_close_notify++;
    }
    this.#owner.onResponse(this, status, headers, statusText);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#state === 'responding') this.#owner.onData(this, chunk);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    if (this.#state === 'over') return;
    const connection = this.#connection!;
    const dismissed = this.#state === 'dismissed';
    this.#over();
    this.#finishRequest();
    // undici tells of the end first and then looks whether the connection must be closed; only after that is it known
    // whether another request may use it.
    soon(() => this.#pool.release(connection));
    if (!dismissed) this.#owner.onEnd(this, trailers);
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
    // The end of a connection in the middle of an HTTP/1.1 body is a body that is not one, to Envoy; undici tells of the end alone.
    const cut = this.#state === 'responding' && connection.protocol === 'http1' && error.message === 'other side closed';
    const dismissed = this.#state === 'dismissed';
    this.#over();
    this.#finishRequest();
    this.#count(cut ? 'protocol-error' : reason, connection);
    this.#pool.abandon(connection, cutBy(reason, connection));
    if (!dismissed) this.#owner.onFailure(this, cut ? 'protocol-error' : reason, error);
  }

  /** Over HTTP/2 each stream that ends before its time counts. Source: Envoy `MultiplexedActiveClientBase::onStreamReset`. */
  #count(reason: ResetReason, { protocol }: Connection): void {
    const { stats } = this.cluster;
    if (reason === 'protocol-error') stats.upstream_cx_protocol_error++;
    if (protocol === 'http1') return;
    if (reason === 'protocol-error') stats.upstream_rq_tx_reset++;
    else if (reason === 'remote-reset') stats.upstream_rq_rx_reset++;
    else if (reason === 'connection-termination') stats.upstream_rq_pending_failure_eject++;
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
    this.reached = false;
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

/** Who cut the request short. What is no HTTP/2 ends the streams first, so that its connection has none when it is closed. */
function cutBy(reason: ResetReason, { protocol }: Connection): 'local' | 'remote' | undefined {
  if (reason !== 'protocol-error') return 'remote';
  return protocol === 'http2' ? undefined : 'local';
}

/** Of the informational statuses; others end here. Source: Envoy `HeaderUtility::isSpecial1xx`. */
const PASSED_ON = new Set([100, 102, 103, 104]);

/** Source: Envoy `ConnectionImpl::cannotHaveBody`. */
function hasNoBody(method: string, status: number, headers: ResponseHeaders): boolean {
  if (method === 'HEAD' || status === 204 || status === 304) return true;
  return headers['content-length'] === '0' && headers['transfer-encoding'] === undefined;
}

function saysClose({ connection }: ResponseHeaders): boolean {
  return connection !== undefined && /(?:^|,)\s*close\s*(?:,|$)/i.test(String(connection));
}

/** What undici says of a 101 that names a protocol which nobody asked for. */
const BAD_UPGRADE = 'bad upgrade';

const TERMINATED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_INFO', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT', 'ENOTCONN']);
const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL']);

/**
 * Envoy's reason for what undici or the socket reported; `undefined` when the request itself was at fault.
 *
 * A reset and an orderly close before the response are one and the same to Envoy: `connection termination`.
 */
export function resetReasonOf(error: Error): ResetReason | undefined {
  if (error.message === BAD_UPGRADE) return 'protocol-error';
  if (error instanceof Http2ResetError) return error.reason;
  if (error instanceof StaleConnectionError) return 'connection-termination';
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  // An alert of TLS that comes when its handshake is over, such as for a missing certificate, ends the connection.
  if (TERMINATED.has(code) || code.startsWith('ERR_SSL_')) return 'connection-termination';
  if (REFUSED.has(code)) return 'connection-failure';
  // A 101 that nobody asked for: undici finds in its parser what it takes to be impossible.
  if (code === 'ERR_ASSERTION') return 'protocol-error';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'connection-timeout';
  if (error.name === 'HTTPParserError' || code.startsWith('HPE_') || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return 'protocol-error';
  }
  return undefined;
}
