import type { Socket } from 'node:net';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type ClientSessionRequestOptions, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { ConnectionOptions } from '../cluster/model.ts';
import type { Clock, TimerHandle } from '../common/clock.ts';
import type { HeaderList } from '../common/headers.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import { encodeBody, type EncodedBody } from './encoded-body.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { trailersOf } from './request-body.ts';
import { StaleConnectionError, type ResponseController, type Wire } from './wire.ts';

/** A stream, or all of them, ended before the response was whole. `reason` is Envoy's. */
export class Http2ResetError extends Error {
  override readonly name = 'Http2ResetError';
  readonly reason: ResetReason;

  constructor(reason: ResetReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

type Http2Keepalive = NonNullable<ConnectionOptions['http2Keepalive']>;

/** The session can't begin a stream any more. */
const GONE = new Set(['ERR_HTTP2_INVALID_SESSION', 'ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_OUT_OF_STREAMS']);

/** What HTTP/1.1 says about the connection HTTP/2 says by frames, if at all. Source: RFC 9113 §8.2.2. */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings']);

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_PROTOCOL_ERROR } = constants;

/**
 * HTTP/2 over one open socket, as a dispatcher of concurrent requests. undici's own client sends refused streams again by itself;
 * here every stream is one attempt, and what to do after a reset is the retry policy's decision.
 */
export class Http2Wire implements Wire {
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  #leaving = false;
  #pingTimer: TimerHandle;

  /**
   * @param onCapacityChanged - called when the other side allows another number of requests at once
   * @param keepalive - how the other side is asked whether it is still there; absent: never
   */
  constructor(socket: Socket, onCapacityChanged: () => void, keepalive?: { readonly options: Http2Keepalive; readonly clock: Clock }) {
    this.#socket = socket;
    const origin = socket instanceof TLSSocket ? 'https://upstream' : 'http://upstream';
    this.#session = connect(origin, { createConnection: () => socket, settings: { enablePush: false } });
    const leave = (): void => {
      this.#leaving = true;
    };
    this.#session.on('error', leave).on('goaway', leave).on('close', () => socket.destroy()).on('remoteSettings', onCapacityChanged);
    if (keepalive === undefined) return;
    const { options, clock } = keepalive;
    this.#pingLater(options, clock);
    this.#session.once('close', () => clock.clearTimeout(this.#pingTimer));
  }

  /** Source: Envoy `ConnectionImpl::sendKeepalive`. */
  #pingLater(options: Http2Keepalive, clock: Clock): void {
    const ping = (): void => {
      if (this.#session.destroyed) return;
      this.#pingTimer = clock.setTimeout(() => this.#session.destroy(), options.timeoutMs, true);
      this.#session.ping(() => {
        clock.clearTimeout(this.#pingTimer);
        if (!this.#session.destroyed) this.#pingLater(options, clock);
      });
    };
    this.#pingTimer = clock.setTimeout(ping, options.intervalMs, true);
  }

  get usable(): boolean {
    return !this.#leaving && !this.#session.closed && this.alive;
  }

  get alive(): boolean {
    return !this.#socket.destroyed && !this.#session.destroyed;
  }

  /** How many streams the other side allows; before it has said so, as many as one likes. */
  get capacity(): number {
    return this.#session.remoteSettings?.maxConcurrentStreams ?? Infinity;
  }

  dispatch({ method, path, headers, body, upgrade }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    if (upgrade !== undefined) {
      handler.onRequestStart?.(NO_STREAM, undefined);
      handler.onResponseError?.(NO_STREAM, new Http2ResetError('remote-reset', 'over HTTP/2 there is no upgrade'));
      return;
    }
    const encoded = encodeBody(body);
    const head = this.#head(method, path, headers as readonly string[], encoded);
    const trailers = trailersOf(encoded.body);
    const stream = this.#begin(head, { endStream: encoded.body === undefined, waitForTrailers: trailers !== undefined });
    if (stream === undefined) {
      handler.onResponseError?.(undefined as never, new StaleConnectionError('the connection takes no further requests'));
      return;
    }
    if (trailers !== undefined) stream.once('wantTrailers', () => stream.sendTrailers(trailerRecord(trailers())));
    const call = new Http2Call(stream, handler, () => !this.alive);
    handler.onRequestStart?.(call, undefined);
    if (!stream.destroyed && encoded.body !== undefined) send(stream, encoded.body, call);
  }

  /** `undefined` when the connection has gone, or is going, in the meantime. */
  #begin(head: OutgoingHttpHeaders, options: ClientSessionRequestOptions): ClientHttp2Stream | undefined {
    if (!this.usable) return undefined;
    try {
      return this.#session.request(head, options);
    } catch (error) {
      if (!GONE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      this.#leaving = true;
      return undefined;
    }
  }

  destroy(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  lost(): void {
    this.#session.destroy();
  }

  #head(method: string, path: string, headers: readonly string[], { contentType, length }: EncodedBody): OutgoingHttpHeaders {
    const head: OutgoingHttpHeaders = { ':method': method, ':path': path, ':scheme': this.#socket instanceof TLSSocket ? 'https' : 'http' };
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      if (name === 'host') head[':authority'] = value;
      else if (CONNECTION_HEADERS.has(name) || (name === 'te' && value !== 'trailers')) continue;
      else add(head, name, value);
    }
    if (contentType !== undefined && head['content-type'] === undefined) head['content-type'] = contentType;
    if (length !== undefined && head['content-length'] === undefined) head['content-length'] = String(length);
    return head;
  }
}

function trailerRecord(trailers: HeaderList): OutgoingHttpHeaders {
  const record: OutgoingHttpHeaders = {};
  for (let i = 0; i < trailers.length; i += 2) add(record, trailers[i]!, trailers[i + 1]!);
  return record;
}

const NO_STREAM: Dispatcher.DispatchController = { aborted: true, paused: false, reason: null, abort() {}, pause() {}, resume() {} };

function add(head: OutgoingHttpHeaders, name: string, value: string): void {
  const known = head[name];
  if (known === undefined) head[name] = value;
  // A second Cookie is no list: RFC 9113 §8.2.3 joins with `; `.
  else if (name === 'cookie') head[name] = `${String(known)}; ${value}`;
  else head[name] = [...[known].flat(), value].map(String);
}

/** One request and its response. Tells its handler one end or one error, whatever order Node tells things in. */
class Http2Call implements ResponseController {
  aborted = false;
  bodiless = false;
  reason: Error | null = null;
  rawHeaders = null;
  rawTrailers = null;
  readonly #stream: ClientHttp2Stream;
  readonly #handler: Dispatcher.DispatchHandler;
  #trailers: ResponseHeaders = {};
  #over = false;

  constructor(stream: ClientHttp2Stream, handler: Dispatcher.DispatchHandler, connectionLost: () => boolean) {
    this.#stream = stream;
    this.#handler = handler;
    let failure: Error | undefined;
    stream
      .on('headers', (headers: IncomingHttpHeaders) => this.#respond(headers))
      .on('response', (headers: IncomingHttpHeaders, flags: number) => {
        this.bodiless = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
        this.#respond(headers);
      })
      .on('data', (chunk: Buffer) => this.#tell(() => handler.onResponseData?.(this, chunk)))
      .on('trailers', (trailers: IncomingHttpHeaders) => (this.#trailers = plain(trailers)))
      .on('error', (error: Error) => (failure = error))
      .on('end', () => {
        // A stream that is reset ends too, without having got everything.
        if (stream.rstCode === NGHTTP2_NO_ERROR && !stream.aborted && !connectionLost()) this.#end();
      })
      .once('close', () => this.fail(resetError(stream.rstCode, connectionLost(), failure)));
  }

  get paused(): boolean {
    return this.#stream.isPaused();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.fail(reason);
  }

  /** Ends the stream; the handler is told, unless it has heard of an end already. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#stream.closed) this.#stream.close(NGHTTP2_CANCEL);
    this.#handler.onResponseError?.(this, error);
  }

  #respond(headers: IncomingHttpHeaders): void {
    const status = Number(headers[':status']);
    this.#tell(() => this.#handler.onResponseStart?.(this, status, plain(headers) as never, ''));
  }

  #end(): void {
    this.#tell(() => {
      this.#over = true;
      this.#handler.onResponseEnd?.(this, this.#trailers as never);
    });
  }

  /** A handler that throws fails its own call, not the connection. */
  #tell(tell: () => void): void {
    if (this.#over) return;
    try {
      tell();
    } catch (error) {
      this.fail(error as Error);
    }
  }
}

/** A copy without pseudo-headers and Node's symbols. */
function plain(headers: IncomingHttpHeaders): ResponseHeaders {
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(':') && value !== undefined) result[name] = value;
  }
  return result;
}

function resetError(code: number, connectionLost: boolean, failure: Error | undefined): Error {
  if (code === NGHTTP2_REFUSED_STREAM) return new Http2ResetError('remote-refused', 'the stream was refused');
  // What came on the connection was no HTTP/2; the connection is gone too, but that is not the cause.
  if (failure !== undefined && (failure as NodeJS.ErrnoException).code === 'ERR_HTTP2_ERROR') return new Http2ResetError('protocol-error', failure.message);
  if (connectionLost) return new Http2ResetError('connection-termination', failure?.message ?? 'the connection was closed');
  if (code === NGHTTP2_PROTOCOL_ERROR && failure !== undefined) return new Http2ResetError('protocol-error', failure.message);
  return new Http2ResetError('remote-reset', `the stream was reset with code ${code}`);
}

function send(stream: ClientHttp2Stream, body: Uint8Array | AsyncIterable<unknown>, call: Http2Call): void {
  if (body instanceof Uint8Array) {
    stream.end(body);
    return;
  }
  // Not `pipeline`: it would destroy the stream, and with it a response that came early.
  const source = Readable.from(body, { objectMode: false });
  source.on('error', (error) => call.fail(error));
  stream.once('close', () => source.destroy());
  source.pipe(stream);
}
