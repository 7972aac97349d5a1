import type { Dispatcher } from 'undici';
import { httpToGrpcStatus } from '../route/grpc.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import { FLAG } from '../telemetry/response-flags.ts';
import { STATUS_CODES } from './node-http.ts';

/** Response headers as undici hands them over; values of repeated headers are lists. */
export type ResponseHeaders = Record<string, string | string[]>;

/** An answer that the mesh itself gives. */
export interface LocalReply {
  readonly status: number;
  readonly body: string | Uint8Array;
  /** Response flags, a sum of `FLAG`s. */
  readonly flags: number;
  /** Envoy's response code details. */
  readonly details: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** gRPC callers get this status instead of the one that the HTTP status maps to. */
  readonly grpcStatus?: number;
}

const reply = (status: number, body: string, flags: number, details: string): LocalReply => ({ status, body, flags, details });

export const NO_ROUTE = reply(404, '', FLAG.NR, 'route_not_found');
/** What the outbound policy REGISTRY_ONLY refuses. Source: istio `buildCatchAllVirtualHost`. */
export const BLOCKED = reply(502, '', 0, 'direct_response');
/** Source: Envoy `ActiveStream::decodeHeaders`, for upgrades that nobody allowed. */
export const UPGRADE_FAILED = reply(403, '', 0, 'upgrade_failed');
export const NO_CLUSTER = reply(503, '', FLAG.NC, 'cluster_not_found');
export const NO_HEALTHY_HOST = reply(503, 'no healthy upstream', FLAG.UH, 'no_healthy_upstream');
/** Of a cluster that looks up what callers ask for. Source: Envoy dynamic forward proxy. */
export const NO_SUCH_NAME = reply(503, 'DNS resolution failure', FLAG.DF, 'dns_resolution_failure');
export const ROUTE_TIMEOUT = reply(504, 'upstream request timeout', FLAG.UT, 'response_timeout');
export const PER_TRY_TIMEOUT = reply(504, 'upstream request timeout', FLAG.UT, 'upstream_per_try_timeout');
/** `OPTIONS *` and the like. */
export const NO_PATH = reply(404, '', 0, 'absolute_path_rejected');
/** Of a path that was made to cost much where a regular expression rewrites it; Envoy would take seconds for it. */
export const REWRITE_TOO_LONG = reply(414, '', 0, 'path_rewrite_too_long');
export const HEAD_TOO_LARGE = reply(431, 'Request Header Fields Too Large', FLAG.DPE, 'http1.headers_too_large');
export const TOO_MANY_HEADERS = reply(431, 'Request Header Fields Too Large', FLAG.DPE, 'http1.too_many_headers');
/** Source: Envoy buffer filter. */
export const BODY_TOO_LARGE = reply(413, 'Payload Too Large', 0, 'request_payload_too_large');
/** Of a Host that no name or address is like. */
export const BAD_AUTHORITY = reply(400, 'Bad Request', FLAG.DPE, 'http.invalid_authority');
export const BAD_PATH = reply(400, '', 0, 'path_normalization_failed');
export const RETRY_BUFFER_EXCEEDED = reply(
  507,
  'exceeded request buffer limit while retrying upstream',
  0,
  'request_payload_exceeded_retry_buffer_limit',
);

export function faultAbort(httpStatus: number | undefined, grpcStatus: number | undefined): LocalReply {
  const base = reply(httpStatus ?? 200, 'fault filter abort', FLAG.FI, 'fault_filter_abort');
  return grpcStatus === undefined ? base : { ...base, grpcStatus };
}

/** How Envoy words each reason, and the flag it sets. Source: Envoy `Http::Utility::resetReasonToString`. */
const RESETS: Readonly<Record<Exclude<ResetReason, 'per-try-timeout'>, { text: string; flag: number; status: number }>> = {
  'connection-failure': { text: 'remote connection failure', flag: FLAG.UF, status: 503 },
  'connection-timeout': { text: 'connection timeout', flag: FLAG.UF, status: 503 },
  'connection-termination': { text: 'connection termination', flag: FLAG.UC, status: 503 },
  'remote-reset': { text: 'remote reset', flag: FLAG.UR, status: 503 },
  'remote-refused': { text: 'remote refused stream reset', flag: FLAG.UR, status: 503 },
  'local-reset': { text: 'local reset', flag: FLAG.LR, status: 503 },
  'protocol-error': { text: 'protocol error', flag: FLAG.UPE, status: 502 },
  overflow: { text: 'overflow', flag: FLAG.UO, status: 503 },
};

/** The flag of a failure, also of one after the response began. */
export function resetFlag(reason: ResetReason): number {
  return reason === 'per-try-timeout' ? FLAG.UT : RESETS[reason].flag;
}

/** `connection_termination`, as it stands in response code details. */
export function resetDetail(reason: ResetReason): string {
  return reason === 'per-try-timeout' ? 'upstream_per_try_timeout' : RESETS[reason].text.replaceAll(' ', '_');
}

/**
 * The answer for an attempt that broke before its response began.
 *
 * @param wasRetry - whether the failing attempt was itself a retry: Envoy then says so.
 * @param transportFailure - what the transport said, such as `delayed connect error: Connection refused`; details only.
 * @param informed - whether an informational answer went before.
 */
export function resetReply(reason: ResetReason, wasRetry: boolean, transportFailure: string, informed = false): LocalReply {
  if (reason === 'per-try-timeout') return PER_TRY_TIMEOUT;
  const { text, flag, status } = RESETS[reason];
  const prefix = 'upstream connect error or disconnect/reset before headers. ';
  const body = `${prefix}${wasRetry ? 'retried and the latest ' : ''}reset reason: ${text}`;
  const transport = transportFailure === '' ? '' : `|${transportFailure.replaceAll(' ', '_')}`;
  const details = `upstream_reset_${informed ? 'after' : 'before'}_response_started{${text.replaceAll(' ', '_')}${transport}}`;
  if (reason !== 'overflow') return reply(status, body, flag, details);
  return { ...reply(status, body, flag, details), headers: { 'x-envoy-overloaded': 'true' } };
}

/**
 * Completes the headers of a local reply, after the route's operations: these can replace the content type of a body, not remove it. Where there is
 * no body there is none. Source: Envoy `Utility::prepareLocalReply`.
 */
export function finishReply(headers: ResponseHeaders, { body }: LocalReply): void {
  if (body.length === 0) {
    delete headers['content-type'];
    delete headers['content-length'];
    return;
  }
  headers['content-type'] ??= 'text/plain';
  headers['content-length'] = String(Buffer.byteLength(body));
}

/**
 * The same answer as a gRPC caller gets it: HTTP 200, no body, the status and text as headers (trailers-only).
 *
 * Source: Envoy `Utility::prepareLocalReply`.
 */
export function finishGrpcReply(headers: ResponseHeaders, { status, body, grpcStatus }: LocalReply): void {
  headers['content-type'] = 'application/grpc';
  headers['grpc-status'] = String(grpcStatus ?? httpToGrpcStatus(status));
  if (body.length > 0) headers['grpc-message'] = percentEncode(body);
}

/** Everything but printable ASCII, and of that `%`; `~` too, as with Envoy. Source: gRPC over HTTP/2, `grpc-message`; Envoy `PercentEncoding::encode`. */
function percentEncode(body: string | Uint8Array): string {
  const bytes = Buffer.from(body as string).toString('latin1');
  return bytes.replace(/[^\x20-\x24\x26-\x7d]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/**
 * The name of a header whose value would end its line. What goes upstream undici checks; an answer made of the caller's own
 * words (an origin, a path, `%REQ(x)%`) nobody else does.
 */
export function brokenHeader(headers: ResponseHeaders): string | undefined {
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    if (/[\0\r\n]/.test(typeof value === 'string' ? value : value.join(''))) return name;
  }
  return undefined;
}

/** Gives a whole answer to `handler`, as a connection would: also what `handler` throws, as undici's do at an answer that is no upgrade. */
export function deliver(
  handler: Dispatcher.DispatchHandler,
  controller: Dispatcher.DispatchController,
  status: number,
  headers: ResponseHeaders,
  body: string | Uint8Array,
): void {
  try {
    handler.onResponseStart?.(controller, status, headers, STATUS_CODES[status] ?? '');
    if (body.length > 0 && !controller.aborted) handler.onResponseData?.(controller, Buffer.from(body as string));
    if (!controller.aborted) handler.onResponseEnd?.(controller, {});
  } catch (error) {
    handler.onResponseError?.(controller, error as Error);
  }
}
