import { getHeader } from '../common/headers.ts';
import { parseSubstitution, type Segment } from '../common/substitution.ts';
import { isPseudoHeader, pseudoHeader } from './header-value.ts';
import type { RequestHead } from './model.ts';
import { queryParameter, withoutQuery } from './path.ts';

/** Response headers as undici hands them: lower-case names, an array where a name had several lines. */
export type ResponseHeaders = Record<string, string | string[]>;

/** What a `%NAME%` in a header value may ask for besides the request and response headers; the engine knows. */
export interface VariableSource {
  /**
   * The value of `%name(argument)%`, such as `PROTOCOL`, `START_TIME`, `DOWNSTREAM_REMOTE_ADDRESS`, `RESPONSE_CODE`,
   * `UPSTREAM_CLUSTER`; `undefined` when there is none. What the headers or the path say is never asked.
   */
  variable(name: string, argument: string | undefined): string | undefined;
}

/** Everything a value can be made of, at one moment. */
export interface FormatContext {
  /** As it is now: before this level's sets for request operations, as it was sent on for response operations. */
  readonly request: RequestHead;
  /** Absent while the request goes out. */
  readonly response: ResponseHeaders | undefined;
  readonly variables: VariableSource;
}

/**
 * A header value of a rule, where `%REQ(x)%` and its like stand for something of the request and `%%` for a percent sign.
 * What is missing comes out empty.
 *
 * Source: Envoy substitution formatter; Istio passes `set` and `add` values through to it.
 */
export class HeaderValue {
  /** The value itself when it holds no operator. */
  readonly literal: string | undefined;
  readonly #segments: readonly Segment[];

  /** @throws {RangeError} when the percent signs make no sense; see {@link checkHeaderValue}. */
  constructor(text: string) {
    const segments = parseSubstitution(text);
    if (typeof segments === 'string') throw new RangeError(segments);
    this.#segments = segments;
    this.literal = segments.every((segment) => typeof segment === 'string') ? segments.join('') : undefined;
  }

  format(context: FormatContext): string {
    if (this.literal !== undefined) return this.literal;
    let text = '';
    for (const segment of this.#segments) {
      text += typeof segment === 'string' ? segment : resolveOperator(segment.name, segment.argument, context).slice(0, segment.maxLength);
    }
    return text;
  }
}

/** What is wrong with the percent signs of `text`, or `undefined`. */
export function checkHeaderValue(text: string): string | undefined {
  const segments = parseSubstitution(text);
  return typeof segments === 'string' ? segments : undefined;
}

/** What an operator stands for, empty if nothing. */
export function resolveOperator(name: string, argument: string | undefined, context: FormatContext): string {
  switch (name) {
    case 'REQ':
      return firstOf(argument, (header) => requestHeader(context.request, header));
    case 'RESP':
      return firstOf(argument, (header) => responseHeader(context, header));
    case 'QUERY_PARAM':
      return decoded(queryParameter(context.request.path, argument ?? '') ?? '');
    case 'PATH':
      return pathOf(context.request, argument ?? '');
    default:
      return context.variables.variable(name, argument) ?? '';
  }
}

// `REQ(a?b)`: b when a is not there. Only the first line of a repeated header counts.
function firstOf(argument: string | undefined, get: (name: string) => string | undefined): string {
  for (const name of (argument ?? '').toLowerCase().split('?')) {
    const value = get(name);
    if (value !== undefined) return value;
  }
  return '';
}

/** `PATH(NQ:ORIG)`: without query, from before a rewrite. What is not given is the path with its query, from before a rewrite if there was one. */
function pathOf(head: RequestHead, argument: string): string {
  const [query, which] = argument.split(':');
  const original = getHeader(head.headers, 'x-envoy-original-path');
  const path = which === 'ORIG' ? (original ?? '') : which === 'PATH' ? head.path : (original ?? head.path);
  return query === 'NQ' ? withoutQuery(path) : path;
}

/** Byte by byte, as a header carries them; as it is where that would make what no header may hold. */
function decoded(text: string): string {
  const bytes = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return /[\0-\x1f\x7f]/.test(bytes) ? text : bytes;
}

function requestHeader(head: RequestHead, name: string): string | undefined {
  return isPseudoHeader(name) ? pseudoHeader(head, name) : getHeader(head.headers, name);
}

function responseHeader({ response, variables }: FormatContext, name: string): string | undefined {
  if (response === undefined) return undefined;
  if (name === ':status') return variables.variable('RESPONSE_CODE', undefined);
  if (!Object.hasOwn(response, name)) return undefined;
  const value = response[name];
  return Array.isArray(value) ? value[0] : value;
}
