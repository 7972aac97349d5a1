import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Proxies } from '../record/observation.ts';

/** What a comparison leans on besides the two recordings. */
export interface CompareContext {
  /** Absent: only recorded endpoints are right. */
  readonly clusters?: ClusterEndpoints;
  /** Milliseconds that calls may be later than the tolerance allows. */
  readonly slackMs: number;
  /** What was recorded of all connections of a `together`, for each of them. */
  readonly proxies?: Proxies;
}

/** The endpoints of the clusters of one case. */
export interface ClusterEndpoints {
  /** `ip:port` of each; `undefined` when it has no list of its own (original destination) or is unknown. */
  of(cluster: string | null): readonly string[] | undefined;
  /** Names of the clusters to which some route sends copies. */
  readonly mirrors: readonly string[];
}

interface Dump {
  readonly client?: {
    readonly clusters?: readonly { readonly name: string; readonly type?: string; readonly load_assignment?: LoadAssignment }[];
    readonly endpoints?: readonly LoadAssignment[];
    readonly routes?: unknown;
  };
}

interface LoadAssignment {
  readonly cluster_name: string;
  readonly endpoints?: readonly {
    readonly lb_endpoints?: readonly { readonly endpoint?: { readonly address?: { readonly socket_address?: { readonly address: string; readonly port_value: number } } } }[];
  }[];
}

/**
 * The clusters that istiod compiled a case to, from its dump `FOLDER/TOPIC/SLUG.json`; `undefined` when there is no such file.
 * Names in DNS clusters become the addresses that the case's DNS gives.
 */
export function loadClusterEndpoints(
  folder: string | undefined,
  topic: string,
  slug: string,
  dns: ReadonlyMap<string, readonly string[]>,
): ClusterEndpoints | undefined {
  const file = folder === undefined ? undefined : join(folder, topic, `${slug}.json`);
  if (file === undefined || !existsSync(file)) return undefined;
  const { client = {} } = JSON.parse(readFileSync(file, 'utf8')) as Dump;
  const assignments = [...(client.endpoints ?? []), ...(client.clusters ?? []).flatMap(({ load_assignment: own }) => own ?? [])];
  const byName = new Map(assignments.map((assignment) => [assignment.cluster_name, addressesOf(assignment, dns)]));
  return {
    of: (cluster) => (cluster === null ? undefined : byName.get(cluster)),
    mirrors: mirrorClusters(client.routes),
  };
}

function addressesOf(assignment: LoadAssignment, dns: ReadonlyMap<string, readonly string[]>): string[] {
  return (assignment.endpoints ?? [])
    .flatMap(({ lb_endpoints: endpoints = [] }) => endpoints)
    .flatMap(({ endpoint }) => {
      const socket = endpoint?.address?.socket_address;
      if (socket === undefined) return [];
      const ips = dns.get(socket.address) ?? [socket.address === 'localhost' ? '127.0.0.1' : socket.address];
      return ips.map((ip) => `${ip}:${socket.port_value}`);
    });
}

function mirrorClusters(routes: unknown): string[] {
  const found = new Set<string>();
  JSON.stringify(routes ?? null, (key, value: unknown) => {
    if (key === 'request_mirror_policies') for (const { cluster } of value as { cluster: string }[]) found.add(cluster);
    return value;
  });
  return [...found];
}
