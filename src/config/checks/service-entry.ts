import { isWildcardHost } from '../../common/host-name.ts';
import type { ServiceEntrySpec, ServicePortSpec, WorkloadEntrySpec } from '../istio-types.ts';
import { isIpAddress, unixPathProblem } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { checkExportTo } from './export-to.ts';
import { fqdnProblem } from './names.ts';
import {
  checkDnsLabel,
  checkPort,
  checkPortIfSet,
  checkProtocol,
  checkSelector,
  checkWildcardDomain,
  isHttpProtocol,
  isTlsProtocol,
} from './primitives.ts';

const UNIX = 'unix://';
/** `"false"` keeps Istio from giving an entry addresses of its own. */
const ALLOCATES_ADDRESSES = 'networking.istio.io/enable-autoallocate-ip';

/** Source: istio `ValidateServiceEntry`. */
export function checkServiceEntry(spec: ServiceEntrySpec, at: Cursor): void {
  const { hosts = [], endpoints = [], resolution = 'NONE', workloadSelector } = spec as Partial<ServiceEntrySpec>;
  if (workloadSelector !== undefined) {
    if (!checkSelector(workloadSelector.labels, at.to('workloadSelector', 'labels'))) {
      at.to('workloadSelector').warn(
        'WARN_EMPTY_SELECTOR',
        'has no labels and so selects every workload of the namespace',
      );
    }
    if (spec.endpoints !== undefined) at.to('endpoints').conflict('must not be there together with workloadSelector');
    if (resolution === 'NONE') {
      at.to('workloadSelector').warn('WARN_NO_EFFECT', 'has no effect with resolution NONE', 'use resolution: STATIC');
    }
  }
  checkHosts(hosts, at.to('hosts'), resolution);
  checkAddresses(spec, at.to('addresses'), resolution);
  checkPorts(spec, at.to('ports'), resolution);
  endpoints.forEach((endpoint, index) => checkEndpoint(endpoint, at.to('endpoints', index), spec));
  if (resolution === 'NONE' && endpoints.length > 0) {
    at.to('endpoints').conflict(
      'must be left out with resolution NONE: calls go to the address that was dialled',
      'use resolution: STATIC or DNS',
    );
  }
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1) {
    at.to('endpoints').conflict('must have one entry at most with resolution DNS_ROUND_ROBIN', 'use resolution: DNS');
  }
  checkResolvable(spec, at);
  if (resolution === 'DYNAMIC_DNS') checkDynamic(spec, at);
  checkExportTo(spec.exportTo, at.to('exportTo'), 'serviceEntry');
}

function isDns(resolution: string): boolean {
  return resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
}

function checkHosts(hosts: readonly string[], at: Cursor, resolution: string): void {
  if (hosts.length === 0) at.required('needs at least one host');
  hosts.forEach((host, index) => {
    const place = at.to(index);
    if (host === '*') {
      place.invalid('must be a host name, not *');
    } else {
      checkWildcardDomain(host, place);
      if (host.includes('*') && !host.startsWith('*.') && resolution !== 'DYNAMIC_DNS') {
        place.warn('WARN_PARTIAL_WILDCARD', 'has a wildcard within a label, which matches nothing', 'write *.DOMAIN');
      }
    }
  });
}

function checkAddresses(spec: ServiceEntrySpec, at: Cursor, resolution: string): void {
  const { addresses = [], hosts = [], ports = [] } = spec as Partial<ServiceEntrySpec>;
  const block = addresses.findIndex((address) => address.includes('/'));
  if (block >= 0 && resolution !== 'NONE' && resolution !== 'STATIC') {
    at.to(block).conflict(`must not be a CIDR block with resolution ${resolution}`, 'use NONE or STATIC');
  }
  if (
    isDns(resolution) &&
    addresses.length > 0 &&
    hosts.length > 1 &&
    ports.some(({ protocol = '' }) => isTcp(protocol))
  ) {
    at.warn('WARN_AMBIGUOUS', 'cannot tell the hosts apart on a TCP port', 'make one ServiceEntry per host');
  }
}

function isTcp(protocol: string): boolean {
  return ['TCP', 'HTTPS', 'TLS', 'MONGO', 'REDIS', 'MYSQL'].includes(protocol.toUpperCase());
}

function checkPorts(spec: ServiceEntrySpec, at: Cursor, resolution: string): void {
  const { hosts = [], addresses = [], ports = [] } = spec as Partial<ServiceEntrySpec>;
  const names = new Set<string>();
  const numbers = new Set<number>();
  // Istio gives addresses of its own to entries that are resolved and have a host that is no wildcard.
  const optedOut = at.context.labels[ALLOCATES_ADDRESSES]?.toLowerCase() === 'false';
  const allocated = resolution !== 'NONE' && !optedOut && hosts.some((host) => !isWildcardHost(host));
  ports.forEach((port, index) => {
    const { name = '', number = 0, protocol = '', targetPort = 0 } = port as Partial<ServicePortSpec>;
    const place = at.to(index);
    if (names.has(name)) place.to('name').duplicate(`${JSON.stringify(name)} is also the name of another port`);
    if (numbers.has(number)) place.to('number').duplicate(`${number} is also the number of another port`);
    names.add(name);
    numbers.add(number);
    checkPortIfSet(targetPort, place.to('targetPort'));
    if (name === '') place.required('needs a name', 'name it after its protocol, such as http');
    else checkDnsLabel(name, place.to('name'));
    checkProtocol(protocol, place.to('protocol'));
    checkPort(number, place.to('number'));
    if (addresses.length === 0 && !allocated && (protocol === '' || protocol === 'TCP')) {
      place.warn(
        'WARN_NO_ADDRESS',
        'carries TCP, so the entry needs addresses to be told from others',
        'add addresses',
      );
    }
  });
  const plain = ports.findIndex(({ protocol = '' }) => !isHttpProtocol(protocol) && !isTlsProtocol(protocol));
  if (resolution !== 'NONE' && hosts.length > 1 && plain >= 0) {
    at.to(plain).conflict(
      'is neither HTTP nor TLS, so that several hosts could not be told apart',
      'make one ServiceEntry per host',
    );
  }
}

function checkEndpoint(endpoint: WorkloadEntrySpec, at: Cursor, spec: ServiceEntrySpec): void {
  const { resolution = 'NONE', ports = [] } = spec;
  if (resolution !== 'STATIC' && !isDns(resolution)) return;
  const names = ports.map(({ name }) => name);
  if (resolution === 'STATIC') {
    checkWorkload(endpoint, at, { names, fqdnAllowed: false });
  } else {
    const { address = '' } = endpoint;
    if (!isIpAddress(address) && fqdnProblem(address) !== undefined) {
      at.to('address').invalid('must be a host name or an IP address');
    }
    checkEndpointPorts(endpoint, at.to('ports'), names);
  }
}

/** With no endpoint to resolve, it is the hosts that are resolved. */
function checkResolvable(spec: ServiceEntrySpec, at: Cursor): void {
  const { hosts = [], endpoints = [], resolution = 'NONE' } = spec as Partial<ServiceEntrySpec>;
  if (!isDns(resolution) || endpoints.length > 0) return;
  hosts.forEach((host, index) => {
    if (fqdnProblem(host) !== undefined) {
      at.to('hosts', index).invalid(
        `must be a name that DNS can resolve, since resolution is ${resolution} and there are no endpoints`,
      );
    }
  });
}

function checkDynamic(spec: ServiceEntrySpec, at: Cursor): void {
  spec.hosts?.forEach((host, index) => {
    if (!isWildcardHost(host)) {
      at.to('hosts', index).invalid(
        'must be a wildcard with resolution DYNAMIC_DNS',
        'use resolution: DNS for single names',
      );
    }
  });
  for (const field of ['addresses', 'endpoints'] as const) {
    if ((spec[field] ?? []).length > 0) at.to(field).conflict('must be left out with resolution DYNAMIC_DNS');
  }
  spec.ports?.forEach(({ protocol = '' }, index) => {
    if (!['HTTP', 'HTTP2', 'GRPC', 'TLS'].includes(protocol.toUpperCase())) {
      at.to('ports', index, 'protocol').invalid('must be HTTP, HTTP2, GRPC or TLS with resolution DYNAMIC_DNS');
    }
  });
}

/** A WorkloadEntry of its own. Source: istio `ValidateWorkloadEntry`. */
export function checkWorkloadEntry(spec: WorkloadEntrySpec, at: Cursor): void {
  checkWorkload(spec, at, { names: undefined, fqdnAllowed: true });
}

interface WorkloadRules {
  /** Of the ServiceEntry's ports, when it has to do with one. */
  readonly names: readonly string[] | undefined;
  readonly fqdnAllowed: boolean;
}

function checkWorkload(entry: WorkloadEntrySpec, at: Cursor, rules: WorkloadRules): void {
  const { address = '', network = '', ports = {} } = entry;
  if (address === '' && network === '') {
    at.to('address').required('must be an IP address or a host name');
    return;
  }
  if (address === '') {
    at.warn('WARN_NO_ADDRESS', `has no address and stands for whatever is in the network ${JSON.stringify(network)}`);
  }
  if (address.startsWith(UNIX)) {
    const problem = unixPathProblem(address.slice(UNIX.length));
    if (problem !== undefined) at.to('address').invalid(problem);
    if (Object.keys(ports).length > 0) at.to('ports').conflict('must be left out for a Unix socket');
    if (rules.names !== undefined && rules.names.length !== 1) {
      at.to('address').conflict('is a Unix socket, for which the ServiceEntry must have exactly one port');
    }
  } else if (address !== '' && !isIpAddress(address)) {
    if (!rules.fqdnAllowed) {
      at.to('address').invalid('must be an IP address with resolution STATIC', 'use resolution: DNS for host names');
    } else if (fqdnProblem(address) !== undefined) {
      at.to('address').invalid('must be an IP address or a host name');
    }
  }
  checkEndpointPorts(entry, at.to('ports'), rules.names);
}

function checkEndpointPorts(entry: WorkloadEntrySpec, at: Cursor, names: readonly string[] | undefined): void {
  for (const [name, port] of Object.entries(entry.ports ?? {})) {
    if (names !== undefined && !names.includes(name)) {
      at.to(name).error(
        'ERR_INVALID_VALUE',
        `${JSON.stringify(name)} is no port of the ServiceEntry, which has ${names.join(', ') || 'none'}`,
      );
    }
    checkDnsLabel(name, at.to(name));
    checkPort(port, at.to(name));
  }
}
