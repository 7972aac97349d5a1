import type { EndpointInput } from '../../src/index.ts';
import { addressOf, destinationRuleOf, hostName, serviceOf, virtualServiceOf, type RuleSet } from './rules.ts';

/** Rules of each VirtualService. */
const RULES = 3;

/** Hosts whose registry entry is a ServiceEntry; the others have a Service. Number 0 is one. */
const isServiceEntry = (host: number): boolean => host % 2 === 0;

/** `count` resources as a mesh has them: a host is a ServiceEntry or a Service, with a DestinationRule and a VirtualService. */
export function meshOf(count: number): RuleSet {
  const config: object[] = [];
  const endpoints: Record<string, readonly EndpointInput[]> = {};
  for (let host = 0; config.length < count; host++) {
    const name = hostName(host);
    config.push(...[isServiceEntry(host) ? serviceEntryOf(host, 1) : serviceOf(name), destinationRuleOf(name), virtualServiceOf(name, RULES)].slice(0, count - config.length));
    if (!isServiceEntry(host)) endpoints[name] = addressesOf(host, 1).map((address) => ({ address: `${address}:9080`, labels: { version: 'v1' } }));
  }
  return { config, endpoints };
}

/** One resource of the mesh with another content each time, by kind. */
export const CHANGES: Readonly<Record<string, (edition: number) => object>> = {
  VirtualService: (edition) => virtualServiceOf(hostName(0), RULES, 1 + (edition % 99)),
  DestinationRule: (edition) => destinationRuleOf(hostName(0), 5 + edition),
  ServiceEntry: (edition) => serviceEntryOf(0, 2 + (edition % 200)),
};

/** @param edition - of its endpoints */
function serviceEntryOf(host: number, edition: number): object {
  const name = hostName(host);
  const endpoints = addressesOf(host, edition).map((address, at) => ({ address, labels: { version: `v${at + 1}` } }));
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default' },
    spec: { hosts: [`${name}.default.svc.cluster.local`], location: 'MESH_INTERNAL', resolution: 'STATIC', ports: [{ number: 9080, name: 'http', protocol: 'HTTP' }], endpoints },
  };
}

function addressesOf(host: number, edition: number): string[] {
  return [addressOf(host, edition), addressOf(host, edition + 1)];
}
