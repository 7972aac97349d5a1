import type { HeaderList } from '../common/headers.ts';
import { isIP } from 'node:net';

/** What a caller must not tell a gateway, since the gateway tells it. */
const TAKEN_AWAY = new Set([
  'x-forwarded-proto', 'x-request-id', 'x-envoy-external-address', 'x-envoy-decorator-operation', 'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node', 'x-envoy-original-path', 'x-envoy-original-host',
]);

/** What is known of the caller's connection. */
export interface Caller {
  /** Its IP address. */
  readonly address: string;
  /** The gateway's own, which stands for callers on the same machine. */
  readonly gatewayAddress: string;
  /** Whether requests get an id. */
  readonly requestId: boolean;
}

/**
 * Headers of a request from outside, as a gateway passes them on: it trusts nothing that callers say of themselves, and adds their address to
 * `x-forwarded-for`.
 *
 * Source: Envoy `ConnectionManagerUtility::mutateRequestHeaders` with `use_remote_address`, as istio sets it for gateways. Without
 * `internal_address_config` no address is internal, so that every request is an edge request.
 */
export function edgeHeaders(headers: HeaderList, { address, gatewayAddress, requestId }: Caller): HeaderList {
  const kept: HeaderList = [];
  const forwarded: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name === 'x-forwarded-for') forwarded.push(headers[i + 1]!);
    else if (!TAKEN_AWAY.has(name) || (name === 'x-request-id' && !requestId)) kept.push(name, headers[i + 1]!);
  }
  forwarded.push(isLoopback(address) ? gatewayAddress : address);
  kept.push('x-forwarded-for', forwarded.join(','), 'x-envoy-external-address', address);
  return kept;
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
