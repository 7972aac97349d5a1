import type { Resource } from '../../resource.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import type { PodSpec } from '../analysed-specs.ts';
import { isOfIstio } from '../service/port-names.ts';

/** The user that the sidecar runs as, and whose traffic is not captured. */
const PROXY_USER = 1337;
const OF_ISTIO = ['istio-proxy', 'istio-operator'];

/** Applications that run as the proxy's user, so that their calls pass it by. Source: istio `ApplicationUIDAnalyzer`. */
export function applicationUser(context: AnalysisContext): void {
  for (const resource of context.of('Pod')) check(resource, resource.spec.spec, 'spec', context);
  for (const resource of context.of('Deployment')) check(resource, resource.spec.template?.spec, 'spec.template.spec', context);
}

function check(resource: Resource, { securityContext, containers = [] }: PodSpec = {}, path: string, { log }: AnalysisContext): void {
  if (isOfIstio(resource.labels)) return;
  const own = containers.flatMap((container, index) => {
    const isOwn = !OF_ISTIO.includes(container.name ?? '') && container.securityContext?.runAsUser === PROXY_USER;
    return isOwn ? [`${path}.containers[${index}].securityContext.runAsUser`] : [];
  });
  const places = [...(securityContext?.runAsUser === PROXY_USER ? [`${path}.securityContext.runAsUser`] : []), ...own];
  for (const place of places) log.add('IST0144', resource, 'User ID (UID) 1337 is reserved for the sidecar proxy.', { path: place, once: true });
}
