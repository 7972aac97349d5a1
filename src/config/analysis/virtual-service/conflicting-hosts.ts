import { hostsOverlap } from '../../../common/host-name.ts';
import type { Resource } from '../../resource.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { MOST_RELATED, relatedTo } from '../finding-log.ts';
import { scopesOf } from '../host-index.ts';
import { fullName, joined } from '../names.ts';

interface Claim {
  readonly scope: string;
  readonly host: string;
  readonly by: Resource[];
}

/** Hosts of the mesh that several VirtualServices have rules for. Source: istio `ConflictingMeshGatewayHostsAnalyzer`. */
export function conflictingHosts(context: AnalysisContext): void {
  const claims = claimsOf(context);
  const forAll = [...claims.values()].filter(({ scope }) => scope === '*');
  const told = new Set<Resource>();
  for (const [name, { scope, host, by }] of claims) {
    const more = scope === '*' ? [] : context.each(forAll).filter((other) => hostsOverlap(host, other.host)).flatMap((other) => other.by);
    const rivals = [...by, ...more];
    if (rivals.length < 2) continue;
    const names = joined(rivals.map(fullName), ',');
    const message = `The VirtualServices ${names} associated with mesh gateway define the same host ${name} which can lead to undefined behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.`;
    for (const rival of rivals) {
      if (told.has(rival)) continue;
      told.add(rival);
      const related = relatedTo(rivals.slice(0, MOST_RELATED).filter((other) => other !== rival), 'spec.hosts');
      context.log.add('IST0109', rival, message, { path: 'spec.hosts', related });
    }
  }
}

/** Who has rules for which host, in which scope; by `scope/host`. */
function claimsOf(context: AnalysisContext): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const resource of context.of('VirtualService')) {
    const { gateways = [], hosts: names = [], exportTo } = resource.spec;
    if (gateways.length > 0 && !gateways.includes('mesh')) continue;
    for (const scope of scopesOf(exportTo, resource.namespace)) {
      for (const name of names) {
        const host = context.hosts.fqdn(name, resource.namespace);
        const key = `${scope}/${host}`;
        const claim = claims.get(key);
        if (claim === undefined) claims.set(key, { scope, host, by: [resource] });
        else claim.by.push(resource);
      }
    }
  }
  return claims;
}
