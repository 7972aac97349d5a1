import type { AnalysisContext } from '../analysis-context.ts';
import type { AnalysedVirtualService } from '../analysed-specs.ts';
import { selects } from '../labels.ts';
import { resolveName } from '../names.ts';

const CLAIM = '@request.auth.claims';

/** Rules by claims of a JWT on gateways where no RequestAuthentication checks it. Source: istio `JWTClaimRouteAnalyzer`. */
export function jwtClaims(context: AnalysisContext): void {
  const checks = context.of('RequestAuthentication');
  for (const resource of context.of('VirtualService')) {
    const key = claimOf(resource.spec);
    if (key === undefined) continue;
    for (const name of resource.spec.gateways ?? []) {
      const gateway = resolveName(name, resource.namespace);
      const found = name === 'mesh' ? undefined : context.find('Gateway', gateway);
      if (found === undefined) continue;
      for (const pod of context.podsWith(found.spec.selector)) {
        const isChecked = context.each(checks).some(
          ({ namespace, spec }) => [pod.namespace, 'istio-system'].includes(namespace) && selects(spec.selector?.matchLabels, pod.labels),
        );
        if (isChecked) continue;
        const message = `The virtual service uses the JWT claim based routing (key: ${key}) but found no request authentication for the gateway (${gateway}) pod (${pod.name}). The request authentication must first be applied for the gateway pods to validate the JWT token and make the claims available for routing.`;
        context.log.add('IST0149', resource, message, { once: true });
      }
    }
  }
}

function claimOf({ http = [] }: AnalysedVirtualService): string | undefined {
  const matches = http.flatMap(({ match = [] }) => match);
  const names = matches.flatMap(({ headers = {}, withoutHeaders = {} }) => [...Object.keys(headers), ...Object.keys(withoutHeaders)]);
  return names.find((name) => name.startsWith(CLAIM));
}
