/**
 * Istio Gateways in a Node process: HTTP, TLS and TCP servers that go by the rules of a mesh.
 *
 * @packageDocumentation
 */

export { createGateway, Gateway, type GatewayEvents } from './gateway.ts';
export type { GatewayLimits, GatewayOptions } from './gateway-options.ts';
export type { Credentials, GatewayAuthority, GatewayCredential } from './server-contexts.ts';
