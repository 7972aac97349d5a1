import type { AnalysisContext } from '../analysis-context.ts';

/** TSM0007: destinations of weight 0 beside others. */
export function idleDestinations(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    for (const protocol of ['http', 'tcp', 'tls'] as const) {
      resource.spec[protocol]?.forEach(({ route = [] }, rule) => {
        const total = route.reduce((sum, { weight = 0 }) => sum + weight, 0);
        if (route.length < 2 || total === 0) return;
        route.forEach(({ destination: { host = '', subset = '' } = {}, weight = 0 }, index) => {
          if (weight !== 0) return;
          const message = `${host}${subset === '' ? '' : ` ${subset}`} gets none of these ${protocol === 'http' ? 'calls' : 'connections'}: its weight is 0`;
          const hint = 'give it a weight, or remove it when the change is done';
          context.log.add('TSM0007', resource, message, { path: `spec.${protocol}[${rule}].route[${index}]`, hint });
        });
      });
    }
  }
}
