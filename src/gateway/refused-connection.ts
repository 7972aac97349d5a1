import { plainVariable } from '../engine/call-variables.ts';
import type { ConnectionInfo, LoggedConnection } from '../engine/connection-info.ts';
import type { Downstream } from '../engine/downstream.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';
import { FLAG, formatConnectionFlags } from '../telemetry/response-flags.ts';

/** A connection whose name no server and no `tls` rule of its port has. Source: Envoy `filter_chain_not_found`. */
export class RefusedConnection implements LoggedConnection {
  readonly #downstream: Downstream;
  readonly #startTimeMs: number;

  constructor(downstream: Downstream, startTimeMs: number) {
    this.#downstream = downstream;
    this.#startTimeMs = startTimeMs;
  }

  describe(): ConnectionInfo {
    const { localAddress, servername } = this.#downstream;
    return {
      flags: formatConnectionFlags(FLAG.NR),
      details: 'filter_chain_not_found',
      failure: `no server and no tls rule on ${localAddress} has ${servername === undefined ? 'connections without a server name' : `the name ${servername}`}`,
      target: localAddress,
      openedFor: 'gateway',
      cluster: undefined,
      rule: 'no rule',
      endpoint: undefined,
      servername,
      bytesSent: 0,
      bytesReceived: 0,
      durationMs: 0,
    };
  }

  accessRecord(): AccessRecord {
    const { localAddress, remoteAddress, servername } = this.#downstream;
    return {
      startTimeMs: this.#startTimeMs,
      responseCode: 0,
      flags: FLAG.NR,
      details: 'filter_chain_not_found',
      bytesReceived: 0,
      bytesSent: 0,
      durationMs: 0,
      downstreamLocalAddress: localAddress,
      downstreamRemoteAddress: remoteAddress,
      requestedServerName: servername,
      operator: (name, argument) => plainVariable(name, argument, this.#startTimeMs),
    };
  }
}
