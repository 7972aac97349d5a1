import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http';
import { get as getTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gatewaySettings } from '../../src/cli/gateway-settings.ts';
import { tsMesh, type Printed } from './test-terminal.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const CERTS = join(import.meta.dirname, '../conformance/data/certs');
const REVOCATION = join(import.meta.dirname, '../gateway/data/revocation');

const EDGE = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: edge}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*.example.com"]
    tls: {mode: SIMPLE, credentialName: shop}
`;
const SLOW = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: slow}
spec:
  hosts: [slow.example.com]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]
`;
const rule = (status: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge}
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - match: [{uri: {prefix: /slow}}]
    route: [{destination: {host: slow.example.com}}]
  - directResponse: {status: ${status}}
`;

let cwd: string;
const ending: (() => void)[] = [];

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ts-mesh-gateway-'));
  mkdirSync(join(cwd, 'mesh'));
  mkdirSync(join(cwd, 'shop'));
  copyFileSync(join(CERTS, 'server.pem'), join(cwd, 'shop/tls.crt'));
  copyFileSync(join(CERTS, 'server.key'), join(cwd, 'shop/tls.key'));
});

afterEach(() => {
  for (const end of ending.splice(0)) end();
  rmSync(cwd, { recursive: true });
});

const write = (name: string, content: string): void => writeFileSync(join(cwd, 'mesh', name), content);
const check = (line = '--label istio=edge --port 80=8080 --credential shop=shop'): Promise<Printed> => tsMesh(['gateway', '--check', '--config', 'mesh', ...line.split(' ').filter(Boolean)], { cwd });

/** `ts-mesh gateway` as a process. */
function spawned() {
  const args = ['--label', 'istio=edge', '--port', '80=0', '--port', '443=0', '--credential', 'shop=shop', '--access-log'];
  const child = spawn(process.execPath, ['--no-warnings', MAIN, 'gateway', '--config', 'mesh', ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  ending.push(() => child.kill('SIGKILL'));
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (seen.out += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (seen.err += String(chunk)));
  return { child, seen, exit: once(child, 'exit') as Promise<[number | null, string | null]> };
}

/** The same, and the ports that it says it listens on. */
async function start() {
  const { child, seen, exit } = spawned();
  const ports = await vi.waitFor(
    () => {
      const found = [...seen.out.matchAll(/listening on 127\.0\.0\.1:(\d+) for port/g)].map(([, port]) => Number(port));
      expect(found, seen.err).toHaveLength(2);
      return found;
    },
    { timeout: 15_000 },
  );
  const [http = 0, https = 0] = ports;
  return { child, seen, exit, http, https };
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  ending.push(() => void server.close().closeAllConnections());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function call(port: number, path = '/'): Promise<string> {
  const [response] = (await once(get({ port, path, host: '127.0.0.1', agent: false }), 'response')) as [IncomingMessage];
  return `${response.statusCode} ${await text(response)}`.trim();
}

describe('ts-mesh gateway', { timeout: 30_000 }, () => {
  it('serves, follows its files, and ends with the last request when it is told to stop', async () => {
    let answer: (() => void) | undefined;
    const slow = await listen((_request, response) => void (answer = () => response.end('at last')));
    write('edge.yaml', EDGE);
    write('slow.yaml', SLOW(slow));
    write('rule.yaml', rule(201));
    const { child, seen, exit, http, https } = await start();

    expect(await call(http)).toBe('201');
    const [secure] = (await once(getTls({ port: https, host: '127.0.0.1', servername: 'a.example.com', headers: { host: 'a.example.com' }, agent: false, rejectUnauthorized: false }), 'response')) as [IncomingMessage];
    expect(secure.resume().statusCode).toBe(201);

    write('rule.yaml', rule(202));
    await vi.waitFor(async () => expect(await call(http)).toBe('202'), { timeout: 5000 });
    expect(seen.out).toContain('other rules are in force: ~ VirtualService default/edge');

    write('rule.yaml', 'kind: [');
    await vi.waitFor(() => expect(seen.err).toMatch(/what was edited is not in force: .*rule\.yaml:1/s), { timeout: 5000 });
    expect(await call(http)).toBe('202');

    const last = call(http, '/slow');
    await vi.waitFor(() => expect(answer).toBeDefined());
    child.kill('SIGTERM');
    await vi.waitFor(() => expect(seen.out).toContain('closing'));
    await expect(call(http)).rejects.toThrow('ECONNREFUSED');
    answer!();

    expect(await last).toBe('200 at last');
    expect(await exit).toEqual([0, null]);
    expect(seen.out).toContain('"GET /slow HTTP/1.1" 200');
  });

  it('ends at once when it is told twice', async () => {
    let isCalled = false;
    const slow = await listen(() => (isCalled = true));
    write('edge.yaml', EDGE);
    write('slow.yaml', SLOW(slow));
    write('rule.yaml', rule(201));
    const { child, seen, exit, http } = await start();

    const lost = call(http, '/slow');
    await vi.waitFor(() => expect(isCalled).toBe(true));
    child.kill('SIGTERM');
    await vi.waitFor(() => expect(seen.out).toContain('closing'));
    child.kill('SIGTERM');

    await expect(lost).rejects.toThrow();
    expect(await exit).toEqual([143, null]);
  });

  it('waits for a Gateway that selects it', async () => {
    write('rule.yaml', rule(201));
    const { child, seen, exit } = spawned();
    await vi.waitFor(() => expect(seen.err).toContain('nothing to serve: the rules (1 resource) have no Gateway'), { timeout: 15_000 });
    write('edge.yaml', EDGE);
    await vi.waitFor(() => expect(seen.out).toMatch(/listening on 127\.0\.0\.1:\d+ for port 80/), { timeout: 10_000 });
    const port = Number(/:(\d+) for port 80/.exec(seen.out)![1]);

    expect(await call(port)).toBe('201');
    child.kill('SIGINT');
    expect(await exit).toEqual([0, null]);
  });

  it('tells what it would listen on', async () => {
    write('edge.yaml', EDGE);

    expect(await check()).toEqual({
      code: 0,
      err: '',
      out: [
        `would listen on 127.0.0.1:8080 for port 80: Gateway default/edge spec.servers[0] (${file('edge.yaml')}:7)`,
        `would listen on 127.0.0.1:443 for port 443: Gateway default/edge spec.servers[1] (${file('edge.yaml')}:9)`,
      ].join('\n'),
    });
  });

  it('says which Gateways there are when it has none to serve', async () => {
    write('edge.yaml', EDGE);

    expect(await check('')).toMatchObject({ code: 1, out: '', err: `nothing to serve: no server of a Gateway is for istio=ingressgateway. Gateway default/edge (${file('edge.yaml')}:1) wants --label istio=edge` });

    write('edge.yaml', rule(200));
    expect(await check('')).toMatchObject({ code: 1, err: 'nothing to serve: the rules (1 resource) have no Gateway' });
  });

  it('tells of credentials and servers that nobody can call', async () => {
    write('edge.yaml', EDGE);
    write('other.yaml', EDGE.replace('name: edge', 'name: other').replace('protocol: HTTP\n', 'protocol: TCP\n').replace('HTTP}', 'TCP}'));

    const { code, err } = await check('--label istio=edge');

    expect(code).toBe(1);
    expect(err).toContain('there is no credential shop (--credential shop=FOLDER)');
    expect(err).toContain('Gateway default/other spec.servers[0]');
  });

  it('takes authorities of callers from folders of their own', async () => {
    mkdirSync(join(cwd, 'callers'));
    copyFileSync(join(REVOCATION, 'ca.pem'), join(cwd, 'callers/ca.crt'));
    write('edge.yaml', EDGE.replace('mode: SIMPLE,', 'mode: MUTUAL, caCertCredentialName: callers,'));

    expect(await check()).toMatchObject({ code: 1, err: expect.stringContaining('there is no credential callers (--credential callers=FOLDER)') });
    expect(await check('--label istio=edge --credential shop=shop --credential callers=callers')).toMatchObject({ code: 0, err: '' });
  });

  it('reads the lists of certificates that were taken back', () => {
    copyFileSync(join(REVOCATION, 'ca.pem'), join(cwd, 'shop/ca.crt'));
    copyFileSync(join(REVOCATION, 'crl.pem'), join(cwd, 'shop/ca.crl'));
    mkdirSync(join(cwd, 'callers'));
    copyFileSync(join(REVOCATION, 'ca.pem'), join(cwd, 'callers/cacert'));
    copyFileSync(join(REVOCATION, 'crl.pem'), join(cwd, 'callers/crl'));

    const { credentials } = gatewaySettings({ namespace: 'default', address: '127.0.0.1', drainMs: '0', credential: ['shop=shop', 'callers=callers'] }, cwd);
    const [shop, callers] = [join(cwd, 'shop'), join(cwd, 'callers')];
    expect(credentials).toEqual({
      shop: { certificate: join(shop, 'tls.crt'), privateKey: join(shop, 'tls.key'), caCertificates: join(shop, 'ca.crt'), crl: join(shop, 'ca.crl') },
      callers: { caCertificates: join(callers, 'cacert'), crl: join(callers, 'crl') },
    });
  });

  it('does not start under rules that have an error, or on a port that somebody has', async () => {
    write('edge.yaml', EDGE.replace('protocol: HTTPS', 'protocol: CARRIER-PIGEON'));
    expect(await check()).toMatchObject({ code: 1, err: expect.stringMatching(/edge\.yaml:9:\d+: error: Gateway default\/edge spec\.servers\[1\]\.port\.protocol/) });

    write('edge.yaml', EDGE);
    const taken = await listen(() => {});
    expect(await tsMesh(['gateway', '-f', 'mesh', '-l', 'istio=edge', '-p', `80=${taken}`, '--credential', 'shop=shop'], { cwd })).toMatchObject({ code: 1, err: expect.stringContaining('EADDRINUSE') });
  });

  it.each([
    ['--port 80', 'a port is'],
    ['--port 80=99999', 'a port is'],
    ['--credential shop', 'a credential is'],
    ['--credential shop=mesh', 'tls.crt and tls.key'],
    ['--credential shop=shop/tls.crt,shop/missing.key', 'there is no file'],
    ['--certificates shop', 'cert-chain.pem'],
    ['--limit sheep=3', 'a limit is one of connections, headersMs'],
    ['--limit headersMs=x', 'a limit is one of connections, headersMs'],
    ['--drain-ms soon', '--drain-ms is a number'],
    ['--label edge', 'a label is key=value'],
    ['--config mesh/*.yaml', 'watches files and folders'],
  ])('is misused with %s', async (line, message) => {
    write('edge.yaml', EDGE);
    expect(await check(line)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });

  const file = (name: string): string => join('mesh', name);
});
