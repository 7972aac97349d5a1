import type { Dispatcher } from 'undici';
import { soon } from '../engine/soon.ts';

/** How much of a body is read ahead while nobody asks for it, in bytes. */
export const READ_AHEAD = 64 * 1024;

/** Who waits for the whole body. */
interface Collector {
  readonly finish: (bytes: Buffer) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The bytes of one response, between the connection that brings them and the one reader they have.
 *
 * The connection holds this object, so this object must not hold the Response or its stream while no one waits for
 * bytes: only so can an abandoned Response be collected and its connection be released (`abandoned.ts`). While someone
 * does wait, a strong reference is needed for the opposite reason: a pending read is reachable from nowhere else.
 */
export class IncomingBody {
  /** Whether a reader has begun: fetch's "disturbed". */
  claimed = false;
  /** Whether a stream has taken over; from then on the stream decides what is used and who is abandoned. */
  streamed = false;
  /** Whether no further bytes come: all are here, it failed, or nobody wants them. */
  closed = false;
  #settled = false;
  #chunks: Buffer[] = [];
  #size = 0;
  #error: unknown;
  #collector: Collector | undefined;
  #demand: ReadableByteStreamController | undefined;
  #stream: WeakRef<ReadableByteStreamController> | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  readonly #onSettled: (() => void) | undefined;

  /** @param onSettled called once, when nothing can happen to the body any more: read to its end, failed, cancelled. */
  constructor(controller: Dispatcher.DispatchController, onSettled?: () => void) {
    this.#controller = controller;
    this.#onSettled = onSettled;
  }

  /** A chunk came from the connection. */
  push(chunk: Buffer): void {
    if (this.closed || chunk.length === 0) return;
    const demand = this.#demand;
    if (demand !== undefined) {
      // Cleared first: enqueue() asks again at once when further reads are waiting.
      this.#demand = undefined;
      enqueueCopy(demand, chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= READ_AHEAD && this.#collector === undefined) this.#controller?.pause();
  }

  /** The connection brought the last byte. */
  end(): void {
    if (this.closed) return;
    this.closed = true;
    this.#controller = undefined;
    if (this.#demand !== undefined) this.#close(this.#demand);
    else if (this.#collector !== undefined) this.#collect(this.#collector);
  }

  /** Every reader gets `error`, now or later. What was not read yet is lost, as in fetch. */
  fail(error: unknown): void {
    if (this.#settled) return;
    const collector = this.#collector;
    const stream = this.#demand ?? this.#stream?.deref();
    this.#drop();
    this.#error = error;
    collector?.reject(error);
    stream?.error(error);
  }

  /** Nobody wants the rest: releases the connection. */
  cancel(reason: unknown): void {
    if (this.#settled) return;
    this.claimed = true;
    const controller = this.#controller;
    this.#drop();
    controller?.abort(reason as Error);
  }

  /** Resolves with `convert(all bytes)`. Rejects with the error of a failed body or what `convert` throws. */
  collect<T>(convert: (bytes: Buffer) => T): Promise<T> {
    this.claimed = true;
    return new Promise<T>((resolve, reject) => {
      const finish = (bytes: Buffer): void => {
        try {
          resolve(convert(bytes));
        } catch (error) {
          reject(error as Error);
        }
      };
      if (this.#error !== undefined) {
        reject(this.#error as Error);
      } else if (this.closed && this.#onSettled === undefined) {
        this.#collect({ finish, reject });
      } else if (this.closed) {
        // A signal that fires before the caller can have the bytes wins, as in fetch.
        const collector = (this.#collector = { finish, reject });
        soon(() => {
          if (!this.#settled) this.#collect(collector);
        });
      } else {
        this.#collector = { finish, reject };
        this.#controller?.resume();
      }
    });
  }

  /** A stream reads this body from now on. */
  attach(stream: ReadableByteStreamController): void {
    this.streamed = true;
    this.#stream = new WeakRef(stream);
    if (this.#error !== undefined) stream.error(this.#error);
  }

  /** The stream wants bytes: it gets all that are here, in one piece. */
  pull(stream: ReadableByteStreamController): void {
    this.claimed = true;
    if (this.#chunks.length > 0) {
      const chunks = this.#chunks;
      this.#chunks = [];
      this.#size = 0;
      enqueueAll(stream, chunks);
      this.#controller?.resume();
    } else if (this.closed) {
      this.#close(stream);
    } else {
      this.#demand = stream;
      this.#controller?.resume();
    }
  }

  #collect(collector: Collector): void {
    const chunks = this.#chunks;
    this.#drop();
    collector.finish(joined(chunks));
  }

  #close(stream: ReadableByteStreamController): void {
    this.#drop();
    stream.close();
    // A reader that brought its own buffer gets it back empty; without this its read never ends.
    (stream.byobRequest as ReadableStreamBYOBRequest | null)?.respond(0);
  }

  #drop(): void {
    this.#settled = this.closed = true;
    this.#controller = this.#demand = this.#collector = undefined;
    this.#chunks = [];
    this.#onSettled?.();
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

// What was joined just now is nobody else's, unless it is so small that it lies in a block with others.
function enqueueAll(stream: ReadableByteStreamController, chunks: readonly Buffer[]): void {
  const all = joined(chunks);
  if (chunks.length > 1 && all.byteLength === all.buffer.byteLength) stream.enqueue(new Uint8Array(all.buffer as ArrayBuffer));
  else enqueueCopy(stream, all);
}

// A copy, because a byte stream takes the memory over, and other chunks of the connection may lie in the same block.
function enqueueCopy(stream: ReadableByteStreamController, chunk: Buffer): void {
  stream.enqueue(new Uint8Array(chunk));
}
