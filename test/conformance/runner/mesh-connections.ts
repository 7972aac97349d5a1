import type { Socket } from 'node:net';
import { type ConnectionInfo, isMeshError, type Mesh } from '../../../src/index.ts';
import type { EndedConnections } from './ended-connections.ts';
import type { ConnectionFacts, Dial } from './outcome.ts';

/** A connection through `mesh`, or `undefined` when it refused it. */
export async function connectVia(mesh: Mesh, dial: Dial): Promise<Socket | undefined> {
  try {
    return await mesh.connect(dial);
  } catch (error) {
    if (isMeshError(error)) return undefined;
    throw error;
  }
}

/** Adds every connection that steps open through `mesh` to `ended` when it is over. Those that calls opened are no steps. */
export function watchConnections(mesh: Mesh, ended: EndedConnections): void {
  mesh.on('connection', (info) => {
    if (info.openedFor === 'connect') ended.add(factsOf(info));
  });
}

// Envoy's entry of a connection has places for details and a route, which only calls fill.
function factsOf({ flags, cluster, endpoint, servername }: ConnectionInfo): ConnectionFacts {
  return {
    flags,
    details: null,
    cluster: cluster ?? null,
    route: null,
    endpoint: endpoint ?? null,
    ...(servername !== undefined && { sni: servername }),
  };
}
