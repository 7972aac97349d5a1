import type { Resource } from '../resource.ts';

const NOWHERE = { file: '<assumed>', line: 1, column: 1 };
const ASSUMED = { apiVersion: 'v1', namespace: 'istio-system', annotations: {}, createdAtMs: 0, order: 0, locate: () => NOWHERE } as const;
const SELECTOR = { istio: 'ingressgateway' };

// The gateway that Istio's installation brings, assumed to be there. Source: istio `getDefaultIstioIngressGateway`.

export const INGRESS_POD: Resource<'Pod'> = {
  ...ASSUMED,
  kind: 'Pod',
  name: 'istio-ingressgateway-dummypod',
  labels: SELECTOR,
  spec: { spec: { containers: [{ name: 'istio-proxy' }] } },
};

export const INGRESS_SERVICE: Resource<'Service'> = {
  ...ASSUMED,
  kind: 'Service',
  name: 'istio-ingressgateway',
  labels: {},
  spec: {
    selector: SELECTOR,
    ports: [
      { name: 'http2', port: 80, targetPort: 80, protocol: 'TCP' },
      { name: 'https', port: 443, targetPort: 443, protocol: 'TCP' },
      { name: 'tcp', port: 31400, targetPort: 31400, protocol: 'TCP' },
      { name: 'tls', port: 15443, targetPort: 15443, protocol: 'TCP' },
    ],
  },
};
