import { remembered } from '../common/remembered.ts';
import type { ResponseHeaders } from './local-reply.ts';
import { maxHeaderSize } from './node-http.ts';

/** The head of a response, and where its body is. */
export interface OrdinaryResponse {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case, repeats as arrays: as undici has them. */
  readonly headers: ResponseHeaders;
  /** Bytes of the body. */
  readonly length: number;
  /** Where the body begins in the bytes that were read. */
  readonly bodyAt: number;
  /** Milliseconds for which the connection may be idle; 0: the server does not say. */
  readonly keepAliveMs: number;
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

/** 1 for the bytes of names, 2 for those of values, as bits. Values in other letters than ASCII's are for others to read. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isToken = /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte));
  const isValue = byte === TAB || (byte >= SPACE && byte < 0x7f);
  return (isToken ? 1 : 0) | (isValue ? 2 : 0);
});
const NAME = 1;
const VALUE = 2;

/** What a name means here: most mean nothing. */
interface NameInfo {
  readonly lower: string;
  readonly kind: 'any' | 'content-length' | 'keep-alive' | 'connection' | 'framing';
}

const infoOf = remembered<NameInfo>((name) => {
  const lower = name.toLowerCase();
  if (lower === 'content-length' || lower === 'keep-alive' || lower === 'connection') return { lower, kind: lower };
  // A record that is made with braces has names of its own already.
  return { lower, kind: lower === 'transfer-encoding' || lower === 'upgrade' || lower in Object.prototype ? 'framing' : 'any' };
});

/** How much earlier than its server a connection that is idle is closed, in milliseconds. Source: undici `keepAliveTimeoutThreshold`. */
const CLOSED_BEFORE_MS = 2000;

/** More digits than any number that is exact. */
const MAX_DIGITS = 15;

/**
 * Reads the head of a response of which nobody can doubt what it means: HTTP/1.1, all of its head in `bytes`, every line plain ASCII that
 * ends as lines do, one length, a connection that stays. `undefined` for any other, which is for undici to read: this is no parser of HTTP,
 * and where two might differ it says nothing.
 */
export function ordinaryResponse(bytes: Buffer): OrdinaryResponse | undefined {
  // "HTTP/1.1 200 " is 13 bytes.
  if (bytes.length < 17 || bytes.readUInt32BE(0) !== 0x48545450 || bytes.readUInt32BE(4) !== 0x2f312e31 || bytes[8] !== SPACE || bytes[12] !== SPACE) return undefined;
  const status = (bytes[9]! - 48) * 100 + (bytes[10]! - 48) * 10 + (bytes[11]! - 48);
  if (!isDigit(bytes[9]) || !isDigit(bytes[10]) || !isDigit(bytes[11]) || status < 200) return undefined;
  const end = bytes.indexOf('\r\n\r\n', 13, 'latin1');
  if (end < 0 || end >= maxHeaderSize) return undefined;
  const text = bytes.toString('latin1', 0, end);
  let at = 13;
  while ((KINDS[bytes[at]!]! & VALUE) !== 0) at++;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return undefined;
  const statusText = text.slice(13, at);
  const headers: ResponseHeaders = {};
  let length = -1;
  let keepAliveMs = 0;
  while (at < end) {
    at += 2;
    const nameAt = at;
    while ((KINDS[bytes[at]!]! & NAME) !== 0) at++;
    if (at === nameAt || bytes[at] !== COLON) return undefined;
    const name = text.slice(nameAt, at);
    at++;
    if (bytes[at] === SPACE) at++;
    const valueAt = at;
    while ((KINDS[bytes[at]!]! & VALUE) !== 0) at++;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return undefined;
    if (at > valueAt && (isBlank(bytes[valueAt]!) || isBlank(bytes[at - 1]!))) return undefined;
    const value = text.slice(valueAt, at);
    const { lower, kind } = infoOf(name);
    if (kind !== 'any') {
      if (kind === 'framing' || headers[lower] !== undefined) return undefined;
      if (kind === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined;
      if (kind === 'keep-alive') keepAliveMs = keepAliveOf(value);
      if (kind === 'content-length') {
        length = lengthOf(value);
        if (length < 0) return undefined;
      }
    }
    const before = headers[lower];
    if (before === undefined) headers[lower] = value;
    else if (typeof before === 'string') headers[lower] = [before, value];
    else before.push(value);
  }
  if (status === 204 || status === 304) {
    // No body follows, whatever the length says; who says that one does may send it nevertheless.
    if (length > 0) return undefined;
    length = 0;
  }
  return length < 0 || keepAliveMs < 0 ? undefined : { status, statusText, headers, length, bodyAt: end + 4, keepAliveMs };
}

/** Less than 0: it closes too soon for another request. A hint of 0 seconds is one of these. */
const keepAliveOf = remembered((value) => {
  const seconds = /timeout=(\d+)/.exec(value)?.[1];
  if (seconds === undefined) return 0;
  const idleMs = Math.min(Number(seconds) * 1000 - CLOSED_BEFORE_MS, 2 ** 31 - 1);
  return idleMs > 0 ? idleMs : -1;
});

function lengthOf(value: string): number {
  if (value.length === 0 || value.length > MAX_DIGITS) return -1;
  for (let i = 0; i < value.length; i++) if (!isDigit(value.charCodeAt(i))) return -1;
  return Number(value);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
