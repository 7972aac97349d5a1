import type { Socket } from 'node:net';
import { isMeshError } from '../../../src/index.ts';
import type { EndedConnections } from './ended-connections.ts';
import type { ConnectionFacts, Dial } from './outcome.ts';

/** What the mesh tells about a connection that is over, or was refused. */
interface ConnectionInfo {
  readonly flags: string;
  readonly openedFor: 'connect' | 'call';
  readonly cluster: string | undefined;
  readonly endpoint: string | undefined;
  readonly servername: string | undefined;
}

/** The part of a mesh that makes connections. */
export interface ConnectingMesh {
  connect(options: Dial): Promise<Socket>;
  on(event: 'connection', listener: (info: ConnectionInfo) => void): unknown;
}

/** A connection through `mesh`, or `undefined` when it refused it. */
export async function connectVia(mesh: ConnectingMesh, dial: Dial): Promise<Socket | undefined> {
  try {
    return await mesh.connect(dial);
  } catch (error) {
    if (isMeshError(error)) return undefined;
    throw error;
  }
}

/** Adds every connection of `mesh` to `ended` when it is over. `clusterExists`: see `CallHandler`. */
export function watchConnections(mesh: ConnectingMesh, clusterExists: (name: string) => boolean, ended: EndedConnections): void {
  mesh.on('connection', (info) => {
    // Those of HTTP calls end whenever their keep-alive does; recordings tell nothing of them.
    if (info.openedFor === 'connect') ended.add(factsOf(info, clusterExists));
  });
}

function factsOf(info: ConnectionInfo, clusterExists: (name: string) => boolean): ConnectionFacts {
  const { flags, cluster, endpoint, servername } = info;
  return {
    flags,
    // A proxy knows neither for a connection.
    details: null,
    cluster: cluster !== undefined && clusterExists(cluster) ? cluster : null,
    route: null,
    endpoint: endpoint ?? null,
    ...(servername !== undefined && { sni: servername }),
  };
}
