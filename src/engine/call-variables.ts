import { longFlagNames, parseFlags } from '../telemetry/response-flags.ts';
import { formatUtc } from '../telemetry/utc-time.ts';
import type { CallInfo } from './call-info.ts';
import type { Downstream } from './downstream.ts';
import { formatTime } from './time-format.ts';
import type { WireProtocol } from './wire.ts';

/** What variables are made of. */
export interface VariableFacts {
  readonly request?: { /** Whether the caller speaks HTTP/2. */ readonly http2?: boolean | undefined; readonly downstream?: Downstream | undefined };
  /** IP address of the caller's connection. */
  readonly callerAddress: string;
  /** What `x-forwarded-for` says it is; absent: the same. */
  readonly forwardedAddress?: string | undefined;
  /** `ip:port` that was dialled. */
  readonly dialledAddress?: string | undefined;
  readonly startedAtWallMs: number;
  /** Bytes of the request's body so far. */
  readonly bytesReceived?: number;
  /** The chosen cluster, if there is one of that name. */
  readonly clusterName?: string | undefined;
  /** The local end of the connection to the endpoint. */
  readonly upstreamLocalAddress?: string | undefined;
  /** What the endpoint is spoken to by, once there is a connection. */
  readonly upstreamProtocol?: WireProtocol | undefined;
  /** The try under way, from 1; 0 before any host was picked. */
  readonly attempt?: number;
  describe(): Omit<CallInfo, 'explanation'>;
}

/**
 * The value of `%NAME%` in a header operation of the request on its way, or `undefined` when there is none.
 *
 * Source: Envoy substitution formatter, as far as a client without downstream connection can answer.
 */
export function callVariable(call: VariableFacts, name: string, argument: string | undefined): string | undefined {
  return name.startsWith('UPSTREAM_') ? upstreamVariable(call, name) : downstreamVariable(call, name, argument);
}

function downstreamVariable(call: VariableFacts, name: string, argument: string | undefined): string | undefined {
  switch (name) {
    case 'PROTOCOL':
      return nameOf(call.request?.http2 === true);
    case 'RESPONSE_CODE':
      return String(call.describe().status);
    case 'RESPONSE_CODE_DETAILS':
      return call.describe().details.replaceAll(' ', '_');
    case 'RESPONSE_FLAGS':
      return call.describe().flags;
    case 'RESPONSE_FLAGS_LONG':
      return longFlagNames(parseFlags(call.describe().flags));
    case 'ROUTE_NAME':
      return call.describe().route;
    case 'DOWNSTREAM_REMOTE_ADDRESS':
      // In process there is no socket between caller and mesh, hence no port.
      return call.request?.downstream?.remoteAddress ?? `${remoteAddress(call)}:0`;
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return remoteAddress(call);
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS':
      return directAddress(call);
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT':
      return withoutPort(directAddress(call));
    case 'DOWNSTREAM_LOCAL_ADDRESS':
      return call.dialledAddress;
    case 'DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT':
      return withoutPort(call.dialledAddress);
    case 'DOWNSTREAM_LOCAL_PORT':
      return portOf(call.dialledAddress);
    case 'REQUESTED_SERVER_NAME':
      return call.request?.downstream?.servername;
    case 'BYTES_RECEIVED':
      return String(call.bytesReceived ?? 0);
    case 'BYTES_SENT':
      return '0';
    case 'DURATION':
    case 'REQUEST_DURATION':
      return String(Math.floor(call.describe().durationMs));
    default:
      return plainVariable(name, argument, call.startedAtWallMs);
  }
}

/** What has a value whatever a call or connection is like. */
export function plainVariable(name: string, argument: string | undefined, startedAtWallMs: number): string | undefined {
  switch (name) {
    case 'START_TIME':
      return argument ? formatTime(argument, startedAtWallMs) : formatUtc(startedAtWallMs);
    case 'HOSTNAME':
      return process.env['HOSTNAME'] ?? '';
    default:
      return undefined;
  }
}

function upstreamVariable(call: VariableFacts, name: string): string | undefined {
  switch (name) {
    case 'UPSTREAM_CLUSTER':
      // Istio ends the names under which clusters are observed with a semicolon, so that statistics can be taken apart.
      return call.clusterName === undefined ? undefined : `${call.clusterName};`;
    case 'UPSTREAM_CLUSTER_RAW':
      return call.clusterName;
    case 'UPSTREAM_HOST':
    case 'UPSTREAM_HOST_NAME':
    case 'UPSTREAM_REMOTE_ADDRESS':
      return call.describe().endpoint;
    case 'UPSTREAM_HOST_NAME_WITHOUT_PORT':
    case 'UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return withoutPort(call.describe().endpoint);
    case 'UPSTREAM_REMOTE_PORT':
      return portOf(call.describe().endpoint);
    case 'UPSTREAM_LOCAL_ADDRESS':
      return call.upstreamLocalAddress;
    case 'UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT':
      return withoutPort(call.upstreamLocalAddress);
    case 'UPSTREAM_PROTOCOL':
      return call.upstreamProtocol === undefined ? undefined : nameOf(call.upstreamProtocol === 'http2');
    case 'UPSTREAM_REQUEST_ATTEMPT_COUNT':
      return String(call.attempt ?? 0);
    default:
      return undefined;
  }
}

function nameOf(http2: boolean): string {
  return http2 ? 'HTTP/2' : 'HTTP/1.1';
}

function remoteAddress({ forwardedAddress, callerAddress }: VariableFacts): string {
  return forwardedAddress ?? callerAddress;
}

function directAddress({ request, callerAddress }: VariableFacts): string {
  const { directAddress, remoteAddress } = request?.downstream ?? {};
  return directAddress ?? remoteAddress ?? `${callerAddress}:0`;
}

function withoutPort(address: string | undefined): string | undefined {
  return address?.replace(/:\d+$/, '');
}

function portOf(address: string | undefined): string | undefined {
  return address === undefined ? undefined : /:(\d+)$/.exec(address)?.[1];
}
