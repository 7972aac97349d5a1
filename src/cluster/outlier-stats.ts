/** Counters of one detector, under the names that Envoy gives them after `outlier_detection.`. */
export class OutlierStats {
  /** Hosts ejected now; the only one that also falls. */
  ejections_active = 0;
  ejections_enforced_total = 0;
  /** Detections that met `maxEjectionPercent`. */
  ejections_overflow = 0;
  ejections_detected_consecutive_5xx = 0;
  ejections_enforced_consecutive_5xx = 0;
  ejections_detected_consecutive_gateway_failure = 0;
  ejections_enforced_consecutive_gateway_failure = 0;
  ejections_detected_consecutive_local_origin_failure = 0;
  ejections_enforced_consecutive_local_origin_failure = 0;
  /** Envoy's older names, still counted. */
  ejections_total = 0;
  ejections_consecutive_5xx = 0;
  /** Success rate and failure percentage can't be asked for in Istio: always 0. */
  readonly ejections_success_rate = 0;
  readonly ejections_detected_success_rate = 0;
  readonly ejections_enforced_success_rate = 0;
  readonly ejections_detected_local_origin_success_rate = 0;
  readonly ejections_enforced_local_origin_success_rate = 0;
  readonly ejections_detected_failure_percentage = 0;
  readonly ejections_enforced_failure_percentage = 0;
  readonly ejections_detected_local_origin_failure_percentage = 0;
  readonly ejections_enforced_local_origin_failure_percentage = 0;
}
