import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SUITE } from '../suite-paths.ts';
import { dialledIp } from './dialled-address.ts';
import { caseTexts, readDocuments } from './documents.ts';
import { endpointAddresses } from './endpoint-addresses.ts';
import { listCases, loadCase, readCase } from './read-case.ts';

function addresses(text: string, dns: Record<string, string[]> = {}): string[] {
  return endpointAddresses(readDocuments([{ file: 'x', text }]), new Map(Object.entries(dns))).map(({ address, version }) => `${address} ${version ?? '-'}`);
}

describe('endpointAddresses', () => {
  it('follows the ports of a ServiceEntry: endpoint before targetPort before number', () => {
    const spec = '{hosts: [a], resolution: STATIC, ports: [{number: 80, name: x}, {number: 81, name: y, targetPort: 9000}, {number: 82, name: z}], endpoints: [{address: 127.0.0.5, ports: {z: 7}, labels: {version: v1}}]}';

    expect(addresses(`{kind: ServiceEntry, spec: ${spec}}`)).toEqual(['127.0.0.5:80 v1', '127.0.0.5:9000 v1', '127.0.0.5:7 v1']);
  });

  it('looks names up', () => {
    const entry = (rest: string): string => `{kind: ServiceEntry, spec: {hosts: [a.example.com], resolution: DNS, ports: [{number: 80}]${rest}}}`;

    expect(addresses(entry(''), { 'a.example.com': ['127.0.0.5', '127.0.0.6'] })).toEqual(['127.0.0.5:80 -', '127.0.0.6:80 -']);
    expect(addresses(entry(', endpoints: [{address: localhost}]'))).toEqual(['127.0.0.1:80 -']);
    expect(addresses(entry(', endpoints: [{address: nowhere}]'))).toEqual([]);
  });

  it('knows the endpoints of Kubernetes, with the version of their pod', () => {
    const text = `
{kind: EndpointSlice, ports: [{port: 8080}], endpoints: [{addresses: [127.0.0.5]}, {addresses: [127.0.0.6]}]}
---
{kind: Pod, metadata: {labels: {version: v2}}, status: {podIP: 127.0.0.6}, spec: {containers: [{}]}}
---
{kind: Endpoints, subsets: [{addresses: [{ip: 127.0.0.7}], ports: [{port: 1}, {port: 2}]}]}
`;
    expect(addresses(text)).toEqual(['127.0.0.5:8080 -', '127.0.0.6:8080 v2', '127.0.0.7:1 -', '127.0.0.7:2 -']);
  });

  it('takes a server for plain HTTP only when every port that leads to it says so', () => {
    const entry = (protocol: string, ip: string): string => `{kind: ServiceEntry, spec: {hosts: [a], resolution: STATIC, ports: [{number: 80, ${protocol}}], endpoints: [{address: ${ip}}]}}`;
    const text = [
      entry('protocol: HTTP', '127.0.0.1'), entry('protocol: http', '127.0.0.2'), entry('protocol: HTTP2', '127.0.0.3'), entry('name: http', '127.0.0.4'),
      entry('protocol: HTTP', '127.0.0.5'), entry('protocol: TLS', '127.0.0.5'), '{kind: EndpointSlice, ports: [{port: 80}], endpoints: [{addresses: [127.0.0.6]}]}',
    ].join('\n---\n');
    const plain = endpointAddresses(readDocuments([{ file: 'x', text }]), new Map()).filter(({ plainHttp }) => plainHttp);

    expect(plain.map(({ address }) => address)).toEqual(['127.0.0.1:80', '127.0.0.2:80']);
  });

  it('covers every server that a recording reached, save gateways', () => {
    const missing = listCases(SUITE.cases).flatMap(({ topic, slug }) => {
      const conformanceCase = loadCase(SUITE.cases, topic, slug);
      const servers = endpointAddresses(readDocuments(caseTexts(conformanceCase, SUITE.worlds)), conformanceCase.dns).map(({ address }) => address);
      const known = new Set([...servers, ...conformanceCase.backends.map(({ address }) => address)]);
      const recording = readFileSync(join(SUITE.expected, topic, `${slug}.json`), 'utf8');
      return [...recording.matchAll(/"to": "([^"]+)"/g)].map(([, to = '']) => to).filter((to) => !known.has(to) && !to.startsWith('127.0.3.'));
    });

    expect(missing).toEqual([]);
  });
});

describe('dialledIp', () => {
  const DOCUMENTS = readDocuments([
    {
      file: 'x',
      text: `
{kind: ServiceEntry, spec: {hosts: [reviews.default.svc.cluster.local], addresses: [127.9.0.2/32]}}
---
{kind: Service, metadata: {name: web, namespace: shop}, spec: {clusterIP: 127.9.1.1}}
---
{kind: Service, metadata: {name: db, namespace: shop}, spec: {clusterIP: None}}
---
{kind: EndpointSlice, metadata: {namespace: shop, labels: {kubernetes.io/service-name: db}}, endpoints: [{addresses: [127.0.2.31]}, {addresses: [127.0.2.32]}]}
`,
    },
  ]);

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['[::1]', '::1'],
    ['www.example.com', '127.0.1.83'],
    ['reviews', '127.9.0.2'],
    ['reviews.default.svc', '127.9.0.2'],
    ['REVIEWS.default.svc.cluster.local.', '127.9.0.2'],
    ['web.shop', '127.9.1.1'],
    ['web', '127.9.255.254'],
    ['db.shop.svc.cluster.local', '127.0.2.31'],
    ['nowhere.example.com', '127.9.255.254'],
  ])('%s is %s', (host, ip) => {
    expect(dialledIp(host, readCase('{dns: {www.example.com: [127.0.1.83, 127.0.1.84]}}', 'topic', 'slug'), DOCUMENTS)).toBe(ip);
  });
});
