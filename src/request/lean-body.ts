import { Dispatcher, type Dispatcher as Undici } from 'undici';
import { READ_AHEAD } from '../fetch/incoming-body.ts';

type Controller = Undici.DispatchController;
type Handler = Undici.DispatchHandler;
type NativeBody = Undici.ResponseData['body'];

/** How a response began: what undici's own handler has to be told to make its body of it. */
export interface Beginning {
  readonly controller: Controller;
  readonly context: unknown;
  readonly method: string;
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly statusText: string | undefined;
}

/** Who waits for the whole body. */
interface Collector {
  readonly settle: (bytes: Buffer) => void;
  readonly reject: (reason: unknown) => void;
  /** What undici's body calls it. */
  readonly kind: 'text' | 'json' | 'bytes' | 'arrayBuffer';
  readonly resolve: (value: unknown) => void;
}

let toNative: (body: LeanBody) => NativeBody;

// What its connection brings. Not methods: a body must look like undici's, and has these names for something else.
/** A chunk came. */
export let push: (body: LeanBody, chunk: Buffer) => void;
/** All is there. */
export let end: (body: LeanBody, trailers: Record<string, string | string[] | undefined>) => void;
/** It broke. */
export let fail: (body: LeanBody, error: Error) => void;

/**
 * The body of a response of `mesh.request`. One that is read as a whole (`text`, `json`, `bytes`, `arrayBuffer`), as most are, never becomes a
 * stream, which would cost more than the rest of the call; whatever else is touched makes undici's own body of it, and goes there from then on.
 */
export class LeanBody {
  readonly #beginning: Beginning;
  #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;
  #trailers: Record<string, string | string[] | undefined> = {};
  #error: { readonly error: Error } | undefined;
  #used = false;
  /** Bytes that were given to who walks through it. */
  #walked: number | undefined;
  /** Whether a stream that was read as this was would be closed by now. */
  #isClosed = false;
  #collector: Collector | undefined;
  #native: NativeBody | undefined;
  /** Undici's handler, which feeds {@link #native}. */
  #handler: Handler | undefined;

  constructor(beginning: Beginning) {
    prepare();
    this.#beginning = beginning;
  }

  get bodyUsed(): boolean {
    // Of a body without a byte undici says no, whatever was done.
    return (this.#used && this.#size > 0) || (this.#native?.bodyUsed ?? false);
  }

  text(): Promise<string> {
    return this.#collect('text', toText) as Promise<string>;
  }

  json(): Promise<unknown> {
    return this.#collect('json', (bytes) => JSON.parse(toText(bytes)) as unknown);
  }

  bytes(): Promise<Uint8Array> {
    return this.#collect('bytes', (bytes) => new Uint8Array(bytes)) as Promise<Uint8Array>;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#collect('arrayBuffer', (bytes) => new Uint8Array(bytes).buffer) as Promise<ArrayBuffer>;
  }

  /** What is all there, as every small body is by the time somebody asks, needs no stream to be walked through. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.#ended && !this.#used && this.#native === undefined ? this.#walk() : (this.#toNative()[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
  }

  async *#walk(): AsyncGenerator<Buffer> {
    // An iterator leaves the body to others until it is asked for something.
    if (this.#used || this.#native !== undefined) return yield* this.#toNative();
    this.#used = true;
    this.#walked = 0;
    let isThrough = false;
    try {
      for (const chunk of this.#chunks) {
        this.#walked += chunk.length;
        yield chunk;
        yield* this.#restOfNative();
      }
      isThrough = true;
    } finally {
      this.#walked = undefined;
      if (!isThrough) await this.#leave();
      this.#chunks = [];
      this.#isClosed = true;
    }
  }

  /** When somebody wanted more of it than its bytes, meanwhile. */
  async *#restOfNative(): AsyncGenerator<Buffer> {
    const native = this.#native;
    if (native === undefined) return;
    if (native.destroyed && !native.closed) await new Promise((resolve) => native.once('close', resolve));
    if (native.errored !== null) throw native.errored;
    yield* native;
  }

  /** As a stream is left whose reader had enough. */
  async #leave(): Promise<void> {
    if (this.#native === undefined) {
      this.#used = false;
      for await (const chunk of this.#toNative()) if (chunk !== undefined) break;
    } else {
      this.#native.destroy();
    }
  }

  #collect(kind: Collector['kind'], convert: (bytes: Buffer) => unknown): Promise<unknown> {
    if (this.#used || this.#native !== undefined || this.#error !== undefined) return this.#toNative()[kind]() as Promise<unknown>;
    this.#used = true;
    return new Promise((resolve, reject) => {
      const settle = (bytes: Buffer): void => {
        try {
          resolve(convert(bytes));
        } catch (error) {
          reject(error as Error);
        }
      };
      this.#collector = { settle, reject, kind, resolve };
      if (this.#ended) this.#finish();
      else this.#beginning.controller.resume();
    });
  }

  #finish(): void {
    const collector = this.#collector!;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#collector = undefined;
    collector.settle(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  }

  /** Undici's own body, with all that came so far. */
  #toNative(): NativeBody {
    if (this.#native !== undefined) return this.#native;
    const { controller, context, method, status, headers, statusText } = this.#beginning;
    const handler = handlerFor(method, (native) => (this.#native = native));
    this.#handler = handler;
    handler.onRequestStart?.(controller, context);
    handler.onResponseStart?.(controller, status, headers as never, statusText);
    const native = this.#native!;
    const collector = this.#collector;
    const isGone = this.#used && collector === undefined && this.#walked === undefined;
    const chunks = isGone && this.#size > 0 ? [Buffer.alloc(1)] : this.#chunks;
    for (const chunk of chunks) handler.onResponseData?.(controller, chunk);
    this.#chunks = [];
    if (this.#ended || isGone) handler.onResponseEnd?.(controller, this.#trailers as never);
    else if (this.#error !== undefined) handler.onResponseError?.(controller, this.#error.error);
    if (isGone) readToItsEnd(native, this.#isClosed);
    else if (this.#walked !== undefined) {
      native.read(this.#walked);
      // Who walks through it hears of it.
      native.on('error', () => {});
    }
    this.#collector = undefined;
    collector?.resolve(native[collector.kind]());
    return native;
  }

  static {
    push = (body, chunk) => {
      if (body.#handler !== undefined) {
        body.#handler.onResponseData?.(body.#beginning.controller, chunk);
        return;
      }
      body.#chunks.push(chunk);
      body.#size += chunk.length;
      if (body.#size >= READ_AHEAD && body.#collector === undefined) body.#beginning.controller.pause();
    };
    end = (body, trailers) => {
      body.#ended = true;
      body.#trailers = trailers;
      if (body.#handler !== undefined) body.#handler.onResponseEnd?.(body.#beginning.controller, trailers as never);
      else if (body.#collector !== undefined) body.#finish();
    };
    fail = (body, error) => {
      body.#error = { error };
      body.#chunks = [];
      if (body.#handler !== undefined) body.#handler.onResponseError?.(body.#beginning.controller, error);
      else body.#collector?.reject(error);
      body.#collector = undefined;
    };
    // What is forwarded below needs the private method, from outside.
    toNative = (body) => body.#toNative();
  }
}

function toText(bytes: Buffer): string {
  // As undici does, without a byte order mark.
  const start = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('utf8', start);
}

/** The handler with which undici's `request` makes a response of what it is told. */
function handlerFor(method: string, gotBody: (body: NativeBody) => void): Handler {
  let handler: Handler | undefined;
  const catcher = { dispatch: (_options: unknown, given: Handler) => (handler = given) && true };
  const request = Dispatcher.prototype.request as (options: object, callback: (error: Error | null, data: { readonly body: NativeBody }) => void) => void;
  request.call(catcher, { path: '/', method }, (error, data) => {
    if (error === null) gotBody(data.body);
  });
  return handler!;
}

/**
 * Makes a stream that has all its bytes one that was read before. Streams tell of their end a tick later, and until then `destroy` would be an abort
 * and an error that nobody awaits; so its state is set, which Node keeps where it has always been.
 */
function readToItsEnd(native: NativeBody, isClosed: boolean): void {
  while (native.read() !== null);
  const { _readableState: state } = native as unknown as { readonly _readableState: { endEmitted: boolean; closed: boolean; closeEmitted: boolean } };
  state.endEmitted = true;
  native.destroy();
  if (isClosed) state.closed = state.closeEmitted = true;
}

let prepared = false;

/** Makes bodies instances of undici's own class, with all its members, those that its instances have by themselves too. */
function prepare(): void {
  if (prepared) return;
  prepared = true;
  let sample: NativeBody | undefined;
  const handler = handlerFor('GET', (body) => (sample = body));
  const controller = { aborted: false, paused: false, reason: null, abort: () => {}, pause: () => {}, resume: () => {} };
  handler.onRequestStart?.(controller, null);
  handler.onResponseStart?.(controller, 200, {}, 'OK');
  const own = LeanBody.prototype;
  const native = Object.getPrototypeOf(sample) as object;
  const ours = new Set(Reflect.ownKeys(own));
  // Up to what every object has, which in Jest's realms is another `Object.prototype` than ours.
  for (let from: object = sample!; Object.getPrototypeOf(from) !== null; from = Object.getPrototypeOf(from) as object) {
    for (const name of Reflect.ownKeys(from)) {
      if (ours.has(name)) continue;
      ours.add(name);
      Object.defineProperty(own, name, forwarded(name, Object.getOwnPropertyDescriptor(from, name)!));
    }
  }
  Object.setPrototypeOf(own, native);
  Object.defineProperty(own, 'constructor', { value: native.constructor, configurable: true, writable: true });
}

function forwarded(name: string | symbol, { value, enumerable = false }: PropertyDescriptor): PropertyDescriptor {
  const shape = { enumerable, configurable: true };
  if (typeof value === 'function') {
    const method = value as (...args: unknown[]) => unknown;
    return { ...shape, writable: true, value: function (this: LeanBody, ...args: unknown[]): unknown {
      return method.apply(toNative(this), args);
    } };
  }
  return {
    ...shape,
    get(this: LeanBody): unknown {
      return (toNative(this) as unknown as Record<string | symbol, unknown>)[name];
    },
    set(this: LeanBody, given: unknown): void {
      (toNative(this) as unknown as Record<string | symbol, unknown>)[name] = given;
    },
  };
}
