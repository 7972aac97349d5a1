import { isIP } from 'node:net';
import type { DeploymentSpec } from '../config/analysis/analysed-specs.ts';
import type { DestinationRuleSpec, KubernetesServiceSpec, VirtualServiceSpec } from '../config/istio-types.ts';
import type { Resource } from '../config/resource.ts';
import { UsageError } from './terminal.ts';

/** Where a service that no cluster describes can be reached. */
export interface FoundEndpoint {
  readonly address: string;
  readonly port: number;
  readonly version?: string | undefined;
}

/** A service for which first rules are written. */
export interface FoundService {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly { readonly number: number; readonly name: string; readonly appProtocol?: string | undefined }[];
  /** Values of the label `version` of its pods, in their natural order. */
  readonly versions: readonly string[];
  /** By which a cluster's Service finds its pods; absent: it has `endpoints` instead. */
  readonly selector?: Readonly<Record<string, string>> | undefined;
  readonly endpoints: readonly FoundEndpoint[];
  /** A host outside of the mesh, reached by TLS: it gets no rules. */
  readonly outside?: boolean;
  /** Whether there are rules for it already. */
  readonly hasRules: boolean;
}

/** Cluster machinery, which applications do not call by rules. */
const MACHINERY = /^(kube-.*|istio-system)$/;
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NATURALLY = new Intl.Collator('en', { numeric: true });

type Labels = Readonly<Record<string, string>>;

/** The Services of a Kubernetes export, with the versions that its Deployments and Pods have. */
export function servicesOfCluster(resources: readonly Resource[]): FoundService[] {
  const pods = resources.flatMap(({ kind, namespace, labels, spec }): { readonly namespace: string; readonly labels: Labels }[] => {
    if (kind === 'Pod') return [{ namespace, labels }];
    return kind === 'Deployment' ? [{ namespace, labels: (spec as DeploymentSpec).template?.metadata?.labels ?? {} }] : [];
  });
  const ruled = resources.flatMap(({ kind, namespace, spec }) => {
    const hosts = kind === 'VirtualService' ? (spec as VirtualServiceSpec).hosts : kind === 'DestinationRule' ? [(spec as DestinationRuleSpec).host] : [];
    return (hosts ?? []).map((host) => (host.includes('.') ? host : `${host}.${namespace}`));
  });
  return resources.flatMap(({ kind, name, namespace, spec }): FoundService[] => {
    const { selector, ports = [] } = spec as KubernetesServiceSpec;
    // Names of clusters; what else a file has for a name must not become that of a file.
    if (kind !== 'Service' || !NAME.test(name) || !NAME.test(namespace)) return [];
    if (MACHINERY.test(namespace) || (namespace === 'default' && name === 'kubernetes') || ports.length === 0) return [];
    const selected = selector === undefined ? [] : pods.filter((pod) => pod.namespace === namespace && Object.entries(selector).every(([key, value]) => pod.labels[key] === value));
    const versions = [...new Set(selected.flatMap(({ labels }) => labels['version'] ?? []))].sort(NATURALLY.compare);
    const qualified = `${name}.${namespace}`;
    return [
      {
        name,
        namespace,
        ports: ports.map(({ name: called = '', port, appProtocol }) => ({ number: port, name: called, appProtocol })),
        versions,
        selector,
        endpoints: [],
        hasRules: ruled.some((host) => host === qualified || host.startsWith(`${qualified}.svc`)),
      },
    ];
  });
}

/**
 * Services by name and address: `reviews=127.0.0.1:9081`, `reviews/v2=127.0.0.1:9082`; several of one name are its endpoints.
 *
 * @throws {UsageError} for what can't be read so.
 */
export function servicesByAddress(pairs: readonly string[], namespace: string): FoundService[] {
  const found = pairs.map((pair) => {
    const [, name, version, url] = /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?:\/([\w.-]+))?=(?:http:\/\/)?([^/]+)\/?$/.exec(pair) ?? [];
    // A URL takes a number alone for an address: 3001 is 0.0.11.185.
    const parsed = url === undefined || /^\d+$/.test(url) || !URL.canParse(`http://${url}`) ? undefined : new URL(`http://${url}`);
    if (name === undefined || parsed === undefined) throw new UsageError(`a service is a name and an address, such as reviews=127.0.0.1:9080 or reviews/v2=127.0.0.1:9081, not ${pair}`);
    return { name, endpoint: { ...addressOf(parsed), version } };
  });
  return [...Map.groupBy(found, ({ name }) => name)].map(([name, group]): FoundService => atEndpoints(name, namespace, group.map(({ endpoint }) => endpoint)));
}

/** Services that environment variables such as `REVIEWS_URL=http://127.0.0.1:9081` tell of. */
export function servicesOfEnvironment(env: Readonly<Record<string, string | undefined>>, namespace: string): FoundService[] {
  return Object.entries(env).flatMap(([variable, value = '']): FoundService[] => {
    const [, prefix] = /^([A-Z][A-Z0-9_]*?)_(?:SERVICE_)?(?:BASE_)?(?:URL|URI|ENDPOINT)$/.exec(variable) ?? [];
    if (prefix === undefined || !/^https?:\/\//.test(value) || !URL.canParse(value)) return [];
    const url = new URL(value);
    const name = prefix.toLowerCase().replaceAll('_', '-').replace(/-+$/, '');
    const endpoint = addressOf(url);
    if (url.protocol === 'http:') return [atEndpoints(name, namespace, [endpoint])];
    // Rules for paths need the mesh to see them; a host by TLS it can only let pass, or not.
    return isIP(endpoint.address) === 0 ? [{ ...atEndpoints(name, namespace, [endpoint]), outside: true }] : [];
  });
}

function addressOf(url: URL): FoundEndpoint {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { address: host === 'localhost' ? '127.0.0.1' : host, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) };
}

function atEndpoints(name: string, namespace: string, given: readonly FoundEndpoint[]): FoundService {
  const hasVersions = given.some(({ version }) => version !== undefined);
  // Who names a second version means the first by the name alone.
  const endpoints = hasVersions ? given.map((endpoint) => ({ ...endpoint, version: endpoint.version ?? 'v1' })) : given;
  const versions = [...new Set(endpoints.flatMap(({ version }) => version ?? []))].sort(NATURALLY.compare);
  return { name, namespace, ports: [{ number: endpoints[0]!.port, name: 'http' }], versions, endpoints, hasRules: false };
}
