import { parseDurationMs } from '../../common/duration.ts';
import type { CorsOptions, FaultOptions, FaultScope, RetryOptions, RetrySafety, StringMatch } from '../../route/model.ts';
import { NO_RETRIES } from '../../route/retry-policy.ts';
import type { CorsSpec, FaultSpec, RetrySpec } from '../istio-types.ts';
import { durationOr } from '../mesh-settings.ts';
import { grpcStatusNumber } from './grpc-status-names.ts';

const DEFAULT_RETRIES: RetryOptions = Object.freeze({
  attempts: 2,
  // No status codes follow the last token: plain 503 answers are not retried by default.
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
  perTryTimeoutMs: 0,
  backoffBaseMs: 25,
  ignorePreviousHosts: true,
  retryRemoteLocalities: false,
});

const DEFAULT_RETRIES_WITH_HASH: RetryOptions = Object.freeze({ ...DEFAULT_RETRIES, ignorePreviousHosts: false });

/**
 * Retries as `spec` (a rule's, else the mesh's) asks for, unset fields from Istio's built-in policy; `undefined` when turned
 * off. `hashed`: the route's only destination is picked by a hash, so a retry has no other host to go to.
 *
 * Source: istio `retry.ConvertPolicy`.
 */
export function retryOptions(spec: RetrySpec | undefined, hashed: boolean): RetryOptions | undefined {
  const defaults = hashed ? DEFAULT_RETRIES_WITH_HASH : DEFAULT_RETRIES;
  if (spec === undefined) return defaults;
  const attempts = spec.attempts ?? 0;
  if (attempts <= 0) return undefined;
  return {
    attempts,
    retryOn: spec.retryOn === undefined || spec.retryOn === '' ? defaults.retryOn : spec.retryOn,
    perTryTimeoutMs: durationOr(spec.perTryTimeout, 0),
    backoffBaseMs: durationOr(spec.backoff, defaults.backoffBaseMs),
    ignorePreviousHosts: spec.retryIgnorePreviousHosts ?? defaults.ignorePreviousHosts,
    retryRemoteLocalities: spec.retryRemoteLocalities ?? false,
  };
}

/** The same retries, or those that headers may ask for where there are none, but only where they are safe; unless nobody asks for that. */
export function safely(retries: RetryOptions | undefined, safety: RetrySafety | false | undefined): RetryOptions | undefined {
  return safety === undefined || safety === false ? retries : { ...(retries ?? NO_RETRIES), safety };
}

/** Source: istio `TranslateFault`. A share that is not given is 0 %, so that the fault never happens. */
export function faultOptions(spec: FaultSpec | undefined, scope: FaultScope = 'request'): FaultOptions | undefined {
  const fixedDelayMs = spec?.delay?.fixedDelay === undefined ? undefined : parseDurationMs(spec.delay.fixedDelay);
  const delayPercentage = spec?.delay?.percentage === undefined ? (spec?.delay?.percent ?? 0) : (spec.delay.percentage.value ?? 0);
  const { httpStatus } = spec?.abort ?? {};
  const grpcStatus = grpcStatusNumber(spec?.abort?.grpcStatus);
  const abortPercentage = spec?.abort?.percentage?.value ?? 0;
  const aborts = httpStatus !== undefined || grpcStatus !== undefined;
  if (fixedDelayMs === undefined && !aborts) return undefined;
  return {
    ...(scope !== 'request' && { scope }),
    ...(fixedDelayMs !== undefined && { delay: { fixedDelayMs, percentage: delayPercentage } }),
    ...(aborts && {
      abort: {
        ...(httpStatus !== undefined && { httpStatus }),
        ...(grpcStatus !== undefined && { grpcStatus }),
        percentage: abortPercentage,
      },
    }),
  };
}

/** Source: istio `TranslateCORSPolicy`. */
export function corsOptions(spec: CorsSpec | undefined): CorsOptions | undefined {
  if (spec === undefined) return undefined;
  const maxAgeMs = spec.maxAge === undefined ? undefined : parseDurationMs(spec.maxAge);
  return {
    allowOrigins: corsOrigins(spec),
    allowMethods: spec.allowMethods ?? [],
    allowHeaders: spec.allowHeaders ?? [],
    exposeHeaders: spec.exposeHeaders ?? [],
    ...(maxAgeMs !== undefined && { maxAgeSeconds: Math.trunc(maxAgeMs / 1000) }),
    ...(spec.allowCredentials != null && { allowCredentials: spec.allowCredentials }),
    ...(spec.unmatchedPreflights === 'IGNORE' && { unmatchedPreflights: 'IGNORE' }),
  };
}

/** `allowOrigin`, the old list of exact origins, counts only where the matchers are missing. */
function corsOrigins({ allowOrigins = [], allowOrigin = [] }: CorsSpec): StringMatch[] {
  if (allowOrigins.length === 0) return allowOrigin.map((exact) => ({ exact }));
  return allowOrigins.map(({ exact, prefix, regex }) => {
    if (exact !== undefined) return { exact };
    return prefix === undefined ? { regex: regex ?? '' } : { prefix };
  });
}
