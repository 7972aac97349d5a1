import { isIP } from 'node:net';
import type { ConformanceCase } from './case-file.ts';
import type { Document } from './documents.ts';

/** Where nothing listens: what a host without any address dials. */
const NOWHERE = '127.9.255.254';

/**
 * The IP that an application would dial for `host`: itself, else what DNS says, else the first address of its
 * ServiceEntry, its ClusterIP, or the first endpoint of its headless Service.
 */
export function dialledIp(host: string, conformanceCase: ConformanceCase, documents: readonly Document[]): string {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare)) return bare;
  const known = conformanceCase.dns.get(host)?.[0];
  if (known !== undefined) return known;
  const names = spellings(host.toLowerCase(), conformanceCase.client.namespace);
  for (const { kind, namespace, name, body } of documents) {
    if (kind === 'ServiceEntry' && body.spec?.hosts?.some((own) => names.has(own))) {
      const address = body.spec.addresses?.[0]?.split('/')[0];
      if (address !== undefined) return address;
    }
    if (kind === 'Service' && names.has(`${name}.${namespace}.svc.cluster.local`)) {
      const clusterIp = body.spec?.clusterIP;
      if (clusterIp !== undefined && clusterIp !== '' && clusterIp !== 'None') return clusterIp;
      const first = firstEndpoint(name, namespace, documents);
      if (first !== undefined) return first;
    }
  }
  return NOWHERE;
}

// The full names that `host` may stand for, as a resolver with Kubernetes' search list tries them.
function spellings(host: string, namespace: string): Set<string> {
  const plain = host.replace(/\.$/, '');
  return new Set([plain, `${plain}.${namespace}.svc.cluster.local`, `${plain}.svc.cluster.local`, `${plain}.cluster.local`]);
}

function firstEndpoint(service: string, namespace: string, documents: readonly Document[]): string | undefined {
  for (const document of documents) {
    if (document.namespace !== namespace) continue;
    if (document.kind === 'EndpointSlice' && document.labels['kubernetes.io/service-name'] === service) {
      return document.body.endpoints?.[0]?.addresses[0];
    }
    if (document.kind === 'Endpoints' && document.name === service) return document.body.subsets?.[0]?.addresses?.[0]?.ip;
  }
  return undefined;
}
