/** Where a URL points, as routing needs it. */
export interface Target {
  /** `http` or `https`. */
  readonly scheme: string;
  /** Host with its port, unless that is the scheme's default. */
  readonly authority: string;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
}

const MAX_CACHED = 1024;
/** No name in DNS makes a longer origin. */
const MAX_CACHED_LENGTH = 300;
const cache = new Map<string, Target>();

/**
 * Reads an origin such as `http://reviews:9080`. The few origins that a process calls are remembered.
 *
 * @throws {TypeError} as `new URL` does, or when the scheme is neither http nor https.
 */
export function parseOrigin(origin: string | URL): Target {
  if (typeof origin !== 'string') return targetOf(origin);
  const known = cache.get(origin);
  if (known !== undefined) return known;
  const target = targetOf(new URL(origin));
  if (origin.length > MAX_CACHED_LENGTH) return target;
  // A process that calls endlessly many hosts must not keep them all.
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(origin, target);
  return target;
}

function targetOf(url: URL): Target {
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'http' && scheme !== 'https') throw new TypeError(`Invalid URL protocol: expected http: or https:, got ${url.protocol}`);
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return { scheme, authority: url.host, hostname: withoutBrackets(url.hostname), port };
}

/** What a TLS handshake with `hostname` asks for: a name without the dot at its end. Source: RFC 6066 §3. */
export function serverNameOf(hostname: string): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

/** A host as sockets want it: in URLs an IPv6 address has brackets. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** The two parts of `ip:port`. */
export function splitAddress(address: string): { readonly hostname: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { hostname: withoutBrackets(address.slice(0, colon)), port: Number(address.slice(colon + 1)) };
}
