import { describe, expect, it } from 'vitest';
import { errors, read, resource, warnings } from '../reading.ts';

const HTTP = 'port: {number: 80, name: http, protocol: HTTP}';
const HTTPS = 'port: {number: 443, name: https, protocol: HTTPS}';
const SPKI = '2jmj7l5rSw0yVb/vlWAYkK/YBwk+p2iJ9wrCFBRlPLA=';
const HASH = 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709da39a3ee5e6b4b0d3255bfef';
const COLONS = HASH.match(/../g)!.join(':');
const check = (kind: string, spec: string): string[] => errors(read(resource(kind, spec)).issues).toSorted();
const server = (...servers: string[]): string => `selector: {istio: ingress}\nservers:\n${servers.map((fields) => `- {${fields}}`).join('\n')}`;

describe('a Gateway', () => {
  it.each([
    server(`${HTTP}, hosts: ["*"]`),
    server(`${HTTP}, hosts: [a.com, ns/b.com, ./*.c.com, 10.0.0.1], bind: 127.0.0.1, tls: {httpsRedirect: true}`),
    server(`${HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: it}`),
    server(`${HTTPS}, hosts: ["*"], tls: {mode: MUTUAL, serverCertificate: /a, privateKey: /b, caCertificates: /c}`),
    server('port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}'),
    server('port: {number: 31400, name: tcp, protocol: TCP}, hosts: ["*"]'),
    server('port: {name: http, protocol: HTTP}, hosts: ["*"], bind: "unix:///a.sock"'),
  ])('may be %s', (spec) => {
    expect(check('Gateway', spec)).toEqual([]);
  });

  const at = 'spec.servers[0]';
  it.each([
    ['servers: []', ['ERR_REQUIRED spec']],
    [server(''), [`ERR_REQUIRED ${at}`, `ERR_REQUIRED ${at}`]],
    [server(`${HTTP}, hosts: [short, "*a.com", "a/b/c", "x_y/a.com"]`), [0, 1, 2, 3].map((index) => `ERR_INVALID_VALUE ${at}.hosts[${index}]`)],
    [server(`${HTTP}, hosts: ["*"]`, `${HTTP}, hosts: ["*"]`), ['ERR_DUPLICATE spec.servers[1].port.name']],
    [server('port: {number: 0, protocol: X, targetPort: 1}, hosts: ["*"]'), [`ERR_CONFLICT ${at}.port.targetPort`, `ERR_INVALID_VALUE ${at}.port.number`, `ERR_INVALID_VALUE ${at}.port.protocol`, `ERR_REQUIRED ${at}.port`]],
    [server(`${HTTP}, hosts: ["*"], bind: localhost`), [`ERR_INVALID_VALUE ${at}.bind`]],
    [server(`${HTTP}, hosts: ["*"], bind: "unix://a/"`), [`ERR_INVALID_VALUE ${at}.bind`, `ERR_INVALID_VALUE ${at}.port.number`]],
    [server(`${HTTPS}, hosts: ["*"]`), [`ERR_REQUIRED ${at}`]],
    [server(`${HTTP}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: it}`), [`ERR_CONFLICT ${at}.tls`]],
    [server('port: {number: 9, name: tcp, protocol: TCP}, hosts: ["*"], tls: {}'), [`ERR_CONFLICT ${at}.tls`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}`), [`ERR_REQUIRED ${at}.tls`, `ERR_REQUIRED ${at}.tls`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: OPTIONAL_MUTUAL, serverCertificate: /a, privateKey: /b}`), [`ERR_REQUIRED ${at}.tls`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL, credentialName: it, privateKey: /a}`), [`ERR_CONFLICT ${at}.tls.credentialName`, `ERR_CONFLICT ${at}.tls.privateKey`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: it, credentialNames: [a]}`), [`ERR_CONFLICT ${at}.tls`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, serverCertificate: /a, privateKey: /b, caCrl: /c}`), [`ERR_CONFLICT ${at}.tls.caCrl`]],
    // Fields that keep callers out, where nobody is asked for a certificate.
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: it, caCertCredentialName: ca, subjectAltNames: [a], verifyCertificateSpki: ["${SPKI}"], verifyCertificateHash: [${HASH}]}`), ['caCertCredentialName', 'subjectAltNames', 'verifyCertificateHash', 'verifyCertificateSpki'].map((field) => `ERR_CONFLICT ${at}.tls.${field}`)],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL, caCertCredentialName: ca}`), [`ERR_CONFLICT ${at}.tls.caCertCredentialName`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: MUTUAL, credentialName: it, verifyCertificateSpki: ["${HASH}", "${SPKI}", "${SPKI.slice(4)}"]}`), [0, 2].map((index) => `ERR_INVALID_VALUE ${at}.tls.verifyCertificateSpki[${index}]`)],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: MUTUAL, credentialName: it, verifyCertificateHash: ["${SPKI}", "${HASH}", "${HASH}00", "${COLONS}", "${COLONS.slice(3)}"]}`), [0, 2, 4].map((index) => `ERR_INVALID_VALUE ${at}.tls.verifyCertificateHash[${index}]`)],
  ])('must not be %s', (spec, expected) => {
    expect(check('Gateway', spec)).toEqual(expected);
  });

  it('has a name without dots', () => {
    expect(errors(read(resource('Gateway', server(`${HTTP}, hosts: ["*"]`), 'name: public.edge')).issues)).toEqual(['ERR_INVALID_VALUE spec']);
  });

  it.each([
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: PASSTHROUGH, credentialName: it}`), [`WARN_NO_EFFECT ${at}.tls`]],
    [server(`${HTTP}, hosts: ["*"], defaultEndpoint: "127.0.0.1:8080"`), [`WARN_NO_EFFECT ${at}.defaultEndpoint`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: MUTUAL, caCertificates: /c, tlsCertificates: [{serverCertificate: /a, privateKey: /b, caCertificates: /d}]}`), [`WARN_NO_EFFECT ${at}.tls.tlsCertificates[0].caCertificates`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: PASSTHROUGH, verifyCertificateHash: [${HASH}]}`), [`WARN_NO_EFFECT ${at}.tls.verifyCertificateHash`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: it, minProtocolVersion: TLSV1_0}`), [`WARN_NO_EFFECT ${at}.tls.minProtocolVersion`]],
    [server(`${HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: it, httpsRedirect: true, cipherSuites: [X, AES128-SHA, AES128-SHA]}`), [`WARN_NO_EFFECT ${at}.tls.httpsRedirect`, `WARN_NO_EFFECT ${at}.tls.cipherSuites`, `WARN_NO_EFFECT ${at}.tls.cipherSuites`]],
  ])('is warned about when %s', (spec, expected) => {
    expect(warnings(read(resource('Gateway', spec)).issues).toSorted()).toEqual(expected.toSorted());
  });
});

describe('a Sidecar', () => {
  it.each([
    'egress: [{hosts: ["./*", "istio-system/*", "*/a.com", "~/*", "~ns/b.com"]}]',
    'egress: [{port: {number: 80, protocol: HTTP}, hosts: ["*/*"]}, {hosts: ["./*"]}]',
    'outboundTrafficPolicy: {mode: REGISTRY_ONLY}',
    'outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: egress, port: {number: 80}}}',
    'workloadSelector: {labels: {app: a}}\ningress: [{port: {number: 80, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:8080"}]',
  ])('may be %s', (spec) => {
    expect(check('Sidecar', spec)).toEqual([]);
  });

  it.each([
    ['{}', ['ERR_REQUIRED spec']],
    ['egress: [{}]', ['ERR_REQUIRED spec.egress[0]']],
    ['egress: [{hosts: [a.com, "./short", "./*a.com", "A B/a.com", /x]}]', [0, 1, 2, 3, 4].map((index) => `ERR_INVALID_VALUE spec.egress[0].hosts[${index}]`)],
    ['egress: [{hosts: ["./*"]}, {hosts: ["./*"]}]', ['ERR_CONFLICT spec.egress[0]']],
    ['egress: [{port: {number: 80}, hosts: ["./*"]}, {port: {number: 80}, hosts: ["./*"]}]', ['ERR_DUPLICATE spec.egress[1].port.number']],
    ['egress: [{port: {number: 0}, captureMode: IPTABLES, hosts: ["./*"]}]', ['ERR_INVALID_VALUE spec.egress[0].captureMode', 'ERR_REQUIRED spec.egress[0].bind']],
    ['outboundTrafficPolicy: {egressProxy: {host: a, port: {number: 80}}}', ['ERR_CONFLICT spec.outboundTrafficPolicy.egressProxy']],
    ['outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a}}', ['ERR_REQUIRED spec.outboundTrafficPolicy.egressProxy']],
    ['outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}', ['ERR_INVALID_VALUE spec.outboundTrafficPolicy.mode']],
    ['ingress: [{}, {port: {number: 80, protocol: HTTP, targetPort: 1}, bind: x, defaultEndpoint: "10.0.0.1:80", tls: {mode: ISTIO_MUTUAL, httpsRedirect: true}}]', ['ERR_CONFLICT spec.ingress[1].port.targetPort', 'ERR_CONFLICT spec.ingress[1].tls', 'ERR_CONFLICT spec.ingress[1].tls.httpsRedirect', 'ERR_INVALID_VALUE spec.ingress[1].bind', 'ERR_INVALID_VALUE spec.ingress[1].defaultEndpoint', 'ERR_INVALID_VALUE spec.ingress[1].tls.mode', 'ERR_REQUIRED spec.ingress[0]']],
    ['workloadSelector: {labels: {app: "*"}}\negress: [{hosts: ["./*"]}]', ['ERR_INVALID_VALUE spec.workloadSelector.labels.app']],
  ])('must not be %s', (spec, expected) => {
    expect(check('Sidecar', spec)).toEqual(expected);
  });

  it.each([
    ['egress: [{hosts: ["./a.com", "default/a.com"]}]', ['WARN_DUPLICATE spec.egress[0].hosts[1]']],
    ['egress: [{hosts: ["*/*", "./*"]}]', ['WARN_DUPLICATE spec.egress[0].hosts']],
    ['workloadSelector: {}\negress: [{hosts: ["./*"]}]', ['WARN_EMPTY_SELECTOR spec.workloadSelector']],
    ['ingress: [{port: {number: 80, protocol: HTTP, name: http}}]\ninboundConnectionPool: {http: {maxRetries: 1}}', ['WARN_NO_EFFECT spec.ingress', 'WARN_NO_EFFECT spec.inboundConnectionPool']],
    ['ingress: []\negress: [{hosts: ["./*"], captureMode: NONE}]', []],
  ])('is warned about when %s', (spec, expected) => {
    expect(warnings(read(resource('Sidecar', spec)).issues)).toEqual(expected);
  });
});
