/** Where unknown destinations go under `ALLOW_ANY`: the address that the caller dialled. */
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster';

/** The cluster without hosts, for connections that `REGISTRY_ONLY` refuses. */
export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster';

/** `outbound|9080|v1|reviews.default.svc.cluster.local`; an empty subset means the whole service. */
export function clusterName(host: string, port: number, subset = ''): string {
  return `outbound|${port}|${subset}|${host}`;
}
