import { isWildcardHost } from '../../../common/host-name.ts';
import type { AnalysisContext } from '../analysis-context.ts';

/** TSM0009: hosts that a Sidecar lets its workloads call, that nobody declares, and that are refused for that. */
export function unknownEgressHosts(context: AnalysisContext): void {
  const ofMesh = context.of('ConfigMap').some(({ spec }) => spec.outboundTrafficPolicy?.mode === 'REGISTRY_ONLY');
  const ruled = new Set(context.of('VirtualService').flatMap(({ namespace, spec }) => (spec.hosts ?? []).map((host) => context.hosts.fqdn(host, namespace))));
  for (const resource of context.of('Sidecar')) {
    const { outboundTrafficPolicy, egress = [] } = resource.spec;
    const isClosed = outboundTrafficPolicy === undefined ? ofMesh : (outboundTrafficPolicy.mode ?? 'REGISTRY_ONLY') === 'REGISTRY_ONLY';
    if (!isClosed) continue;
    egress.forEach(({ hosts = [] }, listener) => {
      hosts.forEach((entry, index) => {
        const [scope = '', host = ''] = entry.split('/', 2);
        const namespace = scope === '.' ? resource.namespace : scope;
        if (host === '' || isWildcardHost(host) || scope === '~' || ruled.has(host)) return;
        const declaring = context.hosts.declaring(host).filter((one) => namespace === '*' || one.namespace === namespace);
        if (declaring.length > 0) return;
        const message = `no Service or ServiceEntry${namespace === '*' ? '' : ` of ${namespace}`} declares ${host}, and REGISTRY_ONLY refuses what nobody declares`;
        context.log.add('TSM0009', resource, message, { path: `spec.egress[${listener}].hosts[${index}]`, hint: 'add a ServiceEntry for it' });
      });
    });
  }
}
