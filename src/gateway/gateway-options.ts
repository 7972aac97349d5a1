import type { AccessLogOption } from '../access-log.ts';
import { MAX_HEAD_BYTES, MAX_HEADERS } from '../engine/admission.ts';
import { MeshError } from '../common/errors.ts';
import type { WorkloadCertificates } from '../engine/client-tls.ts';
import type { Credentials } from './server-contexts.ts';

/** What callers may ask of a gateway; 0 lifts a limit of time, and that of bodies. */
export interface GatewayLimits {
  /** Open connections on one port; more are closed at once. Default 10000. */
  readonly connections?: number;
  /** Milliseconds for the headers of a request, from its first byte. Then 408. Default 15000. */
  readonly headersMs?: number;
  /** Milliseconds for a whole request with its body. Then 408. Default 300000. */
  readonly requestMs?: number;
  /** Milliseconds that a connection may stay open between requests. Default an hour, Envoy's figure. */
  readonly idleMs?: number;
  /** Milliseconds for a TLS handshake, and before that for the first bytes that tell where it goes. Default 15000, Envoy's figure. */
  readonly handshakeMs?: number;
  /** Milliseconds that an answer waits for a caller that does not read on; then its connection, or stream, is closed. Default 300000, Envoy's figure. */
  readonly stallMs?: number;
  /** Bytes of a request's path, names and values together. Then 431. Default 61440, Envoy's figure. */
  readonly headBytes?: number;
  /** Headers of a request, with the Host. Then 431. Default 100, Envoy's figure. */
  readonly headers?: number;
  /** Bytes of a request's body, however it comes. Then 413. Default 0: bodies are passed on as they come, and not kept. */
  readonly bodyBytes?: number;
}

/** What {@link createGateway} takes. */
export interface GatewayOptions {
  /** By which Gateways select it, such as `{ istio: 'ingressgateway' }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** The namespace it runs in: it sees what is exported there. Default `istio-system`. */
  readonly namespace?: string;
  /** `region/zone/subzone`. Default: unknown. */
  readonly locality?: string;
  /** The address to listen on, where a server has no `bind`. Default `127.0.0.1`: nothing is offered to other machines unless asked for. */
  readonly address?: string;
  /**
   * Its own IP address as others see it, which stands in `x-forwarded-for` for callers on the same machine. Default: `address`, or `127.0.0.1` where
   * that stands for all.
   */
  readonly ownAddress?: string;
  /** The port to listen on for a server's port; 0: any free one, see {@link Gateway.portOf}. Default: the server's own. */
  readonly ports?: Readonly<Record<number, number>>;
  /** What `credentialName` stands for: certificates and keys, as paths of PEM files, read again when they change, or PEM texts. */
  readonly credentials?: Credentials;
  /** What it shows where a server says `ISTIO_MUTUAL`, and to others of the mesh. Default: the mesh's. */
  readonly certificates?: WorkloadCertificates;
  readonly limits?: GatewayLimits;
  /** As for `createMesh`. Default: the mesh's. */
  readonly accessLog?: AccessLogOption;
}

const DEFAULTS: Required<GatewayLimits> = {
  connections: 10_000, headersMs: 15_000, requestMs: 300_000, idleMs: 3_600_000, handshakeMs: 15_000,
  stallMs: 300_000, headBytes: MAX_HEAD_BYTES, headers: MAX_HEADERS, bodyBytes: 0,
};

/** A day; Node's timers end at 24 of them. */
const MAX_MS = 86_400_000;

/** Of a number that is no time without end. Source: Envoy's bounds of `max_request_headers_kb`. */
const BOUNDS: Partial<Record<keyof GatewayLimits, readonly [number, number]>> = {
  connections: [1, Number.MAX_SAFE_INTEGER],
  handshakeMs: [1, MAX_MS],
  headBytes: [1024, 8 * 1024 * 1024],
  headers: [1, 10_000],
  bodyBytes: [0, Number.MAX_SAFE_INTEGER],
};

/** @throws {MeshError} `ERR_INVALID_ARGUMENT` */
export function limitsOf(given: GatewayLimits = {}): Required<GatewayLimits> {
  const limits = { ...DEFAULTS, ...given };
  for (const [name, value] of Object.entries(limits) as [keyof GatewayLimits, unknown][]) {
    const [least, most] = BOUNDS[name] ?? [0, MAX_MS];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) continue;
    throw new MeshError('ERR_INVALID_ARGUMENT', `limits.${name} must be a whole number from ${least} to ${most}, got ${String(value)}`);
  }
  return limits;
}
