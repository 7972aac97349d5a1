import type { Contained } from './contained.ts';
import { judgeText } from './judge-text.ts';

const ISTIO = 'apiVersion: networking.istio.io/v1';

const list = (count: number, item: (i: number) => string, separator = ', '): string => Array.from({ length: count }, (_, i) => item(i)).join(separator);

const documents = (...texts: readonly string[]): string => texts.join('---\n');

function virtualService(name: string, hosts: string, http: string): string {
  return `${ISTIO}\nkind: VirtualService\nmetadata: {name: ${name}}\nspec:\n  hosts: [${hosts}]\n  http:\n${http}\n`;
}

function serviceEntry(name: string, hosts: string, { ports = '{number: 80, name: http, protocol: HTTP}', rest = 'endpoints: [{address: 10.0.0.1}]' } = {}): string {
  return `${ISTIO}\nkind: ServiceEntry\nmetadata: {name: ${name}}\nspec:\n  hosts: [${hosts}]\n  ports: [${ports}]\n  resolution: STATIC\n  ${rest}\n`;
}

const TO_A = 'route: [{destination: {host: a.com}}]';
const A = serviceEntry('a', 'a.com');

/** Distinct, large, and within Istio's 1024 characters. */
const largeRegex = (i: number): string => `${i}${'(a*b?c*){900}'.repeat(75)}`;

/** Resources that Istio would take one by one, but so many, or so multiplied with each other, that they do harm together. */
function hostileRules(size: number): Readonly<Record<string, () => string>> {
  const MANY = Math.ceil(50_000 * size);
  const SOME = Math.ceil(5000 * size);
  const LONG = Math.ceil(10_000_000 * size);
  return {
    'rules': () => documents(A, virtualService('a', 'a.com', list(MANY, (i) => `  - {match: [{uri: {exact: /${i}}}], ${TO_A}}`, '\n'))),
    'matches': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, match: [${list(MANY, (i) => `{uri: {exact: /${i}}}`)}]}`)),
    'bad matches': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, match: [${list(MANY, () => '{uri: {exacct: /}}')}]}`)),
    'equal rules': () => documents(A, virtualService('a', 'a.com', list(MANY, () => `  - {match: [{uri: {prefix: /a}}], ${TO_A}}`, '\n'))),
    'hosts': () => documents(A, virtualService('a', list(MANY, (i) => `h${i}.com`), `  - {${TO_A}}`)),
    'wildcard hosts': () => documents(A, virtualService('a', list(MANY, (i) => `"*.h${i}.com"`), `  - {${TO_A}}`)),
    'destinations': () => documents(A, virtualService('a', 'a.com', `  - {route: [${list(MANY, (i) => `{destination: {host: h${i}.com}, weight: 1}`)}]}`)),
    'mirrors': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, mirrors: [${list(MANY, (i) => `{destination: {host: h${i}.com}}`)}]}`)),
    'headers to set': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, headers: {request: {set: {${list(MANY, (i) => `h${i}: "%REQ(x)%"`)}}}}}`)),
    'a header of a million operators': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, headers: {request: {set: {x: "${'%REQ(x)%'.repeat(LONG / 10)}"}}}}`)),
    'a header of four million open operators': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, headers: {request: {set: {x: "${'%A('.repeat(LONG / 4)})%"}}}}`)),
    'retry tokens': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, retries: {attempts: 1, retryOn: "${list(MANY, () => '5xx', ',')}"}}`)),
    'bad retry tokens': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, retries: {attempts: 1, retryOn: "${list(MANY, (i) => `x${i}`, ',')}"}}`)),
    'prefixes within each other': () => documents(A, virtualService('a', 'a.com', list(SOME, (i) => `  - {match: [{uri: {prefix: /${'a'.repeat(i)}}}], ${TO_A}}`, '\n'))),
    'delegates that multiply': () =>
      documents(
        A,
        virtualService('root', 'a.com', `  - {delegate: {name: leaf}, match: [${list(SOME, (i) => `{headers: {h${i}: {exact: x}}}`)}]}`),
        `${ISTIO}\nkind: VirtualService\nmetadata: {name: leaf}\nspec:\n  http:\n  - {${TO_A}, match: [${list(SOME, (i) => `{uri: {exact: /${i}}}`)}]}\n`,
      ),
    'delegates named a thousand times': () =>
      documents(
        A,
        virtualService('root', 'a.com', list(SOME, (i) => `  - {delegate: {name: leaf}, match: [{headers: {h${i}: {exact: x}}}]}`, '\n')),
        `${ISTIO}\nkind: VirtualService\nmetadata: {name: leaf}\nspec:\n  http:\n  - {${TO_A}, match: [${list(SOME, (i) => `{uri: {exact: /${i}}}`)}]}\n`,
      ),
    'hosts times ports': () => serviceEntry('a', list(SOME, (i) => `h${i}.com`), { ports: list(SOME, (i) => `{number: ${i + 1}, name: p${i}, protocol: HTTP}`) }),
    'ports times endpoints': () => serviceEntry('a', 'a.com', { ports: list(SOME, (i) => `{number: ${i + 1}, name: p${i}, protocol: HTTP}`), rest: `endpoints: [${list(SOME, (i) => `{address: 10.0.${i >> 8}.${i & 255}}`)}]` }),
    'hosts times endpoints': () => serviceEntry('a', list(SOME, (i) => `h${i}.com`), { rest: `endpoints: [${list(SOME, (i) => `{address: 10.0.${i >> 8}.${i & 255}}`)}]` }),
    'ports times subsets': () =>
      documents(
        serviceEntry('a', 'a.com', { ports: list(SOME, (i) => `{number: ${i + 1}, name: p${i}, protocol: HTTP}`) }),
        `${ISTIO}\nkind: DestinationRule\nmetadata: {name: a}\nspec:\n  host: a.com\n  subsets: [${list(SOME, (i) => `{name: s${i}, labels: {v: s${i}}}`)}]\n`,
      ),
    'subsets times endpoints': () =>
      documents(
        serviceEntry('a', 'a.com', { rest: `endpoints: [${list(SOME, (i) => `{address: 10.0.${i >> 8}.${i & 255}, labels: {v: x}}`)}]` }),
        `${ISTIO}\nkind: DestinationRule\nmetadata: {name: a}\nspec:\n  host: a.com\n  subsets: [${list(SOME, (i) => `{name: s${i}, labels: {v: x}}`)}]\n`,
      ),
    'hosts times rules': () => documents(serviceEntry('a', list(SOME, (i) => `h${i}.com`)), virtualService('a', list(SOME, (i) => `h${i}.com`), list(SOME, (i) => `  - {match: [{uri: {exact: /${i}}}], fault: {abort: {httpStatus: 500}}}`, '\n'))),
    'rules times ports': () =>
      documents(
        serviceEntry('a', 'a.com', { ports: list(SOME, (i) => `{number: ${i + 1}, name: p${i}, protocol: HTTP}`) }),
        virtualService('a', 'a.com', list(SOME, (i) => `  - {match: [{uri: {exact: /${i}}}], ${TO_A}}`, '\n')),
      ),
    'wildcards times services': () =>
      documents(
        ...Array.from({ length: SOME }, (_, i) => serviceEntry(`s${i}`, `${list(20, () => 'a', '.')}.s${i}.com`)),
        ...Array.from({ length: SOME }, (_, i) => virtualService(`v${i}`, `"*.s${i}.com"`, `  - {${TO_A}}`)),
      ),
    'selectors times workloads': () =>
      documents(
        ...Array.from({ length: SOME }, (_, i) => serviceEntry(`s${i}`, `s${i}.com`, { rest: 'workloadSelector: {labels: {app: a}}' })),
        ...Array.from({ length: SOME }, (_, i) => `${ISTIO}\nkind: WorkloadEntry\nmetadata: {name: w${i}}\nspec: {address: 10.0.${i >> 8}.${i & 255}, labels: {app: a}}\n`),
      ),
    'services times pods': () =>
      documents(
        ...Array.from({ length: SOME }, (_, i) => `apiVersion: v1\nkind: Service\nmetadata: {name: s${i}}\nspec: {selector: {app: a}, ports: [{port: 80, name: http}]}\n`),
        ...Array.from({ length: SOME }, (_, i) => `apiVersion: v1\nkind: Pod\nmetadata: {name: p${i}, labels: {app: a}}\nstatus: {podIP: 10.0.${i >> 8}.${i & 255}, phase: Running, conditions: [{type: Ready, status: "True"}]}\nspec: {}\n`),
      ),
    'destination rules for one host': () => documents(A, ...Array.from({ length: 2 * SOME }, (_, i) => `${ISTIO}\nkind: DestinationRule\nmetadata: {name: d${i}}\nspec: {host: a.com, subsets: [{name: s${i}, labels: {v: s${i}}}]}\n`)),
    'virtual services for one host': () => documents(A, ...Array.from({ length: 2 * SOME }, (_, i) => virtualService(`v${i}`, 'a.com', `  - {${TO_A}}`))),
    'one resource, again and again': () => A.concat('---\n').repeat(4 * SOME),
    'a list of lists': () => `apiVersion: v1\nkind: List\nitems: [${list(4 * MANY, () => '{apiVersion: v1, kind: List, items: []}')}]\n`,
    'a list of aliases': () => `apiVersion: v1\nkind: List\nitems:\n- &a\n${A.replaceAll(/^/gm, '  ')}${'\n- *a'.repeat(MANY)}\n`,
    'aliases in every document': () => documents(A, ...Array.from({ length: SOME }, (_, i) => `x: &m [${list(100, () => '{uri: {prefix: /a}}')}]\n${virtualService(`v${i}`, 'a.com', list(120, () => `  - {${TO_A}, match: *m}`, '\n'))}`)),
    'labels without end': () => documents(A, `${ISTIO}\nkind: DestinationRule\nmetadata: {name: d, labels: {${list(6 * MANY, (i) => `l${i}: a`)}}}\nspec: {host: a.com}\n`),
    'bad labels without end': () => documents(A, `${ISTIO}\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: a.com, subsets: [{name: a, labels: {${list(6 * MANY, (i) => `"-${i}": "-"`)}}}]}\n`),
    'unknown fields without end': () => documents(A, `${ISTIO}\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: a.com, ${list(10 * MANY, (i) => `x${i}: 1`)}}\n`),
    'a duration of ten million digits': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, timeout: "${'9'.repeat(LONG)}"}`)),
    'a bad value of ten million characters in a hundred places': () => documents(`x: &d "${'9'.repeat(LONG)}"\n${virtualService('a', 'a.com', list(300, () => `  - {${TO_A}, timeout: *d}`, '\n'))}`),
    'a name of ten million characters': () => documents(virtualService('a'.repeat(LONG), 'a.com', list(300, () => `  - {${TO_A}, timeout: x}`, '\n'))),
    'a field of ten million characters': () => documents(A, `${ISTIO}\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: a.com, subsets: [{name: a, labels: {? "${'x'.repeat(LONG)}"\n: [a], b: [c], c: [d]}}]}\n`),
    'a locality of slashes': () => serviceEntry('a', 'a.com', { rest: `endpoints: [{address: 10.0.0.1, locality: "a/b/${'/'.repeat(LONG / 10)}c"}, {address: 10.0.0.2, locality: "x"}]` }),
    'a mesh config of a bomb': () => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata:\n  mesh: "${'- ['.repeat(LONG / 10)}"\n`,
    'mesh configs in mesh configs': () => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata:\n  mesh: |\n${'    - []\n'.repeat(10 * MANY)}`,
    'bombs in mesh configs': () =>
      documents(...Array.from({ length: SOME }, () => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata:\n  mesh: |\n    localityLbSetting:\n      distribute:\n      - &d {from: a, to: {${list(150, (i) => `r${i}: 1`)}}}\n${'      - *d\n'.repeat(300)}`)),
    'a large regular expression': () => documents(A, virtualService('a', 'a.com', `  - {match: [{uri: {regex: "${largeRegex(0)}"}}], ${TO_A}}`)),
    'large regular expressions': () => documents(A, virtualService('a', 'a.com', list(SOME, (i) => `  - {match: [{uri: {regex: "${largeRegex(i)}"}}], ${TO_A}}`, '\n'))),
    'regular expressions just small enough': () => documents(A, virtualService('a', 'a.com', list(2 * SOME, (i) => `  - {match: [{uri: {regex: "${i}(a?b){400}"}}], ${TO_A}}`, '\n'))),
    'regular expressions in headers': () => documents(A, virtualService('a', 'a.com', `  - {${TO_A}, match: [{headers: {${list(2 * SOME, (i) => `h${i}: {regex: "${i}(a?b){400}"}`)}}}]}`)),
    'a regular expression of twenty thousand characters': () => documents(A, virtualService('a', 'a.com', `  - {match: [{uri: {regex: "${'('.repeat(2 * SOME)}${')'.repeat(2 * SOME)}"}}], ${TO_A}}`)),
    'TCP services on one port': () => documents(...Array.from({ length: SOME }, (_, i) => serviceEntry(`s${i}`, `s${i}.com`, { ports: '{number: 5432, name: tcp, protocol: TCP}' }))),
    'TLS services on one port': () => documents(...Array.from({ length: SOME }, (_, i) => serviceEntry(`s${i}`, `s${i}.com`, { ports: '{number: 443, name: tls, protocol: TLS}' }))),
    'TLS routes': () =>
      documents(
        serviceEntry('a', 'a.com', { ports: '{number: 443, name: tls, protocol: TLS}' }),
        `${ISTIO}\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a.com]\n  tls: [${list(MANY, () => `{match: [{port: 443, sniHosts: [a.com]}], ${TO_A}}`)}]\n`,
      ),
    'TCP routes': () =>
      documents(
        serviceEntry('a', 'a.com', { ports: '{number: 5432, name: tcp, protocol: TCP}' }),
        `${ISTIO}\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a.com]\n  tcp: [${list(MANY / 2, (i) => `{match: [{port: 5432, destinationSubnets: ["10.${i >> 8 & 255}.${i & 255}.0/24"]}], ${TO_A}}`)}]\n`,
      ),
    'egress hosts times services': () =>
      documents(
        ...Array.from({ length: SOME }, (_, i) => serviceEntry(`s${i}`, `s${i}.com`)),
        `${ISTIO}\nkind: Sidecar\nmetadata: {name: a}\nspec: {egress: [{hosts: [${list(4 * SOME, (i) => `"*/*.x${i}.org"`)}]}]}\n`,
      ),
    'egress listeners times services': () =>
      documents(
        ...Array.from({ length: SOME }, (_, i) => serviceEntry(`s${i}`, `s${i}.com`)),
        `${ISTIO}\nkind: Sidecar\nmetadata: {name: a}\nspec: {egress: [${list(SOME, (i) => `{port: {number: ${i + 1}, protocol: HTTP, name: p}, hosts: ["*/*"]}`)}]}\n`,
      ),
    'wildcards that cover nothing, times services': () =>
      documents(...Array.from({ length: SOME }, (_, i) => serviceEntry(`s${i}`, `s${i}.com`)), virtualService('v', list(2 * SOME, (i) => `"*.x${i}.org"`), `  - {${TO_A}}`)),
    'bad destinations times ports': () =>
      documents(
        serviceEntry('a', 'a.com', { ports: list(SOME, (i) => `{number: ${i + 1}, name: p${i}, protocol: TCP}`) }),
        virtualService('v', 'a.com', `  - {route: [${list(2 * SOME, () => '{destination: {host: a.com, port: {number: 60000}}, weight: 1}')}]}`),
      ),
    'services of one host': () => documents(...Array.from({ length: 2 * SOME }, (_, i) => serviceEntry(`s${i}`, 'a.com', { ports: `{number: ${i + 1}, name: p${i}, protocol: HTTP}` }))),
    'a chain of names': () =>
      documents(...Array.from({ length: 2 * SOME }, (_, i) => `apiVersion: v1\nkind: Service\nmetadata: {name: s${i}}\nspec: {type: ExternalName, externalName: s${i + 1}.default.svc.cluster.local, ports: [{port: 80, name: http}]}\n`)),
    'many names for one service': () =>
      documents(A, ...Array.from({ length: 2 * SOME }, (_, i) => `apiVersion: v1\nkind: Service\nmetadata: {name: s${i}}\nspec: {type: ExternalName, externalName: a.com, ports: [{port: 80, name: http}]}\n`)),
    'slices of one service': () =>
      documents(
        'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80, name: http}]}\n',
        ...Array.from({ length: 2 * SOME }, (_, i) => `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: e${i}, labels: {kubernetes.io/service-name: s}}\naddressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.${i >> 8}.${i & 255}]}]\n`),
      ),
    'namespaces to export to': () => `${A}  exportTo: [${list(MANY, (i) => `n${i}`)}]\n`,
    'servers of a gateway': () => `${ISTIO}\nkind: Gateway\nmetadata: {name: g}\nspec: {servers: [${list(MANY / 4, (i) => `{port: {number: ${(i % 60_000) + 1}, name: p${i}, protocol: HTTP}, hosts: ["h${i}.com"]}`)}]}\n`,
    'localities': () =>
      documents(
        serviceEntry('a', 'a.com', { rest: `endpoints: [${list(SOME, (i) => `{address: 10.0.${i >> 8}.${i & 255}, locality: r${i}/z/s}`)}]` }),
        `${ISTIO}\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: a.com, trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [${list(SOME, (i) => `{from: r${i}, to: q${i}}`)}]}}}}\n`,
      ),
    'shares of localities': () =>
      documents(
        serviceEntry('a', 'a.com', { rest: `endpoints: [${list(SOME, (i) => `{address: 10.0.${i >> 8}.${i & 255}, locality: r${i}/z/s}`)}]` }),
        `${ISTIO}\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: a.com, trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {distribute: [{from: "*", to: {${list(SOME, (i) => `r${i}: 1`)}}}]}}}}\n`,
      ),
  };
}

/** What there is to run, by name. */
export function contents(size: number): Contained {
  return Object.fromEntries(Object.entries(hostileRules(size)).map(([name, make]) => [name, () => judgeText(make())]));
}
