import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forwardedClientCert } from '../../src/gateway/client-certificate.ts';
import type { ClientCertificateHeader } from '../../src/index.ts';
import { bound, edge, gatewayWorld, pem, service } from './gateway-world.ts';

const { http, start } = gatewayWorld();

const ALL: ClientCertificateHeader = { forward: 'SANITIZE_SET', subject: true, cert: false, chain: false, uri: true, dns: true };
const ODD = new X509Certificate(readFileSync(join(import.meta.dirname, 'data/odd-names.pem')));
const SERVER = new X509Certificate(readFileSync(pem('server.pem')));
const HASH = ODD.fingerprint256.replaceAll(':', '').toLowerCase();
const GIVEN = ['x-forwarded-client-cert', 'Hash=1', 'x-a', 'b', 'x-forwarded-client-cert', 'Hash=2'];

const odd = (settings: Partial<ClientCertificateHeader> = {}, given: string[] = []): string | undefined =>
  forwardedClientCert(given, { caller: ODD, own: SERVER }, { ...ALL, ...settings });

describe('forwardedClientCert', () => {
  it('tells who called, whatever names a certificate has', () => {
    expect(odd()?.split(/;(?=(?:Subject|URI|DNS)=)/)).toEqual([
      `Hash=${HASH}`,
      'Subject="CN=\\C3\\A9\\;By=evil,O=Quotes \\22\\, commas\\, and\\5C,C=DE"',
      'URI=spiffe://mesh.test/ns/a/sa/b',
      'URI="spiffe://evil;By=spiffe://admin"',
      'URI=http://a/%22x',
      'DNS=client.example.com',
      'DNS="a,b.example.com"',
    ]);
  });

  it('is one element for whoever reads quotes, and printable', () => {
    const text = odd()!;
    expect(text.replace(/"[^"]*"/g, '').split(/[,;]/).map((part) => part.split('=')[0])).toEqual(['Hash', 'Subject', 'URI', 'URI', 'URI', 'DNS', 'DNS']);
    expect(text).toMatch(/^[\x20-\x7e]+$/);
  });

  it('carries the certificate itself, and its chain', () => {
    const { subject: _, ...rest } = ALL;
    const text = forwardedClientCert([], { caller: ODD, own: undefined }, { ...rest, subject: false, cert: true, chain: true, uri: false, dns: false })!;
    const [, cert = '', chain = ''] = /^Hash=[0-9a-f]{64};Cert="([^"]*)";Chain="([^"]*)"$/.exec(text) ?? [];
    expect(decodeURIComponent(cert)).toBe(ODD.toString());
    expect(chain).toBe(cert);
    expect(cert).not.toMatch(/[\s"+/=]/);
  });

  it('has a key for the URI even without one', () => {
    const client = new X509Certificate(readFileSync(pem('client.pem')));
    expect(forwardedClientCert([], { caller: client, own: ODD }, ALL)).toMatch(/^By=spiffe:\/\/mesh\.test\/ns\/a\/sa\/b;By="spiffe:\/\/evil;By=spiffe:\/\/admin";By=http:\/\/a\/%22x;Hash=[0-9a-f]{64};Subject="CN=oracle-client";URI=$/);
  });

  it.each([
    ['SANITIZE', undefined, undefined],
    ['FORWARD_ONLY', 'Hash=1,Hash=2', undefined],
    ['APPEND_FORWARD', `Hash=1,Hash=2,Hash=${HASH}`, undefined],
    ['SANITIZE_SET', `Hash=${HASH}`, undefined],
    ['ALWAYS_FORWARD_ONLY', 'Hash=1,Hash=2', 'Hash=1,Hash=2'],
  ] as const)('%s', (forward, withCertificate, without) => {
    const settings = { forward, subject: false, uri: false, dns: false };
    expect(odd(settings, GIVEN)).toBe(withCertificate);
    expect(forwardedClientCert(GIVEN, undefined, { ...ALL, ...settings })).toBe(without);
  });
});

describe('a gateway', () => {
  const server = (mode: string): string =>
    edge(`{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: ${mode}, serverCertificate: ${pem('server.pem')}, privateKey: ${pem('server.key')}, caCertificates: ${pem('ca.pem')}}}`);
  const ask = (port: number, client: boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const own = client ? { cert: readFileSync(pem('client.pem')), key: readFileSync(pem('client.key')) } : {};
      request({ port, host: '127.0.0.1', servername: 'a.example.com', rejectUnauthorized: false, agent: false, headers: { 'X-Forwarded-Client-Cert': 'Hash=forged' }, ...own }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
      }).on('error', reject).end();
    });
  const told = async (mode: string, client: boolean, meshConfig = ''): Promise<string> => {
    const port = await http((incoming, response) => void response.end(String(incoming.headers['x-forwarded-client-cert'])));
    const mesh = `\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "${meshConfig}"}\n---`;
    const { gateway } = await start(server(mode) + bound('r', 'hosts: ["*"], http: [{route: [{destination: {host: shop.local}}]}]') + service('shop.local', 'HTTP', { v1: port }) + mesh);
    return ask(gateway.portOf(443)!, client);
  };

  it('tells endpoints whose certificate it has accepted, as Istio\'s do', async () => {
    const text = await told('MUTUAL', true);
    expect(text.replace(/Cert="[^"]+"/, 'Cert')).toMatch(/^Hash=[0-9a-f]{64};Cert;Subject="CN=oracle-client";URI=$/);
  });

  it.each([
    ['without certificates', 'SIMPLE', false, '', 'undefined'],
    ['without one where it is optional', 'OPTIONAL_MUTUAL', false, '', 'undefined'],
    ['where MeshConfig forwards always', 'SIMPLE', false, 'defaultConfig: {gatewayTopology: {forwardClientCertDetails: ALWAYS_FORWARD_ONLY}}', 'Hash=forged'],
    ['where MeshConfig appends', 'MUTUAL', true, 'defaultConfig: {gatewayTopology: {forwardClientCertDetails: APPEND_FORWARD}, proxyHeaders: {setCurrentClientCertDetails: {subject: true}}}', /^Hash=forged,Hash=[0-9a-f]{64};Subject="CN=oracle-client"$/],
  ])('%s', async (_what, mode, client, meshConfig, expected) => {
    expect(await told(mode, client, meshConfig)).toEqual(expected instanceof RegExp ? expect.stringMatching(expected) : expected);
  });
});
