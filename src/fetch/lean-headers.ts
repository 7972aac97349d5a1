import type { IncomingHttpHeaders } from 'node:http';
import { inspect, type InspectOptions } from 'node:util';
import { markAsUncloneable } from 'node:worker_threads';
import { lowerName } from './header-lines.ts';
import { impersonate } from './impersonate.ts';

/** Every value of `name` in one string, or `undefined`. Source: fetch, "get a header". */
export function combinedValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  if (typeof value === 'string') return value;
  // Not an own line but something every object has, such as `constructor`.
  return Array.isArray(value) ? value.join(name === 'cookie' ? '; ' : ', ') : undefined;
}

let toNative: (headers: LeanHeaders) => Headers;

/**
 * The headers of a response: immutable as fetch's, and read straight from what the connection parsed. Only iteration
 * and inspection build a native `Headers`.
 *
 * An instance of `Headers` in every respect but calls such as `Headers.prototype.get.call(it)`.
 */
export class LeanHeaders {
  readonly #lines: IncomingHttpHeaders;
  #native: Headers | undefined;

  constructor(lines: IncomingHttpHeaders) {
    markAsUncloneable?.(this);
    this.#lines = lines;
  }

  get(...args: [name: string]): string | null {
    const name = typeof args[0] === 'string' ? lowerName(args[0]) : undefined;
    if (name === undefined) return this.#headers().get(...args);
    return combinedValue(this.#lines, name) ?? null;
  }

  has(...args: [name: string]): boolean {
    const name = typeof args[0] === 'string' ? lowerName(args[0]) : undefined;
    if (name === undefined) return this.#headers().has(...args);
    return combinedValue(this.#lines, name) !== undefined;
  }

  getSetCookie(): string[] {
    const cookies: unknown = this.#lines['set-cookie'];
    return typeof cookies === 'string' ? [cookies] : Array.isArray(cookies) ? [...(cookies as string[])] : [];
  }

  forEach(...args: [callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown]): void {
    const [callback, ...rest] = args;
    if (typeof callback !== 'function') return this.#headers().forEach(...args);
    const headers = this as unknown as Headers;
    const call = function (this: unknown, value: string, name: string): void {
      callback.call(this, value, name, headers);
    };
    this.#headers().forEach(call, ...rest);
  }

  entries(): HeadersIterator<[string, string]> {
    return this.#headers().entries();
  }

  keys(): HeadersIterator<string> {
    return this.#headers().keys();
  }

  values(): HeadersIterator<string> {
    return this.#headers().values();
  }

  [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.#headers().entries();
  }

  append(...args: [name: string, value: string]): void {
    immutableHeaders().append(...args);
  }

  set(...args: [name: string, value: string]): void {
    immutableHeaders().set(...args);
  }

  delete(...args: [name: string]): void {
    immutableHeaders().delete(...args);
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return inspect(this.#headers(), options);
  }

  static {
    toNative = (headers) => headers.#headers();
  }

  #headers(): Headers {
    if (this.#native !== undefined) return this.#native;
    const native = (this.#native = new Headers());
    for (const [name, value] of Object.entries(this.#lines)) {
      if (typeof value === 'string') native.append(name, value);
      else if (Array.isArray(value)) for (const one of value) native.append(name, one);
    }
    return native;
  }
}

type HeadersIterator<T> = ReturnType<Headers['entries']> extends Iterator<unknown> ? IterableIterator<T> : never;

/** Makes lean headers instances of the global `Headers`. */
export function prepareLeanHeaders(): void {
  impersonate(LeanHeaders, Headers, toNative);
}

// The native immutable headers say no in their own words.
let refusing: Headers | undefined;
function immutableHeaders(): Headers {
  return (refusing ??= Response.error().headers);
}
