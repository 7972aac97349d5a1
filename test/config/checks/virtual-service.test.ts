import { describe, expect, it } from 'vitest';
import { errors, httpRule, read, resource, warnings } from '../reading.ts';

const ROUTE = 'route: [{destination: {host: api}}]';
const REQUIRED = 'ERR_REQUIRED';
const INVALID = 'ERR_INVALID_VALUE';
const CONFLICT = 'ERR_CONFLICT';

describe('a VirtualService', () => {
  it.each([
    ['hosts, a gateway and all three protocols', `hosts: [api, "*.example.com", 10.0.0.1]\ngateways: [mesh, ns/gw]\nhttp: [{${ROUTE}}]\ntcp: [{${ROUTE}}]\ntls: [{match: [{sniHosts: [a.example.com]}], ${ROUTE}}]`],
    ['a delegate', `http: [{${ROUTE}}]`],
    ['* on a gateway', `hosts: ["*"]\ngateways: [gw]\nhttp: [{${ROUTE}}]`],
    ['a trailing dot and upper case', `hosts: [API.example.com.]\nhttp: [{${ROUTE}}]`],
    ['the SNI of automatic passthrough', `hosts: [outbound_.80_._.api.example]\ngateways: [gw]\ntls: [{match: [{sniHosts: [outbound_.80_._.api.example]}], ${ROUTE}}]`],
    ['a short host and its full name', `hosts: [api, api.default.svc.cluster.local]\nhttp: [{${ROUTE}}]`],
  ])('may have %s', (_, spec) => {
    expect(errors(read(resource('VirtualService', spec)).issues)).toEqual([]);
  });

  it.each([
    ['no rules', 'hosts: [api]', [`${REQUIRED} spec`]],
    ['* on the mesh', `hosts: ["*"]\nhttp: [{${ROUTE}}]`, [`${INVALID} spec.hosts[0]`]],
    ['* on the mesh and a gateway', `hosts: ["*"]\ngateways: [mesh, gw]\nhttp: [{${ROUTE}}]`, [`${INVALID} spec.hosts[0]`]],
    ['bad hosts', `hosts: ["a.*.b", "b:80", "", "c.1", "x_y"]\nhttp: [{${ROUTE}}]`, [0, 1, 2, 3, 4].map((at) => `${INVALID} spec.hosts[${at}]`)],
    ['a host twice', `hosts: [a, b, a]\nhttp: [{${ROUTE}}]`, ['ERR_DUPLICATE spec.hosts[2]']],
    ['a wildcard over a host', `hosts: ["*.b.com", a.b.com]\nhttp: [{${ROUTE}}]`, ['ERR_DUPLICATE spec.hosts[1]']],
    ['a wildcard over a wildcard', `hosts: ["*.a.b.com", "*.b.com"]\nhttp: [{${ROUTE}}]`, ['ERR_DUPLICATE spec.hosts[1]']],
    ['a delegate bound to a gateway', `gateways: [gw]\nhttp: [{${ROUTE}}]`, [`${CONFLICT} spec.gateways`]],
    ['a gateway with a bad namespace', `hosts: [a]\ngateways: [Edge_1/gw, /gw]\nhttp: [{${ROUTE}}]`, [`${INVALID} spec.gateways[0]`, `${INVALID} spec.gateways[1]`, `${INVALID} spec.gateways[1]`]],
    ['tls without match', `hosts: [a]\ntls: [{${ROUTE}}]`, [`${REQUIRED} spec.tls[0]`]],
    ['tls without sniHosts', `hosts: [a]\ntls: [{match: [{port: 443}], ${ROUTE}}]`, [`${REQUIRED} spec.tls[0].match[0].sniHosts`]],
    ['an SNI of another host', `hosts: [a.com]\ntls: [{match: [{sniHosts: [b.com]}], ${ROUTE}}]`, [`${INVALID} spec.tls[0].match[0].sniHosts[0]`]],
    ['tcp without route', 'hosts: [a]\ntcp: [{match: [{port: 1}]}]', [`${REQUIRED} spec.tcp[0]`]],
    ['a bad subnet', `hosts: [a]\ntcp: [{match: [{destinationSubnets: [10.0.0.0/33, 10.0.0.0/8, "::1"]}], ${ROUTE}}]`, [`${INVALID} spec.tcp[0].match[0].destinationSubnets[0]`]],
    ['exports to all and some', `hosts: [a]\nexportTo: ["*", shop]\nhttp: [{${ROUTE}}]`, [`${CONFLICT} spec.exportTo`]],
    ['exports to itself twice', `hosts: [a]\nexportTo: [".", default]\nhttp: [{${ROUTE}}]`, ['ERR_DUPLICATE spec.exportTo[1]']],
    ['exports to nobody', `hosts: [a]\nexportTo: ["~"]\nhttp: [{${ROUTE}}]`, [`${INVALID} spec.exportTo[0]`]],
    ['a claim on the mesh', `hosts: [a]\nhttp: [{match: [{headers: {"@request.auth.claims.sub": {exact: x}}}], ${ROUTE}}]`, [`${CONFLICT} spec.http[0].match[0].headers["@request.auth.claims.sub"]`]],
  ])('must not have %s', (_, spec, expected) => {
    expect(errors(read(resource('VirtualService', spec)).issues).toSorted()).toEqual(expected.toSorted());
  });
});

describe('an HTTP rule', () => {
  it.each([
    'timeout: 1ms', 'timeout: 1h1m1.5s', 'timeout: null\nretries: ~\nmatch: []', 'retries: {attempts: 0}', 'retries: {attempts: 2, retryOn: "5xx,503,reset", perTryTimeout: 1s, backoff: 5ms}',
    'fault: {abort: {percentage: {value: 1}}}', 'fault: {delay: {percentage: {value: 0.0001}}}', 'fault: {delay: {fixedDelay: 7s, percent: 10}}', 'fault: {abort: {grpcStatus: UNAVAILABLE}}',
    'mirror: {host: api, subset: v2}', 'mirrors: [{destination: {host: api}, percentage: {value: 0.00001}}]',
    'match: [{uri: {prefix: ""}}]', 'match: [{headers: {x: {}, y: null, ":path": {exact: z}}}]', 'match: [{withoutHeaders: {x: {regex: "*"}}}]', 'match: [{port: "8080", sourceLabels: {app: x}, sourceNamespace: shop}]',
    'headers: {request: {set: {Host: a, x: "%REQ(y)% 100%%"}, add: {y: z}, remove: [w]}, response: {set: {x: y}}}',
    'corsPolicy: {allowOrigins: [{exact: "*"}], allowMethods: [GET, "*"], allowHeaders: [x-a, "*"], maxAge: 24h}',
    'rewrite: {uriRegexRewrite: {match: "^/a/(.*)$", rewrite: "/b/\\\\1"}}',
  ])('may have %s', (fields) => {
    expect(errors(read(httpRule(`${ROUTE}\n${fields}`)).issues)).toEqual([]);
  });

  it.each([
    ['redirect: {uri: /x, redirectCode: 304}'], ['redirect: {derivePort: FROM_REQUEST_PORT, authority: a}'], ['match: [{uri: {prefix: /a}}]\nredirect: {prefixRewrite: /b}'],
    ['directResponse: {status: 503, body: {string: no}}'], ['delegate: {name: other, namespace: shop}'], ['route: [{destination: {host: a}, weight: 0}]'], ['route: [{destination: {host: "*.a.com", subset: V1, port: {number: 80}}, weight: 30}, {destination: {host: b}, weight: 300}]'],
  ])('may be %s', (rule) => {
    expect(errors(read(httpRule(rule)).issues)).toEqual([]);
  });

  const at = (field: string): string => `spec.http[0]${field}`;
  it.each([
    ['name: nothing', [`${REQUIRED} ${at('')}`]],
    [`${ROUTE}\nredirect: {uri: /x}`, [`${CONFLICT} ${at('.route')}`]],
    ['redirect: {uri: /x}\nfault: {delay: {fixedDelay: 1s}}\nrewrite: {uri: /y}\ndirectResponse: {status: 200}', ['.fault', '.rewrite', '.directResponse'].map((field) => `${CONFLICT} ${at(field)}`)],
    [`directResponse: {status: 200}\nrewrite: {uri: /y}\n${ROUTE}`, ['.route', '.rewrite'].map((field) => `${CONFLICT} ${at(field)}`)],
    [`delegate: {name: a}\n${ROUTE}`, [`${CONFLICT} ${at('.route')}`]],
    [`${ROUTE}\nmirror: {host: a}\nmirrors: [{destination: {host: b}}]`, [`${CONFLICT} ${at('.mirrors')}`]],
    [`${ROUTE}\nmirrors: [{percentage: {value: 5}}]`, [`${REQUIRED} ${at('.mirrors[0]')}`]],
    [`${ROUTE}\nmirror: {host: a}\nmirrorPercentage: {value: 101}`, [`${INVALID} ${at('.mirrorPercentage.value')}`]],
    [`${ROUTE}\nmirror: {host: a}\nmirror_percent: 101`, [`${INVALID} ${at('.mirrorPercent')}`]],
    ['redirect: {redirectCode: 301}', [`${REQUIRED} ${at('.redirect')}`]],
    ['redirect: {uri: /x, redirectCode: 200}', [`${INVALID} ${at('.redirect.redirectCode')}`]],
    ['redirect: {scheme: ftp}', [`${INVALID} ${at('.redirect.scheme')}`]],
    ['redirect: {port: 70000}', [`${INVALID} ${at('.redirect.port')}`]],
    ['redirect: {uri: /x, prefixRewrite: /y}', [`${CONFLICT} ${at('.redirect')}`]],
    ['match: [{uri: {exact: /a}}]\nredirect: {prefixRewrite: /y}', [`${CONFLICT} ${at('.redirect.prefixRewrite')}`]],
    ['directResponse: {}', [`${INVALID} ${at('.directResponse.status')}`]],
    ['directResponse: {status: 601}', [`${INVALID} ${at('.directResponse.status')}`]],
    [`${ROUTE}\nrewrite: {}`, [`${REQUIRED} ${at('.rewrite')}`]],
    [`${ROUTE}\nrewrite: {uri: /a, uriRegexRewrite: {match: a, rewrite: b}}`, [`${CONFLICT} ${at('.rewrite')}`]],
    [`${ROUTE}\nrewrite: {uriRegexRewrite: {match: a}}`, [`${REQUIRED} ${at('.rewrite.uriRegexRewrite')}`]],
    [`${ROUTE}\nrewrite: {uriRegexRewrite: {match: "(", rewrite: b}}`, [`${INVALID} ${at('.rewrite.uriRegexRewrite.match')}`]],
    // The proxies would refuse the whole route configuration, istiod does not look.
    ...['\\\\1', '\\\\x', 'a\\\\', 'x'.repeat(1025)].map((rewrite): [string, string[]] => [`${ROUTE}\nrewrite: {uriRegexRewrite: {match: a, rewrite: "${rewrite}"}}`, [`${INVALID} ${at('.rewrite.uriRegexRewrite.rewrite')}`]]),
    ...['%req(x)%', '%REQ x%', '%REQ(x) %', '% %', '%é%'].map((value): [string, string[]] => [`${ROUTE}\nheaders: {request: {set: {x: "${value}"}}}`, [`${INVALID} ${at('.headers.request.set.x')}`]]),
    [`${ROUTE}\nmatch: [{uri: {regex: "(a?b?){900}"}}, {uri: {regex: "${'a'.repeat(1025)}"}}]`, [0, 1].map((i) => `${INVALID} ${at(`.match[${i}].uri.regex`)}`)],
    [`${ROUTE}\nrewrite: {uri: "/a\\r\\nb: c", authority: "a\\0"}`, ['.uri', '.authority'].map((field) => `${INVALID} ${at(`.rewrite${field}`)}`)],
    [`${ROUTE}\nrewrite: {uriRegexRewrite: {match: a, rewrite: "b\\nc"}}`, [`${INVALID} ${at('.rewrite.uriRegexRewrite.rewrite')}`]],
    ['redirect: {uri: "/a\\r\\nset-cookie: b", authority: "a\\nb"}', ['.uri', '.authority'].map((field) => `${INVALID} ${at(`.redirect${field}`)}`)],
    [`${ROUTE}\nrewrite: {authority: a}\nheaders: {request: {set: {Host: b}}}`, [`${CONFLICT} ${at('.headers.request.set.Host')}`]],
    [`${ROUTE}\ntimeout: 0s`, [`${INVALID} ${at('.timeout')}`]],
    [`${ROUTE}\ntimeout: 1.0005s`, [`${INVALID} ${at('.timeout')}`]],
    [`${ROUTE}\ntimeout: "5"`, [`ERR_WRONG_TYPE ${at('.timeout')}`]],
    [`${ROUTE}\ntimeout: -1s`, [`${INVALID} ${at('.timeout')}`]],
    [`${ROUTE}\ntimeout: 99999999h`, [`ERR_WRONG_TYPE ${at('.timeout')}`]],
    [`${ROUTE}\nretries: {attempts: -1}`, [`${INVALID} ${at('.retries.attempts')}`]],
    [`${ROUTE}\nretries: {attempts: 0, retryOn: 5xx}`, [`${CONFLICT} ${at('.retries')}`]],
    [`${ROUTE}\nretries: {attempts: 1, retryOn: "5xx, 599"}`, [`${INVALID} ${at('.retries.retryOn')}`]],
    [`${ROUTE}\nretries: {attempts: 1, perTryTimeout: 0s, backoff: 1us}`, [`${INVALID} ${at('.retries.perTryTimeout')}`, `${INVALID} ${at('.retries.backoff')}`]],
    [`${ROUTE}\nfault: {}`, [`${REQUIRED} ${at('.fault')}`]],
    [`${ROUTE}\nfault: {delay: {fixedDelay: 1s, percentage: {value: 100.5}}}`, [`${INVALID} ${at('.fault.delay.percentage.value')}`]],
    [`${ROUTE}\nfault: {abort: {httpStatus: 500, percentage: {value: 0.00001}}}`, [`${INVALID} ${at('.fault.abort.percentage.value')}`]],
    [`${ROUTE}\nfault: {abort: {httpStatus: 199}}`, [`${INVALID} ${at('.fault.abort.httpStatus')}`]],
    [`${ROUTE}\nfault: {abort: {grpcStatus: unavailable}}`, [`${INVALID} ${at('.fault.abort.grpcStatus')}`]],
    [`${ROUTE}\nfault: {abort: {http2Error: x}, delay: {exponentialDelay: 1s}}`, [`${INVALID} ${at('.fault.abort.http2Error')}`, `${INVALID} ${at('.fault.delay.exponentialDelay')}`]],
    [`${ROUTE}\ncorsPolicy: {allowOrigins: [{}], allowMethods: [get], allowHeaders: ["x y"], maxAge: 1.5s}`, ['.corsPolicy.allowMethods[0]', '.corsPolicy.allowHeaders[0]', '.corsPolicy.maxAge'].map((field) => `${INVALID} ${at(field)}`).concat(`${REQUIRED} ${at('.corsPolicy.allowOrigins[0]')}`)],
    [`${ROUTE}\nheaders: {request: {set: {":path": /x, "": a}, remove: [Host]}}`, ['.set[":path"]', '.set[""]', '.remove[0]'].map((field) => `${INVALID} ${at(`.headers.request${field}`)}`)],
    [`${ROUTE}\nheaders: {response: {add: {Host: x, y: "50%"}}}`, [`${INVALID} ${at('.headers.response.add.Host')}`, `${INVALID} ${at('.headers.response.add.y')}`]],
    [`${ROUTE}\nheaders: {response: {add: {y: "a\\r\\nset-cookie: b"}}}`, [`ERR_INVALID_VALUE ${at('.headers.response.add.y')}`]],
    [`${ROUTE}\nmatch: [{method: {prefix: ""}, uri: {regex: "(?=a)"}, headers: {"x y": {exact: z}, z: {regex: ""}}, queryParams: {q: {regex: "*"}}}]`, ['.method.prefix', '.uri.regex', '.headers["x y"]', '.headers.z.regex', '.queryParams.q.regex'].map((field) => `${INVALID} ${at(`.match[0]${field}`)}`)],
    [`${ROUTE}\nmatch: [{port: 70000, sourceNamespace: Team_A, sourceLabels: {app: "front end"}}]`, ['.port', '.sourceNamespace', '.sourceLabels.app'].map((field) => `${INVALID} ${at(`.match[0]${field}`)}`)],
    ['route: [{weight: 1}]', [`${REQUIRED} ${at('.route[0]')}`]],
    ['route: [{destination: {host: ""}}]', [`${REQUIRED} ${at('.route[0].destination.host')}`]],
    ['route: [{destination: {host: "*"}}]', [`${INVALID} ${at('.route[0].destination.host')}`]],
    ['route: [{destination: {host: a, subset: v_1, port: {number: 0}}}]', [`${INVALID} ${at('.route[0].destination.subset')}`, `${INVALID} ${at('.route[0].destination.port.number')}`]],
    ['route: [{destination: {host: a}, weight: -1}]', [`${INVALID} ${at('.route[0].weight')}`]],
    ['route: [{destination: {host: a}}, {destination: {host: b}}]', [`${REQUIRED} ${at('.route')}`]],
    ['route: [{destination: {host: a}, weight: 99.5}, {destination: {host: b}, weight: 0.5}]', [`ERR_WRONG_TYPE ${at('.route[0].weight')}`, `ERR_WRONG_TYPE ${at('.route[1].weight')}`]],
  ])('must not be %s', (rule, expected) => {
    expect(errors(read(httpRule(rule)).issues).toSorted()).toEqual(expected.toSorted());
  });

  it('with a fault and no route passes with a warning, unless today\'s Istio is asked for', () => {
    const text = httpRule('fault: {abort: {httpStatus: 500, percentage: {value: 100}}}');

    expect(read(text).resources).toHaveLength(1);
    expect(warnings(read(text).issues)).toEqual(['WARN_NO_ROUTE spec.http[0]']);
    expect(errors(read(text, { legacySemantics: false }).issues)).toEqual(['ERR_REQUIRED spec.http[0]']);
  });

  it('must not answer with a large body', () => {
    const body = (length: number): string => httpRule(`directResponse: {status: 200, body: {string: "${'ü'.repeat(length / 2)}"}}`);

    expect(errors(read(body(1024 * 1024)).issues)).toEqual([]);
    expect(warnings(read(body(1024 * 1024)).issues)).toEqual(['WARN_LARGE_BODY spec.http[0].directResponse.body']);
    expect(errors(read(body(1024 * 1024 + 2)).issues)).toEqual(['ERR_INVALID_VALUE spec.http[0].directResponse.body']);
  });

  it('with what only the proxies refuse passes istioctl', () => {
    for (const rule of ['rewrite: {uriRegexRewrite: {match: a, rewrite: "\\\\1"}}', 'headers: {request: {set: {x: "%req(x)%"}}}', 'match: [{uri: {regex: "(a?b?){900}"}}]']) {
      expect(errors(read(httpRule(`${rule}\n${ROUTE}`), { rules: 'istioctl' }).issues)).toEqual([]);
    }
  });

  it('tells the size of a regular expression that is too large, and how to mend it', () => {
    const { issues } = read(httpRule(`match: [{uri: {regex: "(a?b?){900}"}}]\n${ROUTE}`));

    expect(issues[0]).toMatchObject({ line: 7, value: '"(a?b?){900}"', hint: expect.stringContaining('write + or *') as string });
    expect(issues[0]!.message).toBe('must be a regular expression that compiles to at most 4096 instructions, not to 5402, got "(a?b?){900}"');
  });

  it('looks at no more regular expressions of a text than fit together', () => {
    const large = '(a*b?c*){900}'.repeat(75);
    const match = ['a', ...Array<string>(6).fill(large), 'b'].map((regex) => `{uri: {regex: "${regex}"}}`).join(', ');
    const { issues } = read(httpRule(`match: [${match}]\n${ROUTE}`));

    expect(errors(issues)).toEqual([...[1, 2].map((i) => `${INVALID} ${at(`.match[${i}].uri.regex`)}`), ...[3, 4, 5, 6, 7].map((i) => `ERR_TOO_LARGE ${at(`.match[${i}].uri.regex`)}`)]);
    expect(issues.at(-1)!.message).toContain('must not compile to more than 1000000 instructions together');
  });

  it('with two matchers in one passes istioctl, but not the API server', () => {
    const text = httpRule(`match: [{uri: {exact: /a, prefix: /b}}]\n${ROUTE}`);

    expect(errors(read(text).issues)).toEqual(['ERR_CONFLICT spec.http[0].match[0].uri']);
    expect(errors(read(text, { rules: 'istioctl' }).issues)).toEqual([]);
  });

  it.each([
    ['a rule after one without match', `- ${ROUTE}\n- match: [{uri: {exact: /a}}]\n  ${ROUTE}`, ['WARN_UNREACHABLE spec.http[1].match[0]']],
    ['a rule with matches of others only', `- match: [{uri: {exact: /a}}]\n  ${ROUTE}\n- match: [{uri: {exact: /a}}]\n  ${ROUTE}`, ['WARN_UNREACHABLE spec.http[1]', 'WARN_UNREACHABLE spec.http[1].match[0]']],
    ['two rules without match', `- ${ROUTE}\n- ${ROUTE}`, ['WARN_UNREACHABLE spec.http[1]']],
    ['the same match twice, under other names', `- match: [{name: a, uri: {exact: /a}, port: 80}]\n  ${ROUTE}\n- match: [{port: 80, uri: {exact: /a}, name: b}, {uri: {exact: /b}}]\n  ${ROUTE}`, ['WARN_UNREACHABLE spec.http[1].match[0]']],
    ['a prefix below an earlier one', `- match: [{uri: {prefix: /a}}]\n  ${ROUTE}\n- match: [{uri: {prefix: /ab}, method: {exact: GET}}]\n  ${ROUTE}`, ['WARN_UNREACHABLE spec.http[1].match[0]']],
    ['a prefix below one with another condition', `- match: [{uri: {prefix: /a}, headers: {x: {exact: y}}}]\n  ${ROUTE}\n- match: [{uri: {prefix: /ab}}]\n  ${ROUTE}`, []],
    ['a prefix before a shorter one', `- match: [{uri: {prefix: /ab}}]\n  ${ROUTE}\n- match: [{uri: {prefix: /a}}]\n  ${ROUTE}`, []],
  ])('is told to be unreachable: %s', (_, rules, expected) => {
    expect(warnings(read(resource('VirtualService', `hosts: [api]\nhttp:\n${rules}`)).issues)).toEqual(expected);
  });
});
