import type { Mesh } from '../../../src/index.ts';

/** The statistics that the walk-throughs grep out of a sidecar; the names are Envoy's. */
export interface BreakerStats {
  /** Calls refused because the pool was full. */
  readonly pendingOverflow: number;
  /** Calls that waited for a connection and got one. */
  readonly pendingTotal: number;
  readonly connections: number;
  readonly ejectionsActive: number;
}

/** @param cluster `outbound|8000||httpbin.default.svc.cluster.local` */
export function readBreakerStats(mesh: Mesh, cluster: string): BreakerStats {
  const stats = mesh.stats();
  const value = (name: string): number => stats[`cluster.${cluster};.${name}`] ?? Number.NaN;
  return {
    pendingOverflow: value('upstream_rq_pending_overflow'),
    pendingTotal: value('upstream_rq_pending_total'),
    connections: value('upstream_cx_total'),
    ejectionsActive: value('outlier_detection.ejections_active'),
  };
}
