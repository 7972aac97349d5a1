/**
 * A mesh for clients that take no undici dispatcher: agents for `node:http`, a listener for everything else.
 *
 * @packageDocumentation
 */

export { createAgents, type AgentsOptions, type MeshAgents } from './agents.ts';
export type { MeshAgentOptions } from './http-agent.ts';
export type { CreateHttp2Connection } from './http2-connection.ts';
export type { MeshHttpsAgentOptions } from './https-agent.ts';
export { createLocalListener, LocalListener, type LocalListenerLimits, type LocalListenerOptions } from './local-listener.ts';
