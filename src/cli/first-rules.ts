import { isIP } from 'node:net';
import type { FoundService } from './found-services.ts';

type Named = Pick<FoundService, 'name' | 'namespace'>;

/** Rules for one service: everything as it was but that one of several versions is chosen, and what may come next as comments. */
export function firstRules(service: FoundService): string {
  const { name, versions } = service;
  const subsets = subsetsOf(versions);
  const [first, second] = subsets;
  const lines = [`# Rules for ${name}, begun by \`ts-mesh init\`. What is commented out is what may come next.`];
  if (first !== undefined) {
    lines.push(
      ...head('DestinationRule', service),
      `  host: ${quoted(name)}`,
      '  subsets:',
      ...subsets.map(({ subset, version }) => `  - {name: ${quoted(subset)}, labels: {version: ${quoted(version)}}}`),
      '  # An endpoint that fails five times in a row gets no calls for half a minute:',
      '  # trafficPolicy:',
      '  #   outlierDetection: {consecutive5xxErrors: 5, interval: 10s, baseEjectionTime: 30s}',
      '---',
    );
  }
  const to = (subset: string | undefined): string => (subset === undefined ? `{host: ${quoted(name)}}` : `{host: ${quoted(name)}, subset: ${quoted(subset)}}`);
  lines.push(
    ...head('VirtualService', service),
    `  hosts: [${quoted(name)}]`,
    '  http:',
    '  # What does a page show when this takes 7 seconds? For one user:',
    '  # - match: [{headers: {end-user: {exact: jason}}}]',
    '  #   fault: {delay: {fixedDelay: 7s, percentage: {value: 100}}}',
    `  #   route: [{destination: ${to(second?.subset ?? first?.subset)}}]`,
    '  - route:',
    `    - destination: ${to(first?.subset)}`,
  );
  if (first !== undefined && second !== undefined) {
    lines.push(
      '      weight: 100',
      `    # A tenth of the calls to ${second.subset}: 90 above, and`,
      `    # - destination: ${to(second.subset)}`,
      '    #   weight: 10',
    );
  }
  lines.push('    # How long a caller waits in all, and what is tried again:', '    # timeout: 5s', '    # retries: {attempts: 2, perTryTimeout: 2s, retryOn: "5xx,reset"}');
  return `${lines.join('\n')}\n`;
}

/** What there is: a cluster's Services, or entries for what is reached by address. */
export function firstServices(services: readonly FoundService[]): string {
  const documents = services.map((service) => (service.endpoints.length === 0 ? clusterService(service) : entry(service)).join('\n'));
  return `# Services, as \`ts-mesh init\` found them.\n${documents.join('\n---\n')}\n`;
}

function clusterService(service: FoundService): string[] {
  const { ports, selector } = service;
  return [
    'apiVersion: v1',
    'kind: Service',
    metadata(service),
    'spec:',
    '  ports:',
    ...ports.map(({ number, name, appProtocol }) => `  - {port: ${number}${name === '' ? '' : `, name: ${quoted(name)}`}${appProtocol === undefined ? '' : `, appProtocol: ${quoted(appProtocol)}`}}`),
    ...(selector === undefined ? [] : ['  selector:', ...Object.entries(selector).map(([key, value]) => `    ${quoted(key)}: ${quoted(value)}`)]),
  ];
}

function entry(service: FoundService): string[] {
  const { name, namespace, ports, endpoints, outside } = service;
  const [{ number }, [first]] = [ports[0]!, endpoints];
  if (outside === true) {
    return [...head('ServiceEntry', service), `  hosts: [${quoted(first!.address)}]`, '  location: MESH_EXTERNAL', '  resolution: DNS', `  ports: [{number: ${number}, name: https, protocol: HTTPS}]`];
  }
  const byName = endpoints.some(({ address }) => isIP(address) === 0);
  return [
    ...head('ServiceEntry', service),
    `  hosts: [${name}.${namespace}.svc.cluster.local]`,
    '  location: MESH_INTERNAL',
    `  resolution: ${byName ? 'DNS' : 'STATIC'}`,
    `  ports: [{number: ${number}, name: http, protocol: HTTP}]`,
    '  endpoints:',
    ...endpoints.map(({ address, port, version }) => `  - {address: ${quoted(address)}, ports: {http: ${port}}${version === undefined ? '' : `, labels: {version: ${quoted(version)}}`}}`),
  ];
}

function head(kind: string, service: Named): string[] {
  return ['apiVersion: networking.istio.io/v1', `kind: ${kind}`, metadata(service), 'spec:'];
}

function metadata({ name, namespace }: Named): string {
  return `metadata: {name: ${quoted(name)}, namespace: ${quoted(namespace)}}`;
}

/** Names of subsets are more narrow than values of labels: `1.2.0` → `1-2-0`. */
function subsetsOf(versions: readonly string[]): { readonly subset: string; readonly version: string }[] {
  const taken = new Set<string>();
  return versions.map((version) => {
    const name = version.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || 'version';
    let subset = name;
    for (let i = 2; taken.has(subset); i++) subset = `${name}-${i}`;
    taken.add(subset);
    return { subset, version };
  });
}

/** As YAML takes for the text that it is. */
function quoted(text: string): string {
  return /^[a-zA-Z][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
}
