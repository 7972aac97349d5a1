import { AsyncLocalStorage } from 'node:async_hooks';
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
  /** What its source threw, once it has. */
  readonly failure?: { readonly error: unknown } | undefined;
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
  readonly #source: Source;
  /** A stream is the caller's code: on a pooled connection it would run in the async context of whoever opened that. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  readonly #maxBytes: number;
  #kept: Uint8Array[] = [];
  /** Chunks that went by before the first one kept. */
  #dropped = 0;
  bytes = 0;
  failure: { readonly error: unknown } | undefined;
  #pulling: Promise<void> | undefined;
  #listeners: (() => void)[] = [];
  #cancelled = false;

  constructor(source: AsyncIterable<unknown> | Iterable<unknown>, maxBytes: number) {
    this.#source = sourceOf(source);
    this.#maxBytes = maxBytes;
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
    this.#inContext(() => this.#source.cancel(reason));
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
      } else if (this.failure !== undefined) {
        throw this.failure.error;
      } else if (this.complete) {
        return;
      } else if (this.#cancelled) {
        // To end here would make a part look like the whole.
        throw new Error('the request body was cancelled');
      } else {
        await (this.#pulling ??= this.#pull());
      }
    }
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#inContext(() => this.#source.next());
      if (done === true) {
        this.#finish();
        return;
      }
      const chunk = toBytes(value);
      this.bytes += chunk.byteLength;
      if (this.bytes > this.#maxBytes) this.replayable = false;
      this.#kept.push(chunk);
    } catch (error) {
      this.failure = { error };
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

/** What a body is read from. */
interface Source {
  next(): PromiseLike<IteratorResult<unknown>> | IteratorResult<unknown>;
  /** Nobody will read on. Does not throw. */
  cancel(reason: unknown): void;
}

function sourceOf(body: AsyncIterable<unknown> | Iterable<unknown>): Source {
  if (body instanceof ReadableStream) {
    // Its iterator would only cancel once a chunk that is waited for has come, which may be never.
    const reader = (body as ReadableStream<unknown>).getReader();
    return {
      next: () => reader.read() as Promise<IteratorResult<unknown>>,
      cancel: (reason) => void reader.cancel(reason).catch(() => {}),
    };
  }
  const iterator = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  const stream = body as { destroy?: (error?: unknown) => unknown; on?: (event: 'error', listener: () => void) => unknown };
  if (typeof stream.destroy === 'function') {
    // An error that comes while nobody reads is found by whoever reads next; unheard, it would end the process.
    stream.on?.('error', () => {});
    return { next: () => iterator.next(), cancel: (reason) => void stream.destroy?.(reason instanceof Error ? reason : undefined) };
  }
  return { next: () => iterator.next(), cancel: () => void (async () => iterator.return?.())().catch(() => {}) };
}

function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new TypeError(`a request body stream must give strings or bytes, got ${typeof chunk}`);
}
