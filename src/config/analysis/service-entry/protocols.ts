import type { Resource } from '../../resource.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { scopesOf } from '../host-index.ts';
import { fullName, joined } from '../names.ts';

interface Claim {
  readonly scope: string;
  readonly host: string;
  readonly port: number;
  readonly by: { readonly protocol: string; readonly resource: Resource }[];
}

/** ServiceEntries of one host that disagree on what is spoken on a port. Source: istio `ConflictingServiceEntryProtocolAnalyzer`. */
export function entryProtocols(context: AnalysisContext): void {
  const claims = new Map<string, Claim>();
  for (const resource of context.of('ServiceEntry')) {
    const { hosts = [], ports = [], exportTo } = resource.spec;
    for (const scope of scopesOf(exportTo, resource.namespace)) {
      for (const host of hosts) {
        for (const { number: port = 0, protocol = '' } of ports) {
          const claim = claims.get(`${scope}/${host}:${port}`) ?? { scope, host, port, by: [] };
          claim.by.push({ protocol: protocol.toUpperCase(), resource });
          claims.set(`${scope}/${host}:${port}`, claim);
        }
      }
    }
  }
  const told = new Set<Resource>();
  for (const { scope, host, port, by } of claims.values()) {
    const all = [...context.each(by), ...(scope === '*' ? [] : context.each(claims.get(`*/${host}:${port}`)?.by ?? []))];
    const protocols = [...new Set(all.map(({ protocol }) => protocol))].sort();
    if (protocols.length < 2) continue;
    const names = [...new Set(all.map(({ resource }) => fullName(resource)))].sort();
    const message = `Multiple ServiceEntries (${joined(names, ', ')}) define the same host ${JSON.stringify(host)} and port ${port} with conflicting protocols (${joined(protocols, ', ')}).`;
    for (const { resource } of all) {
      if (told.has(resource)) continue;
      told.add(resource);
      context.log.add('IST0177', resource, message, { path: 'spec.ports' });
    }
  }
}
