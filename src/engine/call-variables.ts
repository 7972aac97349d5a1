import type { CallInfo } from './call-info.ts';

/** What variables are made of. */
export interface VariableFacts {
  readonly callerAddress: string;
  readonly startedAtWallMs: number;
  describe(): CallInfo;
}

/**
 * The value of `%NAME%` in a header operation of the request on its way, or `undefined` when there is none.
 *
 * Source: Envoy substitution formatter, as far as a client without downstream connection can answer.
 */
export function callVariable(call: VariableFacts, name: string, _argument: string | undefined): string | undefined {
  switch (name) {
    case 'PROTOCOL':
      return 'HTTP/1.1';
    case 'RESPONSE_CODE':
      return String(call.describe().status);
    case 'RESPONSE_FLAGS':
      return call.describe().flags;
    case 'ROUTE_NAME':
      return call.describe().route;
    case 'UPSTREAM_CLUSTER':
    case 'UPSTREAM_CLUSTER_RAW':
      return call.describe().cluster;
    case 'UPSTREAM_HOST':
    case 'UPSTREAM_REMOTE_ADDRESS':
      return call.describe().endpoint;
    case 'UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return call.describe().endpoint?.replace(/:\d+$/, '');
    case 'DOWNSTREAM_REMOTE_ADDRESS':
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT':
      return call.callerAddress;
    case 'START_TIME':
      return new Date(call.startedAtWallMs).toISOString();
    case 'HOSTNAME':
      return process.env['HOSTNAME'] ?? '';
    case 'REQUEST_DURATION':
      return String(Math.floor(call.describe().durationMs));
    default:
      return undefined;
  }
}
