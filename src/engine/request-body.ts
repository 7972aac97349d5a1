import { AsyncLocalStorage } from 'node:async_hooks';
import type { Dispatcher } from 'undici';
import type { HeaderList } from '../common/headers.ts';

/** Everything undici takes as a request body. */
export type BodyInit = Dispatcher.DispatchOptions['body'] | ReadableStream | AsyncIterable<unknown> | Iterable<unknown>;

/** A body that headers follow, as HTTP/2 has them. */
export interface TrailedBody extends AsyncIterable<Uint8Array> {
  /** What followed it, once it has ended. */
  readonly trailers: () => HeaderList;
}

/** What tells the trailers of `body`, if it can have any. */
export function trailersOf(body: unknown): TrailedBody['trailers'] | undefined {
  return typeof body === 'object' && body !== null && 'trailers' in body ? (body as TrailedBody).trailers : undefined;
}

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
  /** Calls `listener` once when it is cancelled before it is complete. */
  onCancel(listener: (reason: unknown) => void): void;
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

  onCancel(): void {}

  cancel(): void {}
}

const NO_BODY: RequestBody = new WholeBody(null, 0, 0);

/** How far someone has read. */
interface Reader {
  next: number;
}

/**
 * Reads its source once; every reader gets all chunks as long as they are kept. Beyond the limit a chunk is kept until everybody has it,
 * or until those who have not are a whole limit behind the first.
 */
class StreamedBody implements RequestBody {
  complete = false;
  replayable = true;
  readonly empty = false;
  readonly #source: Source;
  readonly #trailers: TrailedBody['trailers'] | undefined;
  /** A stream is the caller's code: on a pooled connection it would run in the async context of whoever opened that. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  readonly #maxBytes: number;
  #kept: Uint8Array[] = [];
  /** Chunks that went by before the first one kept. */
  #dropped = 0;
  #keptBytes = 0;
  readonly #readers = new Set<Reader>();
  bytes = 0;
  failure: { readonly error: unknown } | undefined;
  #pulling: Promise<void> | undefined;
  #listeners: (() => void)[] = [];
  #cancelListeners: ((reason: unknown) => void)[] = [];
  #cancelled = false;

  constructor(source: AsyncIterable<unknown> | Iterable<unknown>, maxBytes: number) {
    this.#source = sourceOf(source);
    this.#trailers = trailersOf(source);
    this.#maxBytes = maxBytes;
  }

  open(): Dispatcher.DispatchOptions['body'] {
    const reader: Reader = { next: 0 };
    const leave = async (): Promise<IteratorReturnResult<undefined>> => {
      this.#readers.delete(reader);
      return { done: true, value: undefined };
    };
    this.#readers.add(reader);
    const chunks: AsyncIterableIterator<Uint8Array> = {
      next: () => this.#next(reader),
      return: leave,
      [Symbol.asyncIterator]: () => chunks,
    };
    return (this.#trailers === undefined ? chunks : Object.assign(chunks, { trailers: this.#trailers })) as never;
  }

  onComplete(listener: () => void): void {
    if (!this.complete) this.#listeners.push(listener);
  }

  onCancel(listener: (reason: unknown) => void): void {
    if (!this.complete) this.#cancelListeners.push(listener);
  }

  cancel(reason?: unknown): void {
    if (this.complete || this.#cancelled) return;
    this.#cancelled = true;
    this.#kept = [];
    this.#inContext(() => this.#source.cancel(reason));
    for (const listener of this.#cancelListeners.splice(0)) listener(reason);
  }

  async #next(reader: Reader): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (reader.next < this.#dropped) throw this.#left(reader, new Error('the request body was longer than the replay buffer'));
      const chunk = this.#kept[reader.next - this.#dropped];
      if (chunk !== undefined) {
        reader.next++;
        if (!this.replayable) this.#dropRead();
        return { done: false, value: chunk };
      }
      if (this.failure !== undefined) throw this.#left(reader, this.failure.error);
      if (this.complete) {
        this.#readers.delete(reader);
        return { done: true, value: undefined };
      }
      // To end here would make a part look like the whole.
      if (this.#cancelled) throw this.#left(reader, new Error('the request body was cancelled'));
      await (this.#pulling ??= this.#pull());
    }
  }

  #left(reader: Reader, error: unknown): unknown {
    this.#readers.delete(reader);
    return error;
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
      this.#keptBytes += chunk.byteLength;
    } catch (error) {
      this.failure = { error };
      this.replayable = false;
      this.#finish();
    } finally {
      this.#pulling = undefined;
    }
  }

  #dropRead(): void {
    const positions = [...this.#readers].map(({ next }) => next);
    if (positions.length === 0) return;
    const [slowest, fastest] = [Math.min(...positions), Math.max(...positions)];
    while (this.#dropped < slowest || (this.#dropped < fastest && this.#keptBytes > this.#maxBytes)) {
      this.#keptBytes -= this.#kept.shift()!.byteLength;
      this.#dropped++;
    }
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
