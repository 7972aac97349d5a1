import type { EndpointSliceBody, EndpointsBody, KubernetesServiceSpec } from '../istio-types.ts';
import { isIpAddress, isIpv4, isIpv6 } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { fqdnProblem } from './names.ts';
import { checkDnsLabel, checkPort } from './primitives.ts';
import { parseProtocol } from '../registry/port-protocol.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];

/** What the API server refuses. Source: Kubernetes `ValidateService`. */
export function checkService(spec: KubernetesServiceSpec, at: Cursor): void {
  const { type = 'ClusterIP', externalName = '', ports = [] } = spec;
  if (!SERVICE_TYPES.includes(type)) at.to('type').invalid(`must be one of ${SERVICE_TYPES.join(', ')}`);
  if (type === 'ExternalName') {
    if (externalName === '') at.required('needs an externalName for type ExternalName');
    else if (fqdnProblem(externalName) !== undefined) at.to('externalName').invalid('must be a host name');
  }
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const { name = '' } = port;
    const place = at.to('ports', index);
    checkPort(port.port ?? 0, place.to('port'));
    if (typeof port.targetPort === 'number') checkPort(port.targetPort, place.to('targetPort'));
    if (name === '' && ports.length > 1) {
      place.required('needs a name, since there are several ports', 'name it after its protocol, such as http');
    }
    if (name !== '') {
      checkDnsLabel(name, place.to('name'));
      if (names.has(name)) place.to('name').duplicate(`${JSON.stringify(name)} is also the name of another port`);
      names.add(name);
    }
    if (at.context.rules === 'istioctl' && at.context.namespace !== 'istio-system') checkPortName(port, place);
  });
}

type ServicePort = NonNullable<KubernetesServiceSpec['ports']>[number];

/** Source: istioctl `validateServicePortPrefix`: other than the control plane it neither sniffs nor knows Kubernetes' own protocols. */
function checkPortName({ name, protocol = '', appProtocol }: ServicePort, at: Cursor): void {
  if (protocol.toUpperCase() === 'UDP') return;
  const isNamed = appProtocol === undefined ? parseProtocol(name?.split('-', 1)[0]) : parseProtocol(appProtocol);
  if (isNamed !== 'SNIFFED') return;
  const message =
    appProtocol !== undefined
      ? `must have an appProtocol that Istio knows, not ${JSON.stringify(appProtocol)}`
      : name === undefined
        ? 'needs a name that starts with its protocol'
        : `must have a name that starts with its protocol, not ${JSON.stringify(name)}`;
  at.error('ERR_PORT_PROTOCOL', message, 'name it such as http, http-web, grpc, tls-db or tcp');
}

export function checkEndpointSlice(slice: EndpointSliceBody, at: Cursor): void {
  const { addressType = 'IPv4', endpoints = [], ports = [] } = slice;
  if (!Object.hasOwn(at.context.labels, SERVICE_NAME)) {
    at.warn(
      'WARN_NO_EFFECT',
      `belongs to no Service: it has no label ${SERVICE_NAME}`,
      `add the label ${SERVICE_NAME}: NAME`,
    );
  }
  const fits =
    addressType === 'IPv6'
      ? isIpv6
      : addressType === 'FQDN'
        ? (name: string) => fqdnProblem(name) === undefined
        : isIpv4;
  endpoints.forEach((endpoint, index) => {
    const addresses = endpoint.addresses ?? [];
    if (addresses.length === 0) at.to('endpoints', index).required('needs at least one address');
    addresses.forEach((address, addressIndex) => {
      if (!fits(address)) {
        at.to('endpoints', index, 'addresses', addressIndex).invalid(`must be an address of type ${addressType}`);
      }
    });
  });
  ports.forEach(({ port }, index) => {
    if (port !== undefined) checkPort(port, at.to('ports', index, 'port'));
  });
}

type Subset = NonNullable<EndpointsBody['subsets']>[number];

export function checkEndpointSubset(subset: Subset, at: Cursor): void {
  for (const field of ['addresses', 'notReadyAddresses'] as const) {
    subset[field]?.forEach(({ ip = '' }, index) => {
      if (!isIpAddress(ip)) at.to(field, index, 'ip').invalid('must be an IP address');
    });
  }
  subset.ports?.forEach(({ port = 0 }, index) => checkPort(port, at.to('ports', index, 'port')));
}
