import type { AnalysisContext } from '../analysis-context.ts';
import { fullName, goList } from '../names.ts';
import { hasProxyContainer, refusesProxy } from './in-mesh.ts';

const INJECTION = 'istio-injection';
const REVISION = 'istio.io/rev';
const MODE = 'istio.io/dataplane-mode';

/** Namespaces and pods without the proxy that makes a mesh of them. Source: istio `injection.Analyzer`. */
export function injection(context: AnalysisContext): void {
  const injected = new Set<string>();
  for (const resource of context.of('Namespace')) {
    const { name, labels } = resource;
    if (name === 'istio-system') continue;
    const wanted = labels[INJECTION];
    const others = [REVISION, MODE].filter((label) => Object.hasOwn(labels, label) && (wanted === undefined || wanted === 'enabled'));
    const said = [...(wanted === undefined ? [] : [INJECTION]), ...others].map((label) => `${label}=${labels[label]}`);
    if (said.length > 1) {
      const message = `The namespace has more than one type of injection labels ${goList(said)}, which may lead to undefined behavior. Make sure only one injection label exists.`;
      context.log.add('IST0123', resource, message, { path: 'metadata.labels' });
    }
    if (labels[MODE] === 'ambient') continue;
    if ((wanted ?? '') === '' && !Object.hasOwn(labels, REVISION)) {
      const message = `The namespace is not enabled for Istio injection. Run 'kubectl label namespace ${name} istio-injection=enabled' to enable it, or 'kubectl label namespace ${name} istio-injection=disabled' to explicitly mark it as not needing injection.`;
      context.log.add('IST0102', resource, message, { path: 'metadata.name' });
    } else if (wanted === 'enabled') {
      injected.add(name);
    }
  }
  for (const resource of context.of('Pod')) {
    const { containers = [], initContainers = [], hostNetwork = false } = resource.spec.spec ?? {};
    if (!injected.has(resource.namespace) || refusesProxy(resource) || hostNetwork || hasProxyContainer([...containers, ...initContainers])) continue;
    const message = `The pod ${fullName(resource)} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.`;
    context.log.add('IST0103', resource, message);
  }
}
