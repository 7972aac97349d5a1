/** Where unknown destinations go under `ALLOW_ANY`: the address that the caller dialled. */
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster';

/** The cluster without hosts, for connections that `REGISTRY_ONLY` refuses. */
export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster';

/**
 * Names that were made, each under itself: thousands of routes lead to a cluster, and each call looks it up by its name. The same text in
 * another place is compared character by character, from memory that the processor has not seen for long.
 */
const made = new Map<string, string>();
const MAX_MADE = 100_000;

/** `outbound|9080|v1|reviews.default.svc.cluster.local`; an empty subset means the whole service. */
export function clusterName(host: string, port: number, subset = ''): string {
  const name = `outbound|${port}|${subset}|${host}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  if (made.size >= MAX_MADE) made.clear();
  made.set(name, name);
  return name;
}
