import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestMesh } from '../../src/testing/index.ts';
import { tsMesh, type Printed } from './test-terminal.ts';

const service = (name: string, namespace = 'shop', portName = 'http'): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, uid: '1', resourceVersion: '7' },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', ports: [{ name: portName, port: 9080, targetPort: 8080 }], selector: { app: name } },
});
const deployment = (name: string, version: string | undefined, namespace = 'shop'): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `${name}-${version}`, namespace },
  spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name, ...(version !== undefined && { version }) } }, spec: { containers: [] } } },
});
const list = (...items: object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** As `kubectl get services,deployments -A -o yaml` prints it. */
const EXPORT = list(
  service('reviews'), deployment('reviews', 'v10'), deployment('reviews', 'v2'), deployment('reviews', '1.2.0'),
  service('ratings'), deployment('ratings', 'v1'),
  service('db', 'shop', 'tcp-db'), deployment('db', 'v1'), deployment('db', 'v2'),
  service('kubernetes', 'default'), service('kube-dns', 'kube-system'),
  deployment('reviews', 'v9', 'elsewhere'),
);

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ts-mesh-init-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const cli = (args: string, options: Parameters<typeof tsMesh>[1] = {}): Promise<Printed> => tsMesh(args.split(' '), { cwd, ...options });
const text = (file: string): string => readFileSync(join(cwd, file), 'utf8');

/** Puts into force what is commented out: all but sentences, which begin with a capital. */
function uncomment(file: string): void {
  writeFileSync(join(cwd, file), text(file).replace('weight: 100', 'weight: 90').replaceAll(/^( *)# (?=-|  |[a-z])/gm, '$1'));
}

async function expectGood(): Promise<void> {
  for (const command of ['validate mesh', 'validate --apply mesh', 'analyze --rules-only mesh']) {
    const { code, out } = await cli(command);
    expect({ code, errors: /0 errors/.test(out) }, out).toEqual({ code: 0, errors: true });
  }
}

describe('ts-mesh init', () => {
  it('makes rules for the services of an export that have several versions', async () => {
    const { code, out, err } = await cli('init -', { stdin: EXPORT });

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(readdirSync(join(cwd, 'mesh')).sort()).toEqual(['reviews.yaml', 'services.yaml']);
    expect(out).toContain('3 services, rules for 1. All calls go to the first version: reviews to 1.2.0.');
    expect(out).toContain('npx ts-mesh explain http://reviews.shop:9080/ --config mesh');
    expect(text('mesh/reviews.yaml')).toContain('  - {name: "1-2-0", labels: {version: "1.2.0"}}\n  - {name: v2, labels: {version: v2}}\n  - {name: v10, labels: {version: v10}}\n');
    expect(text('mesh/services.yaml')).not.toMatch(/uid|clusterIP|kube/);
    await expectGood();
  });

  it('what it writes routes, and what it suggests is in order too', async () => {
    await cli('init -', { stdin: EXPORT });
    uncomment('mesh/reviews.yaml');

    await expectGood();
    await using mesh = await createTestMesh(join(cwd, 'mesh'), { workload: { namespace: 'shop' } });
    const split = mesh.explain('http://reviews:9080/');
    expect(split.destinations.map(({ cluster, share }) => [cluster.split('|')[2], share])).toEqual([['1-2-0', 90], ['v2', 10]]);
    expect((await mesh.fetch('http://reviews:9080/', { headers: { 'end-user': 'jason' } })).status).toBe(200);
    expect(mesh.clock.now()).toBe(7000);
  });

  it('makes entries and rules for services that are named, with their versions', async () => {
    const { code } = await cli('init --service reviews=127.0.0.1:9081 --service reviews/v2=http://localhost:9082/ --service ratings=ratings.local:9083 --out rules/mine');

    expect(code).toBe(0);
    expect(text('rules/mine/services.yaml')).toContain('  - {address: "127.0.0.1", ports: {http: 9081}, labels: {version: v1}}\n  - {address: "127.0.0.1", ports: {http: 9082}, labels: {version: v2}}\n');
    expect(text('rules/mine/services.yaml')).toContain('resolution: DNS');
    const { out } = await cli('explain http://reviews:9081/ --config rules/mine');
    expect(out).toContain('127.0.0.1:9081 version v1');
    expect((await cli('validate rules')).code).toBe(0);
    expect((await cli('analyze --rules-only rules')).code).toBe(0);
  });

  it('reads the environment where nothing is named', async () => {
    const env = { REVIEWS_URL: 'http://127.0.0.1:9081/api', PAYMENT_SERVICE_URL: 'http://payment:8080', STRIPE_BASE_URL: 'https://api.stripe.com/v1', DATABASE_URL: 'postgres://db/shop', HOME: '/root' };
    const { code, out } = await cli('init', { env });

    expect(code).toBe(0);
    expect(readdirSync(join(cwd, 'mesh')).sort()).toEqual(['payment.yaml', 'reviews.yaml', 'services.yaml']);
    expect(out).toContain('3 services, rules for 2.');
    expect(text('mesh/services.yaml')).toContain('hosts: [api.stripe.com]');
    await expectGood();
    uncomment('mesh/reviews.yaml');
    await expectGood();
  });

  it('overwrites nothing unless told to', async () => {
    mkdirSync(join(cwd, 'mesh'));
    writeFileSync(join(cwd, 'mesh', 'reviews.yaml'), 'mine');

    const { code, err } = await cli('init --service reviews=127.0.0.1:9081');

    expect(code).toBe(2);
    expect(err).toContain('mesh/reviews.yaml is there already: name another folder with --out, or say --force');
    expect(readdirSync(join(cwd, 'mesh'))).toEqual(['reviews.yaml']);
    expect(text('mesh/reviews.yaml')).toBe('mine');
    expect((await cli('init --service reviews=127.0.0.1:9081 --force')).code).toBe(0);
    expect(text('mesh/reviews.yaml')).toContain('VirtualService');
  });

  it('leaves alone what has rules, and tells two of one name apart', async () => {
    const rule = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'r', namespace: 'shop' }, spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews' } }] }] } };
    const two = [service('reviews', 'other'), deployment('reviews', 'v1', 'other'), deployment('reviews', 'v2', 'other')];
    writeFileSync(join(cwd, 'export.json'), list(service('reviews'), deployment('reviews', 'v1'), deployment('reviews', 'v2'), rule, ...two));

    expect((await cli('init export.json')).code).toBe(0);
    expect(readdirSync(join(cwd, 'mesh')).sort()).toEqual(['other-reviews.yaml', 'services.yaml']);
  });

  it('takes names of clusters alone for names of files, and quotes what YAML would take for something else', async () => {
    const odd = [service('../../outside'), service('on'), deployment('on', 'true'), deployment('on', '2024'), deployment('on', '"}\nkind: x')];

    await cli('init -', { stdin: list(...odd) });

    expect(readdirSync(join(cwd, 'mesh')).sort()).toEqual(['on.yaml', 'services.yaml']);
    await expectGood();
  });

  it.each([
    ['init', 'no service is told of by the environment'],
    ['init empty.yaml', 'no service with ports is in empty.yaml'],
    ['init --service reviews', 'a service is a name and an address, such as reviews=127.0.0.1:9080'],
    ['init --service reviews=:x', 'a service is a name and an address'],
    ['init --service reviews=3001', 'a service is a name and an address, such as reviews=127.0.0.1:9080 or reviews/v2=127.0.0.1:9081, not reviews=3001'],
  ])('%s says what is missing', async (args, message) => {
    writeFileSync(join(cwd, 'empty.yaml'), '');
    const { code, err } = await cli(args);

    expect({ code, told: err.includes(message) }, err).toEqual({ code: 2, told: true });
  });
});
