import { getHeader } from '../common/headers.ts';
import type { CorsOptions, RequestHead } from './model.ts';
import { StringMatcher } from './string-matcher.ts';
import type { ResponseHeaders } from './variables.ts';

/** What CORS says about one request. */
export type CorsDecision =
  /** Answer 200 with these headers and no body; nothing goes upstream. */
  | { readonly kind: 'preflight'; readonly headers: ResponseHeaders }
  /** Go on, and give `origin` to {@link CorsPolicy.finishResponse} when the response comes. */
  | { readonly kind: 'allowed'; readonly origin: string };

/**
 * The `corsPolicy` of one route. It comes after faults (an abort gets no CORS headers), and not for redirects and direct
 * responses. A request whose origin is not allowed goes on without a word: enforcing is the browser's business.
 *
 * Source: Istio `TranslateCORSPolicy`; Envoy CORS filter.
 */
export class CorsPolicy {
  readonly #options: CorsOptions;
  readonly #origins: readonly StringMatcher[];
  readonly #methods: string;
  readonly #headers: string;
  readonly #exposed: string;

  constructor(options: CorsOptions) {
    this.#options = options;
    this.#origins = options.allowOrigins.map((match) => new StringMatcher(match));
    this.#methods = options.allowMethods.join(',');
    this.#headers = options.allowHeaders.join(',');
    this.#exposed = options.exposeHeaders.join(',');
  }

  /** `undefined`: not a CORS request, or one of an origin that is not allowed; go on as if there were no policy. */
  decide(head: RequestHead): CorsDecision | undefined {
    const origin = getHeader(head.headers, 'origin');
    if (origin === undefined || origin === '') return undefined;
    const allowed = this.#allows(origin);
    const requestedMethod =
      head.method === 'OPTIONS' ? getHeader(head.headers, 'access-control-request-method') : undefined;
    if (requestedMethod && (allowed || this.#options.unmatchedPreflights === 'IGNORE')) {
      return { kind: 'preflight', headers: this.#preflight(head, allowed ? origin : undefined, requestedMethod) };
    }
    return allowed ? { kind: 'allowed', origin } : undefined;
  }

  /** Adds to `headers` what an allowed origin is told, over whatever the upstream or the route's operations said. */
  finishResponse(headers: ResponseHeaders, origin: string): void {
    headers['access-control-allow-origin'] = origin;
    if (this.#options.allowCredentials) headers['access-control-allow-credentials'] = 'true';
    if (this.#exposed !== '') headers['access-control-expose-headers'] = this.#exposed;
  }

  // A matcher that fits the literal `*` allows every origin. Source: Envoy `CorsFilter::isOriginAllowed`.
  #allows(origin: string): boolean {
    return this.#origins.some((matcher) => matcher.matches('*') || matcher.matches(origin));
  }

  #preflight(head: RequestHead, origin: string | undefined, requestedMethod: string): ResponseHeaders {
    const { allowCredentials, maxAgeSeconds } = this.#options;
    const headers: ResponseHeaders = {};
    if (origin !== undefined) headers['access-control-allow-origin'] = origin;
    if (allowCredentials) headers['access-control-allow-credentials'] = 'true';
    if (this.#methods !== '') headers['access-control-allow-methods'] = this.#methods === '*' ? requestedMethod : this.#methods;
    if (this.#headers !== '') {
      headers['access-control-allow-headers'] =
        this.#headers === '*' ? (getHeader(head.headers, 'access-control-request-headers') ?? '') : this.#headers;
    }
    // Envoy adds these on the way back, which it does for allowed origins only.
    if (origin !== undefined && this.#exposed !== '') headers['access-control-expose-headers'] = this.#exposed;
    if (maxAgeSeconds !== undefined) headers['access-control-max-age'] = String(maxAgeSeconds);
    return headers;
  }
}
