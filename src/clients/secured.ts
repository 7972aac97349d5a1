import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { serverNameOf, type Target } from '../engine/target.ts';
import type { Mesh } from '../mesh.ts';

/**
 * A connection that `tls` rules choose, with the client's own TLS on it.
 *
 * @param asked - the name that the client says it asks for. Default: the host, unless that is an address.
 * @param begin - begins TLS on the socket
 */
export function secured<Secure>(mesh: Mesh, { hostname, port }: Target, asked: string | undefined, begin: (socket: Duplex, servername: string) => Secure): Secure {
  const servername = serverNameOf(asked ?? (isIP(hostname) === 0 ? hostname : ''));
  const socket = mesh.createConnection({ host: hostname, port, ...(servername !== '' && { servername }) });
  try {
    return begin(socket, servername);
  } catch (error) {
    // Where TLS can't begin at all (an IP address as the name, from Node 26 on; a version that is none), nobody is left to hear of the connection.
    socket.on('error', () => {}).destroy();
    throw error;
  }
}
