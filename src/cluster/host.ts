import type { Endpoint } from './model.ts';

/** What the outlier detector remembers of one host. Only the detector writes it. */
export class HostHealth {
  consecutive5xx = 0;
  consecutiveGatewayFailures = 0;
  consecutiveLocalOriginFailures = 0;
  ejected = false;
  /** Clock time of the latest ejection, in milliseconds. */
  ejectedAt = 0;
  /** Clock time at which the latest ejection ended; `undefined` before the first end. */
  unejectedAt: number | undefined = undefined;
  /** How many base ejection times the latest (or next) ejection lasts; grows with ejections, decays with sweeps. */
  backoff = 0;
}

/**
 * One address of a cluster at run time. The object stays the same as long as the address stays in the cluster, so
 * connections and counts can hang on it.
 */
export class Host {
  /** `ip:port`, IPv6 in brackets: Envoy's spelling, also the key of hash rings. */
  readonly key: string;
  /** The latest declaration of this address; a config change may bring new labels or another weight. */
  endpoint: Endpoint;
  /** 0 is used first. */
  priority = 0;
  /** Weight of the host's locality; 0: the locality is not weighted, or gets nothing. */
  localityWeight = 0;
  /** Requests attached to a connection of this host. Kept by the engine; least request reads it. */
  activeRequests = 0;
  /** Connections open or being opened. Kept by the engine. */
  connections = 0;
  /** Clock time at which the host joined the cluster, in milliseconds. */
  readonly addedAt: number;
  /** Of the detector that watches it. */
  health = new HostHealth();

  constructor(endpoint: Endpoint, addedAt: number) {
    this.key = hostKey(endpoint);
    this.endpoint = endpoint;
    this.addedAt = addedAt;
  }

  /** Whether the outlier detector keeps calls away from it; the balancer learns of a change up to a second later. */
  get ejected(): boolean {
    return this.health.ejected;
  }
}

/** `127.0.0.1:80`, `[::1]:80`; the path alone for a Unix socket. */
export function hostKey(endpoint: Pick<Endpoint, 'address' | 'port'>): string {
  const { address, port } = endpoint;
  if (address.startsWith('/') || address.startsWith('unix:')) return address;
  return address.includes(':') && !address.startsWith('[') ? `[${address}]:${port}` : `${address}:${port}`;
}
