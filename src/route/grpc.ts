/**
 * Whether a request or response with this content type is a gRPC one: `application/grpc`, alone or with `+proto` and the
 * like; `application/grpc-web` and `application/grpcx` are not.
 *
 * Source: Envoy `Grpc::Common::hasGrpcContentType`.
 */
export function isGrpcContentType(contentType: string | undefined): boolean {
  if (contentType === undefined || !contentType.startsWith('application/grpc')) return false;
  return contentType.length === 16 || contentType.charCodeAt(16) === 43; /* + */
}

/** The gRPC status of a reply that says only an HTTP status. Source: Envoy `Grpc::Utility::httpToGrpcStatus`. */
export function httpToGrpcStatus(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return 13; // INTERNAL
    case 401:
      return 16; // UNAUTHENTICATED
    case 403:
      return 7; // PERMISSION_DENIED
    case 404:
      return 12; // UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return 14; // UNAVAILABLE
    default:
      return 2; // UNKNOWN
  }
}

const HTTP_OF_GRPC: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/**
 * The HTTP status that stands for a gRPC status in statistics and outlier detection; 500 for an unknown one.
 *
 * Source: Envoy `Grpc::Utility::grpcToHttpStatus`.
 */
export function grpcToHttpStatus(grpcStatus: number | undefined): number {
  return (grpcStatus === undefined ? undefined : HTTP_OF_GRPC[grpcStatus]) ?? 500;
}

/** The status in a `grpc-status` header, or `undefined` when it is absent or not a number of the protocol. */
export function parseGrpcStatus(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,9}$/.test(value)) return undefined;
  const status = Number(value);
  return status <= 16 ? status : undefined;
}

const MAX_TIMEOUT_VALUE = 99_999_999;
const TIMEOUT_UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Milliseconds of a `grpc-timeout` header, rounded up; `undefined` when it is absent or malformed. 0 means none.
 *
 * Source: gRPC over HTTP/2 `Timeout`; Envoy `Grpc::Common::getGrpcTimeout`.
 */
export function parseGrpcTimeoutMs(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,8}[HMSmun]$/.test(value)) return undefined;
  const amount = Number(value.slice(0, -1));
  return Math.ceil(amount * TIMEOUT_UNIT_MS[value.at(-1)!]!);
}

/** `350` → `350m`: milliseconds while eight digits suffice, else the next larger unit. Source: Envoy `toGrpcTimeout`. */
export function formatGrpcTimeout(timeoutMs: number): string {
  let amount = Math.trunc(timeoutMs);
  if (amount <= MAX_TIMEOUT_VALUE) return `${amount}m`;
  amount = Math.trunc(amount / 1000);
  if (amount <= MAX_TIMEOUT_VALUE) return `${amount}S`;
  amount = Math.trunc(amount / 60);
  if (amount <= MAX_TIMEOUT_VALUE) return `${amount}M`;
  return `${Math.min(Math.trunc(amount / 60), MAX_TIMEOUT_VALUE)}H`;
}
