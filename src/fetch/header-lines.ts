import type { HeaderList } from '../common/headers.ts';
import { remembered } from '../common/remembered.ts';
import { ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT } from './default-headers.ts';

/** What a header name means to fetch. */
interface NameInfo {
  readonly lower: string;
  /** The bit of `default-headers.ts`, 0 for a name that changes nothing, or one of the two below. */
  readonly role: number;
}

const DROPPED = -1;
const UNUSUAL = -2;

const ROLES: ReadonlyMap<string, number> = new Map([
  ['accept', ACCEPT],
  ['accept-language', ACCEPT_LANGUAGE],
  ['user-agent', USER_AGENT],
  ['accept-encoding', ACCEPT_ENCODING],
  ['content-type', CONTENT_TYPE],
  ['content-length', CONTENT_LENGTH],
  // fetch takes the authority from the URL alone, and sets its own mode.
  ['host', DROPPED],
  ['sec-fetch-mode', DROPPED],
  // These change the cache mode or the accepted codings, and through them further headers.
  ['range', UNUSUAL],
  ['if-modified-since', UNUSUAL],
  ['if-none-match', UNUSUAL],
  ['if-unmodified-since', UNUSUAL],
  ['if-match', UNUSUAL],
  ['if-range', UNUSUAL],
]);

// RFC 9110 §5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// RFC 9110 §5.5, without what fetch would trim.
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

const infoOf = remembered<NameInfo | undefined>((name) => {
  if (!TOKEN.test(name)) return undefined;
  const lower = name.toLowerCase();
  return { lower, role: ROLES.get(lower) ?? 0 };
});

/** `name` in lower case, or `undefined` when it is no header name. */
export function lowerName(name: string): string | undefined {
  return infoOf(name)?.lower;
}

/**
 * Appends the lines of a `HeadersInit` to `lines`, as `Headers` would: names folded, repeats combined, `host` dropped.
 *
 * @returns which names fetch cares about were there (bits), or a negative number when the native fetch has to judge them.
 */
export function appendHeaders(lines: HeaderList, init: unknown): number {
  if (typeof init !== 'object' || init === null) return UNUSUAL;
  if (Array.isArray(init)) return appendPairs(lines, init);
  const prototype: unknown = Object.getPrototypeOf(init);
  if (prototype !== Object.prototype && prototype !== null) {
    return init instanceof Headers ? appendPairs(lines, init) : UNUSUAL;
  }
  if (Symbol.iterator in init) return UNUSUAL;
  const record = init as Record<string, unknown>;
  let seen = 0;
  for (const name of Object.keys(record)) {
    const role = appendLine(lines, name, record[name]);
    if (role === UNUSUAL) return UNUSUAL;
    seen |= role;
  }
  return seen;
}

function appendPairs(lines: HeaderList, pairs: Iterable<unknown>): number {
  let seen = 0;
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') return UNUSUAL;
    const role = appendLine(lines, pair[0], pair[1]);
    if (role === UNUSUAL) return UNUSUAL;
    seen |= role;
  }
  return seen;
}

function appendLine(lines: HeaderList, name: string, given: unknown): number {
  const info = infoOf(name);
  if (info === undefined || info.role === UNUSUAL) return UNUSUAL;
  const value = typeof given === 'string' ? given : typeof given === 'number' ? String(given) : undefined;
  if (value === undefined || !VALUE.test(value)) return UNUSUAL;
  if (info.role === DROPPED) return 0;
  for (let i = 0; i < lines.length; i += 2) {
    if (lines[i] !== info.lower) continue;
    lines[i + 1] += `${info.lower === 'cookie' ? '; ' : ', '}${value}`;
    return info.role;
  }
  lines.push(info.lower, value);
  return info.role;
}
