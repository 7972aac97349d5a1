import type { RequestWalk } from './request-walk.ts';

/**
 * The value of `%NAME%` in a header operation of the request on its way, or `undefined` when there is none.
 *
 * Source: Envoy substitution formatter, as far as a client without downstream connection can answer.
 */
export function walkVariable(walk: RequestWalk, name: string, _argument: string | undefined): string | undefined {
  switch (name) {
    case 'PROTOCOL':
      return 'HTTP/1.1';
    case 'RESPONSE_CODE':
      return String(walk.status);
    case 'RESPONSE_FLAGS':
      return walk.describe().flags;
    case 'ROUTE_NAME':
      return walk.route?.name;
    case 'UPSTREAM_CLUSTER':
    case 'UPSTREAM_CLUSTER_RAW':
      return walk.cluster?.name;
    case 'UPSTREAM_HOST':
    case 'UPSTREAM_REMOTE_ADDRESS':
      return walk.host?.key;
    case 'UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return walk.host?.endpoint.address;
    case 'DOWNSTREAM_REMOTE_ADDRESS':
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT':
      return walk.callerAddress;
    case 'START_TIME':
      return new Date(walk.startedAtWallMs).toISOString();
    case 'HOSTNAME':
      return process.env['HOSTNAME'] ?? '';
    case 'REQUEST_DURATION':
      return String(Math.floor(walk.elapsedMs));
    default:
      return undefined;
  }
}
