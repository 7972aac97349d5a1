import type { IncomingMessage } from 'node:http';

/** What a request asks for, of which server. */
export interface RequestTarget {
  /** Of a whole URL, else the Host. */
  readonly authority: string;
  /** Of a whole URL, which proxies are asked for; others don't say. */
  readonly scheme?: 'http' | 'https' | undefined;
  readonly path: string;
}

/** A whole URL takes the place of the Host. Source: RFC 9112 §3.2.2. */
export function targetOf({ url = '/', headers }: IncomingMessage): RequestTarget {
  const whole = /^http(s?):\/\/([^/?#]*)([^#]*)/i.exec(url);
  if (whole === null) return { authority: headers.host ?? '', path: url };
  const [, secure, authority = '', rest = ''] = whole;
  return { authority, scheme: secure === '' ? 'http' : 'https', path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** The status for a request that is not served, since two servers could read it differently; `undefined`: it is. `node:http` has seen to the rest. */
export function refusedStatus(message: IncomingMessage): number | undefined {
  const { httpVersion, headers, headersDistinct } = message;
  // Source: Envoy without `accept_http_10`, which istio does not set.
  if (httpVersion !== '1.1') return 426;
  // Of two Hosts nobody knows which one others go by. Source: RFC 9112 §3.2.
  if ((headersDistinct['host']?.length ?? 0) > 1) return 400;
  // Of any other coding the endpoint would not be told. Source: Envoy `unsupported_transfer_encoding`.
  if ((headers['transfer-encoding'] ?? 'chunked').toLowerCase() !== 'chunked') return 501;
  return isAuthority(headers.host ?? '') && isAuthority(targetOf(message).authority) ? undefined : 400;
}

/**
 * Whether `text` is a host, with or without a port: no user, no blank, no list, nothing that ends a host for some readers and not for others. None
 * at all is a host that nobody has. Source: RFC 3986 §3.2, RFC 9110 §4.2.4.
 */
export function isAuthority(text: string): boolean {
  return /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+;=%-]*)(?::\d{0,5})?$/i.test(text);
}
