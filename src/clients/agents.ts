import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Mesh } from '../mesh.ts';
import { MeshHttpAgent, type MeshAgentOptions } from './http-agent.ts';
import { MeshHttpsAgent, type MeshHttpsAgentOptions } from './https-agent.ts';

/** What {@link createAgents} takes. */
export interface AgentsOptions {
  readonly http?: MeshAgentOptions;
  /** Whom connections of `https` trust, and what they show: `ca`, `cert`, `key`, `rejectUnauthorized`, …; requests may say otherwise. */
  readonly https?: MeshHttpsAgentOptions;
}

/** A mesh for clients of `node:http`. `http` and `https` alone are enumerable, so that libraries take it where they want an object of agents. */
export interface MeshAgents extends Disposable {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Ends every connection of both, and with them the requests under way. */
  close(): void;
}

/**
 * Agents for clients of `node:http` and `node:https`: axios, got, node-fetch, ws, and whoever takes an `agent`. `http` requests go by the HTTP rules of
 * `mesh`, `https` connections by its `tls` rules. Close them before the mesh.
 */
export function createAgents(mesh: Mesh, options: AgentsOptions = {}): MeshAgents {
  const agents = { http: new MeshHttpAgent(mesh, options.http), https: new MeshHttpsAgent(mesh, options.https) };
  const close = (): void => {
    agents.http.destroy();
    agents.https.destroy();
  };
  return Object.defineProperties(agents, { close: { value: close }, [Symbol.dispose]: { value: close } }) as typeof agents & Pick<MeshAgents, 'close' | typeof Symbol.dispose>;
}
