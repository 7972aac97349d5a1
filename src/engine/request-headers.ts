import { getHeader, removeHeader, type HeaderList } from '../common/headers.ts';
import { isJoinedInRequests, joinLines } from '../common/joined-headers.ts';
import { remembered } from '../common/remembered.ts';

/** What callers may give as headers: undici's own forms. */
export type HeadersInput =
  | readonly string[]
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [string, string | readonly string[] | undefined]>
  | null
  | undefined;

/** The caller's headers as routing sees them, and the Host among them. */
export interface DownstreamHeaders {
  readonly headers: HeaderList;
  readonly host: string | undefined;
}

/**
 * What an outbound sidecar takes away before it routes: headers of the connection, of Envoy's own making, and those by
 * which an untrusted caller could steer retries and timeouts. (`te` stays when it asks for `trailers`, `expect` when it is `100-continue`.)
 *
 * Source: Envoy `ConnectionManagerUtility::mutateRequestHeaders`, `cleanInternalHeaders`; semantics of `SANITIZE`
 * for the client certificate header.
 */
const STRIPPED = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'expect', 'host',
  'x-envoy-internal', 'x-forwarded-client-cert', 'x-envoy-retriable-status-codes', 'x-envoy-retriable-header-names',
  'x-envoy-retry-on', 'x-envoy-retry-grpc-on', 'x-envoy-max-retries', 'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms', 'x-envoy-upstream-rq-per-try-timeout-ms', 'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-expected-rq-timeout-ms', 'x-envoy-force-trace', 'x-envoy-ip-tags', 'x-envoy-original-url',
  'x-envoy-hedge-on-per-try-timeout', 'x-envoy-upstream-stream-duration-ms',
]);

/** Of these, the ones by which a caller that is trusted steers its own timeouts and retries. */
const POLICY_HEADERS = new Set([
  'x-envoy-retry-on', 'x-envoy-retry-grpc-on', 'x-envoy-max-retries', 'x-envoy-retriable-status-codes', 'x-envoy-retriable-header-names',
  'x-envoy-upstream-rq-timeout-ms', 'x-envoy-upstream-rq-per-try-timeout-ms',
]);

/** What a header's name means here. */
interface NameInfo {
  readonly lower: string;
  /** Neither stripped nor read. */
  readonly plain: boolean;
  /** Whether its lines become one: then a bit, which it may share with others. */
  readonly joined: number;
}

const infoOf = remembered<NameInfo>((name) => {
  const lower = name.toLowerCase();
  return { lower, plain: !STRIPPED.has(lower) && lower !== 'te', joined: isJoinedInRequests(lower) ? bitOf(lower) : 0 };
});

/** The same for the same name, however often it is asked. */
function bitOf(name: string): number {
  let sum = 0;
  for (let i = 0; i < name.length; i++) sum = (sum * 31 + name.charCodeAt(i)) % 1_000_003;
  return 1 << (sum % 31);
}

/** `input` in a form that can be read more than once, as some iterables can't. */
export function listed(input: HeadersInput): HeadersInput {
  if (input === null || input === undefined || Array.isArray(input) || !(Symbol.iterator in input)) return input;
  return [...(input as Iterable<readonly [string, string]>)].flat();
}

/**
 * Lower-cases names, joins undici's input forms into one list, and strips what must not be routed on.
 *
 * @param honorsPolicies - whether the caller's own retry and timeout headers stay
 */
export function downstreamHeaders(input: HeadersInput, honorsPolicies = false): DownstreamHeaders {
  const taken: TakenHeaders = { headers: [], host: undefined, seen: 0, repeats: false, honorsPolicies };
  takeAll(taken, input);
  const { headers, host } = taken;
  return { headers, host };
}

function takeAll(taken: TakenHeaders, input: HeadersInput): void {
  if (input === null || input === undefined) return;
  if (Array.isArray(input)) {
    for (let i = 0; i + 1 < input.length; i += 2) take(taken, String(input[i]), input[i + 1]);
  } else if (Symbol.iterator in input) {
    for (const [name, value] of input as Iterable<readonly [string, string]>) take(taken, name, value);
  } else {
    for (const name of Object.keys(input)) take(taken, name, (input as Record<string, string>)[name]);
    return;
  }
  if (taken.repeats) joinRepeated(taken.headers);
}

/** What was taken so far. */
interface TakenHeaders extends DownstreamHeaders {
  host: string | undefined;
  /** Bits of the names that came and that have one line only. */
  seen: number;
  /** Whether one of them may have come twice. */
  repeats: boolean;
  readonly honorsPolicies: boolean;
}

function take(taken: TakenHeaders, given: string, value: string | number | readonly string[] | undefined): void {
  if (value === undefined || value === null) return;
  const { headers } = taken;
  const { lower: name, plain, joined } = infoOf(given);
  if (!plain) {
    if (name === 'host') taken.host ??= String(Array.isArray(value) ? value[0] : value);
    if (STRIPPED.has(name) && !isKept(name, value, taken.honorsPolicies)) return;
    if (name === 'te') {
      if (asksForTrailers(value) && getHeader(headers, 'te') === undefined) headers.push('te', 'trailers');
      return;
    }
  }
  taken.repeats ||= (taken.seen & joined) !== 0;
  taken.seen |= joined;
  if (typeof value === 'string') headers.push(name, trim(value));
  else if (!Array.isArray(value)) headers.push(name, String(value));
  else if (value.length > 1 && joined !== 0) headers.push(name, value.map((one) => trim(String(one))).reduce(joinLines));
  else for (const one of value) headers.push(name, trim(String(one)));
}

/** Nothing else of `te` is passed on. Source: Envoy `ConnectionManagerUtility::sanitizeTEHeader`. */
function asksForTrailers(value: string | number | readonly string[]): boolean {
  return String(value).split(/[,;]/).some((token) => trim(token) === 'trailers');
}

/** Of the stripped headers. */
function isKept(name: string, value: string | number | readonly string[], honorsPolicies: boolean): boolean {
  if (name === 'expect') return typeof value === 'string' && value.toLowerCase() === '100-continue';
  return honorsPolicies && POLICY_HEADERS.has(name);
}

/** As Envoy reads a caller's HTTP/2, where cookies come line by line only to be compressed better. Source: RFC 9113 §8.2.3. */
export function joinCookies(headers: HeaderList): void {
  const cookies = headers.filter((line, i) => i % 2 === 1 && line !== '' && headers[i - 1] === 'cookie');
  removeHeader(headers, 'cookie');
  if (cookies.length > 0) headers.push('cookie', cookies.join('; '));
}

/** Names that came line by line: those that Envoy keeps one line of become one. */
function joinRepeated(headers: HeaderList): void {
  for (let i = 2; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (!isJoinedInRequests(name)) continue;
    let first = 0;
    while (headers[first] !== name) first += 2;
    if (first === i) continue;
    headers[first + 1] = joinLines(headers[first + 1]!, headers[i + 1]!);
    headers.splice(i, 2);
    i -= 2;
  }
}

/**
 * On the wire, spaces and tabs around a value are no part of it, so rules must not see them. Line breaks stay, for whoever
 * writes the request to refuse. Source: RFC 9110 §5.5.
 */
function trim(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpace(value.charCodeAt(start))) start++;
  while (end > start && isSpace(value.charCodeAt(end - 1))) end--;
  return end - start === value.length ? value : value.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}
