import type { Dispatcher } from 'undici';

/** Everything undici takes as a request body. */
export type BodyInit = Dispatcher.DispatchOptions['body'] | ReadableStream | AsyncIterable<unknown> | Iterable<unknown>;

/** A request body that several attempts, and the copies for mirrors, may need. */
export interface RequestBody {
  /** Whether the caller has handed over all of it. Timeouts begin then. */
  readonly complete: boolean;
  /** Whether it can be sent from its start (again). */
  readonly replayable: boolean;
  readonly empty: boolean;
  /** How much of it is known so far; forms and Blobs of unknown size count 0. */
  readonly bytes: number;
  /** What to give undici for one attempt. */
  open(): Dispatcher.DispatchOptions['body'];
  /** Calls `listener` once when the body is complete or has failed; not when it already is. */
  onComplete(listener: () => void): void;
  /** Nobody will read it any more. */
  cancel(reason?: unknown): void;
}

/**
 * `body` as something that can be sent more than once: at no cost when it is text, bytes, a Blob or a form; through a
 * buffer of at most `maxReplayBytes` when it is a stream. Beyond that a stream still flows, but only once.
 *
 * Source: Envoy's retry buffer (`per_connection_buffer_limit_bytes`, 1 MiB).
 */
export function requestBody(body: BodyInit | undefined, maxReplayBytes: number): RequestBody {
  if (body === undefined || body === null) return NO_BODY;
  if (typeof body === 'string' || ArrayBuffer.isView(body) || body instanceof ArrayBuffer) {
    return new WholeBody(body as never, sizeOf(body), maxReplayBytes);
  }
  if (typeof body === 'object' && (Symbol.asyncIterator in body || Symbol.iterator in body) && !isFormDataLike(body)) {
    return new StreamedBody(body as AsyncIterable<unknown>, maxReplayBytes);
  }
  const { size = 0 } = body as { readonly size?: number };
  return new WholeBody(body as never, size, maxReplayBytes);
}

function sizeOf(body: string | ArrayBufferView | ArrayBuffer): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

function isFormDataLike(body: object): boolean {
  return (body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'FormData';
}

class WholeBody implements RequestBody {
  readonly complete = true;
  /** Envoy's limit is one of size, however the caller holds the body. */
  readonly replayable: boolean;
  readonly bytes: number;
  readonly #body: Dispatcher.DispatchOptions['body'];

  constructor(body: Dispatcher.DispatchOptions['body'], bytes: number, maxReplayBytes: number) {
    this.#body = body;
    this.bytes = bytes;
    this.replayable = bytes <= maxReplayBytes;
  }

  get empty(): boolean {
    return this.#body === null || this.#body === '';
  }

  open(): Dispatcher.DispatchOptions['body'] {
    return this.#body;
  }

  onComplete(): void {}

  cancel(): void {}
}

const NO_BODY: RequestBody = new WholeBody(null, 0, 0);

/** Reads its source once; every reader gets all chunks as long as they are kept. */
class StreamedBody implements RequestBody {
  complete = false;
  replayable = true;
  readonly empty = false;
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  readonly #source: unknown;
  readonly #maxBytes: number;
  #kept: Uint8Array[] = [];
  /** Chunks that went by before the first one kept. */
  #dropped = 0;
  bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  #pulling: Promise<void> | undefined;
  #listeners: (() => void)[] = [];
  #cancelled = false;

  constructor(source: AsyncIterable<unknown> | Iterable<unknown>, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  open(): Dispatcher.DispatchOptions['body'] {
    return this.#read() as never;
  }

  onComplete(listener: () => void): void {
    if (!this.complete) this.#listeners.push(listener);
  }

  cancel(reason?: unknown): void {
    if (this.complete || this.#cancelled) return;
    this.#cancelled = true;
    this.#kept = [];
    const source = this.#source as { destroy?: (error?: unknown) => void };
    if (typeof source.destroy === 'function') source.destroy(reason instanceof Error ? reason : undefined);
    else if (this.#iterator.return !== undefined) Promise.resolve(this.#iterator.return()).catch(() => {});
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    let next = 0;
    for (;;) {
      if (next < this.#dropped) throw new Error('the request body was longer than the replay buffer');
      const chunk = this.#kept[next - this.#dropped];
      if (chunk !== undefined) {
        next++;
        if (!this.replayable) this.#drop(next);
        yield chunk;
      } else if (this.#failure !== undefined) {
        throw this.#failure.error;
      } else if (this.complete || this.#cancelled) {
        return;
      } else {
        await (this.#pulling ??= this.#pull());
      }
    }
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#iterator.next();
      if (done === true) {
        this.#finish();
        return;
      }
      const chunk = toBytes(value);
      this.bytes += chunk.byteLength;
      if (this.bytes > this.#maxBytes) this.replayable = false;
      this.#kept.push(chunk);
    } catch (error) {
      this.#failure = { error };
      this.replayable = false;
      this.#finish();
    } finally {
      this.#pulling = undefined;
    }
  }

  #drop(upTo: number): void {
    this.#kept.splice(0, upTo - this.#dropped);
    this.#dropped = upTo;
  }

  #finish(): void {
    this.complete = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new TypeError(`a request body stream must give strings or bytes, got ${typeof chunk}`);
}
