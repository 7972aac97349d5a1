/**
 * Envoy prints the flags of a request in the order in which they were raised, and that order is always this one: the fault
 * filter comes first, then the decision not to retry, then what had happened to the attempt. (`DI,FI`, `URX,UF`, `URX,UT`.)
 */
const ORDER = [
  'DI', 'FI', 'URX', 'UO', 'UF', 'UC', 'UR', 'LR', 'UPE', 'UT', 'UH', 'NR', 'NC', 'DC', 'DPE', 'DR', 'UMSDR', 'SI', 'DT', 'LH',
  'RL', 'RLSE', 'UAEX', 'IH', 'RFCF', 'NFCF', 'OM', 'DF', 'DO', 'UDO',
] as const;

/** Short name of a response flag. Source: Envoy access log, `%RESPONSE_FLAGS%`. */
export type FlagName = (typeof ORDER)[number];

/** What became of a request, in Envoy's short names; a set of flags is the bitwise or of these. */
export const FLAG = Object.freeze(Object.fromEntries(ORDER.map((name, bit) => [name, 1 << bit]))) as Readonly<
  Record<FlagName, number>
>;

/** `URX,UF`, or `-` for no flag. */
export function formatFlags(flags: number): string {
  if (flags === 0) return '-';
  return ORDER.filter((_, bit) => (flags & (1 << bit)) !== 0).join(',');
}

/** The same for a connection that is not HTTP, where what happened comes before the decision not to retry: `UF,URX`. */
export function formatConnectionFlags(flags: number): string {
  return formatFlags(flags).replace('URX,UF', 'UF,URX');
}

/** Long names of flags, in the same order. Source: Envoy access log, `%RESPONSE_FLAGS_LONG%`. */
const LONG_NAMES = [
  'DelayInjected', 'FaultInjected', 'UpstreamRetryLimitExceeded', 'UpstreamOverflow', 'UpstreamConnectionFailure', 'UpstreamConnectionTermination',
  'UpstreamRemoteReset', 'LocalReset', 'UpstreamProtocolError', 'UpstreamRequestTimeout', 'NoHealthyUpstream', 'NoRouteFound', 'NoClusterFound',
  'DownstreamConnectionTermination', 'DownstreamProtocolError', 'DownstreamRemoteReset', 'UpstreamMaxStreamDurationReached', 'StreamIdleTimeout',
  'DurationTimeout', 'FailedLocalHealthCheck', 'RateLimited', 'RateLimitServiceError', 'UnauthorizedExternalService',
  'InvalidEnvoyRequestHeaders', 'ResponseFromCacheFilter', 'NoFilterConfigFound', 'OverloadManagerTerminated', 'DnsResolutionFailed',
  'DropOverload', 'UnconditionalDropOverload',
] as const;

/** `UpstreamRetryLimitExceeded,UpstreamConnectionFailure` for `URX,UF`; `-` for no flag. */
export function longFlagNames(flags: number): string {
  if (flags === 0) return '-';
  return LONG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0).join(',');
}

/** The flags of a text such as `URX,UF` or `-`, in any order; names that no flag has are left out. */
export function parseFlags(text: string): number {
  return text.split(',').reduce((flags, name) => flags | (FLAG[name as FlagName] ?? 0), 0);
}
