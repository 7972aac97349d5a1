import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock, TimerHandle } from '../common/clock.ts';
import { encodeBody, type EncodedBody } from './encoded-body.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { request } from './node-http.ts';

/** How long a server that says neither `100 Continue` nor anything else is waited for, in milliseconds; curl's figure. */
const PATIENCE_MS = 1000;

/** Whether the request asks the server before it sends its body (RFC 9110 §10.1.1). */
export function isExpectant(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === 'expect') return true;
  return false;
}

/**
 * One request on a socket of its own that undici refuses and Node's own client doesn't: one whose path a rule made without a slash before it,
 * or one with `Expect: 100-continue`, the body of which goes when the server says so, or says nothing for a while; an answer instead is the response.
 */
export class ExpectantRequest implements Dispatcher.DispatchController {
  aborted = false;
  reason: Error | null = null;
  rawHeaders = null;
  rawTrailers = null;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #clock: Clock;
  readonly #request: ClientRequest;
  readonly #body: EncodedBody['body'];
  #response: IncomingMessage | undefined;
  #timer: TimerHandle;
  #over = false;

  constructor(socket: Socket, { method, path, headers, body }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, clock: Clock) {
    this.#handler = handler;
    this.#clock = clock;
    const encoded = encodeBody(body);
    this.#body = encoded.body;
    this.#request = request({ createConnection: () => socket, method, path, headers: headLines(headers as readonly string[], encoded), setHost: false })
      .on('continue', () => {
        this.#tell(() => handler.onResponseStart?.(this, 100, {}, 'Continue'));
        this.#send();
      })
      .on('information', ({ statusCode, statusMessage, rawHeaders }) => {
        if (statusCode !== 100) this.#tell(() => handler.onResponseStart?.(this, statusCode, recordOf(rawHeaders) as never, statusMessage));
      })
      .on('response', (response) => this.#respond(response))
      .on('error', (error) => this.#fail(error));
    handler.onRequestStart?.(this, undefined);
    this.#request.flushHeaders();
    this.#timer = clock.setTimeout(() => this.#send(), PATIENCE_MS);
    if (!isExpectant(headers as readonly string[])) this.#send();
  }

  get paused(): boolean {
    return this.#response?.isPaused() ?? false;
  }

  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
    this.#fail(reason);
  }

  #send(): void {
    if (this.#timer === undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#body === undefined || this.#body instanceof Uint8Array) {
      this.#request.end(this.#body);
      return;
    }
    Readable.from(this.#body, { objectMode: false })
      .on('error', (error) => this.#fail(error))
      .pipe(this.#request);
  }

  #respond(response: IncomingMessage): void {
    this.#response = response;
    this.#clock.clearTimeout(this.#timer);
    this.#tell(() => this.#handler.onResponseStart?.(this, response.statusCode!, recordOf(response.rawHeaders) as never, response.statusMessage));
    response
      .on('data', (chunk: Buffer) => this.#tell(() => this.#handler.onResponseData?.(this, chunk)))
      .on('error', (error) => this.#fail(error))
      .on('end', () => {
        this.#tell(() => {
          this.#over = true;
          this.#handler.onResponseEnd?.(this, recordOf(response.rawTrailers) as never);
        });
      });
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#clock.clearTimeout(this.#timer);
    this.#request.destroy();
    this.#handler.onResponseError?.(this, error);
  }

  #tell(tell: () => void): void {
    if (this.#over) return;
    try {
      tell();
    } catch (error) {
      this.#fail(error as Error);
    }
  }
}

function headLines(headers: readonly string[], { contentType, length }: EncodedBody): string[] {
  const names = new Set(headers.filter((_, index) => index % 2 === 0));
  return [
    ...headers,
    ...(contentType !== undefined && !names.has('content-type') ? ['content-type', contentType] : []),
    ...(length !== undefined && !names.has('content-length') ? ['content-length', String(length)] : []),
  ];
}

function recordOf(raw: readonly string[]): ResponseHeaders {
  const record: ResponseHeaders = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const known = record[name];
    record[name] = known === undefined ? raw[i + 1]! : [...[known].flat(), raw[i + 1]!];
  }
  return record;
}
