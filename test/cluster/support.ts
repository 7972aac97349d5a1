import { Host } from '../../src/cluster/host.ts';
import type { Endpoint, Locality } from '../../src/cluster/model.ts';

const NOWHERE: Locality = { region: '', zone: '', subzone: '' };

/** `r/z/s` as a locality. */
export function locality(text: string): Locality {
  const [region = '', zone = '', subzone = ''] = text.split('/');
  return { region, zone, subzone };
}

/** An endpoint named by the last number of its address. */
export function endpoint(last: number, more: Partial<Endpoint> = {}): Endpoint {
  return { address: `10.0.0.${last}`, port: 80, labels: {}, weight: 1, locality: NOWHERE, ...more };
}

/** `count` endpoints, numbered from 1. */
export function endpoints(count: number, more: Partial<Endpoint> = {}): readonly Endpoint[] {
  return Array.from({ length: count }, (_, index) => endpoint(index + 1, more));
}

/** A host for each weight, numbered from 1. */
export function hostsOfWeights(...weights: readonly number[]): readonly Host[] {
  return weights.map((weight, index) => new Host(endpoint(index + 1, { weight }), 0));
}

/** The last number of the host's address. */
export function numberOf(host: Host | undefined): number | undefined {
  return host === undefined ? undefined : Number(host.endpoint.address.split('.').at(-1));
}
