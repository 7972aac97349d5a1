import type { EndpointInput } from '../../src/index.ts';

/** How many hosts have rules, and how many rules each has. */
export interface RuleShape {
  readonly hosts: number;
  readonly rulesPerHost: number;
}

/** Documents of one shape, and calls that meet them. */
export interface RuleSet {
  readonly config: readonly object[];
  readonly endpoints: Readonly<Record<string, readonly EndpointInput[]>>;
}

/** A call as routing sees it: `route` is which rule of `host` it meets, the last one being that of any call. */
export interface Target {
  readonly host: number;
  readonly rule: number;
}

const NAMESPACE = 'default';

/**
 * Rules as a large mesh has them: every host is a Service with two subsets, each rule matches a path prefix, every third one
 * a header too, and splits between the subsets; the last rule of a host takes what is left.
 */
export function rulesOf({ hosts, rulesPerHost }: RuleShape): RuleSet {
  const config: object[] = [];
  const endpoints: Record<string, readonly EndpointInput[]> = {};
  for (let host = 0; host < hosts; host++) {
    const name = hostName(host);
    const metadata = { name, namespace: NAMESPACE };
    config.push({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 9080 }], selector: { app: name } } });
    config.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata,
      spec: { host: name, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } }, subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })) },
    });
    config.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata,
      spec: { hosts: [name], http: Array.from({ length: rulesPerHost }, (_, rule) => ruleOf(name, rule, rule === rulesPerHost - 1)) },
    });
    endpoints[name] = ['v1', 'v2'].flatMap((version) => [1, 2, 3].map((last) => ({ address: `10.${host >> 8}.${host & 255}.${last}:9080`, labels: { version } })));
  }
  return { config, endpoints };
}

function ruleOf(host: string, rule: number, isLast: boolean): object {
  const split = [{ destination: { host, subset: 'v1' }, weight: 80 }, { destination: { host, subset: 'v2' }, weight: 20 }];
  const match = { uri: { prefix: pathOf(rule) }, ...(needsHeader(rule) ? { headers: { 'x-tenant': { exact: `t${rule}` } } } : {}) };
  return { ...(isLast ? {} : { match: [match] }), route: split, timeout: '5s', retries: { attempts: 2, retryOn: '5xx' } };
}

export function hostName(host: number): string {
  return `service-${host}`;
}

/** What the caller of `target` sends. */
export function headOf({ host, rule }: Target): { authority: string; path: string; headers: string[] } {
  return { authority: `${hostName(host)}:9080`, path: `${pathOf(rule)}items/42?full=1`, headers: ['accept', 'application/json', 'user-agent', 'benchmark', 'x-tenant', `t${rule}`] };
}

function pathOf(rule: number): string {
  return `/api/group-${rule % 97}/rule-${rule}/`;
}

function needsHeader(rule: number): boolean {
  return rule % 3 === 0;
}
