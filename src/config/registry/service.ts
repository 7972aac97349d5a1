import type { Locality } from '../../cluster/model.ts';
import type { Origin } from '../../common/origin.ts';
import type { PortProtocol } from './port-protocol.ts';

/** One port of a service, as callers see it. */
export interface ServicePort {
  readonly number: number;
  /** Endpoints offer ports by this name; empty for the only port of a Kubernetes Service. */
  readonly name: string;
  readonly protocol: PortProtocol;
  /** Where an endpoint that says nothing of ports is reached: `targetPort` when that is a number, else `number`. */
  readonly targetPort: number;
  /** Of a port that speaks TLS: whether calls to its `https://` URLs go by HTTP rules. Source: annotation `ts-mesh.dev/https-routing`. */
  readonly routesHttps?: boolean;
  /** Another ServiceEntry of the host says that there is such a port, but it is no part of the service: calls to it find no cluster. */
  readonly unserved?: boolean;
}

/** One address behind a service. */
export interface ServiceEndpoint {
  readonly address: string;
  /** Where each service port (by name) is reached at this address; a port that is missing is not served here. */
  readonly ports: ReadonlyMap<string, number>;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight: number;
  readonly locality: Locality;
  readonly origin?: Origin;
}

/** A host of the registry: from a Kubernetes Service, from a ServiceEntry, or from endpoints given in code. */
export interface Service {
  /** FQDN, external host, or `*.suffix`. */
  readonly host: string;
  readonly namespace: string;
  readonly registry: 'kubernetes' | 'service-entry' | 'code';
  readonly ports: readonly ServicePort[];
  /** Virtual IP addresses under which the service answers too. */
  readonly addresses: readonly string[];
  /** Ranges of addresses that are the service's, such as `10.1.0.0/16`. Source: ServiceEntry `addresses`. */
  readonly subnets?: readonly string[];
  readonly discovery: 'static' | 'strict-dns' | 'logical-dns' | 'dynamic-dns' | 'original-dst';
  /** A Kubernetes Service without cluster IP: its pods are addressed one by one, by names below its own. */
  readonly headless: boolean;
  /** The addresses of a headless service's pods, which callers dial. */
  readonly podAddresses?: readonly string[];
  /** Target of an ExternalName Service, which has no cluster of its own. */
  readonly externalName?: string;
  /** Hosts of ExternalName Services that end here. */
  readonly aliases: readonly string[];
  /** As declared, or the mesh's default; never empty. */
  readonly exportTo: readonly string[];
  readonly endpoints: readonly ServiceEndpoint[];
  /** Which endpoints callers prefer, where no rule says otherwise. */
  readonly trafficDistribution?: TrafficDistribution;
  /** Of an external service: names that its servers' certificates have. Source: ServiceEntry `subjectAltNames`. */
  readonly subjectAltNames?: readonly string[];
  /** What ServiceEntries of one host need in common, besides, to be one service: their labels, and those that they select by. */
  readonly likeness?: string;
  readonly origin: Origin;
}

/** `service` with the ports of `other` that it hasn't got; unless `served`, calls to these find no cluster. */
export function withPortsOf(service: Service, other: Service, served: boolean): Service {
  const more = other.ports.filter(({ number }) => findPort(service, number) === undefined);
  if (more.length === 0) return service;
  return { ...service, ports: [...service.ports, ...(served ? more : more.map((port) => ({ ...port, unserved: true })))] };
}

export type TrafficDistribution = 'same-zone' | 'same-node';

/** The port of `service` with this number, if it has one. */
export function findPort(service: Service, number: number): ServicePort | undefined {
  return service.ports.find((port) => port.number === number);
}
