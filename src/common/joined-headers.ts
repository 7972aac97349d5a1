const BOTH = [
  'connection', 'content-type', 'keep-alive', 'proxy-connection', 'proxy-status', 'transfer-encoding', 'upgrade', 'via',
  'x-envoy-attempt-count', 'x-envoy-decorator-operation', 'x-request-id', 'cache-control',
];

const REQUEST: ReadonlySet<string> = new Set([
  ...BOTH, 'accept', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method', 'authorization', 'expect',
  'grpc-timeout', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'origin', 'pragma', 'referer', 'te',
  'user-agent', 'x-client-trace-id', 'x-envoy-downstream-service-cluster', 'x-envoy-downstream-service-node', 'x-envoy-external-address',
  'x-envoy-original-path', 'x-forwarded-client-cert', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto',
]);

const RESPONSE: ReadonlySet<string> = new Set([
  ...BOTH, 'access-control-allow-credentials', 'access-control-allow-headers', 'access-control-allow-methods', 'access-control-allow-origin',
  'access-control-expose-headers', 'access-control-max-age', 'content-encoding', 'date', 'etag', 'grpc-message', 'grpc-status',
  'last-modified', 'location', 'server', 'vary', 'x-envoy-ratelimited', 'x-envoy-upstream-service-time',
]);

/**
 * Whether Envoy keeps one line only of the request header `name` (lower case): a further one, the caller's or a rule's, is joined
 * to it by {@link joinLines}. Of other headers every line stays by itself.
 *
 * Source: Envoy `INLINE_REQ_HEADERS` and the headers that its extensions register as inline; `HeaderMapImpl::insertByKey`.
 */
export function isJoinedInRequests(name: string): boolean {
  return REQUEST.has(name);
}

/** Two lines of such a header as one; an empty one adds nothing, no comma either. Source: Envoy `HeaderMapImpl::appendToHeader`. */
export function joinLines(first: string, second: string): string {
  if (first === '') return second;
  return second === '' ? first : `${first},${second}`;
}

/** The same of a response header. Source: Envoy `INLINE_RESP_HEADERS`. */
export function isJoinedInResponses(name: string): boolean {
  return RESPONSE.has(name);
}
