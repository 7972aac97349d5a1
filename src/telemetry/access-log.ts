import { formatConnectionFlags, formatFlags } from './response-flags.ts';
import { formatUtc } from './utc-time.ts';

/** What one line of the access log tells of a request, or of a connection (then the HTTP values are absent). */
export interface AccessRecord {
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly startTimeMs: number;
  readonly method?: string | undefined;
  /** As the caller sent it, before any rewrite, with its query. */
  readonly path?: string | undefined;
  /** `HTTP/1.1`, `HTTP/2`. */
  readonly protocol?: string | undefined;
  /** 0 when there was no response. */
  readonly responseCode: number;
  /** An or of `FLAG`s. */
  readonly flags: number;
  readonly details?: string | undefined;
  readonly connectionTerminationDetails?: string | undefined;
  /** Why the connection to the endpoint failed; blanks become underscores. */
  readonly transportFailureReason?: string | undefined;
  /** Bytes of the request's body. */
  readonly bytesReceived: number;
  /** Bytes of the response's body. */
  readonly bytesSent: number;
  /** Milliseconds; printed whole. */
  readonly durationMs: number;
  /** The response's `x-envoy-upstream-service-time`. */
  readonly upstreamServiceTime?: string | undefined;
  readonly forwardedFor?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly requestId?: string | undefined;
  /** After a rewrite of the Host. */
  readonly authority?: string | undefined;
  /** The endpoint that was chosen, `ip:port`. */
  readonly upstreamHost?: string | undefined;
  readonly upstreamCluster?: string | undefined;
  readonly upstreamLocalAddress?: string | undefined;
  /** The address that the caller dialled. */
  readonly downstreamLocalAddress?: string | undefined;
  readonly downstreamRemoteAddress?: string | undefined;
  /** SNI. */
  readonly requestedServerName?: string | undefined;
  readonly routeName?: string | undefined;
  /** What other command operators of Envoy stand for, such as `REQ(x)` or `START_TIME`. */
  operator(name: string, argument: string | undefined): string | undefined;
}

/**
 * One line of Istio's default text format, without line break; what is absent is `-`, a header that is there and empty is not.
 *
 * Source: istio `EnvoyTextLogFormat`.
 */
export function formatAccessLogText(record: AccessRecord): string {
  const line = [
    `[${formatUtc(record.startTimeMs)}]`,
    `"${or(record.method)} ${or(record.path)} ${or(record.protocol)}"`,
    record.responseCode,
    flagsOf(record),
    or(record.details),
    or(record.connectionTerminationDetails),
    `"${or(underscored(record.transportFailureReason))}"`,
    record.bytesReceived,
    record.bytesSent,
    Math.floor(record.durationMs),
    or(record.upstreamServiceTime),
    `"${record.forwardedFor ?? '-'}"`,
    `"${record.userAgent ?? '-'}"`,
    `"${record.requestId ?? '-'}"`,
    `"${or(record.authority)}"`,
    `"${or(record.upstreamHost)}"`,
    or(record.upstreamCluster),
    or(record.upstreamLocalAddress),
    or(record.downstreamLocalAddress),
    or(record.downstreamRemoteAddress),
    or(record.requestedServerName),
    or(record.routeName),
  ].join(' ');
  // A caller's header must not be able to start a line of its own.
  return line.replace(/[\r\n]/g, ' ');
}

/**
 * One line of Istio's default JSON format, keys sorted as Envoy sorts them; what is absent is `null`.
 *
 * Source: istio `EnvoyJSONLogFormatIstio`.
 */
export function formatAccessLogJson(record: AccessRecord): string {
  return JSON.stringify({
    authority: orNull(record.authority),
    bytes_received: record.bytesReceived,
    bytes_sent: record.bytesSent,
    connection_termination_details: orNull(record.connectionTerminationDetails),
    downstream_local_address: orNull(record.downstreamLocalAddress),
    downstream_remote_address: orNull(record.downstreamRemoteAddress),
    duration: Math.floor(record.durationMs),
    method: orNull(record.method),
    path: orNull(record.path),
    protocol: orNull(record.protocol),
    request_id: record.requestId ?? null,
    requested_server_name: orNull(record.requestedServerName),
    response_code: record.responseCode,
    response_code_details: orNull(record.details),
    response_flags: flagsOf(record),
    route_name: orNull(record.routeName),
    start_time: formatUtc(record.startTimeMs),
    upstream_cluster: orNull(record.upstreamCluster),
    upstream_host: orNull(record.upstreamHost),
    upstream_local_address: orNull(record.upstreamLocalAddress),
    upstream_service_time: orNull(record.upstreamServiceTime),
    upstream_transport_failure_reason: orNull(underscored(record.transportFailureReason)),
    user_agent: record.userAgent ?? null,
    x_forwarded_for: record.forwardedFor ?? null,
  });
}

function or(value: string | undefined): string {
  return value === undefined || value === '' ? '-' : value;
}

function orNull(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}

function underscored(value: string | undefined): string | undefined {
  return value?.replaceAll(' ', '_');
}

/** Response flags as Envoy prints them: for a connection in another order than for a request. */
export function flagsOf({ flags, protocol }: AccessRecord): string {
  return protocol === undefined ? formatConnectionFlags(flags) : formatFlags(flags);
}
