import { bool, int64, list, map, openMessage, text, type Field } from './field.ts';
import { textMap } from './shared.ts';

// Kinds of which the names and labels are looked at, and little more: nothing here is in the way of applying them.

/** Source: Kubernetes core/v1 Namespace. */
export const namespace: Field = openMessage('Namespace', {});

/** Source: Kubernetes core/v1 Node. */
export const node: Field = openMessage('Node', {});

/** Source: Kubernetes core/v1 Secret. */
export const secret: Field = openMessage('Secret', { type: text, data: map(text) });

const securityContext = openMessage('SecurityContext', { runAsUser: int64 });
const containers = list(openMessage('Container', { name: text, image: text, securityContext }));
const podSpec = openMessage('PodSpec', {
  containers,
  initContainers: containers,
  securityContext,
  hostNetwork: bool,
  nodeName: text,
});

/** What runs in it, where for calls only its address and ports count. Source: Kubernetes core/v1 Pod. */
export const podInside: Field = openMessage('Pod', { spec: podSpec });

/** Source: Kubernetes apps/v1 DeploymentSpec. */
export const deploymentInside: Field = openMessage('DeploymentSpec', {
  selector: openMessage('LabelSelector', { matchLabels: textMap }),
  template: openMessage('PodTemplateSpec', {
    metadata: openMessage('ObjectMeta', { labels: textMap, annotations: textMap }),
    spec: podSpec,
  }),
});

/** Source: istio/api security/v1/request_authentication.proto. */
export const requestAuthentication: Field = openMessage('RequestAuthentication', {
  selector: openMessage('WorkloadSelector', { matchLabels: textMap }),
});
