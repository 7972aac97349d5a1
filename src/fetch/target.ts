import { defaultsFor, type HeaderDefaults } from './default-headers.ts';

/** What one origin means for every call to it. */
export interface TargetHost extends HeaderDefaults {
  /** Scheme, host and port as `URL.origin` writes them. */
  readonly origin: string;
}

/** Where a call goes. */
export interface Target {
  readonly host: TargetHost;
  /** Path and query, as sent. `host.origin + path` is the `url` of the response. */
  readonly path: string;
}

// Origins that were parsed, by the text they were written as: a program calls few origins, very often. Emptied when
// full, so that a program that calls a new origin each time costs no memory.
const MAX_HOSTS = 1024;
/** Of the text of an origin; no name in DNS is longer. */
const MAX_HOST_LENGTH = 300;
const hosts = new Map<string, TargetHost>();

/** Whose text came last, and most likely comes again: to find it takes a look at the text, and no hash of it. */
let last: { readonly text: string; readonly host: TargetHost } | undefined;

/** Ports that fetch refuses to call; the native fetch is left to say so. Source: fetch standard, "port blocking". */
const BAD_PORTS: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

const SPACE = 0x20;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const HASH = 0x23;
const DOT = 0x2e;
const PERCENT = 0x25;

// Characters that the URL standard leaves alone both in a path and in the query of a special scheme. A few that it
// also leaves alone are missing (brackets, quotes, `|`, `^`): they only cost a `new URL`.
const KEPT = new Uint8Array(128);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&()*+,;=:@/.%') {
  KEPT[char.charCodeAt(0)] = 1;
}

/** Parses an absolute http or https URL, or gives `undefined` when the native fetch has to judge it. */
export function parseTarget(url: string): Target | undefined {
  if (last !== undefined && url.charCodeAt(last.text.length) === SLASH && url.startsWith(last.text)) {
    const end = last.text.length;
    if (isKept(url, end)) return { host: last.host, path: url.slice(end) };
  }
  const start = url.startsWith('http://') ? 7 : url.startsWith('https://') ? 8 : 0;
  if (start === 0) return parseUnusual(url);
  let end = start;
  for (; end < url.length; end++) {
    const code = url.charCodeAt(end);
    if (code === SLASH || code === QUESTION || code === HASH) break;
    // At the end of a text the parser drops white space and takes a backslash for the first slash of the path: then
    // the origin alone would mean something else than within the whole.
    if (code <= SPACE || code === BACKSLASH) return parseUnusual(url);
  }
  if (!isKept(url, end)) return parseUnusual(url);
  const text = url.slice(0, end);
  const host = hostOf(text);
  if (host === undefined) return parseUnusual(url);
  last = { text, host };
  const path = end === url.length ? '/' : url.charCodeAt(end) === SLASH ? url.slice(end) : `/${url.slice(end)}`;
  return { host, path };
}

// Whether the URL parser would leave path and query, from `start` on, exactly as they are written.
function isKept(url: string, start: number): boolean {
  let inQuery = false;
  let previous = 0;
  for (let i = start; i < url.length; i++) {
    const code = url.charCodeAt(i);
    if (code === QUESTION) {
      // Node versions differ in what they make of an empty query at the end.
      if (i === url.length - 1) return false;
      inQuery = true;
    } else if (code > 127 || KEPT[code] === 0) {
      return false;
    } else if (previous === SLASH && !inQuery && (code === DOT || code === PERCENT)) {
      // It may be a dot segment, perhaps spelled %2e.
      return false;
    }
    previous = code;
  }
  return true;
}

function parseUnusual(text: string): Target | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  if (url.search === '' && url.href.includes('?')) return undefined;
  const host = hostOf(url.origin);
  return host && { host, path: url.pathname + url.search };
}

function hostOf(text: string): TargetHost | undefined {
  const known = hosts.get(text);
  if (known !== undefined) return known;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  // There are credentials in the text, or it is an origin that fetch blocks.
  if (url.href.length !== url.origin.length + 1 || BAD_PORTS.has(Number(url.port))) return undefined;
  const host = { origin: url.origin, ...defaultsFor(url) };
  if (text.length > MAX_HOST_LENGTH) return host;
  if (hosts.size >= MAX_HOSTS) hosts.clear();
  hosts.set(text, host);
  return host;
}
