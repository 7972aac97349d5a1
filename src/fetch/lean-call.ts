import type { HeaderList } from '../common/headers.ts';
import { appendDefaults, CONTENT_LENGTH, CONTENT_TYPE } from './default-headers.ts';
import { type FetchInit, isEmptyInit } from './fetch-init.ts';
import { appendHeaders } from './header-lines.ts';
import { bytesOf, typeOf } from './request-body.ts';
import { parseTarget, type Target } from './target.ts';

/** What is handed to `dispatch`. The list of headers is flat and lower-case; `dispatch` must not change it. */
export interface LeanDispatchOptions {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: HeaderList;
  readonly body: Buffer | null;
}

/** One call of fetch that needs nothing but the lean lane, ready to be dispatched. */
export interface LeanCall {
  readonly options: LeanDispatchOptions;
  readonly target: Target;
  readonly signal: AbortSignal | null;
  /** Whether redirects come back as they are (`redirect: 'manual'`). */
  readonly manualRedirect: boolean;
  /** How much of `options.headers` the caller gave; the rest is what fetch adds by itself. */
  readonly ownHeaders: number;
}

/** The names fetch normalizes, as the fetch standard lists them; any other method is judged by the native fetch. */
const METHODS: Readonly<Record<string, string>> = Object.freeze({
  __proto__: null as never,
  GET: 'GET', get: 'GET', HEAD: 'HEAD', head: 'HEAD', POST: 'POST', post: 'POST', PUT: 'PUT', put: 'PUT',
  DELETE: 'DELETE', delete: 'DELETE', OPTIONS: 'OPTIONS', options: 'OPTIONS', PATCH: 'PATCH',
});

// All of them mean the same where there are no cookies.
const CREDENTIALS: ReadonlySet<string> = new Set(['same-origin', 'include', 'omit']);

const NO_INIT: FetchInit = Object.freeze({});

/**
 * Compiles a call for the lean lane, or gives `undefined` when anything about it is unusual or wrong.
 *
 * The lean lane accepts and never refuses: whatever is not plainly in order goes to the native fetch, whose answer
 * (an error with its own words, a rarer feature) is then right by construction on every version of Node.
 */
export function compileLeanCall(input: unknown, init: unknown): LeanCall | undefined {
  if (typeof input === 'string') return compile(input, init);
  if (input instanceof URL) return compile(input.href, init);
  // A Request comes with its body as a stream, which the lean lane doesn't read.
  return input instanceof Request && isEmptyInit(init) && input.body === null ? compile(input.url, input) : undefined;
}

function compile(url: string, given: unknown): LeanCall | undefined {
  const init = given === undefined || given === null ? NO_INIT : (given as FetchInit);
  if (typeof init !== 'object' || !isPlain(init)) return undefined;
  const { redirect, signal = null, body = null, headers: givenHeaders } = init;
  if (redirect !== undefined && redirect !== 'follow' && redirect !== 'manual') return undefined;
  if (signal !== null && !(signal instanceof AbortSignal)) return undefined;
  const method = init.method === undefined ? 'GET' : METHODS[init.method];
  if (method === undefined) return undefined;
  const target = parseTarget(url);
  if (target === undefined) return undefined;

  const headers: HeaderList = [];
  const seen = givenHeaders === undefined ? 0 : appendHeaders(headers, givenHeaders);
  if (seen < 0) return undefined;
  let bytes: Buffer | null = null;
  if (body !== null) {
    if (method === 'GET' || method === 'HEAD') return undefined;
    const copied = bytesOf(body);
    if (copied === undefined) return undefined;
    bytes = copied;
    const type = typeOf(body);
    if (type !== undefined && (seen & CONTENT_TYPE) === 0) headers.push('content-type', type);
  }
  const ownHeaders = headers.length;
  if ((seen & CONTENT_LENGTH) === 0) {
    if (bytes !== null) headers.push('content-length', String(bytes.length));
    else if (method === 'POST' || method === 'PUT') headers.push('content-length', '0');
  }
  appendDefaults(headers, seen, target.host);
  return {
    options: { origin: target.host.origin, path: target.path, method, headers, body: bytes },
    target,
    signal,
    manualRedirect: redirect === 'manual',
    ownHeaders,
  };
}

// Everything that changes what fetch does beyond method, headers, body, signal and redirect has its usual value.
function isPlain(init: FetchInit): boolean {
  return (
    (init.mode === undefined || init.mode === 'cors') &&
    (init.cache === undefined || init.cache === 'default') &&
    (init.credentials === undefined || CREDENTIALS.has(init.credentials)) &&
    (init.integrity === undefined || init.integrity === '') &&
    (init.referrer === undefined || init.referrer === 'about:client') &&
    (init.referrerPolicy === undefined || init.referrerPolicy === '') &&
    (init.keepalive === undefined || typeof init.keepalive === 'boolean') &&
    (init.duplex === undefined || init.duplex === 'half') &&
    init.dispatcher === undefined &&
    init.priority === undefined &&
    init.window === undefined
  );
}
