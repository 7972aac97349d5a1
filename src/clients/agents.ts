import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Mesh } from '../mesh.ts';
import { MeshHttpAgent, serverOf, type MeshAgentOptions } from './http-agent.ts';
import { http2Connections, type CreateHttp2Connection } from './http2-connection.ts';
import { MeshHttpsAgent, type MeshHttpsAgentOptions } from './https-agent.ts';

/** What {@link createAgents} takes. */
export interface AgentsOptions {
  readonly http?: MeshAgentOptions;
  /** Whom connections of `https` trust, and what they show: `ca`, `cert`, `key`, `rejectUnauthorized`, …; requests may say otherwise. */
  readonly https?: MeshHttpsAgentOptions;
}

/** A mesh for clients of `node:http`, `node:https` and `node:http2`. `http` and `https` alone are enumerable, so that libraries take it where they want an object of agents. */
export interface MeshAgents extends Disposable {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** For `http2.connect(url, { createConnection: agents.createHttp2Connection })`, and whoever passes options on to that. */
  readonly createHttp2Connection: CreateHttp2Connection;
  /** Ends every connection, and with them the requests under way. */
  close(): void;
}

/**
 * Doors for clients of `node:http`, `node:https` and `node:http2`: axios, got, node-fetch, ws, Connect, and whoever takes an `agent` or a `createConnection`.
 * Requests without TLS go by the HTTP rules of `mesh`, connections with TLS by its `tls` rules. Close them before the mesh.
 */
export function createAgents(mesh: Mesh, options: AgentsOptions = {}): MeshAgents {
  const agents = { http: new MeshHttpAgent(mesh, options.http), https: new MeshHttpsAgent(mesh, options.https) };
  const http2 = serverOf(mesh, true);
  const close = (): void => {
    agents.http.destroy();
    agents.https.destroy();
    http2.close();
  };
  const rest = { createHttp2Connection: { value: http2Connections(mesh, http2) }, close: { value: close }, [Symbol.dispose]: { value: close } };
  return Object.defineProperties(agents, rest) as unknown as MeshAgents;
}
