import type { IncomingHttpHeaders } from 'node:http';
import { markAsUncloneable } from 'node:worker_threads';
import { streamOf } from './body-stream.ts';
import type { IncomingBody } from './incoming-body.ts';
import { impersonate } from './impersonate.ts';
import { combinedValue, LeanHeaders, prepareLeanHeaders } from './lean-headers.ts';

/** Where a response carries what the mesh knows of it: the `context` that `dispatch` gave to `onRequestStart`. */
export const INFO: unique symbol = Symbol.for('ts-mesh/1.info') as never;

let toNative: (response: LeanResponse) => Response;

/** What a lean Response reads from. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case, repeats as arrays. */
  readonly headers: IncomingHttpHeaders;
  /** `null` where the response has none: to HEAD, and with a null body status. */
  readonly body: IncomingBody | null;
  readonly url: string;
  /** What `dispatch` gave to `onRequestStart`: the mesh's record of the call. */
  readonly context: unknown;
}

/**
 * The Response of the lean lane. What most programs touch (status, headers, one reader of the whole body) is answered
 * here; anything else builds a native Response over the body's stream and forwards to it from then on.
 *
 * An instance of `Response` in every respect but calls such as `Response.prototype.text.call(it)` and the Cache API.
 */
export class LeanResponse {
  readonly #parts: ResponseParts;
  #headers: LeanHeaders | undefined;
  #native: Response | undefined;

  constructor(parts: ResponseParts, native?: Response) {
    markAsUncloneable?.(this);
    this.#parts = parts;
    this.#native = native;
  }

  get [INFO](): unknown {
    return this.#parts.context;
  }

  get status(): number {
    return this.#parts.status;
  }

  get ok(): boolean {
    const { status } = this.#parts;
    return status >= 200 && status <= 299;
  }

  get statusText(): string {
    return this.#parts.statusText;
  }

  get headers(): LeanHeaders {
    return (this.#headers ??= new LeanHeaders(this.#parts.headers));
  }

  get url(): string {
    return this.#parts.url;
  }

  get type(): Response['type'] {
    return 'basic';
  }

  get redirected(): boolean {
    return false;
  }

  get body(): ReadableStream | null {
    return this.#parts.body === null ? null : this.#toNative().body;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#parts.body?.claimed ?? false;
  }

  text(): Promise<string> {
    return this.#isLean() ? this.#parts.body!.collect(toText) : this.#toNative().text();
  }

  json(): Promise<unknown> {
    return this.#isLean() ? this.#parts.body!.collect(toJson) : this.#toNative().json();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#isLean() ? this.#parts.body!.collect(toArrayBuffer) : this.#toNative().arrayBuffer();
  }

  bytes(): Promise<Uint8Array> {
    return this.#isLean() ? this.#parts.body!.collect(toBytes) : this.#toNative().bytes();
  }

  clone(): LeanResponse {
    return new LeanResponse(this.#parts, this.#toNative().clone());
  }

  // A body that is there and that no one has touched in any way.
  #isLean(): boolean {
    return this.#native === undefined && this.#parts.body?.claimed === false;
  }

  #toNative(): Response {
    return (this.#native ??= nativeOf(this.#parts));
  }

  static {
    // The forwarding below needs the private method, from outside.
    toNative = (response) => response.#toNative();
  }
}

// A native Response with the same body. Nothing but its body is ever asked for, so status and url don't matter, but the
// content type does: blob() and formData() go by it.
function nativeOf({ body, headers }: ResponseParts): Response {
  const type = combinedValue(headers, 'content-type');
  const init = type === undefined ? undefined : { headers: { 'content-type': type } };
  if (body === null) return new Response(null, init);
  if (!body.claimed) return new Response(streamOf(body), init);
  // Read already: a native one that is just as used up, to refuse in its own words.
  const used = new Response('', init);
  void used.body!.getReader().cancel();
  return used;
}

function toText(bytes: Buffer): string {
  // fetch drops a byte order mark.
  const start = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('utf8', start);
}

function toJson(bytes: Buffer): unknown {
  return JSON.parse(toText(bytes));
}

// Copies: a chunk may share its memory with other chunks of the connection.
function toBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return toBytes(bytes).buffer;
}

let prepared = false;

/**
 * Makes lean objects instances of the global `Response` and `Headers`. At the first call rather than at import,
 * because the first use of these globals loads the whole of the native fetch.
 */
export function prepareLeanResponse(): void {
  if (prepared) return;
  prepared = true;
  prepareLeanHeaders();
  impersonate(LeanResponse, Response, toNative);
}
