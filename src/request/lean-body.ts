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
    const isGone = this.#used && collector === undefined;
    for (const chunk of isGone ? [Buffer.alloc(1)] : this.#chunks) handler.onResponseData?.(controller, chunk);
    this.#chunks = [];
    if (this.#ended || isGone) handler.onResponseEnd?.(controller, this.#trailers as never);
    else if (this.#error !== undefined) handler.onResponseError?.(controller, this.#error.error);
    // Read already: a stream that is just as used up, to its end.
    while (isGone && native.read() !== null);
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
