import type { ClientSessionOptions, SecureClientSessionOptions } from 'node:http2';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { egressOf } from '../engine/egress.ts';
import { withoutBrackets } from '../engine/target.ts';
import type { Mesh } from '../mesh.ts';
import type { HttpServer } from '../serve/http-server.ts';
import { dialledBy, originOf } from './dialled.ts';
import { pairTo, type Line } from './http-agent.ts';
import { secured } from './secured.ts';

/** Gives `http2.connect` a connection: its option `createConnection`. */
export type CreateHttp2Connection = (authority: URL, options?: ClientSessionOptions | SecureClientSessionOptions) => Duplex;

/**
 * Connections of `node:http2` through `mesh`: to `http:` one within this process, whose requests go by HTTP rules; to `https:` one that `tls` rules
 * choose, with TLS of the client's own.
 *
 * @param server - reads the requests
 */
export function http2Connections(mesh: Mesh, server: HttpServer<Line>): CreateHttp2Connection {
  return ({ protocol, hostname: host, port: given }, options = {}) => {
    const secure = protocol === 'https:';
    const target = dialledBy(secure ? 'https' : 'http', { host: withoutBrackets(host), port: given === '' ? undefined : given });
    const { hostname, port } = target;
    if (!secure && egressOf(mesh.snapshot, target, {}).kind === 'mesh') return pairTo(server, originOf('http', hostname, port), { hostname, port });
    if (!secure) return mesh.createConnection({ host: hostname, port });
    return secured(mesh, target, (options as SecureClientSessionOptions).servername, (socket, servername) =>
      connectTls({ ALPNProtocols: ['h2'], ...(options as ConnectionOptions), host: hostname, servername, socket }),
    );
  };
}
