import type { OutlierDetectionOptions } from './model.ts';

/** What can be found out about a host, under Envoy's name. */
export type Detection = 'consecutive_5xx' | 'consecutive_gateway_failure' | 'consecutive_local_origin_failure';

/** Options of a detector with nothing left open. */
export interface OutlierSettings {
  /** How many in a row are a detection; 0: never. */
  readonly thresholds: Readonly<Record<Detection, number>>;
  /** Whether a detection ejects; if not it is only counted. */
  readonly enforced: Readonly<Record<Detection, boolean>>;
  readonly intervalMs: number;
  readonly baseMs: number;
  /** The longest ejection. */
  readonly capMs: number;
  readonly maxPercent: number;
  readonly split: boolean;
  readonly errorCodes: ReadonlySet<number> | undefined;
}

/** Envoy's `max_ejection_time`, which Istio doesn't set: no ejection lasts longer, unless the base time does. */
const MAX_EJECTION_TIME_MS = 300_000;

/** Istio's reading of what is unset or 0, and Envoy's defaults below that. */
export function outlierSettings(options: OutlierDetectionOptions): OutlierSettings {
  const { consecutive5xxErrors, consecutiveGatewayErrors, consecutiveLocalOriginFailures, httpErrorCodes } = options;
  const baseMs = options.baseEjectionTimeMs ?? 30_000;
  return {
    thresholds: {
      consecutive_5xx: consecutive5xxErrors ?? 5,
      consecutive_gateway_failure: consecutiveGatewayErrors ?? 5,
      consecutive_local_origin_failure: consecutiveLocalOriginFailures ?? 5,
    },
    enforced: {
      consecutive_5xx: consecutive5xxErrors !== 0,
      // Unset, Envoy still counts five in a row as detected, but Istio enforces it only where it is asked for.
      consecutive_gateway_failure: (consecutiveGatewayErrors ?? 0) > 0,
      consecutive_local_origin_failure: consecutiveLocalOriginFailures !== 0,
    },
    intervalMs: options.intervalMs || 10_000,
    baseMs,
    capMs: Math.max(MAX_EJECTION_TIME_MS, baseMs),
    maxPercent: Math.min(100, options.maxEjectionPercent || 10),
    split: options.splitExternalLocalOriginErrors ?? false,
    errorCodes: httpErrorCodes === undefined || httpErrorCodes.length === 0 ? undefined : new Set(httpErrorCodes),
  };
}
