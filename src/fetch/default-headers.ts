import type { HeaderList } from '../common/headers.ts';

// Bits for the header names whose presence changes what fetch adds.
export const ACCEPT = 1;
export const ACCEPT_LANGUAGE = 2;
export const USER_AGENT = 4;
export const ACCEPT_ENCODING = 8;
export const CONTENT_TYPE = 16;
export const CONTENT_LENGTH = 32;

/** What fetch adds to every request to one origin. */
export interface HeaderDefaults {
  readonly acceptEncoding: string;
  /** Whether `sec-fetch-mode` is sent. */
  readonly fetchMode: boolean;
}

// The fetch of Node is undici's: its version decides what is sent.
const undiciMajor = Number.parseInt(process.versions.undici ?? '', 10) || 8;

/** What the fetch of this version of Node adds to a request to `url`. */
export function defaultsFor(url: URL): HeaderDefaults {
  const secure = url.protocol === 'https:';
  return {
    acceptEncoding: !secure ? 'gzip, deflate' : undiciMajor >= 8 ? 'br, gzip, deflate, zstd' : 'br, gzip, deflate',
    // Fetch metadata goes to potentially trustworthy URLs only; undici before 8 sent it to all.
    fetchMode: undiciMajor < 8 || secure || isLoopback(url.hostname),
  };
}

// W3C Secure Contexts, "is origin potentially trustworthy", for the http scheme.
function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === 'localhost.' || host.endsWith('.localhost') || host.endsWith('.localhost.') ||
    host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

/** Appends what fetch adds by itself, in fetch's order, save what the caller gave (bits of `seen`). */
export function appendDefaults(headers: HeaderList, seen: number, defaults: HeaderDefaults): void {
  if ((seen & ACCEPT) === 0) headers.push('accept', '*/*');
  if ((seen & ACCEPT_LANGUAGE) === 0) headers.push('accept-language', '*');
  if (defaults.fetchMode) headers.push('sec-fetch-mode', 'cors');
  if ((seen & USER_AGENT) === 0) headers.push('user-agent', 'node');
  if ((seen & ACCEPT_ENCODING) === 0) headers.push('accept-encoding', defaults.acceptEncoding);
}
