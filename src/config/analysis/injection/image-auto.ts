import type { AnalysisContext } from '../analysis-context.ts';

/** Pods that wait for an image that only injection fills in, which happens when they are made. Source: istio `ImageAutoAnalyzer`. */
export function imageAuto(context: AnalysisContext): void {
  for (const resource of context.of('Pod')) {
    const index = resource.spec.spec?.containers?.findIndex(({ name, image }) => name === 'istio-proxy' && image === 'auto') ?? -1;
    if (index === -1) continue;
    const message = `Pod ${resource.name} contains \`image: auto\` but does not match any Istio injection webhook selectors.`;
    context.log.add('IST0147', resource, message, { path: `spec.containers[${index}].image` });
  }
}
