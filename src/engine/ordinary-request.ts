import type { Dispatcher } from 'undici';
import { remembered } from '../common/remembered.ts';

/** A request as it goes on the wire. */
export interface OrdinaryRequest {
  /** Up to the empty line, in latin1. */
  readonly head: string;
  readonly body: Uint8Array | undefined;
}

/** Methods whose requests have a body that servers expect, and that others do not. */
const EXPECTS_BODY = new Map([
  ['GET', false], ['OPTIONS', false], ['DELETE', false],
  ['POST', true], ['PUT', true], ['PATCH', true],
]);

type NameKind = 'any' | 'host' | 'content-length' | 'special';

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Source: RFC 9110 §5.5. */
const NOT_IN_VALUES = /[^\t\x20-\x7e\x80-\xff]/;
const NOT_IN_PATHS = /[^\x21-\xff]/;

/** These have a say in how a message is framed. */
const SPECIAL = new Set(['connection', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

const kindOf = remembered<NameKind>((name) => {
  if (name === 'host' || name === 'content-length') return name;
  return SPECIAL.has(name) || !TOKEN.test(name) ? 'special' : 'any';
});

/**
 * The bytes of a request that everybody would write alike: a usual method, a body that is there or none, headers that say nothing of
 * the connection. `undefined` for any other, and for what must not be sent at all.
 */
export function ordinaryRequest({ method, path, headers, body, upgrade }: Dispatcher.DispatchOptions): OrdinaryRequest | undefined {
  const expectsBody = EXPECTS_BODY.get(method);
  const bytes = bytesOf(body);
  if (expectsBody === undefined || bytes === null || (bytes !== undefined && !expectsBody)) return undefined;
  if (typeof upgrade === 'string' || path.charCodeAt(0) !== 0x2f || NOT_IN_PATHS.test(path)) return undefined;
  let host: string | undefined;
  let lines = '';
  const list = headers as readonly string[];
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!;
    const value = list[i + 1]!;
    if (NOT_IN_VALUES.test(value)) return undefined;
    const kind = kindOf(name);
    if (kind === 'any') lines += `${name}: ${value}\r\n`;
    else if (kind === 'host' && host === undefined) host = value;
    else if (kind !== 'content-length' || bytes === undefined || value !== String(bytes.byteLength)) return undefined;
  }
  if (host === undefined) return undefined;
  const length = expectsBody ? `content-length: ${bytes?.byteLength ?? 0}\r\n` : '';
  return { head: `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${lines}${length}\r\n`, body: bytes };
}

/** `undefined`: there is none. `null`: they can't be had at once. */
function bytesOf(body: Dispatcher.DispatchOptions['body']): Uint8Array | undefined | null {
  if (body === null || body === undefined || body === '') return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  if (!(body instanceof Uint8Array)) return null;
  return body.byteLength === 0 ? undefined : body;
}
