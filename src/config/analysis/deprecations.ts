import type { AnalysisContext } from './analysis-context.ts';

/** Fields that Istio has left behind. Source: istio `deprecation.FieldAnalyzer`. */
export function deprecations(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    resource.spec.http?.forEach(({ fault }, rule) => {
      if ((fault?.delay?.percent ?? 0) <= 0) return;
      const message = 'Deprecated: HTTPRoute.fault.delay.percent is deprecated; use HTTPRoute.fault.delay.percentage';
      context.log.add('IST0002', resource, message, { path: `spec.http[${rule}].fault.delay.percent`, once: true });
    });
  }
  for (const resource of context.of('Sidecar')) {
    if (resource.spec.outboundTrafficPolicy?.egressProxy === undefined) continue;
    context.log.add('IST0002', resource, 'Deprecated: OutboundTrafficPolicy.EgressProxy ignored', {
      path: 'spec.outboundTrafficPolicy.egressProxy',
    });
  }
}
