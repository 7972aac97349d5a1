import type { HeaderList } from '../common/headers.ts';
import { isIP } from 'node:net';

/** What a caller must not tell a gateway, since the gateway tells it. */
const TAKEN_AWAY = new Set([
  'x-forwarded-proto', 'x-request-id', 'x-envoy-external-address', 'x-envoy-decorator-operation', 'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node', 'x-envoy-original-path', 'x-envoy-original-host',
]);

/** What is known of the caller's connection. */
export interface Caller {
  /** IP address of the other end of its connection. */
  readonly address: string;
  /** The gateway's own, which stands for callers on the same machine. */
  readonly gatewayAddress: string;
  /** Whether requests get an id. */
  readonly requestId: boolean;
  /** How many proxies in front are believed what they say of callers. */
  readonly trustedProxies: number;
}

/** A request from outside, as a gateway passes it on. */
export interface EdgeRequest {
  readonly headers: HeaderList;
  /** IP address of whoever made it: of the connection, unless a trusted proxy says of whom it took it. */
  readonly clientAddress: string;
}

/**
 * Headers of a request from outside, as a gateway passes them on: it trusts nothing that callers say of themselves, and adds their address to
 * `x-forwarded-for`. Only where there are trusted proxies in front it believes that header, and `x-forwarded-proto`.
 *
 * Source: Envoy `ConnectionManagerUtility::mutateRequestHeaders` with `use_remote_address`, as istio sets it for gateways. Without
 * `internal_address_config` no address is internal, so that every request is an edge request.
 */
export function edgeRequest(headers: HeaderList, { address, gatewayAddress, requestId, trustedProxies }: Caller): EdgeRequest {
  const kept: HeaderList = [];
  const forwarded: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name === 'x-forwarded-for') forwarded.push(headers[i + 1]!);
    else if (!TAKEN_AWAY.has(name) || (name === 'x-request-id' && !requestId) || (name === 'x-forwarded-proto' && trustedProxies > 0)) kept.push(name, headers[i + 1]!);
  }
  const clientAddress = toldAddress(forwarded.join(','), trustedProxies) ?? address;
  forwarded.push(isLoopback(address) ? gatewayAddress : address);
  kept.push('x-forwarded-for', forwarded.join(','), 'x-envoy-external-address', clientAddress);
  return { headers: kept, clientAddress };
}

/** The address that the outermost of `trustedProxies` proxies took the request from. Source: Envoy `Utility::getLastAddressFromXFF`. */
function toldAddress(forwardedFor: string, trustedProxies: number): string | undefined {
  if (trustedProxies === 0) return undefined;
  const told = forwardedFor.split(',').at(-trustedProxies)?.trim() ?? '';
  return isIP(told) === 0 ? undefined : told;
}

function isLoopback(address: string): boolean {
  return isIP(address) === 6 ? address === '::1' : address.startsWith('127.');
}

/** Sockets that take both families write IPv4 addresses as IPv6 ones. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}

/** `10.0.0.1:80`, `[::1]:80` */
export function withPort(address: string | undefined, port: number | undefined): string {
  const plain = plainAddress(address);
  return `${plain.includes(':') ? `[${plain}]` : plain}:${port ?? 0}`;
}
