import { getHeader } from '../common/headers.ts';
import { isPseudoHeader, pseudoHeader } from './header-value.ts';
import type { RequestHead } from './model.ts';

/** Response headers as undici hands them: lower-case names, an array where a name had several lines. */
export type ResponseHeaders = Record<string, string | string[]>;

/** What a `%NAME%` in a header value may ask for besides the request and response headers; the engine knows. */
export interface VariableSource {
  /**
   * The value of `%name(argument)%`, such as `PROTOCOL`, `START_TIME`, `DOWNSTREAM_REMOTE_ADDRESS`, `RESPONSE_CODE`,
   * `UPSTREAM_CLUSTER`; `undefined` when there is none. `REQ` and `RESP` are never asked.
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

type Segment = string | { readonly name: string; readonly argument: string | undefined; readonly maxLength: number };

const OPERATOR = /%([A-Z0-9_]+)(?:\((.*?)\))?(?::(\d+))?%/y;

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
    const segments = parse(text);
    if (typeof segments === 'string') throw new RangeError(segments);
    this.#segments = segments;
    this.literal = segments.every((segment) => typeof segment === 'string') ? segments.join('') : undefined;
  }

  format(context: FormatContext): string {
    if (this.literal !== undefined) return this.literal;
    let text = '';
    for (const segment of this.#segments) {
      text += typeof segment === 'string' ? segment : resolve(segment.name, segment.argument, context).slice(0, segment.maxLength);
    }
    return text;
  }
}

/** What is wrong with the percent signs of `text`, or `undefined`. */
export function checkHeaderValue(text: string): string | undefined {
  const segments = parse(text);
  return typeof segments === 'string' ? segments : undefined;
}

function parse(text: string): Segment[] | string {
  const segments: Segment[] = [];
  let from = 0;
  for (;;) {
    const percent = text.indexOf('%', from);
    if (percent === -1) break;
    segments.push(text.slice(from, percent));
    if (text.charCodeAt(percent + 1) === 37 /* % */) {
      segments.push('%');
      from = percent + 2;
      continue;
    }
    OPERATOR.lastIndex = percent;
    const operator = OPERATOR.exec(text);
    if (operator === null) return `is no valid format at character ${percent + 1}: a single percent sign is written %%`;
    segments.push({ name: operator[1]!, argument: operator[2], maxLength: operator[3] === undefined ? Infinity : Number(operator[3]) });
    from = OPERATOR.lastIndex;
  }
  return [...segments, text.slice(from)];
}

function resolve(name: string, argument: string | undefined, context: FormatContext): string {
  switch (name) {
    case 'REQ':
      return firstOf(argument, (header) => requestHeader(context.request, header));
    case 'RESP':
      return firstOf(argument, (header) => responseHeader(context, header));
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
