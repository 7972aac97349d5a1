import { checkEndpointSlice, checkEndpointSubset, checkService } from '../checks/kubernetes.ts';
import { any, bool, int32, integerOrText, list, message, openMessage, text, type Field } from './field.ts';
import { textList, textMap } from './shared.ts';

const servicePort = message('ServicePort', {
  name: text,
  port: int32,
  targetPort: integerOrText,
  protocol: text,
  appProtocol: text,
  nodePort: any,
});

/** Source: Kubernetes core/v1 ServiceSpec. */
export const service: Field = message(
  'ServiceSpec',
  {
    type: text,
    clusterIP: text,
    clusterIPs: textList,
    externalName: text,
    publishNotReadyAddresses: bool,
    trafficDistribution: text,
    selector: textMap,
    ports: list(servicePort),
    ...Object.fromEntries(
      [
        'allocateLoadBalancerNodePorts',
        'externalIPs',
        'externalTrafficPolicy',
        'healthCheckNodePort',
        'internalTrafficPolicy',
        'ipFamilies',
        'ipFamilyPolicy',
        'loadBalancerClass',
        'loadBalancerIP',
        'loadBalancerSourceRanges',
        'sessionAffinity',
        'sessionAffinityConfig',
      ].map((name) => [name, any]),
    ),
  },
  checkService,
);

const targetRef = openMessage('ObjectReference', { kind: text, name: text, namespace: text });

/** Source: Kubernetes discovery/v1 EndpointSlice. */
export const endpointSlice: Field = openMessage(
  'EndpointSlice',
  {
    addressType: text,
    ports: list(openMessage('EndpointPort', { name: text, port: int32, protocol: text, appProtocol: text })),
    endpoints: list(
      openMessage('Endpoint', {
        addresses: textList,
        conditions: openMessage('EndpointConditions', { ready: bool, serving: bool, terminating: bool }),
        targetRef,
        hostname: text,
        nodeName: text,
        zone: text,
      }),
    ),
  },
  checkEndpointSlice,
);

const endpointAddress = openMessage('EndpointAddress', { ip: text, hostname: text, targetRef });

/** Source: Kubernetes core/v1 Endpoints. */
export const endpoints: Field = openMessage('Endpoints', {
  subsets: list(
    openMessage(
      'EndpointSubset',
      {
        addresses: list(endpointAddress),
        notReadyAddresses: list(endpointAddress),
        ports: list(openMessage('EndpointPort', { name: text, port: int32, protocol: text, appProtocol: text })),
      },
      checkEndpointSubset,
    ),
  ),
});

/** Source: Kubernetes core/v1 Pod. */
export const pod: Field = openMessage('Pod', {
  spec: openMessage('PodSpec', {
    containers: list(
      openMessage('Container', {
        name: text,
        ports: list(openMessage('ContainerPort', { name: text, containerPort: int32 })),
      }),
    ),
    nodeName: text,
    hostname: text,
    subdomain: text,
  }),
  status: openMessage('PodStatus', {
    phase: text,
    podIP: text,
    podIPs: list(openMessage('PodIP', { ip: text })),
    conditions: list(openMessage('PodCondition', { type: text, status: text })),
  }),
});

/** Only what tells the labels of its pods. Source: Kubernetes apps/v1 DeploymentSpec. */
export const deployment: Field = openMessage('DeploymentSpec', {
  selector: openMessage('LabelSelector', { matchLabels: textMap }),
  template: openMessage('PodTemplateSpec', { metadata: openMessage('ObjectMeta', { labels: textMap }) }),
});
