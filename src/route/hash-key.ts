import type { HeaderList } from '../common/headers.ts';
import { combineHash64, formatHash64, randomHash64, type Hash64 } from '../common/hash64.ts';
import type { Random } from '../common/random.ts';
import { xxHash64 } from '../common/xxhash64.ts';
import { cookieValue } from './cookie.ts';
import type { HashPolicy, RequestHead } from './model.ts';
import { queryParameter } from './path.ts';

type CookiePolicy = HashPolicy & { readonly kind: 'cookie' };

/**
 * The hash of one request by the policies of its route, and the cookies that it was given on the way: make one for each
 * request, and ask it again for each try, since what a route changes in a request counts for the retries.
 *
 * Source: Istio `consistentHash`; Envoy `HashPolicyImpl`.
 */
export class HashKey {
  readonly #policies: readonly HashPolicy[];
  #cookies: Map<CookiePolicy, string> | undefined;

  constructor(policies: readonly HashPolicy[]) {
    this.#policies = policies;
  }

  /** For the response: a `set-cookie` line for each cookie that had to be made up. Empty before {@link of}. */
  get setCookies(): readonly string[] {
    return [...(this.#cookies ?? [])].map(([policy, value]) => setCookieLine(policy, value));
  }

  /**
   * `undefined` when the request has nothing that is hashed.
   *
   * @param callerAddress - the caller's IP address, as `x-forwarded-for` has it where that is trusted; a port after it is ignored
   */
  of(head: RequestHead, callerAddress: string, random: Random): Hash64 | undefined {
    let hash: Hash64 | undefined;
    for (const policy of this.#policies) {
      const own = this.#hashOf(policy, head, callerAddress, random);
      if (own !== undefined) hash = hash === undefined ? own : combineHash64(hash, own);
    }
    return hash;
  }

  #hashOf(policy: HashPolicy, head: RequestHead, callerAddress: string, random: Random): Hash64 | undefined {
    switch (policy.kind) {
      case 'header':
        return headerHash(head, policy.name);
      case 'query':
        return textHash(queryParameter(head.path, policy.name));
      case 'source-ip':
        return textHash(withoutPort(callerAddress));
      case 'cookie':
        return textHash(cookieValue(head.headers, policy.name) || this.#madeUp(policy, random));
    }
  }

  /** Envoy makes a value out of the addresses of the caller's connection; a call in this process has none, so it is random. */
  #madeUp(policy: CookiePolicy, random: Random): string | undefined {
    if (policy.ttlMs === undefined) return undefined;
    this.#cookies ??= new Map();
    let value = this.#cookies.get(policy);
    if (value === undefined) {
      value = formatHash64(randomHash64(random));
      this.#cookies.set(policy, value);
    }
    return value;
  }
}

function textHash(text: string | undefined): Hash64 | undefined {
  return text === undefined ? undefined : xxHash64(text);
}

/** All lines of that name, in sorted order: each is hashed with the hash of those before as seed. */
function headerHash(head: RequestHead, name: string): Hash64 | undefined {
  const values = headerValues(head, name).sort();
  return values.reduce<Hash64 | undefined>((seed, value) => xxHash64(value, seed), undefined);
}

function headerValues(head: RequestHead, name: string): string[] {
  switch (name) {
    case 'host':
    case ':authority':
      return [head.authority];
    case ':path':
      return [head.path];
    case ':method':
      return [head.method];
    case ':scheme':
      return [head.scheme];
    default:
      return linesOf(head.headers, name);
  }
}

function linesOf(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) values.push(headers[i + 1]!);
  return values;
}

/** Source: Envoy `Utility::makeSetCookieValue`. */
function setCookieLine({ name, path, ttlMs = 0, attributes = [] }: CookiePolicy, value: string): string {
  const seconds = Math.floor(ttlMs / 1000);
  const parts = [`${name}="${value}"`];
  if (seconds > 0) parts.push(`Max-Age=${seconds}`);
  if (path) parts.push(`Path=${path}`);
  for (const [attribute, setting] of attributes) parts.push(setting === '' ? attribute : `${attribute}=${setting}`);
  parts.push('HttpOnly');
  return parts.join('; ');
}

/** `10.0.0.1` of `10.0.0.1:80`, `::1` of `[::1]:80` and of `::1`. */
function withoutPort(address: string): string {
  const bracket = address.indexOf(']');
  if (bracket !== -1) return address.slice(1, bracket);
  const colon = address.indexOf(':');
  return colon === -1 || colon !== address.lastIndexOf(':') ? address : address.slice(0, colon);
}
