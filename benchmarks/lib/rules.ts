import type { EndpointInput } from '../../src/index.ts';

/** How many hosts have rules, and how many rules and endpoints each has. */
export interface RuleShape {
  readonly hosts: number;
  readonly rulesPerHost: number;
  /** Default 6. */
  readonly endpointsPerHost?: number;
}

/** Documents of one shape, and calls that meet them. */
export interface RuleSet {
  readonly config: readonly object[];
  readonly endpoints: Readonly<Record<string, readonly EndpointInput[]>>;
}

/** A call as routing sees it: `rule` is which one of `host` it meets, the last one being that of any call. */
export interface Target {
  readonly host: number;
  readonly rule: number;
}

const NAMESPACE = 'default';
const VERSIONS = ['v1', 'v2'];

/**
 * Rules as a large mesh has them: every host is a Service with two subsets, each rule matches a path prefix, every third one
 * a header too, and splits between the subsets; the last rule of a host takes what is left.
 */
export function rulesOf({ hosts, rulesPerHost, endpointsPerHost = 6 }: RuleShape): RuleSet {
  const config: object[] = [];
  const endpoints: Record<string, readonly EndpointInput[]> = {};
  for (let host = 0; host < hosts; host++) {
    const name = hostName(host);
    config.push(serviceOf(name), destinationRuleOf(name), virtualServiceOf(name, rulesPerHost));
    endpoints[name] = Array.from({ length: endpointsPerHost }, (_, at) => ({ address: `${addressOf(host, at)}:9080`, labels: { version: VERSIONS[at % 2]! } }));
  }
  return { config, endpoints };
}

/** A Kubernetes Service, whose endpoints come from code. */
export function serviceOf(name: string): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE }, spec: { ports: [{ name: 'http', port: 9080 }], selector: { app: name } } };
}

/** @param errors - in a row, before an endpoint is ejected; something to change */
export function destinationRuleOf(name: string, errors = 5): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace: NAMESPACE },
    spec: { host: name, trafficPolicy: { outlierDetection: { consecutive5xxErrors: errors } }, subsets: VERSIONS.map((version) => ({ name: version, labels: { version } })) },
  };
}

/** @param share - of the first subset, in percent; something to change */
export function virtualServiceOf(name: string, rules: number, share = 80): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: NAMESPACE },
    spec: { hosts: [name], http: Array.from({ length: rules }, (_, rule) => ruleOf(name, rule, rule === rules - 1, share)) },
  };
}

function ruleOf(host: string, rule: number, isLast: boolean, share: number): object {
  const split = [{ destination: { host, subset: 'v1' }, weight: share }, { destination: { host, subset: 'v2' }, weight: 100 - share }];
  const match = { uri: { prefix: prefixOf(rule) }, ...(needsHeader(rule) ? { headers: { 'x-tenant': { exact: `t${rule}` } } } : {}) };
  return { name: String(rule), ...(isLast ? {} : { match: [match] }), route: split, timeout: '5s', retries: { attempts: 2, retryOn: '5xx' } };
}

export function hostName(host: number): string {
  return `service-${host}`;
}

/** An address for endpoint number `at` of a host. */
export function addressOf(host: number, at: number): string {
  return `10.${(host >> 8) + (at >> 8)}.${host & 255}.${at & 255}`;
}

/** What the caller of `target` sends. */
export function headOf({ host, rule }: Target): { authority: string; path: string; headers: string[] } {
  return { authority: `${hostName(host)}:9080`, path: `${prefixOf(rule)}items/42?full=1`, headers: ['accept', 'application/json', 'user-agent', 'benchmark', 'x-tenant', `t${rule}`] };
}

/** The paths that rule number `rule` of a host is for begin so. */
export function prefixOf(rule: number): string {
  return `/api/group-${rule % 97}/rule-${rule}/`;
}

function needsHeader(rule: number): boolean {
  return rule % 3 === 0;
}
